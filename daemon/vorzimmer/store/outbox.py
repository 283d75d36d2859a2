"""Messages that wait to be sent: leased by a worker (`store.leasing`), then marked with what became of them.

What waits for a note is not taken before `store.release` has freed it. A lease that runs out makes the row free
again, so a worker that dies loses nothing; the stable Message-ID lets the receiving side see a repetition. Every mark
writes its row of `outbox_attempt` in the same statement. Pauses are counted by the database's clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from vorzimmer.store import audit
from vorzimmer.store.audit import Actor

WAKE_UP = "vorzimmer_outbox"
"""The NOTIFY that says that a message has come. It may get lost: polling finds the message too, only later."""


LOST = "the worker ended while it was sending"
"""What is written of an attempt whose worker died."""

_PRESENCE = 0x566F727A
"""The advisory lock that every worker shares while it is connected; a number of our own ("Vorz")."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What was sent, as it was sent. `media_type`: RFC 6838."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Leased:
    """One message to send now. `call_id`: None: a letter or a digest. `attempts` counts this one too, from 1.

    `tries_before`: those of them that were made before a person had it sent again. `age`: since then, or since it was
    written.

    `rule`: the id of the client's rule by which it goes, if any. `target`: what fails as a whole (a webhook's host, a
    fax number; empty: the channel's server). `provider_id`: of an earlier attempt, where the provider told one.
    `unclear`: nobody knows how the last attempt ended; it may have arrived.
    """

    id: int
    call_id: str | None
    client_id: str
    channel: str
    recipient: str
    language: str
    payload: Mapping[str, Any]
    message_id: str
    attempts: int
    created_at: datetime
    about: str = "call"
    rule: str = ""
    target: str = ""
    provider_id: str | None = None
    unclear: bool = False
    tries_before: int = 0
    age: timedelta = timedelta(0)

    @property
    def tries(self) -> int:
        """Attempts, this one included, since somebody wanted it sent."""
        return self.attempts - self.tries_before


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not delivered, in messages by state.

    `oldest_due` is for how many seconds the oldest has been due, but for those to targets that are away.
    """

    pending: int = 0
    leased: int = 0
    dead: int = 0
    oldest_due: float = 0.0


_BACKLOG = """
SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'leased') AS leased,
    (SELECT count(*) FROM outbox WHERE state = 'dead' AND erased_at IS NULL) AS dead,
    coalesce(greatest(extract(epoch FROM now() - min(coalesce(leased_until, next_at)) FILTER (
        WHERE (channel, target) NOT IN (SELECT channel, target FROM outbox WHERE away AND state = 'pending')
    )), 0), 0)::float8 AS oldest_due
FROM outbox WHERE state IN ('pending', 'leased')
"""

_MARK = """
WITH marked AS (
    UPDATE outbox SET state = $2, next_at = coalesce(now() + $3::interval, next_at), leased_until = NULL, away = $6,
        provider_id = coalesce($7, provider_id),
        payload = CASE WHEN starts_with(about, 'letter:') AND $2 IN ('sent', 'dead') THEN '{}' ELSE payload END
    WHERE id = $1 AND (
        (state = 'leased' AND attempts = coalesce($10, attempts)) OR (state = 'pending' AND $2 = 'sent')
    )
    RETURNING id
), kept AS (
    INSERT INTO outbox_copy (outbox_id, media_type, content)
    SELECT id, $8, $9 FROM marked WHERE $8::text IS NOT NULL
    ON CONFLICT (outbox_id) DO UPDATE SET at = now(), media_type = excluded.media_type, content = excluded.content
)
INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, $4, $5 FROM marked
"""

_FREE = """
WITH freed AS (
    UPDATE outbox SET state = 'pending', leased_until = NULL WHERE state = 'leased' RETURNING id
)
INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, 'unclear', $1 FROM freed
"""


def message_id(call_id: str, channel: str, recipient: str, domain: str, about: str = "call") -> str:
    """The Message-ID (RFC 5322) of a message: the same whenever it is computed. `about`: as in the outbox."""
    parts = (call_id, channel, recipient, *([] if about == "call" else [about]))
    told = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return f"<{told[:32]}@{domain}>"


async def backlog(conn: asyncpg.Connection) -> Backlog:
    """Count what is not delivered; an index each keeps that quick however much was sent before."""
    return Backlog(**await conn.fetchrow(_BACKLOG))


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Messages that will never be sent: how many, and the last one of them. `call_id`: None: a letter."""

    count: int
    call_id: str | None
    about: str
    client_id: str
    recipient: str
    detail: str


