"""The role `worker`: empties the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from functools import partial

import asyncpg

from vorzimmer import vital_signs
from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.notify import worker as outbox
from vorzimmer.notify.email import Email
from vorzimmer.roles.running import mail_server, now, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import migrate
from vorzimmer.vital_signs import Pulse

SCHEMA_SECONDS = 2.0
"""How long the database may take to tell its schema's version before it counts as away."""


@contextlib.asynccontextmanager
async def worker(settings: Settings, pulse: Pulse) -> AsyncIterator[None]:
    """Send messages while inside; on leaving, finish those under way."""
    dsn = settings.database.dsn.get_secret_value()
    await require_schema(dsn)
    stop = asyncio.Event()
    email = Email(
        mail_server(settings),
        sender=settings.smtp.sender,
        house=settings.house.name,
        region=settings.house.region,
        recordings=settings.paths.recordings,
        to_mp3=to_mp3,
        clock=now,
        trouble=trouble,
    )
    tally = outbox.Tally()
    async with email, vital_signs.show_worker(settings.watch.worker, tally, pulse, trouble):
        work = outbox.run(
            partial(asyncpg.connect, dsn, timeout=10),
            {"email": email},
            stop=stop,
            clock=now,
            jitter=random.random,
            trouble=trouble,
            tally=tally,
        )
        running = asyncio.create_task(work)
        try:
            yield
        finally:
            stop.set()
            await running


async def require_schema(dsn: str) -> None:
    """Refuse a database of another version; one that is away is waited for by whoever needs it."""
    try:
        conn = await asyncpg.connect(dsn, timeout=SCHEMA_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        trouble("database.away", error=str(error) or type(error).__name__)
        return
    try:
        await migrate.require_current(conn)
    finally:
        await conn.close()
