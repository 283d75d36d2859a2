"""Work by the hour in the database: what was done for a client, and the talk in each hour of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from vorzimmer.core.stretches import Month
from vorzimmer.core.work_hours import WorkDone
from vorzimmer.store import closing_state

_ADD = """
INSERT INTO work_done (id, client, day, data, added_by)
SELECT $1, $2, $3, $4::jsonb, $5
WHERE NOT EXISTS (SELECT FROM statement WHERE client = $2 AND month >= date_trunc('month', $3::date))
RETURNING id
"""

_LISTED = """
SELECT id, client, day, data, added_at, added_by FROM work_done
WHERE client = $1 AND day BETWEEN $2 AND $3 ORDER BY day, added_at, id
"""

_REMOVE = """
DELETE FROM work_done AS work WHERE id = $1 AND client = $2
    AND NOT EXISTS (
        SELECT FROM statement WHERE statement.client = $2 AND month >= date_trunc('month', work.day)
    )
RETURNING day
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Some work as it was written down."""

    id: UUID
    work: WorkDone
    at: datetime
    by: str


async def add(conn: asyncpg.Connection, work_id: UUID, client: str, work: WorkDone, by: str) -> bool:
    """Write work down; False: its month is closed, or one after it.

    Args:
        conn: in a transaction: until it ends, no month of the client's is closed without this work.
        work_id: chosen by whoever writes it down.
        client: for whom.
        work: what was done.
        by: who writes it down.
    """
    await closing_state.lock(conn, client)
    data = {
        "task": work.task,
        "region": work.region,
        "minutes": [f"{one:f}" for one in work.minutes],
        "talk": [f"{one:f}" for one in work.talk],
    }
    return bool(await conn.fetchval(_ADD, work_id, client, work.day, orjson.dumps(data).decode(), by))


async def remove(conn: asyncpg.Connection, work_id: UUID, client: str) -> date | None:
    """Take back what was written down by mistake; its day. None: there is no such work, or it is on a statement.

    Args:
        conn: in a transaction: until it ends, no month of the client's is closed with this work.
        work_id: of the entry.
        client: for whom it was.
    """
    await closing_state.lock(conn, client)
    day: date | None = await conn.fetchval(_REMOVE, work_id, client)
    return day


async def listed(conn: asyncpg.Connection, client: str, month: Month) -> tuple[Entry, ...]:
    """The work of a client's month, in the order of its days."""
    rows = await conn.fetch(_LISTED, client, month.first, month.last)
    return tuple(Entry(row["id"], _work(row), row["added_at"], row["added_by"]) for row in rows)


def _work(row: Mapping[str, Any]) -> WorkDone:
    data = orjson.loads(row["data"])
    return WorkDone(
        data["task"],
        row["day"],
        data["region"],
        tuple(Decimal(one) for one in data["minutes"]),
        tuple(Decimal(one) for one in data["talk"]),
    )
