"""The rows of the versions of announcements: read as values, added and changed within somebody else's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import asyncpg

from vorzimmer.store.client_change import NoSuchClient

Production = Literal["upload", "phone", "browser", "professional", "import"]
State = Literal["waiting", "refused", "draft", "approved", "withdrawn", "ordered"]

MOST_WAITING = 50
"""Files of one client that may wait at once: the disk is everybody's."""
MOST_KEPT = 500
"""Versions of one client that are neither withdrawn nor refused."""

_NAMES = (
    "id, client_id AS client, name, production, state, file_name, item, seconds, loudness, peaks, warning, text, voice,"
    " refused_because, test_code, effective_from, created_by, created_at, approved_by, approved_at"
)

_COUNTED = """
SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state NOT IN ('withdrawn', 'refused'))
FROM announcement_version WHERE client_id = $1
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `item`: its file in the library; `test_code`: the digits by which it can be heard before approval.

    Seconds; `loudness` in LUFS; `peaks` from 0 to 1. `warning`: what is wrong with it although it can be used.
    """

    id: int
    client: str
    name: str
    production: Production
    state: State
    file_name: str
    item: str | None
    seconds: Decimal | None
    loudness: Decimal | None
    peaks: Sequence[float]
    warning: str | None
    text: str
    voice: str
    refused_because: str | None
    test_code: str
    effective_from: datetime | None
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sound:
    """What a conversion made. The fields are those of `Version`."""

    item: str
    seconds: Decimal
    loudness: Decimal
    peaks: Sequence[float]
    warning: str | None


class NoSuchVersion(Exception):
    """The client has no version of this id."""


class Impossible(Exception):
    """The version is not in a state in which this can be done, or there are too many; the text is a sentence."""


async def one(conn: asyncpg.Connection, client: str, version: int) -> Version:
    """One version.

    Raises:
        NoSuchVersion: the client has none of this id.
    """
    sql = f"SELECT {_NAMES} FROM announcement_version WHERE client_id = $1 AND id = $2"  # noqa: S608 - a constant
    return _version(await conn.fetchrow(sql, client, version))


async def of_client(conn: asyncpg.Connection, client: str) -> list[Version]:
    """All versions of the client's announcements: by name, the newest first."""
    sql = f"SELECT {_NAMES} FROM announcement_version WHERE client_id = $1 ORDER BY name, id DESC"  # noqa: S608 - the same
    return [_version(row) for row in await conn.fetch(sql, client)]


async def by_test_code(conn: asyncpg.Connection, code: str) -> Version | None:
    """The version that is heard at the test number by these digits; one that has a sound, and was not withdrawn."""
    sql = f"SELECT {_NAMES} FROM announcement_version WHERE test_code = $1 AND state IN ('draft', 'approved')"  # noqa: S608 - the same
    row = await conn.fetchrow(sql, code)
    return None if row is None else _version(row)


async def require_room(conn: asyncpg.Connection, client: str) -> None:
    """Let nobody else add to this client's versions until the transaction's end.

    Raises:
        NoSuchClient: it is not in the book.
        Impossible: it has too many.
    """
    if await conn.fetchval("SELECT id FROM client WHERE id = $1 FOR NO KEY UPDATE", client) is None:
        raise NoSuchClient(client)
    waiting, kept = await conn.fetchrow(_COUNTED, client)
    if waiting >= MOST_WAITING:
        raise Impossible(f"{waiting} files wait to be converted already; try again in a minute")
    if kept >= MOST_KEPT:
        raise Impossible(f"there are {kept} versions already; delete or withdraw some first")


async def insert(conn: asyncpg.Connection, client: str, name: str, **values: Any) -> int:
    """A new row, with a test code that no other has; `values` by column. Returns its id."""
    row = {"client_id": client, "name": name, **values}
    columns, places = ", ".join(row), ", ".join(f"${n}" for n in range(2, len(row) + 2))
    sql = (
        f"INSERT INTO announcement_version (test_code, {columns}) VALUES ($1, {places})"  # noqa: S608 - our callers' columns
        " ON CONFLICT (test_code) DO NOTHING RETURNING id"
    )
    while True:
        found = await conn.fetchval(sql, f"{secrets.randbelow(900_000) + 100_000}", *row.values())
        if found is not None:
            return int(found)


async def locked(conn: asyncpg.Connection, client: str, version: int) -> Version:
    """One version, and its client's row, for this transaction alone.

    Raises:
        NoSuchVersion: the client has none of this id.
    """
    # In the order of whoever saves the book, or two who wait for one another would be found in a deadlock.
    await conn.execute("LOCK TABLE client IN ROW EXCLUSIVE MODE")
    await conn.execute("SELECT id FROM client WHERE id = $1 FOR NO KEY UPDATE", client)
    sql = f"SELECT {_NAMES} FROM announcement_version WHERE client_id = $1 AND id = $2 FOR UPDATE"  # noqa: S608 - a constant
    return _version(await conn.fetchrow(sql, client, version))


async def update(conn: asyncpg.Connection, version: int, **values: Any) -> None:
    """Change a row; `values` by column."""
    columns = ", ".join(f"{column} = ${n}" for n, column in enumerate(values, 2))
    await conn.execute(f"UPDATE announcement_version SET {columns} WHERE id = $1", version, *values.values())  # noqa: S608 - our callers' columns


def _version(row: asyncpg.Record | None) -> Version:
    if row is None:
        raise NoSuchVersion
    return Version(**row)
