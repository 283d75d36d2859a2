"""An agent's own page: what it shows, by events too, and what the agent does with the own state."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, StringConstraints

from vorzimmer.control.commands import AgentLogIn, AgentLogOut, AgentPause, AgentReady, Command, Text
from vorzimmer.core.agent import Agent
from vorzimmer.core.call_view import CallView
from vorzimmer.core.consent import takes_part
from vorzimmer.core.model import Endpoint
from vorzimmer.web.access import AgentWho, Who, goes_on, streaming
from vorzimmer.web.console import AgentView, agent_view, present_call, waiting_for
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.pop import Pop, PopNotice, pop_of
from vorzimmer.web.problems import Problem, told

router = APIRouter(prefix="/api/agent", tags=["agent"])

TICK = 2.0
"""Seconds after which a page is told what no event tells: how many wait, or that it is no longer logged in."""

AGAIN = 10.0
"""Seconds after which a page is told the same again: on a line that is silent for longer, nobody is there any more."""

Here = Annotated[Parts, Depends(parts)]


PageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
"""One of an agent's pages, by an id of its own choice."""


class LogIn(BaseModel):
    """At which of the own telephones; none: the last one, or the first."""

    model_config = ConfigDict(extra="forbid")

    phone: Endpoint | None = None


class Pause(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


def agent_of(person: Who, here: Parts) -> Agent:
    """The agent that somebody is.

    Raises:
        Problem: the book does not have it any more.
    """
    agent = here.directory().agents.get(person.agent or "")
    if agent is None:
        raise Problem(403, "no_agent", "you are not an agent of this house")
    return agent


def actor(person: Who) -> str:
    """How the calls process is told who asks."""
    return f"page:{person.user}"


@router.get("", responses=told(401, 403))
async def view(person: AgentWho, here: Here) -> AgentView:
    """The whole state of the agent's page."""
    return _view(agent_of(person, here), here, here.clock())


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses=told(401, 403, 422, 429),
    dependencies=[Depends(streaming)],
)
async def events(
    request: Request, person: AgentWho, here: Here, page: PageId | None = None
) -> AsyncIterator[ServerSentEvent]:
    """The same whenever it changes, and now and then (`view`); the screen pop of the present call, or null (`pop`).

    `page`: who follows; as soon as it does no longer, it is not the agent's telephone any more.
    """
    shown = _Shown(here)
    agent = agent_of(person, here).id
    with _leaving(here, agent, page), here.live.watching(agent) as changed:
        changed.set()
        while not here.live.closing and goes_on(request):
            told = changed.is_set()
            changed.clear()
            for event in shown.news(agent_of(person, here), told=told):
                yield event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await changed.wait()


@contextlib.contextmanager
def _leaving(here: Parts, agent: str, page: str | None) -> Iterator[None]:
    try:
        yield
    finally:
        if page is not None:
            here.phone_pages.leave(agent, page)
            here.live.tell(agent)


class _Shown:
    """What one page shows, so that it is told only what is new to it."""

    def __init__(self, here: Parts) -> None:
        self._here = here
        self._view: AgentView | None = None
        self._pop_of: object = ()

    def news(self, agent: Agent, *, told: bool) -> Iterator[ServerSentEvent]:
        """Look again. `told`: something has changed; else only what no event tells of may have, which is little."""
        here, now = self._here, self._here.clock()
        if not told and self._view is not None and not self._is_due(agent, self._view, now):
            return
        call = present_call(agent.id, here.live, here.live.agent(agent.id))
        # With the minute opening hours and notices may change. Making it anew for each event would cost too much.
        made_of = call and (call.call, call.client, now.replace(second=0, microsecond=0), _notices(call, here, now))
        if made_of != self._pop_of:
            self._pop_of = made_of
            pop = _pop(agent, call, here, now) if call is not None else None
            yield ServerSentEvent(event="pop", raw_data=pop.model_dump_json() if pop is not None else "null")
        view = _view(agent, here, now)
        if self._view is None or _differs(view, self._view):
            self._view = view
            yield ServerSentEvent(event="view", raw_data=view.model_dump_json())

    def _is_due(self, agent: Agent, view: AgentView, now: datetime) -> bool:
        here = self._here
        if view.call is not None or _is_old(view, now):
            return True
        waiting = waiting_for(agent, here.live.waiting(), here.directory().clients, now)
        return (waiting, here.database.away) != (view.waiting, view.database_away)


def _is_old(told: AgentView, now: datetime) -> bool:
    """Whether so long ago; or in the future, for the clock was set back."""
    return abs((now - told.at).total_seconds()) >= AGAIN


def _differs(view: AgentView, told: AgentView) -> bool:
    """Whether the page is to be told, after what it was told last."""
    return _is_old(told, view.at) or view != told.model_copy(update={"at": view.at})


@router.post("/login", responses=told(401, 403, 409, 422, 429, 503))
async def log_in(person: AgentWho, here: Here, at: LogIn) -> AgentView:
    """Take calls at a telephone; logged in already, go to another one."""
    agent = agent_of(person, here)
    return await _do(person, here, AgentLogIn(actor=actor(person), agent=agent.id, phone=at.phone))


@router.post("/logout", responses=told(401, 403, 409, 429, 503))
async def log_out(person: AgentWho, here: Here) -> AgentView:
    """Take no calls any more, at once or after the present one."""
    return await _do(person, here, AgentLogOut(actor=actor(person), agent=agent_of(person, here).id))


@router.post("/pause", responses=told(401, 403, 409, 422, 429, 503))
async def pause(person: AgentWho, here: Here, why: Pause) -> AgentView:
    """Take no calls for a while, from now on or after the present one."""
    agent = agent_of(person, here)
    return await _do(person, here, AgentPause(actor=actor(person), agent=agent.id, reason=why.reason))


@router.post("/ready", responses=told(401, 403, 409, 429, 503))
async def ready(person: AgentWho, here: Here) -> AgentView:
    """End a pause or wrap-up: the next caller."""
    return await _do(person, here, AgentReady(actor=actor(person), agent=agent_of(person, here).id))


async def _do(person: Who, here: Parts, command: Command) -> AgentView:
    await here.live.ask(command)
    await here.live.look()
    return _view(agent_of(person, here), here, here.clock())


def _view(agent: Agent, here: Parts, now: datetime) -> AgentView:
    clients = here.directory().clients
    new = here.answers.of(agent, here.live, clients, now.astimezone(ZoneInfo(agent.timezone)).date())
    return agent_view(
        agent,
        here.live,
        clients,
        now,
        timezone=here.timezone,
        phone_page=here.phone_pages.of(agent.id),
        database_away=here.database.away,
        answers=tuple(one.answer.id for one in new),
    )


def _notices(call: CallView, here: Parts, now: datetime) -> tuple[PopNotice, ...]:
    """Today's notices of the call's client."""
    found = here.notices.of(call.client, now) if call.client is not None else ()
    return tuple(PopNotice.model_validate(notice) for notice in found)


def _pop(agent: Agent, call: CallView, here: Parts, now: datetime) -> Pop:
    today = now.astimezone(ZoneInfo(agent.timezone)).date()
    notices = _notices(call, here, now)
    return pop_of(call, here.directory(), notices, now, here.region, records=takes_part(agent, today))
