"""The stock of numbers in the database: looked through, added to, reserved, and kept true to the book.

Whoever changes a row holds it (`FOR UPDATE`) while it asks `core.number_stock` whether that is possible, so of two who
want a number at the same moment exactly one gets it. Who has a number is said by the book alone: `follow_book` is part
of every change of it. What gives a client a number or takes it away is `store.number_handover`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from vorzimmer.core.client import Client
from vorzimmer.core.number_stock import NotPossible, State, Stocked, at_time, require
from vorzimmer.store import audit
from vorzimmer.store.audit import Actor


class NotInStock(Exception):
    """The number is not in the stock."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is not in the stock; add it first")


@dataclass(frozen=True, slots=True)
class Listed:
    """A number of the stock as it counts now, and the clients in the book who have it (ids)."""

    stocked: Stocked
    clients: tuple[str, ...]


_ADD = """
INSERT INTO number_stock (number, country, kind, state, client_id, order_ref, since, until, cooling_days, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_HOLD = "SELECT *, now() AS at FROM number_stock WHERE number = ANY ($1) ORDER BY number FOR UPDATE"

_LIST = """
SELECT stock.*, coalesce(held.clients, '{}') AS clients FROM number_stock AS stock
LEFT JOIN (SELECT number, array_agg(DISTINCT client_id ORDER BY client_id) AS clients FROM client_number GROUP BY 1)
    AS held USING (number)
