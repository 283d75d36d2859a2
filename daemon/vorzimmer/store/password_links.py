"""Mailed links by which a user chooses a password: each good once, until a time, and kept as a digest only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import asyncpg

from vorzimmer.store import tokens, users

Kind = Literal["invitation", "password_reset"]

LIFE: dict[Kind, timedelta] = {"invitation": timedelta(days=7), "password_reset": timedelta(hours=2)}
"""How long a link is good."""

MOST = 3
"""Links of one kind that a user is sent within an hour: nobody's mailbox is filled by a stranger who knows the user."""

_ISSUE = """
INSERT INTO web_password_link (digest, user_id, kind, created_at, expires_at)
SELECT $1, id, $3, $4::timestamptz, $5 FROM web_user
WHERE id = $2 AND disabled_at IS NULL AND email IS NOT NULL AND (
    SELECT count(*) FROM web_password_link
    WHERE user_id = $2 AND kind = $3 AND created_at > $4::timestamptz - interval '1 hour'
) < $6
"""

_FIND = """
SELECT user_id, name, kind, language FROM web_password_link JOIN web_user ON web_user.id = user_id
WHERE digest = $1 AND kind = $2 AND expires_at > $3 AND disabled_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Whose password it sets."""

    user: str
    name: str
    language: str


async def issue(conn: asyncpg.Connection, digest: bytes, user: str, kind: Kind, at: datetime) -> datetime | None:
    """Make a link good from `at` on. Returns until when; None: the user is disabled, has no address or had too many.

    In a transaction, so that two at once count each other.
    """
    await conn.execute("SELECT FROM web_user WHERE id = $1 FOR UPDATE", user)
    await conn.execute("DELETE FROM web_password_link WHERE expires_at <= $1", at)
    until = at + LIFE[kind]
    done = await conn.execute(_ISSUE, digest, user, kind, at, until, MOST)
    return until if done == "INSERT 0 1" else None


async def find(conn: asyncpg.Connection, digest: bytes, kind: Kind, at: datetime) -> Link | None:
    """The link, if it is good now."""
    row = await conn.fetchrow(_FIND, digest, kind, at)
    return None if row is None else Link(row["user_id"], row["name"], row["language"])


async def redeem(conn: asyncpg.Connection, digest: bytes, kind: Kind, password: str, at: datetime) -> str | None:
    """Give the link's user this password (its hash). Returns the user; None: the link is used, late or unknown.

    All other links of the user are void, its sessions end, and its tokens go: others may have them.
    """
    async with conn.transaction():
        taken = await conn.fetchval(
            "DELETE FROM web_password_link WHERE digest = $1 AND kind = $2 AND expires_at > $3 RETURNING user_id",
            digest,
            kind,
            at,
        )
        user = None if taken is None else await users.find(conn, taken, to_change=True)
        if user is None or user.disabled_at is not None:
            return None
        found = user.identity.user
        await users.set_password(conn, found, password)
        await tokens.remove_all(conn, found)
        await conn.execute("DELETE FROM web_password_link WHERE user_id = $1", found)
        return found
