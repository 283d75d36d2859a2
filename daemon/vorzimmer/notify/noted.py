"""Notes as a mail shows them: harmless text in the client's language, as of when they were finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import babel.dates

from vorzimmer.core import number
from vorzimmer.core.note_form import FieldType
from vorzimmer.core.notify_rule import Fact
from vorzimmer.core.plain_text import many_lines
from vorzimmer.notify.plain import DIALLABLE, one_line
from vorzimmer.notify.telling import rule_of, shortens, shown_number, shown_text, tells

TICKS = {"de": ("nein", "ja"), "en": ("no", "yes"), "zh": ("否", "是")}
"""How an empty box and a ticked one are told."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A labelled value, in lines. `dial`: the number for a tel: link."""

    label: str
    lines: tuple[str, ...]
    dial: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """One note. `name`: who called, as noted; `corrected`: it replaces what the client was told before.

    `id`: the note's own, empty in rows of an older version.
    `starts`: when the appointment is that was noted, by the client's clock; `minutes`: how long it takes.
    """

    title: str
    name: str
    urgent: bool
    corrected: bool
    author: str
    entries: tuple[Entry, ...]
    id: str = ""
    starts: datetime | None = None
    minutes: int = 0


def noted(payload: Mapping[str, Any], language: str, locale: str, region: str) -> tuple[Noted, ...]:
    """The notes of a payload (`core.notes.words`); rows of an older version have none.

    None where the message's rule does not let notes be told; where it shortens numbers, they are shortened here too.

    Raises:
        LookupError, TypeError, AttributeError, ValueError: the payload is not what it should be.
    """
    rule = rule_of(payload)
    notes = payload.get("notes", ()) if tells(rule, Fact.NOTE) else ()
    return tuple(
        Noted(
            title=one_line(note["title"], 80),
            name=shown_text(one_line(note["name"], 80), rule),
            urgent=bool(note["urgent"]),
            corrected=bool(note.get("corrected")),
            author=one_line(note["author"], 80),
            entries=tuple(_entry(field, language, locale, region, rule) for field in note["fields"]),
            id=one_line(str(note.get("id", "")), 80),
            **_appointment(note, payload["timezone"]),
        )
        for note in notes
    )


def _appointment(note: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """When the noted appointment is, if there is one."""
    planned = note.get("appointment")
    if planned is None:
        return {}
    starts = datetime.fromisoformat(f"{planned['date']}T{planned['time']}").replace(tzinfo=ZoneInfo(timezone))
    return {"starts": starts, "minutes": int(planned["minutes"])}


def _entry(field: Mapping[str, Any], language: str, locale: str, region: str, rule: Mapping[str, Any]) -> Entry:
    label, value = one_line(field["label"], 80), field["value"]
    if isinstance(value, bool):
        return Entry(label, (TICKS[language][value],))
    text = many_lines(value)
    if field["type"] == FieldType.PHONE:
        shown = number.show(text, region) if DIALLABLE.fullmatch(text) else text
        dial = text if DIALLABLE.fullmatch(text) and not shortens(rule) else None
        return Entry(label, tuple(shown_number(shown, rule).split("\n")), dial)
    if field["type"] == FieldType.DATE:
        return Entry(label, tuple(_date(text, locale).split("\n")))
    return Entry(label, tuple(shown_text(text, rule).split("\n")))


def _date(text: str, locale: str) -> str:
    """The date in the client's language; what is none stays as it is."""
    try:
        return babel.dates.format_date(date.fromisoformat(text), "full", locale=locale)
    except ValueError:
        return text
