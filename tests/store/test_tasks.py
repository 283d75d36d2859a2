"""Agents' work for clients on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from vorzimmer.store import tasks

DAY = timedelta(days=1)


async def today(conn: Any, agent: str) -> list[tuple[str, bool]]:
    """What the agent did within a day around now, newest first, and whether it has ended."""
    now = datetime.now(UTC)
    found = await tasks.of_agent(conn, agent, now - DAY, now + DAY)
    return [(task.what, task.ended_at is not None) for task in found]


async def test_starting_ends_what_was_open(conn: Any) -> None:
    """An agent does one thing at a time; colleagues are not touched."""
    one = await tasks.start(conn, "u", "anna", "mueller", "one", "c1")
    assert (one.client, one.call_id, one.ended_at) == ("mueller", "c1", None)
    await tasks.start(conn, "u", "ben", "mueller", "his", None)
    two = await tasks.start(conn, "u", "anna", "baecker", "two", None)
    assert await today(conn, "anna") == [("two", False), ("one", True)]
    assert await today(conn, "ben") == [("his", False)]
    ended = await tasks.stop(conn, two.id, "anna")
    assert ended is not None
    assert ended.ended_at is not None
    assert ended.ended_at >= ended.started_at


async def test_only_the_own_open_work_is_stopped(conn: Any) -> None:
    """A colleague's, or what has ended, stays as it is."""
    task = await tasks.start(conn, "u", "anna", "mueller", "one", None)
    assert await tasks.stop(conn, task.id, "ben") is None
    assert await tasks.stop(conn, task.id, "anna") is not None
    assert await tasks.stop(conn, task.id, "anna") is None


async def test_two_pages_start_at_once(conn: Any, dsn: str) -> None:
    """One stretch is open afterwards, and the others have ended; no page gets an error."""
    others = [await asyncpg.connect(dsn) for _ in range(5)]
    await asyncio.gather(*(tasks.start(other, "u", "anna", "m", str(n), None) for n, other in enumerate(others)))
    for other in others:
        await other.close()
    assert sorted(ended for _, ended in await today(conn, "anna")) == [False, True, True, True, True]


async def test_what_is_still_open_is_told_although_it_began_before(conn: Any) -> None:
    """An agent that forgot to stop yesterday sees it today."""
    await tasks.start(conn, "u", "anna", "mueller", "night", None)
    await conn.execute("UPDATE task_work SET started_at = now() - interval '3 days'")
    assert await today(conn, "anna") == [("night", False)]
