"""What a client's webhooks are signed with (Standard Webhooks, https://www.standardwebhooks.com): made by us.

A secret is told once, to whoever has it made. When another one takes its place, the old one signs along for a day, so
that the client's server can be told in its own time.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from vorzimmer.store import audit
from vorzimmer.store.audit import Actor

KEY_BYTES = 32
"""The convention asks for 24 to 64."""

SIGNS_ALONG = timedelta(hours=24)
"""How long an old secret is still signed with."""

MOST = 4
"""Signatures of one message, however often a secret was replaced in a day: a header has its limits."""

SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when the client's present secret is there, and until when an older one signs along, if one does."""

    made_at: datetime
    old_until: datetime | None


async def standing(conn: asyncpg.Connection, client: str, at: datetime) -> Standing | None:
    """How the client's secrets stand at this instant (aware); None: it has none."""
    row = await conn.fetchrow(
        "SELECT max(made_at) FILTER (WHERE until IS NULL) AS made_at, max(until) FILTER (WHERE until > $2) AS old_until"
        " FROM webhook_secret WHERE client_id = $1",
        client,
        at,
    )
    return None if row["made_at"] is None else Standing(**row)


async def replace(
    conn: asyncpg.Connection, client: str, at: datetime, *, actor: Actor, at_once: bool = False
) -> str | None:
    """Make the client a secret, and return it as its server wants it, `whsec_…`: nobody is told it again.

    `at_once`: the old one signs no message more, for somebody else may know it. None: there is no such client.
    """
    key = secrets.token_bytes(KEY_BYTES)
    async with conn.transaction():
        if await conn.fetchval("SELECT id FROM client WHERE id = $1 FOR UPDATE", client) is None:
            return None
        before = await standing(conn, client, at)
        await _let_go(conn, client, at, at if at_once else at + SIGNS_ALONG)
        await conn.execute(_PUT, client, key, at, actor.name)
        await audit.note(
            conn,
            actor,
            "webhook.secret",
            client=client,
            before=None if before is None else {"made_at": before.made_at},
            after={"made_at": at},
        )
    return written(key)


async def signing(conn: asyncpg.Connection, client: str, at: datetime) -> tuple[str, ...]:
    """The secrets that a message is signed with at this instant, the present one first.

    A client that has none gets one, so that no message goes unsigned; its people see it when they have it replaced.
    Empty: there is no such client.
    """
    rows = await conn.fetch(_SIGNING, client, at, MOST)
    if not rows:
        await conn.execute(
            "INSERT INTO webhook_secret (client_id, key, made_at, made_by)"
            " SELECT id, $2, $3, $4 FROM client WHERE id = $1 ON CONFLICT DO NOTHING",
            client,
            secrets.token_bytes(KEY_BYTES),
            at,
            SYSTEM.name,
        )
        rows = await conn.fetch(_SIGNING, client, at, MOST)
    return tuple(written(row["key"]) for row in rows)


def written(key: bytes) -> str:
    """The secret as text."""
    return f"whsec_{base64.b64encode(key).decode()}"


_PUT = "INSERT INTO webhook_secret (client_id, key, made_at, made_by) VALUES ($1, $2, $3, $4)"

_SIGNING = """
SELECT key FROM webhook_secret WHERE client_id = $1 AND (until IS NULL OR until > $2)
ORDER BY until IS NOT NULL, until DESC LIMIT $3
"""


async def _let_go(conn: asyncpg.Connection, client: str, at: datetime, until: datetime) -> None:
    """The secrets there are end at `until`, if not before; those that have ended are forgotten."""
    await conn.execute("UPDATE webhook_secret SET until = least(until, $2) WHERE client_id = $1", client, until)
    await conn.execute("DELETE FROM webhook_secret WHERE client_id = $1 AND until <= $2", client, at)
