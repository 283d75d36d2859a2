"""The trail of changes: who changed what, from what to what, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

Values = Mapping[str, Any]
"""What differs, as JSON."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a user of the pages, `cli:NAME`, `phone:ENDPOINT` or `system`.

    `acting_as`: the user in whose place an admin is; the agent at a telephone.
    """

    name: str
    acting_as: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `before` and `after` hold only what differs; None: it was not there, or is not any more."""

    id: int
    at: datetime
    actor: Actor
    client: str | None
    what: str
    about: str
    before: Values | None
    after: Values | None


_SELECT = """
SELECT id, at, actor, acting_as, client_id, what, about, before, after FROM audit
WHERE ($1::text IS NULL OR client_id = $1) AND ($2::text IS NULL OR actor = $2) AND ($3::bigint IS NULL OR id < $3)
    AND ($5::text IS NULL OR starts_with(what, $5))
    AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at < $7)
ORDER BY id DESC LIMIT $4
"""


async def note(
    conn: asyncpg.Connection,
    actor: Actor,
    what: str,
    *,
    client: str | None = None,
    about: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Write a change down. `what`: noun.verb, such as `client.change`; `about`: which one of them."""
    await conn.execute(
        "INSERT INTO audit (actor, acting_as, client_id, what, about, before, after)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        actor.name,
        actor.acting_as,
        client,
        what,
        about,
        _json(before),
        _json(after),
    )


async def entries(
    conn: asyncpg.Connection,
    *,
    client: str | None = None,
    actor: str | None = None,
    before: int | None = None,
    most: int = 100,
    what: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """Changes, the newest first.

    Args:
        conn: of the database.
        client: whom they concern.
        actor: who made them.
        before: only those older than the entry of this id.
        most: how many.
        what: how `Entry.what` begins: `client.` finds all changes of clients.
        since: from this instant on.
        until: before this instant.
    """
    rows = await conn.fetch(_SELECT, client, actor, before, most, what, since, until)
    return [
        Entry(
            row["id"],
            row["at"],
            Actor(row["actor"], row["acting_as"]),
            row["client_id"],
            row["what"],
            row["about"],
            _values(row["before"]),
            _values(row["after"]),
        )
        for row in rows
    ]


def differing(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two states of one thing the keys whose values differ, as they were and as they are."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in keys}, {key: after.get(key) for key in keys}


def _json(values: Values | None) -> str | None:
    return None if values is None else orjson.dumps(values, default=str).decode()


def _values(text: str | None) -> Values | None:
    found: Values | None = None if text is None else orjson.loads(text)
    return found
