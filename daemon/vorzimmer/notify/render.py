"""A call as words: the subject, text and HTML of a mail, in the client's language.

Numbers and times are written here, into a `View` of harmless plain text. `templates/words.LANGUAGE.j2` makes the
sentences and the labelled facts of it, `call.txt.j2` and `call.html.j2` lay those out, the same for every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

import babel.dates
import jinja2

from vorzimmer.core import number
from vorzimmer.core.cdr import Disposition
from vorzimmer.notify.plain import one_line

LOCALES = {"de": "de", "en": "en_GB", "zh": "zh_Hans"}
"""How dates are written in each language. British English: clients and callers live by European dates and hours."""

WORDS = ("subject", "headline", "happened", "facts", "call_back", "closing")
"""What each language's template sets. `facts` are pairs of label and value; a value of None is left out."""

Voicemail = Literal["none", "attached", "missing"]


class RenderError(Exception):
    """The message cannot be written: a template or the stored payload is wrong."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is sent. `subject` is one line."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class View:
    """What a template may say of a call. Durations are m:ss; what does not apply is None.

    `caller` is None where the number was withheld or not given; `dial` is the number for a tel: link. `name` is a
    claim of the caller's network. `outgoing`: it was we who called.
    """

    call_id: str
    client: str
    caller: str | None
    dial: str | None
    name: str | None
    withheld: bool
    did: str
    date: str
    time: str
    zone: str
    disposition: str
    state: str | None
    cause: int
    waited: str | None
    talked: str | None
    forwarded_to: str | None
    duration: str
    voicemail: Voicemail
    message_length: str | None
    outgoing: bool


_TEMPLATES = jinja2.Environment(  # escapes by the file's name, so a template cannot forget it
    loader=jinja2.PackageLoader("vorzimmer.notify"),
    autoescape=jinja2.select_autoescape(("html.j2",), default=False),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(payload: Mapping[str, Any], language: str, region: str, voicemail: Voicemail) -> Page:
    """Write what a finished call has to say.

    Args:
        payload: as `core.messages.messages_for` made it.
        language: of the client.
        region: ISO 3166; its numbers are written without the country code.
        voicemail: what became of the recording.

    Raises:
        RenderError: the payload lacks something, or there is no template for the language.
    """
    try:
        values = asdict(view(payload, language, region, voicemail))
        words = _TEMPLATES.get_template(f"words.{language}.j2").make_module(values)
        values |= {"language": language} | {name: getattr(words, name) for name in WORDS}
        text, html = (_TEMPLATES.get_template(f"call.{kind}.j2").render(values) for kind in ("txt", "html"))
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error
    return Page(one_line(values["subject"], 250), text, html)


def view(payload: Mapping[str, Any], language: str, region: str, voicemail: Voicemail) -> View:
    """The payload as a template sees it: only the fields that are needed, so that rows of an older version still go.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError: the payload is not one of a call.
    """
    locale = LOCALES[language]
    began = started(payload)
    withheld = bool(payload["withheld"])
    caller = None if withheld else payload["caller"]
    disposition = Disposition(payload["disposition"])
    forwarded = Decimal(payload["forwarded"]) + Decimal(payload.get("put_through") or 0)
    talked = {Disposition.ANSWERED: payload["talk"], Disposition.FORWARDED: forwarded}.get(disposition)
    waited = Decimal(payload["ring"]) + Decimal(payload["queue"])
    return View(
        call_id=one_line(payload["call_id"], 80),
        client=one_line(payload["client_name"], 120),
        caller=_shown(caller, region),
        dial=caller if caller is not None and _DIALLABLE.fullmatch(caller) else None,
        name=None if withheld else one_line(payload["caller_name"] or "", 80) or None,
        withheld=withheld,
        did=_shown(payload["did"], region) or "",
        date=babel.dates.format_date(began, "full", locale=locale),
        time=babel.dates.format_time(began, "HH:mm:ss", locale=locale),
        zone=_zone(began, locale),
        disposition=disposition.value,
        state=payload["office_state"],
        cause=int(payload["cause"]),
        waited=_length(waited) if waited >= 1 else None,
        talked=None if talked is None else _length(Decimal(talked)),
        forwarded_to=_shown(payload["forwarded_to"], region),
        duration=_length(Decimal(payload["duration"])),
        voicemail=voicemail,
        message_length=None if payload["recording_seconds"] is None else _length(Decimal(payload["recording_seconds"])),
        outgoing=payload.get("direction") == "out",
    )


def started(payload: Mapping[str, Any]) -> datetime:
    """When the call came, by the client's clock.

    Raises:
        LookupError, TypeError, ValueError: time or zone are missing or wrong.
    """
    return datetime.fromisoformat(payload["started_at"]).astimezone(ZoneInfo(payload["timezone"]))


def _zone(at: datetime, locale: str) -> str:
    """`MEZ` where the language has a short name for the zone, else `GMT+01:00`: two 2:30 in autumn must differ."""
    short: str = babel.dates.get_timezone_name(at, "short", locale=locale)
    return short if short[:1].isalpha() else babel.dates.get_timezone_gmt(at, "long", locale=locale)


_DIALLABLE = re.compile(r"\+[0-9]{5,15}")


def _shown(value: str | None, region: str) -> str | None:
    return None if value is None else one_line(number.show(value, region), 40) or None


def _length(seconds: Decimal) -> str:
    """Minutes and rounded seconds, `0:07`, `75:00`."""
    whole = int(seconds.quantize(Decimal(1), ROUND_HALF_UP))
    return f"{whole // 60}:{whole % 60:02}"
