"""Announcements: chained, with the spoken time of the next opening, and each version from its time on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, HOUSE, make_client
from vorzimmer.core.acd import Pool
from vorzimmer.core.announcement import Approved, heard, shown
from vorzimmer.core.directory import Directory
from vorzimmer.core.model import STORED, Language
from vorzimmer.core.plan import Announce, Incoming, Plan
from vorzimmer.core.routing import decide, media
from vorzimmer.core.spoken_time import words

FRIDAY_NIGHT = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
TODAY = date(2026, 11, 27)
"""A Friday."""


def said(at: datetime, language: Language, today: date = TODAY) -> str:
    """What is played, in short."""
    return " ".join(word.removeprefix("sys:digits/") for word in words(at, today, language))


@pytest.mark.parametrize(
    ("at", "german", "english"),
    [
        ("2026-11-27T22:00", "today at 2-and 20 oclock", "today at 10 oclock p-m"),
        ("2026-11-28T08:30", "tomorrow at 8 oclock 30", "tomorrow at 8 30 a-m"),
        ("2026-11-29T00:00", "day-0 at 0 oclock", "day-0 at 12 oclock a-m"),
        ("2026-12-01T13:05", "day-2 at 13 oclock 5", "day-2 at 1 oh 5 p-m"),
        ("2026-12-03T01:21", "day-4 at ein oclock 1-and 20", "day-4 at 1 20 1 a-m"),
        ("2026-12-04T12:45", "day-5 h-4 mon-11 at 12 oclock 5-and 40", "day-5 mon-11 h-4 at 12 40 5 p-m"),
        ("2026-12-24T21:00", "day-4 4-and h-20 mon-11 at 1-and 20 oclock", "day-4 mon-11 20 h-4 at 9 oclock p-m"),
        ("2026-12-30T07:00", "day-3 h-30 mon-11 at 7 oclock", "day-3 mon-11 h-30 at 7 oclock a-m"),
        ("2026-12-31T07:59", "day-4 1-and h-30 mon-11 at 7 oclock 9-and 50", "day-4 mon-11 30 h-1 at 7 50 9 a-m"),
    ],
)
def test_a_time_is_said_as_people_say_it(at: str, german: str, english: str) -> None:
    """Today, tomorrow, a weekday of the days ahead, later with day and month; each language in its own order."""
    when = datetime.fromisoformat(at)
    assert said(when, Language.GERMAN) == german
    assert said(when, Language.ENGLISH) == english
    assert words(when, TODAY, Language.CHINESE) == ()


def plan(at: datetime = FRIDAY_NIGHT, then: tuple[str, ...] = ("again", "@opening"), **fields: Any) -> Plan:
    """What happens to a call to a closed office."""
    say = {"to": "announcement", "sound": "closed", "then": then}
    names = {"closed": "zu.wav", "again": "wieder.wav"}
    client = make_client(**{"closed": {"chain": [say]}, "announcements": names, **fields})
    return decide(Incoming(dialled=DID), Directory((), (client,)), HOUSE, Pool(), at)


def played(found: Plan) -> list[str]:
    """The media of the announcement, in short."""
    (step,) = [step for step in found.steps if isinstance(step, Announce)]
    return [one.removeprefix("lib:kanzlei/").removeprefix("sys:digits/") for one in step.media]


def test_a_chained_announcement_is_one_step() -> None:
    """Closed, the words before, day and time: one after the other without a pause between."""
    assert played(plan()) == ["closed", "again", "day-1", "at", "8", "oclock"]
    assert played(plan(language="en")) == ["closed", "again", "day-1", "at", "8", "oclock", "a-m"]
    assert played(plan(holidays="DE", at=datetime(2026, 12, 24, 19, 0, tzinfo=UTC)))[2:4] == ["day-1", "at"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"language": "zh"}, "there is no spoken time in the language 'zh'"),
        ({"override": {"state": "closed"}}, "the office does not open within 40 days"),
        ({"vacations": [{"first": "2026-11-01", "last": "2027-03-01"}]}, "the office does not open within 40 days"),
    ],
)
def test_words_that_lead_to_a_time_go_with_it(fields: dict[str, Any], why: str) -> None:
    """Nobody hears "we are back" with nothing behind it; the plan says what was left out and why."""
    found = plan(**fields)
    assert played(found) == ["closed"]
    assert [skipped.reason for skipped in found.skipped] == [why]


def test_a_part_that_is_missing_leaves_the_others() -> None:
    """A name without a file is left out, with its reason; without the first the whole announcement is."""
    found = plan(then=("nobody-said", "@opening"), announcements={"closed": "zu.wav"})
    assert played(found) == ["closed", "day-1", "at", "8", "oclock"]
    assert found.skipped[0].reason == "the client has no announcement 'nobody-said'"
    assert played(plan(announcements={"again": "wieder.wav"})) == ["sys:vm-nobodyavail"]


def test_no_opening_is_told_in_the_open_chain() -> None:
    """An office that is open says no day on which it opens."""
    say = {"to": "announcement", "sound": "closed", "then": ["again", "@opening"]}
    found = plan(datetime(2026, 11, 27, 9, 0, tzinfo=UTC), open={"chain": [say]})
    assert played(found) == ["closed"]
    assert found.skipped[0].reason == "the office is open, so no opening is told"


def test_a_version_is_heard_before_the_file() -> None:
    """From its time on; without any the file that came with the book; without that nothing."""
    since = FRIDAY_NIGHT
    version = {"item": "a" * 16, "since": since.isoformat()}
    data = make_client(announcements={"closed": "zu.wav"}).model_dump(mode="json")
    client = type(make_client()).model_validate({**data, "versions": {"closed": [version]}}, context=STORED)
    assert media(client, "closed", since) == f"lib:kanzlei/{'a' * 16}"
    assert media(client, "closed", since - timedelta(seconds=1)) == "lib:kanzlei/closed"
    assert media(client, "greeting", since) is None


@given(hours=st.lists(st.integers(0, 100), max_size=6), now=st.integers(0, 100))
def test_of_the_versions_that_hold_the_latest_is_heard(hours: list[int], now: int) -> None:
    """In whatever order they were approved; of two of the same time the one approved later."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    versions = tuple(Approved(item=f"{n:016x}", since=start + timedelta(hours=hour)) for n, hour in enumerate(hours))
    found = heard({"closed": versions}, "closed", start + timedelta(hours=now))
    holding = [(hour, n) for n, hour in enumerate(hours) if hour <= now]
    assert (found.item if found else None) == (f"{max(holding)[1]:016x}" if holding else None)


@given(st.text(max_size=300))
def test_a_file_s_name_is_shown_harmless(name: str) -> None:
    """One line without folders, never empty; and showing it again changes nothing."""
    found = shown(name)
    assert found
    assert found.isprintable() or "\n" not in found
    assert "/" not in found
    assert "\\" not in found
    assert shown(found) == found
