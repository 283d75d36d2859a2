"""When a target is tried, and when not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.breaker import CLOSED, FIRST_PAUSE, IN_A_ROW, Breaker, Passage, opened


def failing(times: int, at: float = 0.0) -> Breaker:
    """The breaker of a target that failed so often in a row."""
    breaker = CLOSED
    for _ in range(times):
        breaker = breaker.after(away=True, probe=False, at=at, longest=30)
    return breaker


def test_it_opens_after_several_failures_in_a_row() -> None:
    """One bad moment stops nothing; a target that is away is left alone."""
    assert failing(IN_A_ROW - 1).passage(0) is Passage.FREE
    assert failing(IN_A_ROW).passage(0) is Passage.NONE


def test_a_success_in_between_counts_from_the_start() -> None:
    """Only failures in a row open it."""
    breaker = failing(IN_A_ROW - 1).after(away=False, probe=False, at=0, longest=30)
    assert not breaker.after(away=True, probe=False, at=0, longest=30).open


def test_one_probe_goes_when_the_pause_is_over() -> None:
    """A second message waits for what the first one finds."""
    breaker = failing(IN_A_ROW, at=100)
    assert breaker.passage(100 + FIRST_PAUSE - 0.01) is Passage.NONE
    assert breaker.passage(100 + FIRST_PAUSE) is Passage.PROBE
    assert breaker.probed().passage(1000) is Passage.NONE


@pytest.mark.parametrize(("longest", "pauses"), [(30.0, [4, 8, 16, 30, 30]), (5.0, [4, 5, 5]), (1.0, [1, 1])])
def test_pauses_double_up_to_the_longest(longest: float, pauses: list[float]) -> None:
    """A long outage is not hammered at, and its end is seen soon."""
    breaker, found = opened(0, longest), []
    for _ in pauses:
        at = breaker.probe_at
        breaker = breaker.probed().after(away=True, probe=True, at=at, longest=longest)
        found.append(breaker.probe_at - at)
    assert found == pauses


def test_a_probe_that_arrives_closes_it() -> None:
    """Then everything goes at once."""
    assert failing(IN_A_ROW).probed().after(away=False, probe=True, at=9, longest=30) == CLOSED


def test_what_was_under_way_tells_nothing_new_but_success() -> None:
    """Ten attempts that fail together double no pause and start no second probe; one that arrives ends the wait."""
    breaker = failing(IN_A_ROW)
    assert breaker.after(away=True, probe=False, at=1, longest=30) == breaker
    assert breaker.probed().after(away=True, probe=False, at=1, longest=30).probing
    assert breaker.after(away=False, probe=False, at=1, longest=30) == CLOSED


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=40))
def test_a_target_is_never_left_for_ever(story: list[tuple[bool, float]]) -> None:
    """Whatever happens, within the longest pause somebody may go, or is under way."""
    breaker, at = CLOSED, 0.0
    for away, seconds in story:
        at += seconds
        passage = breaker.passage(at)
        if passage is Passage.PROBE:
            breaker = breaker.probed()
        if passage is not Passage.NONE:
            breaker = breaker.after(away=away, probe=passage is Passage.PROBE, at=at, longest=30)
        assert breaker.passage(at + 30) is not Passage.NONE
