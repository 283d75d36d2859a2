"""What this house signs links with: made once, by whoever needs it first, and kept in the database.

So no setting has to be made up before the first link, and links outlive a restart and a restored backup.
"""

from __future__ import annotations

import secrets

import asyncpg

BYTES = 32


async def secret(conn: asyncpg.Connection, name: str) -> bytes:
    """The secret of this name."""
    found: bytes | None = await conn.fetchval("SELECT value FROM house_secret WHERE name = $1", name)
    if found is not None:
        return found
    await conn.execute(
        "INSERT INTO house_secret (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        name,
        secrets.token_bytes(BYTES),
    )
    return await secret(conn, name)