_GIVEN_UP = """
SELECT count(*) OVER ()::int AS count, call_id, about, client_id, recipient, coalesce(
    (SELECT detail FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1), '') AS detail
FROM outbox WHERE state = 'dead' AND erased_at IS NULL AND created_at > now() - make_interval(days => $1)
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
        await conn.execute(_FREE, LOST)
        await conn.execute("SELECT pg_advisory_unlock($1)", _PRESENCE)
    await conn.execute("SELECT pg_advisory_lock_shared($1)", _PRESENCE)


async def mark_sent(
    conn: asyncpg.Connection, message: int, detail: str, provider_id: str = "", copy: Copy | None = None
) -> bool:
    """The other side took it; true even if the lease is over. False: it is sent or given up already."""
    return await _mark(conn, message, "sent", None, "sent", detail, provider_id=provider_id, copy=copy)


async def mark_retry(
    conn: asyncpg.Connection,
    message: int,
    pause: timedelta,
    detail: str,
    *,
    away: bool = False,
    unclear: bool = False,
    attempt: int | None = None,
) -> bool:
    """A temporary error: due again after `pause`. `away`, `unclear`: as in `notify.channel.RetryLater`.

    False: it is not leased any more, or for another attempt than this one; nothing changed (as at `mark_dead`).
    """
    outcome = "unclear" if unclear else "retry"
    return await _mark(conn, message, "pending", pause, outcome, detail, away=away, attempt=attempt)


async def mark_dead(conn: asyncpg.Connection, message: int, detail: str, *, attempt: int | None = None) -> bool:
    """A permanent error, or given up: never tried again, unless a person wants it."""
    return await _mark(conn, message, "dead", None, "dead", detail, attempt=attempt)


async def mark_untried(conn: asyncpg.Connection, message: int, *, attempt: int) -> bool:
    """Its target is still away, as was to be feared: the message waits on, and this was no attempt at it."""
    status = await conn.execute(
        "UPDATE outbox SET state = 'pending', leased_until = NULL, attempts = attempts - 1, away = true"
        " WHERE id = $1 AND state = 'leased' AND attempts = $2",
        message,
        attempt,
    )
    return _changed(status)


async def mark_back(conn: asyncpg.Connection, channel: str, target: str) -> bool:
    """The target is back: what failed because it was away is due at once."""
    status = await conn.execute(
        "UPDATE outbox SET away = false, next_at = least(next_at, now())"
        " WHERE away AND state = 'pending' AND channel = $1 AND target = $2",
        channel,
        target,
    )
    return _changed(status)


async def away(conn: asyncpg.Connection) -> list[tuple[str, str]]:
    """Targets, as (channel, target), that were away when they were last tried."""
    rows = await conn.fetch("SELECT DISTINCT channel, target FROM outbox WHERE away AND state = 'pending'")
    return [(row["channel"], row["target"]) for row in rows]


_RESEND = """
UPDATE outbox SET state = 'pending', next_at = now(), away = false, resent_at = now(), tries_before = attempts
WHERE id = $1 AND NOT held AND payload <> '{}' AND (state = 'dead' OR (state = 'pending' AND (
    SELECT outcome FROM outbox_attempt WHERE outbox_id = $1 ORDER BY id DESC LIMIT 1
) = 'unclear'))
RETURNING client_id
"""


async def resend(conn: asyncpg.Connection, message: int, actor: Actor) -> bool:
    """Have a message sent again that was given up, or of which nobody knows whether it arrived.

    Its tries and its patience start anew, and no channel is asked what became of it: a person has decided. False:
    there is none like that, or its words are gone (a letter's are, once it was given up).
    """
    async with conn.transaction():
        client = await conn.fetchval(_RESEND, message)
        if client is None:
            return False
        await audit.note(conn, actor, "message.resend", client=client or None, about=str(message))
        await conn.execute(f"NOTIFY {WAKE_UP}")
    return True


_GIVE_UP = """
WITH ended AS (
    UPDATE outbox SET state = 'dead', away = false, held = false,
        payload = CASE WHEN starts_with(about, 'letter:') THEN '{}' ELSE payload END
    WHERE id = $1 AND state = 'pending'
    RETURNING id, client_id
), noted AS (
    INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, 'dead', $2 FROM ended
)
SELECT client_id FROM ended
"""


async def give_up(conn: asyncpg.Connection, message: int, actor: Actor) -> bool:
    """Have a message that waits not sent. False: there is none, or it is being sent, was sent or was given up."""
    async with conn.transaction():
        client = await conn.fetchval(_GIVE_UP, message, f"given up by {actor.name}")
        if client is None:
            return False
        await audit.note(conn, actor, "message.give-up", client=client or None, about=str(message))
    return True


async def _mark(  # noqa: PLR0913 - the columns of a mark
    conn: asyncpg.Connection,
    message: int,
    state: str,
    pause: timedelta | None,
    outcome: str,
    detail: str,
    *,
    away: bool = False,
    provider_id: str = "",
    copy: Copy | None = None,
    attempt: int | None = None,
) -> bool:
    told = detail.replace("\0", "")
    kept = (copy.media_type, copy.content) if copy is not None else (None, None)
    status = await conn.execute(_MARK, message, state, pause, outcome, told, away, provider_id or None, *kept, attempt)
    return _changed(status)


def _changed(status: str) -> bool:
    return bool(status.rpartition(" ")[2] != "0")
