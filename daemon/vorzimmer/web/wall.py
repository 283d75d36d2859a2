"""What the supervisor's wall shows, put together in memory: who waits, what the agents do, how the day goes. Pure.

The living things are as the calls process told them (`web.live`), the day's figures as they were last counted
(`web.figures`); how old each of them is stands beside it, so that nobody trusts a wall that stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from vorzimmer.control.wall import AgentSeen, Caller, View
from vorzimmer.core.call_view import CallView
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import Phase
from vorzimmer.core.presence import Act, State
from vorzimmer.core.supervision import Stage
from vorzimmer.web.figures import Minute, ServiceLevel, Today

HIDDEN = "•••"
"""What stands for the last three digits of a number on a screen that many see."""

Clients = Mapping[str, Client]


class WaitingCaller(BaseModel):
    """Somebody in the line. `place`: 1 for the next; `predicted`: seconds that the wait will probably take still."""

    call: str
    client: str | None
    client_name: str
    since: datetime
    place: int
    predicted: float | None


class Supervisor(BaseModel):
    """Somebody who is in an agent's talk; id and name of the agent that the supervisor is."""

    agent: str
    name: str
    stage: Stage


class AgentAtWork(BaseModel):
    """An agent. `client`: of the call; `then`: what follows the call; `expected`: the roster says: works now.

    `supervisors`: who listens, whispers or takes part.
    """

    agent: str
    name: str
    state: State
    since: datetime
    reason: str
    reachable: bool
    call: str | None
    client: str | None
    client_name: str | None
    then: Act | None
    expected: bool
    supervisors: tuple[Supervisor, ...]


class LivingCall(BaseModel):
    """A call that has not ended. `since`: of the phase; `caller_shown`: without the last three digits."""

    call: str
    client: str | None
    client_name: str | None
    caller_shown: str | None
    phase: Phase
    since: datetime
    agents: tuple[str, ...]


class Wall(BaseModel):
    """The whole wall. `timezone`: the house's, in which pages show times of day.

    `living_at`: when callers, calls and agents were last known to be so; None: not yet, and there are none.
    `calls_away`, `database_away`: cannot be asked now, so that what is shown is old. `longest_wait`: seconds; None:
    nobody waits. `service_level` is None and `last_hour` empty until they were counted.
    """

    at: datetime
    timezone: str
    living_at: datetime | None
    calls_away: bool
    database_away: bool
    waiting: tuple[WaitingCaller, ...]
    agents: tuple[AgentAtWork, ...]
    calls: tuple[LivingCall, ...]
    longest_wait: float | None
    service_level: ServiceLevel | None
    last_hour: tuple[Minute, ...]


class House(Protocol):
    """The living house; see `web.live.Live`, which is one."""

    looked: View | None
    away: bool

    def calls(self) -> Iterable[CallView]:
        """All living calls."""

    def agents(self) -> Mapping[str, AgentSeen]:
        """Everybody's state."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The day's figures; None: never counted yet. `away`: the database did not answer the last time."""

    today: Today | None = None
    away: bool = False


def compose(at: datetime, zone: ZoneInfo, house: House, counted: Counted, clients: Clients) -> Wall:
    """The wall at the instant `at`; `zone`: the house's."""
    at = at.astimezone(zone)
    calls = [call for call in house.calls() if not call.over]
    waiting = _line(calls, house.looked, clients)
    today = counted.today
    return Wall(
        at=at,
        timezone=zone.key,
        living_at=_living_at(at, house),
        calls_away=house.away,
        database_away=counted.away,
        waiting=waiting,
        agents=_agents(calls, house.agents(), clients),
        calls=tuple(_living(call, clients) for call in sorted(calls, key=lambda call: (call.arrived, call.call))),
        longest_wait=max((max((at - one.since).total_seconds(), 0) for one in waiting), default=None),
        service_level=today.service_level if today else None,
        last_hour=today.last_hour if today else (),
    )


def hidden(number: str | None) -> str | None:
    """A number for a screen that others see too: without its last three digits. None: there is none."""
    return number and number[:-3] + HIDDEN


def _living_at(at: datetime, house: House) -> datetime | None:
    if not house.away:
        return at
    return house.looked.at.astimezone(at.tzinfo) if house.looked else None


def _line(calls: Sequence[CallView], looked: View | None, clients: Clients) -> tuple[WaitingCaller, ...]:
    """Who waits. Events tell at once who has come or left; places and predictions are those of the last look."""
    known = {one.call: one for one in looked.waiting} if looked else {}
    newest = len(calls) + len(known) + 1

    def place(call: CallView) -> tuple[int, datetime, str]:
        seen = known.get(call.call)
        return (seen.place if seen else newest, _waits_since(call, seen), call.call)

    waiting = sorted((call for call in calls if call.waiting), key=place)
    return tuple(
        WaitingCaller(
            call=call.call,
            client=call.client,
            client_name=_name(call.client, clients) or "",
            since=_waits_since(call, known.get(call.call)),
            place=n,
            predicted=known[call.call].predicted if call.call in known else None,
        )
        for n, call in enumerate(waiting, 1)
    )


def _waits_since(call: CallView, seen: Caller | None) -> datetime:
    return seen.since if seen else call.queued or call.since


def _agents(calls: Sequence[CallView], agents: Mapping[str, AgentSeen], clients: Clients) -> tuple[AgentAtWork, ...]:
    """By name."""
    of_call = {call.call: call.client for call in calls}
    listening: dict[str, list[Supervisor]] = {}
    for call in calls:
        for one in call.supervised:
            seen = agents.get(one.supervisor)
            name = seen.name if seen else one.supervisor
            listening.setdefault(one.agent, []).append(Supervisor(agent=one.supervisor, name=name, stage=one.stage))
    return tuple(
        AgentAtWork(
            **agent.model_dump(exclude={"call", "phone"}),
            call=agent.call or None,
            client=of_call.get(agent.call),
            client_name=_name(of_call.get(agent.call), clients),
            supervisors=tuple(listening.get(agent.agent, ())),
        )
        for agent in sorted(agents.values(), key=lambda one: (one.name.casefold(), one.agent))
    )


def _living(call: CallView, clients: Clients) -> LivingCall:
    return LivingCall(
        call=call.call,
        client=call.client,
        client_name=_name(call.client, clients),
        caller_shown=hidden(call.caller),
        phase=call.phase,
        since=call.since,
        agents=call.agents,
    )


def _name(client: str | None, clients: Clients) -> str | None:
    """The name of a client; of one that has left the book, its id."""
    found = clients.get(client) if client else None
    return found.name if found is not None else client
