"""Days of arrivals on the real floor and line: callers must wait as long as queueing theory says."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import replace
from math import sqrt
from statistics import mean, stdev

from tests.core.agents import NOBODY_IN_PARTICULAR as PLAIN
from tests.core.agents import later, make_agent, make_floor
from vorzimmer.core.line import Line, Waiting
from vorzimmer.core.presence import Act
from vorzimmer.core.staffing import Load, erlang_c

CLIENTS = ("kanzlei", "praxis", "werkstatt")


class Day:
    """Callers come at random and talk at random; the clock jumps from event to event. Seconds of waiting are kept."""

    def __init__(self, load: Load, agents: int, seed: int) -> None:
        self.floor = make_floor(*(make_agent(f"agent-{n}", wrap_up=0) for n in range(agents)))
        self.line = Line(self.floor, lambda _: True)
        self.load, self.chance = load, random.Random(seed)  # noqa: S311 - the chance of callers, not of keys
        self.came: dict[str, float] = {}
        self.first: set[str] = set()
        self.waited: dict[str, float] = {}

    def run(self, callers: int) -> None:
        """So many callers, from the empty house on."""
        events = [(second, f"c{n:05}", "") for n, second in enumerate(self._arrivals(callers))]
        while events:
            second, call, agent = heapq.heappop(events)
            at = later(second)
            if agent:
                self.floor.act(agent, Act.HANG_UP, at, call=call)
            else:
                self._join(call, second)
            for offer in self.line.offers(at):
                self.waited[offer.call] = second - self.came[offer.call]
                self.floor.act(offer.agents[0], Act.ANSWER, at, call=offer.call)
                end = second + self.chance.expovariate(1 / self.load.handling)
                heapq.heappush(events, (end, offer.call, offer.agents[0]))

    def _arrivals(self, callers: int) -> Iterator[float]:
        """In order, so a heap already; the agents have just logged in."""
        second = 60.0
        for _ in range(callers):
            second += self.chance.expovariate(self.load.rate)
            yield second

    def _join(self, call: str, second: float) -> None:
        """Every agent serves all clients; one caller in four goes before the others."""
        self.came[call] = second
        if self.chance.random() < 0.25:
            self.first.add(call)
        needs = replace(PLAIN, client=self.chance.choice(CLIENTS))
        self.line.join(Waiting(call, needs, 9 if call in self.first else 5, later(second), last_agent="agent-1"))


def test_a_day_of_arrivals_waits_as_erlang_c_says() -> None:
    """The share who wait and the mean wait lie in the 99 % confidence intervals of twelve days.

    A priority takes waiting from one caller and gives it to another: the mean stays, and who is first waits less.
    """
    load, agents, callers, warm_up = Load(calls=100, seconds=1800, handling=180), 14, 2200, 200
    waits, mean_waits, firsts = [], [], []
    for seed in range(12):
        day = Day(load, agents, seed)
        day.run(callers)
        assert day.waited.keys() == day.came.keys()
        settled = {call: wait for call, wait in day.waited.items() if call >= f"c{warm_up:05}"}
        waits.append(mean(wait > 0 for wait in settled.values()))
        mean_waits.append(mean(settled.values()))
        firsts.append(mean(wait for call, wait in settled.items() if call in day.first))
    theory = erlang_c(load, agents, target=20)
    _agrees(waits, theory.waits)
    _agrees(mean_waits, theory.mean_wait)
    assert mean(firsts) < mean(mean_waits) / 2


def _agrees(days: list[float], expected: float) -> None:
    """Student's interval with 11 degrees of freedom; one that were so wide as to hold anything would prove nothing."""
    half = 3.106 * stdev(days) / sqrt(len(days))
    assert abs(mean(days) - expected) <= half < expected / 3
