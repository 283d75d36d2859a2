"""The role `web`: pages for people. It needs neither Asterisk nor the calls process, and shows when they are away.

What agents need while a telephone rings is in memory: the clients here, living calls and agents as the calls process
tells them. The operator's page is apart, on loopback (`watch.web`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg

from vorzimmer.core.dialing import Policy
from vorzimmer.core.margin import Costs
from vorzimmer.core.ports import Clock
from vorzimmer.core.role import Role
from vorzimmer.roles.bills import bills_of, house_of
from vorzimmer.roles.running import now, require_schema, tasks, trouble
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.roles.text_messages import report_door
from vorzimmer.roles.worth import Calculating
from vorzimmer.roles.writing import writing_of
from vorzimmer.settings import Settings
from vorzimmer.store import calls, outbox, reconciliation
from vorzimmer.store.outage import why
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.vital_signs import Pulse
from vorzimmer.watching.exposition import HOST, serving
from vorzimmer.watching.readings import new_registry
from vorzimmer.web import app, wrap_ups
from vorzimmer.web.database import Database
from vorzimmer.web.live import Live
from vorzimmer.web.notices import Notices
from vorzimmer.web.parts import BrowserPhones, Parts
from vorzimmer.web.phone_pages import PhonePages
from vorzimmer.web.routes import ROUTERS
from vorzimmer.web.serving import serving as serving_pages
from vorzimmer.web.sessions import Sessions
from vorzimmer.web.status import Compared, Status, page
from vorzimmer.web.throttle import Throttle

PATIENCE = 2.0
"""Seconds that a role or the database may take to answer before the page says that it is away."""


@contextlib.asynccontextmanager
async def web(settings: Settings, clock: Clock, pulse: Pulse) -> AsyncIterator[None]:
    """Show the pages while inside. `clock`: that of the calls which they show."""
    dsn = settings.database.dsn.get_secret_value()
    await require_schema(dsn)
    snapshot = Snapshot(dsn, settings.paths.web / "book.json", trouble)
    await snapshot.load()

    def why_not_ready() -> list[str]:
        return [] if pulse.alive() else ["the event loop has been stuck"]

    registry = new_registry(why_not_ready, pulse.delay, pulse.started)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        routes = [page(partial(_look, settings, session))]
        async with (
            serving(settings.watch.web, registry, why_not_ready, trouble, routes),
            Database(dsn) as database,
        ):
            calculating = Calculating()
            parts = _parts(settings, snapshot, database, clock, calculating)
            pages = app.create(parts, ROUTERS)
            async with (
                tasks(
                    snapshot.follow(_nothing),
                    parts.live.run(),
                    parts.sessions.keep(),
                    parts.notices.keep(),
                    parts.answers.keep(partial(asyncpg.connect, dsn, timeout=PATIENCE), clock, parts.live.tell_all),
                    wrap_ups.keep(parts.live, database),
                ),
                serving_pages(pages, settings.web.host, settings.web.port, trouble),
            ):
                try:
                    yield
                finally:
                    parts.live.close()
                    calculating.close()


async def _nothing() -> None:
    """Whoever needs a client looks it up when it does."""


def _parts(settings: Settings, snapshot: Snapshot, database: Database, clock: Clock, calculating: Calculating) -> Parts:
    """What every page is given."""
    web = settings.web
    secret = web.turn_secret.get_secret_value() if web.turn_secret is not None else None
    return Parts(
        directory=lambda: snapshot.directory,
        live=Live(settings.paths.control, clock),
        database=database,
        sessions=Sessions(database, now, frozenset(map(Role, web.totp_for))),
        throttle=Throttle(now),
        notices=Notices(database, clock),
        phone_pages=PhonePages(),
        clock=clock,
        house=settings.house.name,
        base_url=web.base_url,
        region=settings.house.region,
        timezone=settings.house.timezone,
        phones=BrowserPhones(web.sip, web.stun, web.turn, secret, web.turn_seconds),
        setting_up=setting_up(settings),
        policy=Policy(frozenset(settings.gate.countries), settings.gate.parallel, settings.gate.per_day),
        recordings=settings.paths.recordings,
        library=settings.paths.library,
        uploads=settings.paths.uploads,
        writing=writing_of(settings),
        bills=bills_of(house_of(settings.billing.seller, settings.house.name)),
        costs=Costs(
            settings.billing.currency, settings.billing.costs.wage_per_hour, settings.billing.costs.line_per_minute
        ),
        service_number=settings.service.number,
        reports=report_door(settings),
        worth=calculating,
    )


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
