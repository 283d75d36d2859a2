"""Today's notices of the clients, in memory for screen pops: no query stands between a ring and what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import asyncpg

from vorzimmer.core.ports import Clock
from vorzimmer.store import notices
from vorzimmer.store.notices import Notice
from vorzimmer.web.database import Database
from vorzimmer.web.problems import Problem

EVERY = 5.0
"""Seconds between two looks, for what other processes wrote."""


class Notices:
    """All notices that count now. While the database is away the last ones stay known, each until its time."""

    def __init__(self, database: Database, clock: Clock, every: float = EVERY) -> None:
        self._database, self._clock, self._every = database, clock, every
        self._known: Mapping[str, tuple[Notice, ...]] = {}
        self._look = asyncio.Event()

    def of(self, client_id: str, at: datetime) -> tuple[Notice, ...]:
        """Those of a client that hold at an instant (aware), the oldest first."""
        return tuple(notice for notice in self._known.get(client_id, ()) if at < notice.until)

    def look_again(self) -> None:
        """One was written or deleted here."""
        self._look.set()

    async def keep(self) -> None:
        """Read them now and again, until cancelled."""
        while True:
            self._look.clear()
            await self._read()
            try:
                async with asyncio.timeout(self._every):
                    await self._look.wait()
            except TimeoutError:
                continue

    async def _read(self) -> None:
        try:
            async with self._database.connection() as conn:
                found = await notices.current(conn, self._clock())
        except (Problem, asyncpg.PostgresError):
            return  # what is known stays
        known: dict[str, tuple[Notice, ...]] = {}
        for notice in found:
            known[notice.client] = (*known.get(notice.client, ()), notice)
        self._known = known
