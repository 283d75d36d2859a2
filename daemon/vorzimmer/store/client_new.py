"""A new client of the book, made at a page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import asyncpg
import orjson

from vorzimmer.core.client import Book, Client
from vorzimmer.store import audit, book
from vorzimmer.store.audit import Actor


class ClientTaken(Exception):
    """There is a client of this id."""


async def create(conn: asyncpg.Connection, client: Client, actor: Actor) -> None:
    """Add the client to the book.

    Raises:
        ClientTaken: there is one of this id.
        store.book.BookConflict: a number or a group does not fit the book. Nothing is added then.
    """
    async with conn.transaction():
        await conn.execute("LOCK TABLE client_group, client, agent IN SHARE ROW EXCLUSIVE MODE")  # as `save_book`
        if await conn.fetchval("SELECT true FROM client WHERE id = $1", client.id):
            raise ClientTaken(client.id)
        await book.save_book(conn, Book(client=(client,)))
        after = orjson.loads(client.model_dump_json())
        await audit.note(conn, actor, "client.create", client=client.id, after=after)


async def calls_of_each(conn: asyncpg.Connection, clients: Collection[str], since: datetime) -> dict[str, int]:
    """How many calls begun at `since` or later each of these clients had; those without any are left out."""
    rows = await conn.fetch(
        "SELECT client, count(*) AS calls FROM cdr WHERE client = ANY ($1) AND started_at >= $2 GROUP BY client",
        list(clients),
        since,
    )
    return {row["client"]: row["calls"] for row in rows}
