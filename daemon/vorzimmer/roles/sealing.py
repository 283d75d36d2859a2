"""Seals calls and charges now and again, in the role `worker`."""

from __future__ import annotations

import asyncio

import asyncpg

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store import outage, seals
from vorzimmer.store.seals import Rounds

EVERY = 60.0
"""Seconds between two rounds."""


async def run(dsn: str, rounds: Rounds, clock: Clock, trouble: Trouble, every: float = EVERY) -> None:
    """Seal what is new until cancelled. `every`: seconds. What keeps it from sealing is told, and it tries again."""
    while True:
        try:
            conn = await asyncpg.connect(dsn, timeout=10, command_timeout=600)
            try:
                await seals.seal_new(conn)
                rounds.done = clock()
            finally:
                await conn.close()
        except seals.CutError as error:
            trouble("sealing.cut", why=str(error))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            trouble("sealing.failed", why=outage.why(error))
        await asyncio.sleep(every)
