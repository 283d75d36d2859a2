"""Messages that wait to be sent: leased by a worker, then marked with what became of them.

A lease that runs out makes the row free again, so a worker that dies loses nothing; the stable Message-ID lets
the receiving side see a repetition. Every mark writes its row of `outbox_attempt` in the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

WAKE_UP = "vorzimmer_outbox"
"""The NOTIFY that says that a message has come. It may get lost: polling finds the message too, only later."""


_PRESENCE = 0x566F727A
"""The advisory lock that every worker shares while it is connected; a number of our own ("Vorz")."""


@dataclass(frozen=True, slots=True)
class Leased:
    """One message to send now. `attempts` counts this one too, from 1."""

    id: int
    call_id: str
    client_id: str
    channel: str
    recipient: str
    language: str
    payload: Mapping[str, Any]
    message_id: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not delivered, in messages by state; `oldest_due` is for how many seconds the oldest has been due."""

    pending: int = 0
    leased: int = 0
    dead: int = 0
    oldest_due: float = 0.0


_BACKLOG = """
SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'leased') AS leased,
    (SELECT count(*) FROM outbox WHERE state = 'dead') AS dead,
    coalesce(greatest(extract(epoch FROM now() - min(coalesce(leased_until, next_at))), 0), 0)::float8 AS oldest_due
FROM outbox WHERE state IN ('pending', 'leased')
"""

_LEASE = """
UPDATE outbox SET state = 'leased', attempts = attempts + 1, leased_until = now() + make_interval(secs => $2)
WHERE id IN (
    SELECT id FROM outbox
    WHERE state IN ('pending', 'leased') AND coalesce(leased_until, next_at) <= now()
      AND ($3::text IS NULL OR channel = $3)
    ORDER BY coalesce(leased_until, next_at), id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, call_id, client_id, channel, recipient, language, payload, message_id, attempts, created_at
"""

_MARK = """
WITH marked AS (
    UPDATE outbox SET state = $2, next_at = coalesce($3, next_at), leased_until = NULL
    WHERE id = $1 AND state = 'leased'
    RETURNING id
)
INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, $4, $5 FROM marked
"""


async def lease(conn: asyncpg.Connection, limit: int, seconds: float, channel: str | None = None) -> tuple[Leased, ...]:
    """Take up to `limit` due messages for `seconds`; no other worker gets them meanwhile."""
    rows = await conn.fetch(_LEASE, limit, seconds, channel)
    leased = [Leased(**{**dict(row), "payload": orjson.loads(row["payload"])}) for row in rows]
    return tuple(sorted(leased, key=lambda message: message.id))


async def backlog(conn: asyncpg.Connection) -> Backlog:
    """Count what is not delivered; an index each keeps that quick however much was sent before."""
    return Backlog(**await conn.fetchrow(_BACKLOG))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Messages that will never be sent: how many, and the last one of them."""

    count: int
    call_id: str
    client_id: str
    recipient: str
    detail: str


_GIVEN_UP = """
SELECT count(*) OVER ()::int AS count, call_id, client_id, recipient, coalesce(
    (SELECT detail FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1), '') AS detail
FROM outbox WHERE state = 'dead' AND created_at > now() - make_interval(days => $1)
ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def given_up(conn: asyncpg.Connection, days: int) -> GivenUp | None:
    """What was given up of the last days' messages; None: nothing."""
    row = await conn.fetchrow(_GIVEN_UP, days)
    return GivenUp(**row) if row is not None else None


async def enter(conn: asyncpg.Connection, *, fresh: bool) -> None:
    """Be seen as a worker for as long as the connection lasts. `fresh`: this process has nothing under way yet.

    A fresh worker that finds itself alone frees what is leased: whoever had leased it is dead, and nobody need wait
    until the lease has run out.
    """
    if fresh and await conn.fetchval("SELECT pg_try_advisory_lock($1)", _PRESENCE):
        await conn.execute("UPDATE outbox SET state = 'pending', leased_until = NULL WHERE state = 'leased'")
        await conn.execute("SELECT pg_advisory_unlock($1)", _PRESENCE)
    await conn.execute("SELECT pg_advisory_lock_shared($1)", _PRESENCE)


async def mark_sent(conn: asyncpg.Connection, message: int, detail: str) -> bool:
    """The other side took it. False: it was no longer leased, nothing changed (true of every mark)."""
    return await _mark(conn, message, "sent", None, "sent", detail)


async def mark_retry(conn: asyncpg.Connection, message: int, next_at: datetime, detail: str) -> bool:
    """A temporary error: due again at `next_at`."""
    return await _mark(conn, message, "pending", next_at, "retry", detail)


async def mark_dead(conn: asyncpg.Connection, message: int, detail: str) -> bool:
    """A permanent error, or given up: never tried again."""
    return await _mark(conn, message, "dead", None, "dead", detail)


async def _mark(
    conn: asyncpg.Connection, message: int, state: str, next_at: datetime | None, outcome: str, detail: str
) -> bool:
    status = await conn.execute(_MARK, message, state, next_at, outcome, detail.replace("\0", ""))
    return bool(status.rpartition(" ")[2] != "0")
