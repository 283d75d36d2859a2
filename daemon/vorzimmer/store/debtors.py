"""Clients' accounts in the bookkeeping: each gets the next number once, and keeps it."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

LAST = 69_999
"""The last number of a debtor in DATEV's charts of accounts with four digits."""


class NoNumberLeft(Exception):
    """All numbers of debtors are given."""


async def numbers(conn: asyncpg.Connection, clients: Iterable[str], first: int) -> dict[str, int]:
    """The number of each of these clients; new ones get the next ones, from `first` on, in the order of their ids.

    Raises:
        NoNumberLeft: nobody got one.
    """
    wanted = sorted(set(clients))
    async with conn.transaction():
        await conn.execute("LOCK TABLE debtor IN SHARE ROW EXCLUSIVE MODE")
        rows = await conn.fetch("SELECT client, number FROM debtor WHERE client = ANY ($1)", wanted)
        found: dict[str, int] = {row["client"]: row["number"] for row in rows}
        after = await conn.fetchval("SELECT max(number) + 1 FROM debtor")
        missing = [client for client in wanted if client not in found]
        new = dict(zip(missing, range(max(first, after or first), LAST + 1), strict=False))
        if len(new) < len(missing):
            raise NoNumberLeft(f"clients need {len(missing)} numbers, but there are only {len(new)} up to {LAST}")
        await conn.executemany("INSERT INTO debtor (client, number) VALUES ($1, $2)", list(new.items()))
    return found | new
