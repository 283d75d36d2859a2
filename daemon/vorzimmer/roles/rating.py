"""Rates calls, in the role `worker`."""

from __future__ import annotations

from functools import partial

import asyncpg

from vorzimmer.billing import rounds
from vorzimmer.roles.running import now, trouble
from vorzimmer.settings import Settings


async def run(settings: Settings) -> None:
    """Rate what is new every `billing.rate_every` seconds, until cancelled."""
    dsn = settings.database.dsn.get_secret_value()
    connect = partial(asyncpg.connect, dsn, timeout=10)
    await rounds.run(connect, every=settings.billing.rate_every, clock=now, trouble=trouble)