WHERE ($1::text IS NULL OR country = $1) AND ($2::text IS NULL OR number = $2)
ORDER BY number
"""

_SET = """
UPDATE number_stock SET state = $2, client_id = $3, order_ref = $4, since = $5, until = $6, note = $7 WHERE number = $1
"""

_TAKE = """
UPDATE number_stock AS stock
SET state = 'with_client', client_id = held.client_id, order_ref = '', until = NULL, since = now()
FROM (SELECT number, min(client_id) AS client_id FROM client_number GROUP BY number) AS held
WHERE held.number = stock.number AND (stock.state, stock.client_id) IS DISTINCT FROM ('with_client', held.client_id)
"""

_LET_COOL = """
UPDATE number_stock SET state = 'cooling', since = now(), until = now() + make_interval(days => cooling_days)
WHERE state = 'with_client' AND NOT EXISTS (SELECT FROM client_number WHERE client_number.number = number_stock.number)
"""


async def listed(
    conn: asyncpg.Connection, at: datetime, *, country: str | None = None, state: State | None = None
) -> list[Listed]:
    """The stock as it counts at `at`, by number."""
    found = [_listed(row, at) for row in await conn.fetch(_LIST, country, None)]
    return [one for one in found if state is None or one.stocked.state is state]


async def look_up(conn: asyncpg.Connection, number: str, at: datetime) -> Listed | None:
    """One number (E.164) as it counts at `at`; None: it is not in the stock."""
    row = await conn.fetchrow(_LIST, None, number)
    return None if row is None else _listed(row, at)


async def add(conn: asyncpg.Connection, new: Sequence[Stocked], *, actor: Actor) -> None:
    """Add numbers, each once. One that a client has already is with that client at once.

    Raises:
        NotPossible: one is in the stock already; none was added.
    """
    async with conn.transaction():
        known = await conn.fetch(
            "SELECT number FROM number_stock WHERE number = ANY ($1) ORDER BY number", [one.number for one in new]
        )
        if known:
            raise NotPossible(f"in the stock already: {', '.join(row['number'] for row in known)}; nothing was added")
        try:
            await conn.executemany(_ADD, [_row(one) for one in new])
        except asyncpg.UniqueViolationError:
            raise NotPossible("somebody else adds one of these numbers at this moment; nothing was added") from None
        await follow_book(conn)
        for one in new:
            after = {"country": one.country, "cooling_days": one.cooling_days, "note": one.note}
            await audit.note(conn, actor, "number.add", about=one.number, after=after)


async def reserve(
    conn: asyncpg.Connection,
    number: str,
    client: str,
    at: datetime,
    *,
    actor: Actor,
    order: str = "",
    until: datetime | None = None,
) -> Stocked:
    """Keep a number for a client; `client` need not be in the book yet. `until`: it counts as free from then on.

    Reserving it again for the same client and order changes `until`.

    Raises:
        NotInStock, NotPossible: it cannot be had; nothing was changed.
    """
    async with conn.transaction():
        before = await hold(conn, number)
        require(before, State.RESERVED, at, client=client, order=order)
        if until is not None and until <= at:
            raise NotPossible("a reservation ends in the future")
        after = replace(before, state=State.RESERVED, client_id=client, order=order, since=at, until=until)
        await put(conn, before, after, "number.reserve", actor=actor)
    return after


async def hold(conn: asyncpg.Connection, number: str) -> Stocked:
    """A number as its row is, which nobody else changes until the end of the transaction.

    Raises:
        NotInStock: there is none.
    """
    row = await conn.fetchrow(_HOLD, [number])
    if row is None:
        raise NotInStock(number)
    return _stocked(row)


async def put(conn: asyncpg.Connection, before: Stocked, after: Stocked, what: str, *, actor: Actor) -> None:
    """Write down what became of a number that is held (`hold`). `what`: for the trail."""
    values = (after.state.value, after.client_id, after.order, after.since, after.until, after.note)
    await conn.execute(_SET, after.number, *values)
    was, now = audit.differing(_told(before), _told(after))
    await audit.note(conn, actor, what, client=after.client_id, about=after.number, before=was, after=now)


async def withheld(conn: asyncpg.Connection, clients: Iterable[Client]) -> list[str]:
    """What keeps these clients from having their numbers, by the stock, one sentence each.

    A number that is not in the stock is anybody's: a house need not keep one. The rows are held until the end of the
    transaction, so that nobody reserves meanwhile what a client is about to get.
    """
    wanted = sorted({(did.number, client.id) for client in clients for did in client.dids})
    rows = {row["number"]: row for row in await conn.fetch(_HOLD, [number for number, _ in wanted])}
    found = []
    for number, client in wanted:
        row = rows.get(number)
        if row is None or row["state"] == State.WITH_CLIENT:
            continue
        try:
            require(_stocked(row), State.WITH_CLIENT, row["at"], client=client)
        except NotPossible as why:
            found.append(f"client {client!r}: number {why}")
    return found


async def follow_book(conn: asyncpg.Connection) -> None:
    """Make the stock say what the book says: its part of a transaction that changes who has which number."""
    await conn.execute(_TAKE)
    await conn.execute(_LET_COOL)


async def untrue(conn: asyncpg.Connection) -> list[str]:
    """Numbers of which the stock does not say what the book says; empty unless somebody wrote past this program."""
    rows = await conn.fetch(
        "SELECT number FROM number_stock"
        " WHERE (state = 'with_client') <> (number IN (SELECT number FROM client_number)) ORDER BY number"
    )
    return [row["number"] for row in rows]


async def unstocked(conn: asyncpg.Connection) -> list[str]:
    """Clients' DIDs that are not in the stock. A house without a stock has none that would be missing there."""
    rows = await conn.fetch(
        "SELECT DISTINCT number FROM client_number WHERE EXISTS (SELECT FROM number_stock)"
        " AND number NOT IN (SELECT number FROM number_stock) ORDER BY number"
    )
    return [row["number"] for row in rows]


def _listed(row: asyncpg.Record, at: datetime) -> Listed:
    return Listed(at_time(_stocked(row), at), tuple(row["clients"]))


def _stocked(row: asyncpg.Record) -> Stocked:
    return Stocked(
        row["number"],
        row["country"],
        row["kind"],
        State(row["state"]),
        row["since"],
        row["client_id"],
        row["order_ref"],
        row["until"],
        row["cooling_days"],
        row["note"],
    )


def _row(one: Stocked) -> tuple[Any, ...]:
    held = (one.state.value, one.client_id, one.order, one.since, one.until)
    return (one.number, one.country, one.kind, *held, one.cooling_days, one.note)


def _told(one: Stocked) -> dict[str, Any]:
    """What the trail says of a number."""
    return {"state": one.state.value, "client": one.client_id, "order": one.order, "until": one.until, "note": one.note}
