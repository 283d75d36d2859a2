"""Until when the office is open, and when it opens again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.examples import make_client
from vorzimmer.core.office_hours import state
from vorzimmer.core.office_turns import DAYS_AHEAD, next_turn

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = {"mon-fri": ["08:00-18:00"], "sat": ["22:00-06:00"]}


def turn(at: str, **about: Any) -> str | None:
    """The next turn, both as the client's clock shows them."""
    client = make_client(**{"hours": WEEK, **about})
    found = next_turn(client, client.dids[0], datetime.fromisoformat(at).replace(tzinfo=BERLIN))
    return None if found is None else f"{found.astimezone(BERLIN):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("at", "about", "expected"),
    [
        ("2026-11-23T10:00", {}, "2026-11-23T18:00"),
        ("2026-11-23T18:00", {}, "2026-11-24T08:00"),
        ("2026-11-27T20:00", {}, "2026-11-28T22:00"),
        ("2026-11-28T23:00", {}, "2026-11-29T06:00"),
        ("2026-11-23T10:00", {"lunch": ["12:00-13:00"]}, "2026-11-23T12:00"),
        ("2026-11-23T12:30", {"lunch": ["12:00-13:00"]}, "2026-11-23T13:00"),
        ("2026-12-24T19:00", {"holidays": "DE"}, "2026-12-25T00:00"),
        ("2026-11-23T10:00", {"vacations": [{"first": "2026-11-24", "last": "2026-12-10"}]}, "2026-11-23T18:00"),
        ("2026-11-24T10:00", {"vacations": [{"first": "2026-11-24", "last": "2026-12-10"}]}, "2026-12-11T00:00"),
        ("2026-11-23T10:00", {"special_days": [{"date": "2026-11-23", "hours": ["09:00-11:00"]}]}, "2026-11-23T11:00"),
        (
            "2026-11-23T10:00",
            {"override": {"state": "closed", "until": "2026-11-23T15:30:00+01:00"}},
            "2026-11-23T15:30",
        ),
        ("2026-11-23T10:00", {"override": {"state": "closed"}}, None),
        ("2026-11-23T10:00", {"hours": "always"}, None),
        ("2026-03-29T00:30", {"hours": {"sun": ["02:30-04:00"]}}, "2026-03-29T03:00"),
        ("2026-10-25T00:30", {"hours": {"sun": ["02:30-04:00"]}}, "2026-10-25T02:30"),
    ],
)
def test_the_next_turn(at: str, about: dict[str, Any], expected: str | None) -> None:
    """Of plain, overnight, lunch, holiday, vacation, special day, override, and the nights in which clocks change."""
    assert turn(at, **about) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 365 * 24 * 60),
    st.lists(st.tuples(st.integers(0, 23), st.integers(1, 20)), min_size=1, max_size=3),
)
def test_nothing_changes_before_it(minute: int, shifts: list[tuple[int, int]]) -> None:
    """Whatever the hours: from now to the turn the state is the same for two days, and another one then."""
    days = ("mon", "wed", "fri")
    hours = {
        day: [f"{begin:02}:15-{(begin + length) % 24:02}:45"]
        for day, (begin, length) in zip(days, shifts, strict=False)
    }
    client = make_client(hours=hours, holidays="DE")
    did, at = client.dids[0], datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    before, found = state(client, did, at).state, next_turn(client, did, at)
    end = at + timedelta(days=DAYS_AHEAD) if found is None else found
    for minutes in range(0, 2 * 24 * 60, 15):
        moment = at + timedelta(minutes=minutes)
        if moment < end:
            assert state(client, did, moment).state is before
    if found is not None:
        assert state(client, did, found).state is not before
