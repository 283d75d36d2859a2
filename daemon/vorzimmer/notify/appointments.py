"""Noted appointments as a calendar file (iCalendar, RFC 5545) that hangs on the mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from icalendar import Calendar, Event

from vorzimmer.notify.noted import Noted
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import views

NAME = "appointment.ics"

YEAR = timedelta(days=366)

YEARS = range(1980, 2100)
"""In which an appointment may be; any other is a slip of the pen, and stands in the mail only."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that hangs on a mail."""

    name: str
    media_type: str
    content: bytes


def appointments(
    payload: Mapping[str, Any], language: str, region: str, domain: str, at: datetime
) -> tuple[Attachment, ...]:
    """One file with all appointments of a message, in the client's time zone; none where there are none.

    An appointment is known by its note, so that a corrected one replaces the first.

    Args:
        payload: of a call or a digest.
        language: of the message.
        region: ISO 3166; its numbers are written without the country code.
        domain: ends the ids.
        at: now.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError: the payload is none.
    """
    calls = payload.get("digest", (payload,))
    if not any("appointment" in note for call in calls for note in call.get("notes", ())):
        return ()  # most messages: they need no second view
    planned = [
        (note, starts, f"{note.id or f'{seen.call_id}-{n}'}@{domain}", seen.client)
        for seen in views(payload, language, region, "none")
        for n, (note, starts) in enumerate(_planned(seen.notes))
    ]
    if not planned:
        return ()
    calendar = Calendar()
    calendar.add("prodid", "-//Vorzimmer//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for note, starts, name, client in planned:
        calendar.add_component(_event(note, starts, name, client, at))
    days = [starts.date() for _, starts, _, _ in planned]
    # Only the changes of the clocks that matter: all of them since 1970 are longer than the rest.
    calendar.add_missing_timezones(min(days) - YEAR, max(days) + YEAR)
    return (Attachment(NAME, "text/calendar", calendar.to_ical()),)


def _planned(notes: tuple[Noted, ...]) -> Iterator[tuple[Noted, datetime]]:
    return ((note, note.starts) for note in notes if note.starts is not None and note.starts.year in YEARS)


def _event(note: Noted, starts: datetime, name: str, client: str, at: datetime) -> Event:
    event = Event()
    event.add("uid", one_line(name, 200))
    event.add("dtstamp", at)
    event.add("sequence", int(note.corrected))
    event.add("dtstart", starts)
    event.add("dtend", starts + timedelta(minutes=note.minutes))
    event.add("summary", ": ".join(filter(None, (note.title, note.name or client))))
    event.add("description", "\n".join(f"{one.label}: {' '.join(one.lines)}" for one in note.entries))
    return event
