"""Tokens with which programs use the API as a user, each under its SHA-256."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from vorzimmer.store.users import Identity, identity

MOST = 20
"""Tokens of one user."""


class TooMany(Exception):
    """The user has as many tokens as one may have."""


@dataclass(frozen=True, slots=True)
class Token:
    """What its owner sees of it. `used_at`: to the minute."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who may come with a token, and until when."""

    identity: Identity
    expires_at: datetime | None
    used_at: datetime | None


_FIND = """
SELECT digest, expires_at, used_at, web_user.id, web_user.name, role, agent_id, client_id, language, totp_secret
FROM web_token JOIN web_user ON web_user.id = user_id
WHERE digest = ANY ($1) AND disabled_at IS NULL
"""

_TOUCH = """
UPDATE web_token SET used_at = used.at
FROM unnest($1::bytea[], $2::timestamptz[]) AS used (digest, at)
WHERE web_token.digest = used.digest AND (used_at IS NULL OR used_at < used.at)
"""


async def add(
    conn: asyncpg.Connection, digest: bytes, user: str, name: str, at: datetime, expires_at: datetime | None
) -> Token:
    """A token made at this instant.

    Raises:
        TooMany: the user has `MOST`.
        KeyError: there is no such user.
    """
    async with conn.transaction():
        if await conn.fetchval("SELECT id FROM web_user WHERE id = $1 FOR UPDATE", user) is None:
            raise KeyError(user)
        if await conn.fetchval("SELECT count(*) FROM web_token WHERE user_id = $1", user) >= MOST:
            raise TooMany(user)
        number = await conn.fetchval(
            "INSERT INTO web_token (digest, user_id, name, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)"
            " RETURNING id",
            digest,
            user,
            name,
            at,
            expires_at,
        )
    return Token(number, name, at, expires_at, None)


async def of_user(conn: asyncpg.Connection, user: str) -> tuple[Token, ...]:
    """This user's tokens, the oldest first."""
    rows = await conn.fetch(
        "SELECT id, name, created_at, expires_at, used_at FROM web_token WHERE user_id = $1 ORDER BY id", user
    )
    return tuple(Token(**row) for row in rows)


async def remove(conn: asyncpg.Connection, user: str, number: int) -> bytes | None:
    """Delete one of this user's tokens; its digest, or None: this user has no such token."""
    digest: bytes | None = await conn.fetchval(
        "DELETE FROM web_token WHERE id = $1 AND user_id = $2 RETURNING digest", number, user
    )
    return digest


async def remove_all(conn: asyncpg.Connection, user: str) -> None:
    """Delete this user's tokens."""
    await conn.execute("DELETE FROM web_token WHERE user_id = $1", user)


async def find(conn: asyncpg.Connection, digests: Iterable[bytes]) -> dict[bytes, Bearer]:
    """Those of these tokens that there are, of users who are not disabled; whether they expired is for the asker."""
    return {
        row["digest"]: Bearer(identity(row), row["expires_at"], row["used_at"])
        for row in await conn.fetch(_FIND, list(digests))
    }


async def touch(conn: asyncpg.Connection, used: Mapping[bytes, datetime]) -> None:
    """Note when tokens were last used; never earlier than was noted before."""
    await conn.execute(_TOUCH, list(used), list(used.values()))
