"""Erlang C and A against known figures, against each other, and against the equations they solve."""

from __future__ import annotations

from itertools import accumulate
from math import exp, inf, log

import pytest

from vorzimmer.core.staffing import Load, Outlook, agents_needed, erlang_a, erlang_b, erlang_c

HALF_HOUR = Load(calls=100, seconds=1800, handling=180)


def test_erlang_c_of_the_textbook() -> None:
    """100 calls in half an hour, 180 s each, 14 agents, 20 s."""
    outlook = erlang_c(HALF_HOUR, 14, 20)
    assert outlook.waits == pytest.approx(0.1741, abs=5e-5)
    assert outlook.service_level == pytest.approx(0.8884, abs=5e-5)
    assert outlook.mean_wait == pytest.approx(7.84, abs=5e-3)
    assert outlook.occupancy == pytest.approx(0.7143, abs=5e-5)
    assert erlang_c(HALF_HOUR, 13, 20).service_level == pytest.approx(0.7956, abs=5e-5)


def test_erlang_a_of_the_literature() -> None:
    """50 agents, 48 calls a minute of a minute each, 2 minutes of patience: Garnett, Mandelbaum and Reiman (2002).

    There 3.1 % give up, and the mean wait of 20.8 s, if nobody did, becomes 3.7 s; occupancy 96 % and 93 %.
    """
    load = Load(calls=48, seconds=60, handling=60)
    impatient, endless = erlang_a(load, 50, 20, 120), erlang_c(load, 50, 20)
    assert (round(impatient.abandoned, 3), round(impatient.mean_wait, 1), round(endless.mean_wait, 1)) == (
        0.031,
        3.7,
        20.8,
    )
    assert (round(impatient.occupancy, 2), round(endless.occupancy, 2)) == (0.93, 0.96)


def test_agents_for_a_target() -> None:
    """13 agents just miss 80 % in 20 s, 14 reach it; the fewest are named."""
    assert agents_needed(HALF_HOUR, 0.80, 20) == 14
    assert agents_needed(HALF_HOUR, 0.79, 20) == 13
    assert agents_needed(HALF_HOUR, 0.80, 20, patience=60) == 12


@pytest.mark.parametrize("patience", [None, 60.0])
@pytest.mark.parametrize("calls", [1, 100, 10_000])
def test_the_fewest_agents_are_enough_and_one_less_is_not(calls: int, patience: float | None) -> None:
    """At the edge itself, for small houses and large ones."""
    load = Load(calls, 1800, 180)

    def level(agents: int) -> float:
        outlook = erlang_c(load, agents, 20) if patience is None else erlang_a(load, agents, 20, patience)
        return outlook.service_level

    needed = agents_needed(load, 0.9, 20, patience)
    assert level(needed) >= 0.9
    assert needed == 1 or level(needed - 1) < 0.9


def test_with_too_few_agents_the_line_grows_for_ever() -> None:
    """As many agents as erlangs are too few: everybody waits, without end."""
    assert erlang_c(HALF_HOUR, 10, 20) == Outlook(1.0, 0.0, inf, 1.0)


def test_one_agent_is_the_simple_queue() -> None:
    """M/M/1: a caller waits as often as the agent is busy; at half of the time, one handling time on average."""
    outlook = erlang_c(Load(3, 1800, 300), 1, 0)
    assert outlook.waits == pytest.approx(0.5)
    assert outlook.mean_wait == pytest.approx(300)
    assert outlook.service_level == pytest.approx(0.5)


@pytest.mark.parametrize("agents", [1, 8, 10, 12, 14, 20])
@pytest.mark.parametrize("patience", [5.0, 60.0, 600.0])
def test_erlang_a_solves_its_balance_equations(agents: int, patience: float) -> None:
    """The share who wait, who give up, and the mean wait are those of the chain of states, summed one by one."""
    waits, abandoned, mean_wait = _balance(HALF_HOUR, agents, patience)
    outlook = erlang_a(HALF_HOUR, agents, 20, patience)
    assert outlook.waits == pytest.approx(waits)
    assert outlook.abandoned == pytest.approx(abandoned)
    assert outlook.mean_wait == pytest.approx(mean_wait)


