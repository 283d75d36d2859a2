"""What an agent's page shows of the agent and of the present call: the whole state each time, so nothing is missed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from vorzimmer.control.wall import AgentSeen
from vorzimmer.core.agent import Agent, Transport
from vorzimmer.core.call_view import CallView, Recording
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import Phase
from vorzimmer.core.presence import Act, State
from vorzimmer.core.serving import may_serve, needs_of
from vorzimmer.web.live import Live


class PhoneSeen(BaseModel):
    """One of the agent's telephones."""

    endpoint: str
    transport: Transport


class AskingSeen(BaseModel):
    """Somebody who is asked to take the caller; see `core.call_view.Asking`."""

    to: str
    attended: bool
    reached: bool
    by: str | None
    three: bool


class CallSeen(BaseModel):
    """The agent's call. `mine`: the agent has the talk; `over`: it has ended, and wrap-up is about it."""

    id: str
    client: str | None
    direction: str
    phase: Phase
    arrived: datetime
    since: datetime
    mine: bool
    held: bool
    transfer: AskingSeen | None
    recording: Recording
    refused: str | None
    over: bool


class AgentView(BaseModel):
    """An agent's page. Times are the server's: what lasts is counted from `at`, never from the browser's clock.

    `timezone`: the house's, in which the page shows times of day.
    `reachable`: whether the telephone at which the agent is logged in can be rung. `phone_page`: the page that is the
    telephone. `waiting`: callers in the line whom this agent may serve. `calls_away`: the calls process cannot be
    reached, and all this is as it was last known. `answers`: ids of clients' answers that nobody has seen, the newest
    first (`GET /api/agent/answers`).
    """

    at: datetime
    timezone: str
    agent: str
    name: str
    state: State
    since: datetime
    reason: str
    then: Act | None
    phone: str
    reachable: bool
    phones: tuple[PhoneSeen, ...]
    phone_page: str | None
    wrap_up: int
    supervisor: bool
    waiting: int
    calls_away: bool
    database_away: bool
    answers: tuple[int, ...]
    call: CallSeen | None


def agent_view(
    agent: Agent,
    live: Live,
    clients: Mapping[str, Client],
    at: datetime,
    *,
    timezone: str,
    phone_page: str | None,
    database_away: bool,
    answers: tuple[int, ...] = (),
) -> AgentView:
    """The page's state at an instant."""
    seen = live.agent(agent.id)
    return AgentView(
        at=at,
        timezone=timezone,
        agent=agent.id,
        name=agent.name,
        state=seen.state if seen else State.LOGGED_OUT,
        since=seen.since if seen else at,
        reason=seen.reason if seen else "",
        then=seen.then if seen else None,
        phone=seen.phone if seen else "",
        reachable=seen.reachable if seen else False,
        phones=tuple(PhoneSeen(endpoint=one.endpoint, transport=one.transport) for one in agent.phones),
        phone_page=phone_page,
        wrap_up=agent.wrap_up,
        supervisor=agent.supervisor,
        waiting=waiting_for(agent, live.waiting(), clients, at),
        calls_away=live.away,
        database_away=database_away,
        answers=answers,
        call=_call(agent.id, live, seen),
    )


def present_call(agent: str, live: Live, seen: AgentSeen | None) -> CallView | None:
    """The call that the agent's state is about: it rings, is talked on, or was the last one and is wrapped up."""
    if seen is None or not seen.call or seen.state is State.RESERVED:
        return None
    view = live.call(seen.call)
    if view is None or seen.state is State.WRAP_UP:
        return view
    return view if agent in view.agents or view.talking == agent else None


def _call(agent: str, live: Live, seen: AgentSeen | None) -> CallSeen | None:
    view = present_call(agent, live, seen)
    if view is None or seen is None:
        return None
    asking = view.asking
    mine = view.talking == agent and seen.state is State.TALKING
    return CallSeen(
        id=view.call,
        client=view.client,
        direction=view.direction,
        phase=view.phase,
        arrived=view.arrived,
        since=view.since,
        mine=mine,
        held=view.held,
        transfer=AskingSeen(
            to=asking.to, attended=asking.attended, reached=asking.reached, by=asking.by, three=asking.three
        )
        if asking is not None and mine
        else None,
        recording=view.recording,
        refused=view.refused,
        over=view.over or seen.state is State.WRAP_UP,
    )


def waiting_for(agent: Agent, waiting: Mapping[str, int], clients: Mapping[str, Client], at: datetime) -> int:
    """How many callers the agent may serve, of those who wait, by client."""
    if not waiting:
        return 0
    today = at.astimezone(ZoneInfo(agent.timezone)).date()
    found = ((clients.get(name), count) for name, count in waiting.items())
    return sum(count for client, count in found if client is not None and may_serve(agent, needs_of(client), today))
