"""What the wall shows: who waits, which calls live, what the agents do. The answer to `commands.Wall`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from vorzimmer.core.call_view import agents_of
from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase
from vorzimmer.core.presence import Act, State


class _Row(BaseModel):
    """A line of the wall; read from any object that has these attributes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Caller(_Row):
    """Somebody in the line. `place`: 1 for the next; `predicted`: seconds that the wait will probably take still."""

    call: str
    client: str
    since: datetime
    place: int
    predicted: float | None = None


class Living(_Row):
    """A call that has not ended. `since`: of the phase; `agents`: who talk, or whose telephones ring."""

    call: str
    client: str | None
    caller: str | None
    arrived: datetime
    phase: Phase
    since: datetime
    agents: tuple[str, ...] = ()

    @classmethod
    def of(cls, events: Sequence[CallEvent]) -> Self:
        """The call as its ledger tells it so far; `events` begin with the arrival."""
        entered = next(event for event in reversed(events) if event.kind in ENTERS)
        routed = next((event for event in events if event.kind is Kind.ROUTED), None)
        return cls(
            call=events[0].call_id,
            client=routed.data.get("client") if routed else None,
            caller=events[0].data.get("caller"),
            arrived=events[0].at,
            phase=ENTERS[entered.kind],
            since=entered.at,
            agents=agents_of(events),
        )


class AgentSeen(_Row):
    """An agent. `then`: what follows the call; `expected`: the roster says that the agent works now."""

    agent: str
    name: str
    state: State
    since: datetime
    reason: str
    phone: str
    reachable: bool
    call: str
    then: Act | None = None
    expected: bool


class View(_Row):
    """The whole wall at one instant. `unreachable`: PJSIP endpoints that cannot be rung, telephones and trunks."""

    at: datetime
    waiting: tuple[Caller, ...]
    calls: tuple[Living, ...]
    agents: tuple[AgentSeen, ...]
    unreachable: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        at: datetime,
        waiting: Iterable[Caller],
        calls: Iterable[Living],
        agents: Iterable[object],
        unreachable: Iterable[str] = (),
    ) -> Self:
        """Put it together; `agents` have the attributes of `AgentSeen`."""
        seen = tuple(AgentSeen.model_validate(agent) for agent in agents)
        return cls(
            at=at, waiting=tuple(waiting), calls=tuple(calls), agents=seen, unreachable=tuple(sorted(unreachable))
        )
