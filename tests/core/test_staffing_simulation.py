"""Erlang A against callers who are simulated one by one, and what is known of their patience."""

from __future__ import annotations

import heapq
from random import Random

import pytest

from vorzimmer.core.staffing import Load, Need, erlang_a, need, patience_of

HALF_HOUR = Load(calls=100, seconds=1800, handling=180)


def simulated(load: Load, agents: int, target: float, patience: float, calls: int) -> tuple[float, float, float]:
    """The share answered in time, the share who give up, and the mean wait of all; who came first is served first."""
    random = Random(20261122)  # noqa: S311 - calls, not secrets
    free = [0.0] * agents
    at = waited = 0.0
    in_time = gone = 0
    for _ in range(calls):
        at += random.expovariate(load.rate)
        would_wait = max(0.0, free[0] - at)
        patient = random.expovariate(1 / patience)
        waited += min(would_wait, patient)
        if would_wait > patient:
            gone += 1
            continue
        in_time += would_wait <= target
        heapq.heapreplace(free, at + would_wait + random.expovariate(1 / load.handling))
    return in_time / calls, gone / calls, waited / calls


@pytest.mark.parametrize(("agents", "patience"), [(9, 90.0), (12, 60.0)])
def test_erlang_a_is_what_happens(agents: int, patience: float) -> None:
    """Too few agents for all, and nearly enough: level, abandonment and wait of 60,000 callers."""
    level, gone, wait = simulated(HALF_HOUR, agents, 20, patience, 60_000)
    told = erlang_a(HALF_HOUR, agents, 20, patience)
    assert told.service_level == pytest.approx(level, abs=0.012)
    assert told.abandoned == pytest.approx(gone, abs=0.008)
    assert told.mean_wait == pytest.approx(wait, rel=0.06)
    assert patience_of(wait * 60_000, round(gone * 60_000)) == pytest.approx(patience, rel=0.05)


def test_nobody_gave_up() -> None:
    """Then patience is not known."""
    assert patience_of(500, 0) is None
    assert patience_of(0, 3) is None, "who hangs up at once has waited for nothing"


def test_no_calls_need_nobody() -> None:
    """A quiet night."""
    assert need(None, 0.8, 20) == Need(0, None)
