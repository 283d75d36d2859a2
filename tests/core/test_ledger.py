"""From events to phases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import START, event
from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase, phases, seconds_between


def _seconds(events: list[CallEvent], end: float) -> dict[str, str]:
    """The phases that took time, as text."""
    return {p.value: str(s) for p, s in phases(events, START + timedelta(seconds=end)).items() if s}


@pytest.mark.parametrize(
    ("kinds", "end", "expected"),
    [
        ([], 5, {}),
        ([(Kind.ARRIVED, 0)], 5, {"ring": "5.000"}),
        ([(Kind.ARRIVED, 0), (Kind.TALKING, 3.5)], 10, {"ring": "3.500", "talk": "6.500"}),
        (
            [(Kind.ARRIVED, 0), (Kind.ANSWERED, 1), (Kind.ANNOUNCING, 1), (Kind.WAITING, 4), (Kind.FORWARDED, 9)],
            10.001,
            {"ring": "1.000", "announcement": "3.000", "queue": "5.000", "forwarded": "1.001"},
        ),
        (
            [(Kind.ARRIVED, 0), (Kind.ANNOUNCING, 2), (Kind.RECORDING, 4)],
            34,
            {"ring": "2.000", "announcement": "2.000", "machine": "30.000"},
        ),
        ([(Kind.ARRIVED, 0), (Kind.RINGING, 2), (Kind.RINGING, 4), (Kind.TALKING, 4)], 4, {"ring": "4.000"}),
        ([(Kind.ARRIVED, 5), (Kind.TALKING, 3)], 8, {"talk": "3.000"}),
        ([(Kind.ARRIVED, 5)], 3, {}),
    ],
)
def test_a_phase_lasts_until_the_next_begins(
    kinds: list[tuple[Kind, float]], end: float, expected: dict[str, str]
) -> None:
    """Only the events that enter a phase count; a clock that is set back takes no time and gives none."""
    assert _seconds([event(n, kind, after) for n, (kind, after) in enumerate(kinds)], end) == expected


_steps = st.lists(st.tuples(st.sampled_from(sorted(Kind)), st.integers(0, 3_600_000_000)), max_size=30)


@given(_steps, st.integers(0, 7_200_000_000), st.randoms(use_true_random=False))
def test_the_phases_sum_to_the_duration(steps: list[tuple[Kind, int]], end: int, shuffle: st.DataObject) -> None:
    """To the millisecond, for any events at any microsecond and in whatever order they are read back."""
    moments = sorted(microseconds for _, microseconds in steps)
    events = [event(0, Kind.ARRIVED)]
    events += [
        event(n, kind, moment / 1e6) for n, ((kind, _), moment) in enumerate(zip(steps, moments, strict=True), 1)
    ]
    last = max(START + timedelta(microseconds=end), events[-1].at)
    expected = phases(events, last)
    assert sum(expected.values(), Decimal(0)) == seconds_between(START, last)
    assert set(expected) == set(Phase)
    shuffle.shuffle(events)  # type: ignore[attr-defined]  # hypothesis types it as object
    assert phases(events, last) == expected


@given(_steps, st.integers(-3600, 3600))
def test_a_clock_set_back_never_makes_a_phase_negative(steps: list[tuple[Kind, int]], end: int) -> None:
    """Times in any disorder: no phase is below zero, and their sum is the time to the latest instant seen."""
    events = [event(0, Kind.ARRIVED)]
    events += [event(n, kind, microseconds / 1e6) for n, (kind, microseconds) in enumerate(steps, 1)]
    last = START + timedelta(seconds=end)
    spent = phases(events, last)
    latest = max([e.at for e in events if e.kind in ENTERS] + [last])
    assert min(spent.values()) >= 0
    assert sum(spent.values(), Decimal(0)) == seconds_between(START, latest)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-11-23T09:00:00.000999Z", "2026-11-23T09:00:00.001000Z", "0.001"),
        ("2026-11-23T09:00:00.000001Z", "2026-11-23T09:00:00.000999Z", "0.000"),
        ("2026-11-23T09:00:01Z", "2026-11-23T09:00:00Z", "0"),
        ("2026-10-25T02:59:59+02:00", "2026-10-25T02:00:00+01:00", "1.000"),
    ],
)
def test_seconds_are_those_of_the_milliseconds_shown(start: str, end: str, seconds: str) -> None:
    """Each instant is cut to its millisecond, so that phases printed one by one add up; zones do not matter."""
    assert seconds_between(datetime.fromisoformat(start), datetime.fromisoformat(end)) == Decimal(seconds)


def test_a_night_in_which_the_clock_changes_is_no_longer() -> None:
    """Phases are real time: one hour of talk over 03:00 -> 02:00 is one hour."""
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(zone)
    end = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(zone)
    assert phases([CallEvent("e0", "c", 0, start, Kind.ARRIVED)], end)[Phase.RING] == 3600
