"""How many messages may go in an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.pace import HOUR, admit, free_at

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def admitted(spent: datetime | None, at: datetime, per_hour: int, tries: int) -> tuple[int, datetime | None]:
    """How many of `tries` go at one instant."""
    count = 0
    for _ in range(tries):
        after = admit(spent, at, per_hour)
        if after is not None:
            count, spent = count + 1, after
    return count, spent


def test_an_hours_messages_may_go_at_once_and_then_one_after_the_other() -> None:
    """A rush of calls is told of at once; what is over goes evenly."""
    count, spent = admitted(None, AT, 60, 100)
    assert count == 60
    assert free_at(spent, AT, 60) == AT + timedelta(minutes=1)
    assert admit(spent, AT + timedelta(seconds=59), 60) is None
    assert admitted(spent, AT + timedelta(minutes=1), 60, 5)[0] == 1


def test_a_quiet_hour_fills_it_again() -> None:
    """And no more than that is saved up."""
    _, spent = admitted(None, AT, 7, 7)
    assert admitted(spent, AT + 5 * HOUR, 7, 100)[0] == 7


def test_a_clock_that_is_set_back_costs_an_hour_at_most() -> None:
    """The instant that was kept may lie a year ahead."""
    _, spent = admitted(None, AT + timedelta(days=365), 10, 10)
    assert free_at(spent, AT, 10) <= AT + HOUR


@given(
    per_hour=st.integers(1, 50),
    gaps=st.lists(st.integers(0, 1800), max_size=200),
)
def test_no_hour_sees_more_than_two_hours_messages(per_hour: int, gaps: list[int]) -> None:
    """A full bucket and what flows in meanwhile is the most, and what is told to wait may go when it was told."""
    spent, at, gone = None, AT, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        after = admit(spent, at, per_hour)
        if after is None:
            assert at < free_at(spent, at, per_hour) <= at + HOUR
            assert admit(spent, free_at(spent, at, per_hour), per_hour) is not None
        else:
            spent = after
            gone.append(at)
    for start in gone:
        assert sum(start <= one < start + HOUR for one in gone) <= 2 * per_hour


@pytest.mark.parametrize("per_hour", [0, -1])
def test_refuses_a_pace_of_nothing(per_hour: int) -> None:
    """Whoever wants no messages makes no rule."""
    with pytest.raises(ValueError, match="at least 1"):
        admit(None, AT, per_hour)
