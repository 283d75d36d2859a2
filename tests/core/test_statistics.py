"""What follows from sums of calls and of agents' time."""

from __future__ import annotations

from decimal import Decimal

from vorzimmer.core.statistics import Shift, Volumes

NOTHING = Volumes(None, 0, 0, 0, 0, 0, None, None, None, *(Decimal(0),) * 4, wrapped=0)
D = Decimal


def test_the_service_level_leaves_out_who_gave_up_at_once() -> None:
    """17 within the target of 18 answered, 2 gave up, 3 at once, 4 overflowed: 17 ÷ 20."""
    row = Volumes("huber", 18, 17, 2, 3, 4, D(9), D(19), D(30), D(200), D(1800), D(90), D(340), wrapped=17)
    assert row.level == D("0.85")
    assert row.offered == 27
    assert (row.mean_talk, row.mean_wrap_up) == (D(100), D(20))
    assert row.handling == 125, "(1800 + 90) ÷ 18 + 20"


def test_without_calls_there_is_no_mean() -> None:
    """Neither a level nor a time is made up."""
    told = (NOTHING.level, NOTHING.mean_talk, NOTHING.mean_wrap_up, NOTHING.handling)
    assert told == (None, None, None, None)
    assert NOTHING.offered == 0


def test_occupancy_is_of_the_time_for_calls() -> None:
    """Eight hours logged in, one of them paused; 3 h talk, 15 min hold, 15 min wrap-up: half of seven hours."""
    one = Shift("alice", 42, 1, D(10_800), D(900), D(900), D(28_800), D(3_600), days=2)
    assert one.occupancy == D("0.5")
    assert one.calls_a_day == 21


def test_who_was_never_there_has_no_occupancy() -> None:
    """Paused all the time, or not known to have been logged in."""
    paused = Shift("alice", 0, 0, D(0), D(0), D(0), D(60), D(60), days=1)
    unknown = Shift("bob", 3, 0, D(90), D(0), D(0), D(0), D(0), days=0)
    assert (paused.occupancy, unknown.occupancy, unknown.calls_a_day) == (None, None, None)
