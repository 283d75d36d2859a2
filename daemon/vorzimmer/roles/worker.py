"""The role `worker`: empties the outbox, and deletes recordings whose time is over."""

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
from vorzimmer.roles.running import mail_server, now, require_schema, tasks, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import retention
from vorzimmer.vital_signs import Pulse


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
        # A message that our disk did not take, for it was full, is still in Asterisk's folder.
        recordings=(settings.paths.recordings, settings.paths.spool),
        to_mp3=to_mp3,
        clock=now,
        trouble=trouble,
    )
    tally = outbox.Tally()
    sweeping = retention.run(retention.connecting(dsn), settings.paths.recordings, clock=now, trouble=trouble)
    async with email, vital_signs.show_worker(settings.watch.worker, tally, pulse, trouble), tasks(sweeping):
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
