"""Closed months in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.statement import Statement, statement_of
from vorzimmer.core.stretches import Month

_ALL = "SELECT client, month, currency, data, head, closed_at, closed_by FROM statement"

_ADD = """
INSERT INTO statement (client, month, currency, total, data, head, closed_at, closed_by)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)
"""


async def statement(conn: asyncpg.Connection, client: str, month: Month) -> Statement | None:
    """The statement of a client's month; None: the month is not closed."""
    row = await conn.fetchrow(f"{_ALL} WHERE client = $1 AND month = $2", client, month.first)
    return None if row is None else _read(row)


async def listed(conn: asyncpg.Connection, client: str) -> tuple[Statement, ...]:
    """A client's statements, the newest first."""
    rows = await conn.fetch(f"{_ALL} WHERE client = $1 ORDER BY month DESC", client)
    return tuple(_read(row) for row in rows)


async def add(conn: asyncpg.Connection, closed: Statement) -> None:
    """Close a month.

    Raises:
        asyncpg.UniqueViolationError: it is closed already.
    """
    await conn.execute(
        _ADD,
        closed.client,
        closed.month.first,
        closed.currency,
        closed.total,
        orjson.dumps(closed.data()).decode(),
        closed.head,
        closed.closed_at,
        closed.closed_by,
    )


def _read(row: Mapping[str, Any]) -> Statement:
    return statement_of(row, orjson.loads(row["data"]))
