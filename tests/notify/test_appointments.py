"""Noted appointments as a calendar file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar, Event

from tests.notify.examples import payload
from tests.notify.test_noted import note
from vorzimmer.core.note_form import FormKind
from vorzimmer.notify.appointments import appointments

AT = datetime(2026, 12, 25, 9, tzinfo=UTC)
WHEN = {"date": "28.12.2026", "time": "9:30"}


def planned(**typed: str) -> Any:
    """A note of an appointment."""
    known = {"name": "Erika Muster", "phone": "0171 2345678", "request": "Neuer Termin", **WHEN}
    return note("de", FormKind.APPOINTMENT, urgent=False, **{**known, **typed})


def calendar(*notes: Any, **changes: Any) -> Calendar | None:
    """The file that a calendar program reads, if there is one."""
    files = appointments(payload(notes=list(notes), **changes), "de", "DE", "vorzimmer.example", AT)
    assert len(files) <= 1
    return Calendar.from_ical(files[0].content) if files else None


def events(*notes: Any, **changes: Any) -> list[Event]:
    """The events in the file."""
    found = calendar(*notes, **changes)
    return [] if found is None else list(found.events)


@pytest.mark.parametrize(
    ("timezone", "starts"),
    [("Europe/Berlin", "2026-12-28T08:30:00+00:00"), ("America/New_York", "2026-12-28T14:30:00+00:00")],
)
def test_an_appointment_is_at_its_hour_by_the_clients_clock(timezone: str, starts: str) -> None:
    """Half an hour, named as form and person, with what was noted; the zone is described in the file."""
    found = calendar(planned(), timezone=timezone)
    assert found is not None
    assert found["METHOD"] == "PUBLISH"
    assert [str(zone["TZID"]) for zone in found.timezones] == [timezone]
    [event] = found.events
    assert event.start == datetime.fromisoformat(starts)
    assert event.duration == timedelta(minutes=30)
    assert event["SUMMARY"] == "Termin: Erika Muster"
    assert "Telefon: 0171 2345678" in str(event["DESCRIPTION"])


def test_a_corrected_appointment_replaces_the_first() -> None:
    """The same id, which is the note's, and a higher sequence, in a mail of its own; another note's stays."""
    mine, other = {"id": "0199-a"}, {"id": "0199-b"}
    first, beside = events({**planned(), **other}, {**planned(), **mine})
    [second] = events({**planned(time="10:00"), **mine, "corrected": True}, note_alone=True)
    assert str(second["UID"]) == str(beside["UID"]) == "0199-a@vorzimmer.example"
    assert first["UID"] != second["UID"]
    assert int(str(second["SEQUENCE"])) > int(str(beside["SEQUENCE"]))


def test_several_appointments_are_several_events() -> None:
    """Each with an id of its own; a message beside them is none."""
    found = events(planned(), note(), planned(time="11:00"))
    assert len({str(event["UID"]) for event in found}) == len(found) == 2


def test_a_digest_has_the_appointments_of_all_calls() -> None:
    """In one file."""
    calls = [payload(notes=[planned()]), payload(call_id="1763816605.13", notes=[planned(time="11:00")])]
    digest = {"digest": calls, "client_name": "Kanzlei Müller", "timezone": "Europe/Berlin"}
    [file] = appointments(digest, "de", "DE", "vorzimmer.example", AT)
    found = Calendar.from_ical(file.content)
    assert len({str(event["UID"]) for event in found.events}) == 2


@pytest.mark.parametrize(
    "typed",
    [
        {"date": "bald"},
        {"time": "nachmittags"},
        {"date": ""},
        {"request": "Termin absagen"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
    ],
)
def test_what_is_no_appointment_makes_none(typed: dict[str, str]) -> None:
    """Without a day and a time that a calendar knows, and where one is cancelled, there is nothing to put down."""
    assert events(planned(**typed)) == []


def test_what_the_rule_keeps_back_is_not_in_the_calendar_either() -> None:
    """Without notes there is no appointment, and a shortened number stays shortened."""
    assert events(planned(), rule={"facts": ["caller"]}) == []
    [event] = events(planned(remarks="Handy 0160 7654321"), rule={"numbers": "shortened"})
    assert "0171 2345XXX" in str(event["DESCRIPTION"])
    assert "7654321" not in str(event["DESCRIPTION"])


@pytest.mark.parametrize(
    "text",
    [
        "Erika\r\nEND:VEVENT\r\nBEGIN:VALARM",
        "a\u2028ATTENDEE:mailto:x@evil.example",
        "a;b,c\\n:d",
        '"><script>alert(1)</script>',
        "👩‍⚖️" * 80,
        "\0\x1b\u202e",
    ],
)
def test_whatever_is_noted_stays_text(text: str) -> None:
    """No line of its own, whatever was written; the file is one event with the fields that we wrote, in short lines."""
    hostile = {**planned(name=text, remarks=text), "title": text, "author": text}
    [file] = appointments(payload(notes=[hostile], client_name=text), "de", "DE", "vorzimmer.example", AT)
    found = Calendar.from_ical(file.content)
    [event] = found.events
    assert set(event) == {"UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION"}
    assert not event.subcomponents
    assert max(map(len, file.content.split(b"\r\n"))) <= 75
