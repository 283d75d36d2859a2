"""How long it takes to find an agent for a caller, and a caller for an agent, in a house with 1,000 agents."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from tests.bench.report import percentile
from vorzimmer.core.agent import Agent
from vorzimmer.core.floor import Floor
from vorzimmer.core.line import Line, Offer, Waiting
from vorzimmer.core.model import Language
from vorzimmer.core.presence import Act
from vorzimmer.core.serving import Needs

_AGENTS, _WAITING, _CLIENTS, _TEAMS = 1000, 500, 2000, 20
_DECISIONS = 5000
_START = datetime(2026, 11, 23, 9, tzinfo=UTC)


T = TypeVar("T")


@dataclass(frozen=True)
class Choosing:
    """Microseconds of processor time of each decision: for a new caller, and for an agent who got free."""

    agent: tuple[float, ...]
    caller: tuple[float, ...]

    def __str__(self) -> str:
        agent, caller = ([percentile(times, share) for share in (50, 99)] for times in (self.agent, self.caller))
        return (
            f"With {_AGENTS} agents, an agent for a caller: {agent[0]:.0f} µs p50, {agent[1]:.0f} µs p99; "
            f"with {_WAITING} waiting, a caller for an agent: {caller[0]:.0f} µs p50, {caller[1]:.0f} µs p99"
        )


def choosing() -> Choosing:
    """Measure both: everybody free, then everybody busy."""
    house = _House()
    return Choosing(tuple(house.agent_us() for _ in range(_DECISIONS)), house.callers_us())


class _House:
    """Twenty teams, three skills, two languages, half of the agents pledged, one in ten for named clients only."""

    def __init__(self) -> None:
        self.chance = random.Random(1)  # noqa: S311 - the same house in each run
        self.floor, self.now, self.calls = Floor(), _START, 0
        agents = [self._agent(f"agent-{n}") for n in range(_AGENTS)]
        self.floor.use({agent.id: agent for agent in agents}, self.now)
        self.line = Line(self.floor, lambda _: True)
        for agent in self.chance.sample(agents, _AGENTS):
            self.floor.act(agent.id, Act.LOG_IN, self._later())
        self.line.offers(self.now)

    def agent_us(self) -> float:
        """One new caller; the agent is released at once and the caller leaves."""
        waiting = self._waiting()

        def come() -> list[Offer]:
            self.line.join(waiting)
            return self.line.offers(self.now)

        offers, micros = _timed(come)
        self.line.leave(waiting.call)
        for agent in (name for offer in offers for name in offer.agents):
            self.floor.act(agent, Act.ANSWER, self._later())
            self.floor.act(agent, Act.HANG_UP, self._later())
        return micros

    def callers_us(self) -> tuple[float, ...]:
        """Everybody talks and many wait; one agent after another gets free, and another caller comes."""
        for agent in self.floor.agents:
            self.floor.act(agent, Act.PAUSE, self._later())
        for _ in range(_WAITING):
            self.line.join(self._waiting())
        self.line.offers(self.now)
        return tuple(self._caller_us(agent) for agent in self.chance.choices(tuple(self.floor.agents), k=_DECISIONS))

    def _caller_us(self, agent: str) -> float:
        at = self._later()

        def get_free() -> list[Offer]:
            self.floor.act(agent, Act.READY, at)
            return self.line.offers(at)

        offers, micros = _timed(get_free)
        if offers:
            self.line.join(self._waiting())
            self.floor.act(agent, Act.RELEASE, self._later())
        self.floor.act(agent, Act.PAUSE, self._later())
        self.line.offers(self.now)
        return micros

    def _later(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _agent(self, name: str) -> Agent:
        pick = self.chance
        return Agent.model_validate(
            {
                "id": name,
                "name": name,
                "phones": [name],
                "teams": [f"team-{pick.randrange(_TEAMS)}"],
                "skills": pick.sample(["a", "b", "c"], pick.randrange(3)),
                "languages": pick.choice([["de"], ["de", "en"]]),
                "pledged_on": pick.choice([None, date(2026, 1, 1)]),
                "clients": [self._client()] if pick.random() < 0.1 else [],
                "wrap_up": 0,
            }
        )

    def _client(self) -> str:
        return f"client-{self.chance.randrange(_CLIENTS)}"

    def _waiting(self) -> Waiting:
        self.calls += 1
        pick = self.chance
        skills = frozenset(pick.sample(["a", "b", "c"], pick.randrange(2)))
        language = Language.ENGLISH if pick.random() < 0.1 else Language.GERMAN
        needs = Needs(self._client(), f"team-{pick.randrange(_TEAMS)}", skills, language, pick.random() < 0.3)
        return Waiting(f"c{self.calls}", needs, pick.randrange(10), self._later())


def _timed(what: Callable[[], T]) -> tuple[T, float]:
    began = time.thread_time_ns()
    found = what()
    return found, (time.thread_time_ns() - began) / 1000
