"""What clients have paid before: entries that only grow in number, whose sum is the balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from vorzimmer.core.statement import Balance
from vorzimmer.core.stretches import Month

_ADD = """
INSERT INTO balance_entry (client, currency, amount, what, month, at, by) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_SUM = "SELECT coalesce(sum(amount), 0) FROM balance_entry WHERE client = $1 AND currency = $2"

_LIST = "SELECT currency, amount, what, month, at, by FROM balance_entry WHERE client = $1 ORDER BY id"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was paid in (positive), or taken by a closed month, VAT included. `month`: its first day."""

    currency: str
    amount: Decimal
    what: str
    month: date | None
    at: datetime
    by: str


async def add(
    conn: asyncpg.Connection, client: str, amount: Decimal, currency: str, what: str, by: str, at: datetime
) -> Decimal:
    """Write down a payment, or with a negative amount its correction. Returns the balance afterwards."""
    async with conn.transaction():
        await conn.execute(_ADD, client, currency, amount, what, None, at, by)
        return await balance(conn, client, currency)


async def balance(conn: asyncpg.Connection, client: str, currency: str) -> Decimal:
    """What is left of what a client has paid; below zero it owes something."""
    found: Decimal = await conn.fetchval(_SUM, client, currency)
    return found


async def entries(conn: asyncpg.Connection, client: str) -> tuple[Entry, ...]:
    """All there is, the oldest first."""
    return tuple(Entry(**row) for row in await conn.fetch(_LIST, client))


async def take(
    conn: asyncpg.Connection, client: str, month: Month, amount: Decimal, currency: str, by: str, at: datetime
) -> Balance:
    """A closed month takes what it costs, VAT included.

    Raises:
        asyncpg.UniqueViolationError: it has taken it before.
    """
    before = await balance(conn, client, currency)
    if amount:
        what = f"statement {month.year}-{month.month:02}"
        await conn.execute(_ADD, client, currency, -amount, what, month.first, at, by)
    return Balance(before, amount)
