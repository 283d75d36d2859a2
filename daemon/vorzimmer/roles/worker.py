"""The role `worker`: sends messages, converts announcements, chases answers, watches, deletes what is over."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from functools import partial

import asyncpg

from vorzimmer import vital_signs
from vorzimmer.announcements.intake_queue import Intake
from vorzimmer.notify import worker as outbox
from vorzimmer.orders import chase
from vorzimmer.roles import alarms, erasing, number_watch, rating, sealing, trials
from vorzimmer.roles.channels import channels
from vorzimmer.roles.faxes import tidying
from vorzimmer.roles.replies import replies
from vorzimmer.roles.running import mail_domain, now, require_schema, tasks, trouble
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import Settings
from vorzimmer.store import retention
from vorzimmer.store.erasure_night import Nights
from vorzimmer.store.seals import Rounds
from vorzimmer.vital_signs import Pulse


@contextlib.asynccontextmanager
async def worker(settings: Settings, pulse: Pulse) -> AsyncIterator[None]:
    """Send messages while inside; on leaving, finish those under way."""
    dsn = settings.database.dsn.get_secret_value()
    await require_schema(dsn)
    stop = asyncio.Event()
    tally = outbox.Tally()
    nights = Nights()
    rounds = Rounds(now())
    sweeping = retention.run(retention.connecting(dsn), settings.paths.recordings, clock=now, trouble=trouble)
    chasing = chase.run(retention.connecting(dsn), setting_up(settings), clock=now, trouble=trouble)
    intake = Intake(
        partial(asyncpg.connect, dsn, timeout=10),
        uploads=settings.paths.uploads,
        library=settings.paths.library,
        loudness=settings.announcements.loudness,
        clock=now,
        trouble=trouble,
    )
    beside = tasks(
        sweeping,
        chasing,
        intake.run(),
        tidying(settings),
        *number_watch.rounds(settings),
        *alarms.watch(settings),
        erasing.nightly(settings, nights, now),
        sealing.run(dsn, rounds, now, trouble),
        rating.run(settings),
        trials.run(settings, now, trouble),
    )
    showing = vital_signs.show_worker(settings.watch.worker, tally, nights, rounds, pulse, now, trouble)
    async with channels(settings) as ways, showing, beside, replies(settings):
        work = outbox.run(
            partial(asyncpg.connect, dsn, timeout=10),
            ways,
            stop=stop,
            jitter=random.random,
            trouble=trouble,
            domain=mail_domain(settings),
            per_hour=settings.pace.model_dump(),
            tally=tally,
        )
        running = asyncio.create_task(work)
        try:
            yield
        finally:
            stop.set()
            await running
