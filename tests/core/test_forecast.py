"""How long a caller is told to wait."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.forecast import mean_handling, predicted_wait

SECONDS = st.floats(min_value=0, max_value=7200)


def test_with_nobody_there_no_wait_can_be_told() -> None:
    """None, not a long time: overflow goes on at once."""
    assert predicted_wait(1, 0, [60.0]) is None


def test_each_place_is_a_handling_time_over_the_agents() -> None:
    """Third of the line, two agents, 120 s a call: the third to get free does so after 180 s."""
    assert predicted_wait(3, 2, [120.0] * 50, default=120.0) == pytest.approx(180.0)


def test_before_any_call_the_default_counts() -> None:
    """The first caller of the day is told something sensible."""
    assert predicted_wait(1, 2, [], default=90.0) == pytest.approx(45.0)


def test_one_endless_call_does_not_lead_astray() -> None:
    """A telephone beside its cradle for two hours among thirty calls adds less than a third to the prediction."""
    assert mean_handling([100.0] * 29 + [7200.0], 100.0) < 100.0 * 4 / 3


def test_the_mean_of_exponential_times_is_kept() -> None:
    """What is cut off takes less than a twentieth of the mean of ordinary, skewed handling times."""
    times = [-180 * log(1 - (n + 0.5) / 1000) for n in range(1000)]
    assert mean_handling(times, 180.0) == pytest.approx(180.0, rel=0.05)


@given(st.integers(1, 500), st.integers(1, 200), st.lists(SECONDS, max_size=50), st.floats(1, 600))
def test_more_agents_shorten_and_more_callers_lengthen(
    place: int, agents: int, handling: list[float], default: float
) -> None:
    """Whatever the calls before took, nobody is told that it is quicker to stand further back."""
    wait, behind = (predicted_wait(n, agents, handling, default) for n in (place, place + 1))
    helped = predicted_wait(place, agents + 1, handling, default)
    assert wait is not None
    assert behind is not None
    assert helped is not None
    assert 0 <= helped <= wait <= behind
