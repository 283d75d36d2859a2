"""A call, or a digest of several, as the words of a text message: as few as are needed, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import jinja2

from vorzimmer.core.ports import Trouble
from vorzimmer.core.sms_text import ELLIPSIS, fit, parts, simplified
from vorzimmer.notify import own_words
from vorzimmer.notify.noted import Noted
from vorzimmer.notify.own_words import OwnWordsError, Words
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import RenderError, views
from vorzimmer.notify.telling import rule_of
from vorzimmer.notify.view import NO_LINKS, Links, View

WORDS = ("head", "more", "call_back", "listen", "line", "heading", "number")
"""What each language's template sets. `line`: one call of a digest; `heading`: above them."""

_TEMPLATES = jinja2.Environment(  # noqa: S701 - plain text, in which nothing is escaped
    loader=jinja2.PackageLoader("vorzimmer.notify"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_WRONG = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Manner:
    """How text messages are written. `region`: ISO 3166, its numbers are written without the country code.

    `parts`: the most that one may have. `house`: the operator's own words by language, for clients that have none.
    """

    region: str
    parts: int = 3
    links: Links = NO_LINKS
    house: Mapping[str, Words] | None = None


def write(payload: Mapping[str, Any], language: str, manner: Manner, trouble: Trouble) -> str:
    """The text, which fits into the parts that there may be. The message of a caller is only ever linked to.

    Raises:
        RenderError: the payload lacks something, or there are no words for the language.
    """
    template = rule_of(payload).get("template") or (manner.house or {}).get(language)
    try:
        calls = views(payload, language, manner.region, "linked" if _to_hear(payload) else "none", manner.links)
        if template is not None:
            try:
                return _own(template, calls, manner.parts)
            except OwnWordsError as error:
                trouble("sms.own_words_failed", call_id=calls[0].call_id, error=str(error))
        return _of_all(calls, manner.parts) if "digest" in payload else _of_one(calls[0], manner.parts)
    except _WRONG as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error


def _to_hear(payload: Mapping[str, Any]) -> bool:
    return any(call.get("recording") for call in payload.get("digest", (payload,)))


def _own(template: Words, calls: Sequence[View], most: int) -> str:
    """By own words; a digest has those of each call one below the other."""
    return fit("\n".join(own_words.write(template, call)[1].strip() for call in calls), most)


def _of_one(call: View, most: int) -> str:
    words, note = _said(call, 1), call.notes[0] if call.notes else None
    told = " ".join(
        filter(None, (words["head"], *_essence(note, (words["number"], note.name if note else None)), words["more"]))
    )
    dial = f"\n{words['call_back']}" if words["call_back"] else ""
    link = f"\n{words['listen']}" if words["listen"] else ""
    # A link takes the room of a message; where too little is left for who called and why, it goes.
    fits = parts(simplified(words["head"] + dial + link)).count <= most
    return fit(told, most, dial + link if fits else dial)


def _essence(note: Noted | None, said: tuple[str | None, ...]) -> list[str]:
    """What the most urgent note says, without what is said anyway: the name, and the number to call back."""
    if note is None:
        return []
    entries = [(entry.label, " ".join(" ".join(entry.lines).split())) for entry in note.entries]
    return [
        f"{label}: {text}{'' if text[-1] in '.!?。' else '.'}" for label, text in entries if text and text not in said
    ]


def _of_all(calls: Sequence[View], most: int) -> str:
    """A line for each call, the urgent ones first; as many as fit."""
    said = [_said(call, len(calls)) for call in sorted(calls, key=lambda call: not call.urgent)]
    lines = [words["line"] for words in said]
    for told in range(len(lines), 0, -1):
        text = simplified("\n".join((said[0]["heading"], *lines[:told], *([ELLIPSIS] if told < len(lines) else []))))
        if parts(text).count <= most:
            return text
    return fit(f"{said[0]['heading']}\n{lines[0]}", most)


def _said(call: View, count: int) -> dict[str, Any]:
    """What the call's language says of it. `count`: of the calls in the message."""
    values = {field.name: getattr(call, field.name) for field in fields(call)} | {"count": count}
    module = _TEMPLATES.get_template(f"sms.{call.language}.j2").make_module(values)
    return {name: one_line(value, 2000) if isinstance(value := getattr(module, name), str) else value for name in WORDS}
