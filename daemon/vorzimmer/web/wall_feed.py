"""The wall for everybody who watches it: put together at most twice a second, the day counted every few seconds.

However many screens there are, the calls process is not asked for any of them (`web.live` knows), and the database for
all of them together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from vorzimmer.store import statistics
from vorzimmer.web.figures import Today, needed_since
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem
from vorzimmer.web.wall import Counted, Wall, compose

log = structlog.get_logger()

PACE = 0.5
"""Seconds between two walls."""

RECOUNT = 5.0
"""Seconds between two counts of the day."""

FIRST = 2.0
"""Seconds that the first wall waits for the first count."""

SILENCE = 10.0
"""Seconds after which a watcher is told the wall though nothing has changed: it is alive."""

_RESTLESS = {"at", "living_at", "longest_wait"}
"""What changes with time alone."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A wall, its JSON, and what of the JSON tells whether it differs from another. `made`: by the loop's clock."""

    wall: Wall
    json: str
    content: str
    made: float


class Feed:
    """The wall, shared. `look` at any time; `follow` for who watches."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()
        self._shown: Shown | None = None
        self._counted = Counted()
        self._counting: asyncio.Task[None] | None = None
        self._counted_at = float("-inf")

    async def look(self) -> Shown:
        """The wall with everything that has happened until now; in a busy moment half a second later."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._turn:
            if self._shown is not None:
                if self._shown.made >= asked:
                    return self._shown  # made for somebody else while we waited
                await asyncio.sleep(self._shown.made + PACE - loop.time())
            await self._count()
            self._shown = self._make(loop.time())
            return self._shown

    async def follow(self) -> AsyncIterator[Shown]:
        """The wall now, at once when it changes, every few seconds if it does not; ends when the pages close."""
        last: Shown | None = None
        with self._parts.live.watching() as changed:
            while not self._parts.live.closing:
                changed.clear()
                shown = await self.look()
                if last is None or shown.content != last.content or shown.made - last.made >= SILENCE:
                    last = shown
                    yield shown
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RECOUNT):
                        await changed.wait()

    def _make(self, made: float) -> Shown:
        parts = self._parts
        zone = ZoneInfo(parts.timezone)
        wall = compose(parts.clock(), zone, parts.live, self._counted, parts.directory().clients)
        return Shown(wall, wall.model_dump_json(), wall.model_dump_json(exclude=_RESTLESS), made)

    async def _count(self) -> None:
        """Have the day counted if that is due; nobody waits for it but for the first time."""
        now = asyncio.get_running_loop().time()
        if now - self._counted_at >= RECOUNT and (self._counting is None or self._counting.done()):
            self._counted_at = now
            self._counting = asyncio.create_task(self._recount())
        if self._counting is not None and self._counted == Counted():
            await asyncio.wait({self._counting}, timeout=FIRST)

    async def _recount(self) -> None:
        parts = self._parts
        at = parts.clock().astimezone(ZoneInfo(parts.timezone))
        midnight = parts.today()
        try:
            async with parts.database.connection() as conn:
                calls = await statistics.begun(conn, needed_since(at, midnight), at)
        except Problem:
            self._counted = Counted(self._counted.today, away=True)
        except asyncpg.PostgresError:
            log.exception("wall.not_counted")
            self._counted = Counted(self._counted.today, away=True)
        else:
            # In a thread: a day of thousands of calls would hold up what rings meanwhile.
            self._counted = Counted(await asyncio.to_thread(Today.of, at, midnight, calls))
