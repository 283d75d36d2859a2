"""Calls that agents are writing up and that ended before these pages began: read from the database, which has them.

After a restart the calls process tells of living calls alone, and of each agent which call is being written up.
"""

from __future__ import annotations

import asyncio

import asyncpg

from vorzimmer.core.ledger import Kind
from vorzimmer.store.calls import begun_calls
from vorzimmer.web.database import Database
from vorzimmer.web.live import Live
from vorzimmer.web.problems import Problem

EVERY = 1.0
"""Seconds between two looks at who writes up what; asked is only for what is not known."""


async def keep(live: Live, database: Database) -> None:
    """See to it that `live` knows them, until cancelled."""
    while True:
        if missing := live.not_known():
            await _recall(live, database, missing)
        await asyncio.sleep(EVERY)


async def _recall(live: Live, database: Database, missing: frozenset[str]) -> None:
    try:
        async with database.connection() as conn:
            found = await begun_calls(conn, missing)
    except (Problem, asyncpg.PostgresError):
        return  # the next look may do
    for events in found.values():
        if any(event.kind is Kind.ENDED for event in events):  # else the rest is still on its way
            live.recall(events)
