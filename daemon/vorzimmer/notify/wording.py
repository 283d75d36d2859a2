"""The built-in words: what `templates/words.LANGUAGE.j2` says of a call, and the layouts that all languages share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import jinja2

from vorzimmer.notify.view import View

WORDS = (
    *("subject", "headline", "happened", "who_called", "facts", "outcome", "call_back", "closing", "listen", "answer"),
    *("urgent_mark", "corrected_mark", "by", "follows"),
)
"""What each language's template sets. `facts` and `outcome` are pairs of label and value; None is left out."""

DIGEST_WORDS = ("subject", "closing")

_TEMPLATES = jinja2.Environment(  # escapes by the file's name, so a template cannot forget it
    loader=jinja2.PackageLoader("vorzimmer.notify"),
    autoescape=jinja2.select_autoescape(("html.j2",), default=False),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def said(seen: View) -> dict[str, Any]:
    """The view's fields, and what its language says of them.

    Raises:
        jinja2.TemplateError, LookupError, TypeError: there is no such language, or the view lacks something.
    """
    values = {field.name: getattr(seen, field.name) for field in fields(seen)}
    words = _TEMPLATES.get_template(f"words.{seen.language}.j2").make_module(values)
    return values | {name: getattr(words, name) for name in WORDS}


def said_of_all(calls: Sequence[View], days: str, client: str) -> dict[str, Any]:
    """What a digest of these calls says above and below them. `days`: on which they came; empty: not told.

    Raises:
        jinja2.TemplateError, LookupError: there is no such language.
    """
    values = {"count": len(calls), "urgent": any(one.urgent for one in calls), "days": days, "client": client}
    words = _TEMPLATES.get_template(f"digest.{calls[0].language}.j2").make_module(values)
    return values | {"language": calls[0].language} | {name: getattr(words, name) for name in DIGEST_WORDS}


def laid_out(layout: str, values: dict[str, Any]) -> tuple[str, str]:
    """Text and HTML by the two templates of a layout.

    Raises:
        jinja2.TemplateError: a value is missing.
    """
    text, html = (_TEMPLATES.get_template(f"{layout}.{kind}.j2").render(values) for kind in ("txt", "html"))
    return text, html


def framed(values: dict[str, Any]) -> str:
    """Own words, `text`, as HTML: escaped, in the frame that the built-in ones have."""
    return _TEMPLATES.get_template("own.html.j2").render(values)
