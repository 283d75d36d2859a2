"""The pages' database: away, busy, lost in the middle, and what each of these is told as."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import pytest

from vorzimmer.web import database
from vorzimmer.web.database import MOST, Database
from vorzimmer.web.problems import Problem


async def test_busy_is_not_away(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While others use all connections one more is told so, and nobody's page says that the database is away."""
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    async with Database(dsn) as pool, AsyncExitStack() as others:
        for _ in range(MOST):
            await others.enter_async_context(pool.connection())
        with pytest.raises(Problem) as refused:
            await others.enter_async_context(pool.connection())
        assert (refused.value.status, refused.value.code) == (503, "busy")
        assert not pool.away


@pytest.mark.parametrize(
    "error",
    [
        OSError("reset"),
        TimeoutError(),
        asyncpg.InterfaceError("closed"),
        asyncpg.InternalClientError("unexpected"),
        asyncpg.ConnectionDoesNotExistError("lost"),
        asyncpg.AdminShutdownError("shut down"),
        asyncpg.QueryCanceledError("too long"),
        asyncpg.DiskFullError("full"),
        asyncpg.ReadOnlySQLTransactionError("standby"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_lost_in_the_middle_is_away(dsn: str, error: Exception) -> None:
    """Whatever a database raises that goes, is full or only reads: the page is told 503, not of a mistake of ours."""
    async with Database(dsn) as pool:
        with pytest.raises(Problem) as refused:
            async with pool.connection():
                raise error
        assert (refused.value.status, refused.value.code) == (503, "database_away")


async def test_a_mistake_of_ours_is_not_hidden(dsn: str) -> None:
    """A statement that is wrong is no outage."""
    async with Database(dsn) as pool, asyncio.timeout(20):
        with pytest.raises(asyncpg.UndefinedTableError):
            async with pool.connection() as conn:
                await conn.execute("SELECT * FROM nothing")
