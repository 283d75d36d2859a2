"""The row that each comparison of Asterisk's records with ours leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

_SAVE = """
INSERT INTO reconciliation (since_at, until_at, continuing, checked, differing, completed)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_UNCOMPARED = """
SELECT min(started_at) FROM cdr
WHERE started_at >= coalesce((SELECT max(until_at) FROM reconciliation WHERE continuing), '-infinity')
"""

_LAST = "SELECT * FROM reconciliation ORDER BY at DESC, id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison of all calls that ended in [`since`, `until`).

    `checked`, `differing`, `completed` count calls. `continuing`: it began where the last such run had ended, as the
    nightly one does; otherwise a person chose the time. `at` is when it was written down.
    """

    since: datetime
    until: datetime
    continuing: bool
    checked: int
    differing: int
    completed: int
    at: datetime | None = None


async def save_run(conn: asyncpg.Connection, run: Run) -> None:
    """Write down a run; its `at` is the database's now."""
    await conn.execute(_SAVE, run.since, run.until, run.continuing, run.checked, run.differing, run.completed)


async def last_run(conn: asyncpg.Connection) -> Run | None:
    """The latest run of any kind, or None before the first one."""
    row = await conn.fetchrow(_LAST)
    if row is None:
        return None
    return Run(
        since=row["since_at"],
        until=row["until_at"],
        continuing=row["continuing"],
        checked=row["checked"],
        differing=row["differing"],
        completed=row["completed"],
        at=row["at"],
    )


async def compared_until(conn: asyncpg.Connection) -> datetime | None:
    """Up to when the continuing runs have compared all calls; None before the first one."""
    until: datetime | None = await conn.fetchval("SELECT max(until_at) FROM reconciliation WHERE continuing")
    return until


async def uncompared_since(conn: asyncpg.Connection) -> datetime | None:
    """When the first call began that the continuing runs have not compared yet; None if all are."""
    began: datetime | None = await conn.fetchval(_UNCOMPARED)
    return began