def _balance(load: Load, agents: int, patience: float) -> tuple[float, float, float]:
    """Of a chain long enough that its end is never reached; mean queue ÷ rate is the mean wait (Little)."""
    leave = (min(n, agents) / load.handling + max(0, n - agents) / patience for n in range(1, 2000))
    logs = list(accumulate((log(load.rate) - log(rate) for rate in leave), initial=0.0))
    weights = [exp(one - max(logs)) for one in logs]
    share = [weight / sum(weights) for weight in weights]
    queue = sum((n - agents) * one for n, one in enumerate(share) if n > agents)
    return sum(share[agents:]), queue / patience / load.rate, queue / load.rate


@pytest.mark.parametrize("agents", [8, 12])
def test_erlang_a_service_level_is_the_integral_of_its_density(agents: int) -> None:
    """Answered within the target, by adding up thin slices of the density of the offered wait."""
    patience, target, slice_ = 60.0, 20.0, 0.02
    middles = [slice_ * (n + 0.5) for n in range(60_000)]
    crowd = HALF_HOUR.rate * patience
    density = [exp(crowd * (1 - exp(-t / patience)) - agents * t / HALF_HOUR.handling) for t in middles]
    stays = [exp(-t / patience) * one for t, one in zip(middles, density, strict=True) if t < target]
    outlook = erlang_a(HALF_HOUR, agents, target, patience)
    expected = 1 - outlook.waits + outlook.waits * sum(stays) / sum(density)
    assert outlook.service_level == pytest.approx(expected, abs=1e-6)


def test_endless_patience_is_erlang_c() -> None:
    """Who never gives up waits as in Erlang C."""
    patient, endless = erlang_a(HALF_HOUR, 14, 20, 1e8), erlang_c(HALF_HOUR, 14, 20)
    assert patient.waits == pytest.approx(endless.waits, rel=1e-5)
    assert patient.service_level == pytest.approx(endless.service_level, rel=1e-5)
    assert patient.mean_wait == pytest.approx(endless.mean_wait, rel=1e-3)


def test_no_patience_is_erlang_b() -> None:
    """Who gives up at once is lost whenever all agents are busy."""
    hasty = erlang_a(HALF_HOUR, 12, 20, 1e-3)
    assert hasty.abandoned == pytest.approx(erlang_b(HALF_HOUR.erlangs, 12), rel=1e-3)


def test_a_thousand_agents() -> None:
    """No overflow, no underflow: also with far too few agents and with hours of patience."""
    load = Load(9000, 1800, 200)
    assert load.erlangs == pytest.approx(1000)
    assert agents_needed(load, 0.8, 20) == 1012
    assert 0 < erlang_c(load, 1020, 20).waits < 1
    for agents in (500, 900, 1000, 1100, 3000):
        for patience in (0.01, 60, 36_000):
            outlook = erlang_a(load, agents, 20, patience)
            assert 0 <= outlook.waits <= 1
            assert 0 <= outlook.service_level <= 1
            assert 0 <= outlook.occupancy <= 1
            assert outlook.abandoned >= max(0.0, 1 - agents / load.erlangs) - 1e-9


@pytest.mark.parametrize(("calls", "seconds", "handling"), [(0, 1800, 180), (100, 0, 180), (100, 1800, -1)])
def test_a_load_that_is_none_is_refused(calls: float, seconds: float, handling: float) -> None:
    """A slip in a form shows itself before it becomes a division by zero."""
    with pytest.raises(ValueError, match="above 0"):
        Load(calls, seconds, handling)


def test_impossible_questions_are_refused() -> None:
    """No agents, a target before the call, a level that nobody reaches, callers without patience."""
    for agents, target in ((0, 20), (14, -1)):
        with pytest.raises(ValueError, match="at least one agent"):
            erlang_c(HALF_HOUR, agents, target)
    for level in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            agents_needed(HALF_HOUR, level, 20)
    with pytest.raises(ValueError, match="patience"):
        erlang_a(HALF_HOUR, 14, 20, 0)
