"""The number by which a client is named on a telephone, and the PIN that it keys in behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from vorzimmer.store import audit
from vorzimmer.store.audit import Actor

CODE_DIGITS = 5
"""Digits that a client's code has at most; what is longer is something else."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN as it is kept. `client`: whose; `hash`: argon2id."""

    client: str
    hash: str
    set_at: datetime


async def codes(conn: asyncpg.Connection) -> Mapping[str, str]:
    """The code of each client."""
    rows = await conn.fetch("SELECT client_id, code FROM client_code JOIN client ON client.id = client_id ORDER BY 1")
    return {row["client_id"]: str(row["code"]) for row in rows}


async def code_of(conn: asyncpg.Connection, client: str) -> str | None:
    """The client's code; None: there is no such client."""
    found = await conn.fetchval(
        "SELECT code FROM client_code JOIN client ON client.id = client_id WHERE client_id = $1", client
    )
    return None if found is None else str(found)


async def client_of(conn: asyncpg.Connection, code: str) -> str | None:
    """The client whose code this is; None: nobody's."""
    if not (code.isascii() and code.isdecimal() and len(code) <= CODE_DIGITS):
        return None
    found: str | None = await conn.fetchval(
        "SELECT client.id FROM client_code JOIN client ON client.id = client_id WHERE code = $1", int(code)
    )
    return found


async def pin_of(conn: asyncpg.Connection, client: str) -> Pin | None:
    """The client's PIN; None: it has none."""
    row = await conn.fetchrow("SELECT client_id AS client, hash, set_at FROM client_pin WHERE client_id = $1", client)
    return None if row is None else Pin(**row)


async def set_pin(conn: asyncpg.Connection, client: str, pin_hash: str, *, actor: Actor) -> Pin:
    """The client has this PIN from now on, and no other.

    Raises:
        asyncpg.ForeignKeyViolationError: there is no such client.
    """
    async with conn.transaction():
        row = await conn.fetchrow(
            "INSERT INTO client_pin (client_id, hash, set_by) VALUES ($1, $2, $3)"
            " ON CONFLICT (client_id) DO UPDATE SET hash = EXCLUDED.hash, set_at = now(), set_by = EXCLUDED.set_by"
            " RETURNING client_id AS client, hash, set_at",
            client,
            pin_hash,
            actor.name,
        )
        await audit.note(conn, actor, "pin.set", client=client)
    return Pin(**row)


async def remove_pin(conn: asyncpg.Connection, client: str, *, actor: Actor) -> bool:
    """Nobody gets in with the client's PIN any more. False: it has none."""
    async with conn.transaction():
        gone = await conn.fetchval("DELETE FROM client_pin WHERE client_id = $1 RETURNING client_id", client)
        if gone is not None:
            await audit.note(conn, actor, "pin.remove", client=client)
    return gone is not None
