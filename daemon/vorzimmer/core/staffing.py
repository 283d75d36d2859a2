"""How many agents a load of calls takes, by Erlang C (everybody waits) and Erlang A (callers give up).

Arrivals are Poisson, handling times exponential, callers are served in the order they came. Erlang A is the
M/M/n+M queue of Palm with the formulas of Mandelbaum and Zeltyn: patience is exponential too. Nothing overflows: the
recursions stay between 0 and 1, and long sums are kept as logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf, lgamma, log

_NOTHING = 1e-18
"""A term of a sum that is so small beside its greatest does not count."""


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` in an interval of `seconds`, each of `handling` seconds on average (talk and wrap-up).

    Raises:
        ValueError: one of them is not above 0.

    """

    calls: float
    seconds: float
    handling: float

    def __post_init__(self) -> None:
        if min(self.calls, self.seconds, self.handling) <= 0:
            raise ValueError("calls, interval and handling time are above 0")

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    @property
    def erlangs(self) -> float:
        """Agents that the load would keep busy all the time."""
        return self.rate * self.handling


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a number of agents means for callers and for the agents.

    `waits`: share of callers who wait at all. `service_level`: answered within the target ÷ (answered + abandoned).
    `mean_wait`: seconds, over all callers, those included who wait for nothing (ASA with Erlang C); infinite where the
    line would grow for ever. `occupancy`: share of their time that agents are busy. `abandoned`: share of callers who
    give up.
    """

    waits: float
    service_level: float
    mean_wait: float
    occupancy: float
    abandoned: float = 0.0


def erlang_b(erlangs: float, agents: int) -> float:
    """The share of callers who would be turned away if nobody could wait."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return blocked


def erlang_c(load: Load, agents: int, target: float) -> Outlook:
    """Callers wait as long as it takes. `target`: seconds of the service level."""
    _check(agents, target)
    spare = agents - load.erlangs
    if spare <= 0:
        return Outlook(1.0, 0.0, inf, 1.0)
    occupancy = load.erlangs / agents
    blocked = erlang_b(load.erlangs, agents)
    waits = blocked / (1 - occupancy * (1 - blocked))
    return Outlook(
        waits=waits,
        service_level=1 - waits * exp(-spare * target / load.handling),
        mean_wait=waits * load.handling / spare,
        occupancy=occupancy,
    )


def erlang_a(load: Load, agents: int, target: float, patience: float) -> Outlook:
    """Callers give up after `patience` seconds on average. `target`: seconds of the service level.

    Raises:
        ValueError: no agents, a negative target, or no patience.

    """
    _check(agents, target)
    if patience <= 0:
        raise ValueError("patience is above 0")
    blocked = erlang_b(load.erlangs, agents)
    served, offered = agents * patience / load.handling, load.rate * patience
    crowd = _log_crowd(served, offered)
    waits = blocked / ((1 - blocked) * exp(-crowd) + blocked)
    busy = load.erlangs / agents
    abandoned = max(0.0, waits * (exp(-crowd) / busy + 1 - 1 / busy))
    in_time = _answered_after(served, offered, 0.0) - _answered_after(served, offered, target / patience)
    return Outlook(
        waits=waits,
        service_level=max(0.0, 1 - waits + waits * in_time),
        mean_wait=abandoned * patience,
        occupancy=busy * (1 - abandoned),
        abandoned=abandoned,
    )


def agents_needed(load: Load, level: float, target: float, patience: float | None = None) -> int:
    """The fewest agents with at least that service level (between 0 and 1); Erlang A where a `patience` is given.

    Raises:
        ValueError: the level is 0 or below, or 1 or above: no number of agents is enough for all callers ever.

    """
    if not 0 < level < 1:
        raise ValueError("a service level lies between 0 and 1")

    def enough(agents: int) -> bool:
        outlook = erlang_c(load, agents, target) if patience is None else erlang_a(load, agents, target, patience)
        return outlook.service_level >= level

    few, many = 0, max(1, ceil(load.erlangs))
    while not enough(many):
        few, many = many, 2 * many
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


@dataclass(frozen=True, slots=True)
class Need:
    """Agents for a stretch of time, and what they mean for it; no agents and no outlook where no call is expected."""

    agents: int
    outlook: Outlook | None


def need(load: Load | None, level: float, target: float, patience: float | None = None) -> Need:
    """The fewest agents with at least that service level, and the outlook with them; see `agents_needed`."""
    if load is None:
        return Need(0, None)
    agents = agents_needed(load, level, target, patience)
    outlook = erlang_c(load, agents, target) if patience is None else erlang_a(load, agents, target, patience)
    return Need(agents, outlook)


def patience_of(waited: float, abandoned: int) -> float | None:
    """Seconds that callers wait on average before they give up; None where nobody did.

    `waited`: what all waited together, those who were answered too, for they were patient until then. That is the most
    likely mean of an exponential patience that is only seen until an agent comes.
    """
    return waited / abandoned if abandoned and waited > 0 else None


def _check(agents: int, target: float) -> None:
    if agents < 1 or target < 0:
        raise ValueError("there is at least one agent, and the target is not below 0")


def _log_crowd(served: float, offered: float) -> float:
    """The logarithm of A(x, y) = 1 + y/(x+1) + y²/((x+1)(x+2)) + …: how much likelier waiting is than all being busy.

    x is `served`, calls that the agents end in a patience; y is `offered`, calls that come in one. Summed from the
    greatest term to both sides, as far as terms count.
    """
    top = max(0, int(offered - served))
    total, term, n = 1.0, 1.0, top
    while term > _NOTHING:
        n += 1
        term *= offered / (served + n)
        total += term
    term = 1.0
    for n in range(top, 0, -1):
        term *= (served + n) / offered
        if term < _NOTHING:
            break
        total += term
    greatest = top * log(offered) - lgamma(served + top + 1) + lgamma(served + 1) if top else 0.0
    return log(total) + greatest


def _answered_after(served: float, offered: float, patiences: float) -> float:
    """Of those who wait, the share that is answered, and only after so many `patiences`."""
    left = offered * exp(-patiences)
    return exp(
        offered - left - (served + 1) * patiences + _log_crowd(served + 1, left) - _log_crowd(served, offered)
    ) * (served / (served + 1))
