"""What pages show of bills: a call's charges, the files of invoices, and how far a month is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from vorzimmer.core.charge_row import Row, charge_of
from vorzimmer.core.model import STORED
from vorzimmer.core.rating import Charge
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff

_STANDING = """
SELECT call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths, measured, parts, marks
FROM charge
WHERE call_id = $1 AND client = $2 AND turn % 2 = 0
    AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
"""

_FILES = "SELECT number, name FROM invoice_document WHERE number = ANY ($1) ORDER BY number, name"

_FILE = """
SELECT media, content FROM invoice_document JOIN invoice USING (number)
WHERE client = $1 AND number = $2 AND name = $3
"""

_MONTH = """
SELECT client, currency, total, closed_at FROM statement WHERE month = $1
UNION ALL
SELECT DISTINCT client, NULL, NULL::numeric, NULL::timestamptz FROM contract
WHERE since <= $2 AND (until IS NULL OR until >= $1)
    AND NOT EXISTS (SELECT FROM statement WHERE statement.client = contract.client AND month = $1)
ORDER BY client
"""


@dataclass(frozen=True, slots=True)
class Charged:
    """What a call costs: in which month's bill, by which tariff."""

    month: Month
    tariff: Tariff
    charges: tuple[Charge, ...]
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class InMonth:
    """A client in a month. None: the month is not closed."""

    client: str
    currency: str | None
    total: Decimal | None
    closed_at: datetime | None


async def charged(conn: asyncpg.Connection, client: str, call: str) -> Charged | None:
    """What one of a client's calls costs now; None: it is not rated, or not this client's."""
    rows = [Row(**row) for row in await conn.fetch(_STANDING, call, client)]
    if not rows:
        return None
    first = rows[0]
    data = await conn.fetchval("SELECT data FROM tariff WHERE id = $1 AND since = $2", first.tariff, first.since)
    tariff = Tariff.model_validate_json(data, context=STORED)
    charges = [charge_of(row) for row in rows if row.position]
    marks = frozenset(mark for row in rows for mark in row.marks.split())
    return Charged(Month(first.month.year, first.month.month), tariff, tuple(charges), marks)


async def file_names(conn: asyncpg.Connection, numbers: Sequence[str]) -> dict[str, list[str]]:
    """The names of invoices' files, by the invoices' numbers."""
    found: dict[str, list[str]] = {}
    for row in await conn.fetch(_FILES, list(numbers)):
        found.setdefault(row["number"], []).append(row["name"])
    return found


async def file(conn: asyncpg.Connection, client: str, number: str, name: str) -> tuple[str, bytes] | None:
    """A file of one of a client's invoices, with its media type before it."""
    row = await conn.fetchrow(_FILE, client, number, name)
    return None if row is None else (row["media"], row["content"])


async def in_month(conn: asyncpg.Connection, month: Month) -> tuple[InMonth, ...]:
    """Every client with a contract in this month, or a statement of it, by id."""
    first: date = month.first
    return tuple(InMonth(**row) for row in await conn.fetch(_MONTH, first, month.last))
