"""A letter as words: a mail that is about no call, by the template of its kind and language.

`letters/KIND.LANGUAGE.j2`: the first line is the subject, the rest the text. Besides its data a template has `house`,
the operator's name, and the filters `day` (an ISO date or time as a long date), `clock` (an ISO time with its zone as
date and hour) and `money` (a decimal as text, with its currency).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import babel.dates
import babel.numbers
import jinja2

from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import LOCALES, Page, RenderError

LANGUAGES = ("de", "en")
"""In which letters are written; readers of other languages get the last one."""

LONGEST = 2000
"""Characters of one value."""


@jinja2.pass_context
def _day(context: jinja2.runtime.Context, value: str) -> str:
    return babel.dates.format_date(date.fromisoformat(value[:10]), "full", locale=context["locale"])


@jinja2.pass_context
def _clock(context: jinja2.runtime.Context, value: str, zone: str = "UTC") -> str:
    at = datetime.fromisoformat(value).astimezone(ZoneInfo(zone))
    return f"{babel.dates.format_date(at, 'long', locale=context['locale'])}, {at:%H:%M}"


@jinja2.pass_context
def _money(context: jinja2.runtime.Context, value: str, currency: str) -> str:
    return babel.numbers.format_currency(Decimal(value), currency, locale=context["locale"])


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("vorzimmer.notify", "letters"),
    autoescape=False,  # noqa: S701 - letters are plain text, in which nothing is to be escaped
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"day": _day, "clock": _clock, "money": _money}


def render_letter(payload: Mapping[str, Any], language: str, house: str) -> Page:
    """Write a letter.

    Args:
        payload: as `store.letters.post` made it.
        language: of the reader.
        house: the operator's name, under every letter.

    Raises:
        RenderError: there is no such kind, or its data lacks something.
    """
    spoken = language if language in LANGUAGES else LANGUAGES[-1]
    try:
        values = {**_clean(payload["data"]), "house": one_line(house, 120), "locale": LOCALES[spoken]}
        written = _TEMPLATES.get_template(f"{payload['kind']}.{spoken}.j2").render(values)
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error
    subject, _, text = written.strip().partition("\n")
    return Page(one_line(subject, 250), f"{text.strip()}\n\n-- \n{values['house']}\n", "", urgent=False)


def _clean(value: Any) -> Any:
    """The value with every text in it as one harmless line: nobody outside writes a line of his own into a letter."""
    match value:
        case str():
            return one_line(value, LONGEST)
        case dict():
            return {key: _clean(one) for key, one in value.items()}
        case list():
            return [_clean(one) for one in value]
        case _:
            return value
