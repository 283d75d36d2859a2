"""The pages' connections with the database, which may be away: then a page is told so at once, and works without."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

import asyncpg

from vorzimmer.web.problems import Problem

PATIENCE = 2.0
"""Seconds that a page waits for a connection before the database counts as away."""

COMMAND_SECONDS = 10.0
"""The longest that a statement of a page may take."""

MOST = 10
"""Connections at the same time."""

AGAIN = 1.0
"""Seconds after a failure in which nobody else waits for the database: pages are told at once that it is away."""


class Database:
    """A pool that is there before the database is. Open it with `async with`."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._away_until = 0.0

    async def __aenter__(self) -> Self:
        self._pool = await asyncpg.create_pool(
            self._dsn, min_size=0, max_size=MOST, timeout=PATIENCE, command_timeout=COMMAND_SECONDS
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.terminate()

    @property
    def away(self) -> bool:
        """Whether it could not be reached a moment ago."""
        return asyncio.get_running_loop().time() < self._away_until

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection while inside; transactions are the user's.

        Raises:
            Problem: 503 `database_away`: it cannot be reached, or was lost in the middle.
        """
        assert self._pool is not None, "used before it was opened"  # noqa: S101 - a mistake of ours
        if self.away:
            raise _away()
        try:
            conn = await self._pool.acquire(timeout=PATIENCE)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if isinstance(error, TimeoutError) and self._pool.get_size() - self._pool.get_idle_size() >= MOST:
                raise _busy() from None  # with other pages: none of them shall be told that it is away
            self._away_until = asyncio.get_running_loop().time() + AGAIN
            raise _away() from None
        try:
            yield conn
        except _LOST:
            raise _away() from None
        finally:
            # A connection that hangs is not waited for.
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._pool.release(conn, timeout=PATIENCE)


_LOST = (
    *(OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError),
    # The disk is full, or another server has taken over and this one only reads.
    *(asyncpg.InsufficientResourcesError, asyncpg.ReadOnlySQLTransactionError),
)
"""What is raised in the middle of something by a database that is lost, shut down, or takes nothing."""


def _busy() -> Problem:
    return Problem(503, "busy", "the database is busy; try again", headers={"Retry-After": "2"})


def _away() -> Problem:
    return Problem(503, "database_away", "the database cannot be reached; calls go on; try again later")
