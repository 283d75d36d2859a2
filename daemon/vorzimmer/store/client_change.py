"""A change to one client of the book: read, changed, checked against the whole book, saved and written down at once."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import orjson

from vorzimmer.core.client import Book, Client
from vorzimmer.core.model import STORED
from vorzimmer.store import audit, book
from vorzimmer.store.audit import Actor


class NoSuchClient(Exception):
    """The client is not in the book."""


class NewerClient(Exception):
    """Somebody else has changed the client meanwhile. `version`: as it is now."""

    def __init__(self, version: int) -> None:
        super().__init__("somebody else has changed this client meanwhile")
        self.version = version


async def load(conn: asyncpg.Connection, client: str) -> tuple[int, Client]:
    """The client as the database has it, with its announcements' versions, and the version of its data.

    Raises:
        NoSuchClient: it is not in the book.
    """
    row = await conn.fetchrow(
        "SELECT version, data || jsonb_build_object('versions', versions) AS data FROM client WHERE id = $1", client
    )
    if row is None:
        raise NoSuchClient(client)
    return row["version"], Client.model_validate_json(row["data"], context=STORED)


async def change(
    conn: asyncpg.Connection,
    client: str,
    changed: Callable[[Client], Client],
    *,
    actor: Actor,
    what: str = "client.change",
    version: int | None = None,
) -> tuple[int, Client]:
    """The client is what `changed` makes of it from now on. Returns the new version and the client.

    `version`: of what the change was made from; None: whatever is there. A change that changes nothing leaves no trace.

    Raises:
        NoSuchClient, NewerClient: nothing was changed.
        store.book.BookConflict: a number, a group or a client does not fit the book; nothing was changed.
        pydantic.ValidationError: `changed` makes what is no client; nothing was changed.
    """
    async with conn.transaction():
        await conn.execute("LOCK TABLE client_group, client, agent IN SHARE ROW EXCLUSIVE MODE")  # as `save_book`
        found, before = await load(conn, client)
        if version is not None and version != found:
            raise NewerClient(found)
        after = Client.model_validate(changed(before).model_dump(), context=STORED)
        if after.id != client:
            raise ValueError("a client keeps its id")
        was, now = audit.differing(_as_json(before), _as_json(after))
        if not now:
            return found, before
        await book.save_book(conn, Book(client=(after,)))
        await audit.note(conn, actor, what, client=client, before=was, after=now)
        return await load(conn, client)


def _as_json(client: Client) -> audit.Values:
    found: audit.Values = orjson.loads(client.model_dump_json())
    return found
