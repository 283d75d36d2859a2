"""The supervisor's wall: how the house is, by events too; how a day went; and its calls as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from vorzimmer.core.day import bounds
from vorzimmer.store import statistics
from vorzimmer.store.statistics import Item
from vorzimmer.web.access import Role, Who, goes_on, only, streaming
from vorzimmer.web.call_list import Writing
from vorzimmer.web.figures import History, agent_days, history
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.wall import Wall
from vorzimmer.web.wall_feed import Feed

log = structlog.get_logger()

router = APIRouter(prefix="/api/wall", tags=["wall"])

MOST_DAYS = 31
"""Days of one export."""

PAGE = 1000
"""Calls that are read at once for an export."""

Here = Annotated[Parts, Depends(parts)]
Overseer = Annotated[Who, Depends(only(Role.SUPERVISOR, Role.ADMIN))]


def feed(request: Request, here: Here) -> Feed:
    """The one wall of this application."""
    state = request.app.state
    if not hasattr(state, "wall"):
        state.wall = Feed(here)
    found: Feed = state.wall
    return found


TheFeed = Annotated[Feed, Depends(feed)]


@router.get("", responses=told(401, 403))
async def wall(_: Overseer, shared: TheFeed) -> Wall:
    """Who waits, which calls live, what the agents do, and how the day goes."""
    return (await shared.look()).wall


@router.get(
    "/events",
    response_class=EventSourceResponse,
    responses=told(401, 403, 429),
    dependencies=[Depends(streaming)],
)
async def events(request: Request, _: Overseer, shared: TheFeed) -> AsyncIterator[ServerSentEvent]:
    """The same (`wall`) whenever it changes, at most twice a second, and at the latest after ten seconds."""
    async for shown in shared.follow():
        if not goes_on(request):
            return
        yield ServerSentEvent(event="wall", raw_data=shown.json)


@router.get("/history", responses=told(401, 403, 422, 503))
async def day_by_quarters(
    _: Overseer, here: Here, day: Annotated[date, Query(description="by the house's clock")]
) -> History:
    """A day by quarters of an hour and by agents, of calls that have ended; counted as `vorzimmer stats` counts."""
    span = _bounds(day, here)
    now = here.clock().astimezone(ZoneInfo(here.timezone))
    async with here.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        calls = await statistics.begun(conn, *span)
        work = await statistics.work(conn, *span)
        paused = await statistics.paused(conn, *span, now)
    names = {agent.id: agent.name for agent in here.directory().agents.values()}
    # In a thread: a day of thousands of calls would hold up what rings meanwhile.
    return await asyncio.to_thread(history, now, span, calls, agent_days(work, paused, names))


@router.get(
    "/export.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}, **told(401, 403, 422, 503)},
)
async def export(
    person: Overseer,
    here: Here,
    since: Annotated[date, Query(alias="from", description="the first day, by the house's clock")],
    until: Annotated[date, Query(alias="to", description="the last day")],
) -> StreamingResponse:
    """All calls that began on these days (31 at most), a line each; callers' whole numbers for an admin only."""
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        text = f"from the first to the last day, {MOST_DAYS} at most"
        raise Problem(422, "bad_request", text, fields={"to": text})
    full = person.role is Role.ADMIN
    log.info("wall.exported", user=person.user, since=since.isoformat(), until=until.isoformat(), full=full)
    writing = Writing(ZoneInfo(here.timezone), here.directory().clients, person.language, full=full)
    calls = _pages(here, since, until)
    first = await anext(calls)  # while it can still be said that the database is away

    async def lines() -> AsyncIterator[str]:
        yield writing.head() + writing.lines(first)
        async for page in calls:
            yield writing.lines(page)

    name = f"calls-{since.isoformat()}-{until.isoformat()}.csv"
    return StreamingResponse(
        lines(), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _pages(here: Parts, since: date, until: date) -> AsyncIterator[tuple[Item, ...]]:
    """The calls of some days, as many at once as fit. Whoever reads slowly holds no connection."""
    begin, end = _bounds(since, here)[0], _bounds(until, here)[1]
    last: Item | None = None
    while True:
        async with here.database.connection() as conn:
            page = await statistics.itemised(conn, begin, end, last, PAGE)
        yield page
        if len(page) < PAGE:
            return
        last = page[-1]


def _bounds(day: date, here: Parts) -> tuple[datetime, datetime]:
    """A day's first instant and the next one's.

    Raises:
        Problem: 422, it is out of all calendars.
    """
    if not date(2000, 1, 1) <= day <= here.clock().astimezone(UTC).date() + timedelta(days=366):
        raise Problem(422, "bad_request", "day: not a day of this house", fields={"day": "not a day of this house"})
    return bounds(day, ZoneInfo(here.timezone))
