"""The role `web`: pages for people. It needs neither Asterisk nor the calls process, and shows when they are away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg

from vorzimmer.roles.running import now, require_schema, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import calls, outbox, reconciliation
from vorzimmer.store.outage import why
from vorzimmer.vital_signs import Pulse
from vorzimmer.watching.exposition import HOST, serving
from vorzimmer.watching.readings import new_registry
from vorzimmer.web.status import Compared, Status, page

PATIENCE = 2.0
"""Seconds that a role or the database may take to answer before the page says that it is away."""


@contextlib.asynccontextmanager
async def web(settings: Settings, pulse: Pulse) -> AsyncIterator[None]:
    """Show the pages while inside."""
    await require_schema(settings.database.dsn.get_secret_value())

    def why_not_ready() -> list[str]:
        return [] if pulse.alive() else ["the event loop has been stuck"]

    registry = new_registry(why_not_ready, pulse.delay, pulse.started)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        routes = [page(partial(_look, settings, session))]
        async with serving(settings.watch.web, registry, why_not_ready, trouble, routes):
            yield


async def _look(settings: Settings, session: aiohttp.ClientSession) -> Status:
    """How things are."""
    ports = {"calls": settings.watch.calls, "worker": settings.watch.worker}
    answers = await asyncio.gather(*(_ask(session, port) for port in ports.values() if port))
    roles = dict(zip((role for role, port in ports.items() if port), answers, strict=True))
    try:
        async with asyncio.timeout(PATIENCE):
            return await _with_database(settings, roles)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return Status(_here(settings), settings.house.name, roles, database=why(error))


def _here(settings: Settings) -> datetime:
    return now().astimezone(ZoneInfo(settings.house.timezone))


async def _ask(session: aiohttp.ClientSession, port: int) -> Sequence[str]:
    """Why the role behind this port is not ready."""
    try:
        async with session.get(f"http://{HOST}:{port}/ready") as answer:
            return [] if answer.status == 200 else [str(reason) for reason in await answer.json()]
    except (OSError, TimeoutError, aiohttp.ClientError, ValueError):
        return ["does not answer"]


async def _with_database(settings: Settings, roles: dict[str, Sequence[str]]) -> Status:
    here = _here(settings)
    conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=PATIENCE)
    try:
        today = await calls.count_by_disposition(conn, here.replace(hour=0, minute=0, second=0, microsecond=0))
        waiting = await outbox.backlog(conn)
        last = await reconciliation.last_run(conn)
    finally:
        await conn.close()
    compared = None
    if last is not None and last.at is not None:
        compared = Compared(last.at.astimezone(here.tzinfo), last.checked, last.differing, last.completed)
    messages = {"pending": waiting.pending, "being sent": waiting.leased, "dead": waiting.dead}
    return Status(here, settings.house.name, roles, None, today, messages, compared)
