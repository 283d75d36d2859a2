"""What of the ledger and the outbox is a sign that the service is in trouble (`core.service_alarm`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from vorzimmer.core.service_alarm import Sign, What

OVERLAP = timedelta(minutes=2)
"""So far each look goes back behind the one before: rows become visible when they are committed, in whatever order."""

OVERLAP_ROWS = 500
"""The same, for what is numbered."""


@dataclass(slots=True)
class Looks:
    """Where the looks have come to. `known`: what was seen within the overlap, by name, and when."""

    at: datetime
    attempt: int | None = None
    known: dict[str, datetime] = field(default_factory=dict)


# Names of who called stand nowhere here: alarms go by ways that erasure does not reach.
_ABANDONED = """
SELECT 'call ' || call_id AS name, 'abandoned' AS what,
    format('a caller of %s gave up after %s s (call %s)', coalesce(client, 'nobody'), round(duration), call_id) AS text
FROM cdr WHERE disposition = 'abandoned' AND stored_at > $1 AND direction = 'in' AND duration >= $2 ORDER BY stored_at
"""

_DEAD = """
SELECT 'attempt ' || outbox_attempt.id AS name, 'dead' AS what,
    format('message %s (%s) will not reach %s: %s', outbox.id, channel, client_id, left(detail, 200)) AS text
FROM outbox_attempt JOIN outbox ON outbox.id = outbox_id
WHERE outcome = 'dead' AND outbox_attempt.id > $1 ORDER BY outbox_attempt.id
"""

_UNDELIVERED = """
SELECT 'report ' || id AS name, 'undelivered' AS what,
    format('message %s (%s) has not reached %s', id, channel, client_id) AS text
FROM outbox WHERE report = 'undelivered' AND reported_at > $1 ORDER BY reported_at
"""

_TARGETS = """
SELECT channel, target, count(*)::int AS messages FROM outbox
WHERE state IN ('pending', 'leased') AND NOT held GROUP BY 1, 2 HAVING bool_or(away) ORDER BY 1, 2
"""


async def happened(
    conn: asyncpg.Connection, looks: Looks, at: datetime, abandoned_after: float | None
) -> tuple[Sign, ...]:
    """What has happened since the look before, each once; nothing of before the first look (`looks` is kept up).

    `abandoned_after`: seconds from which on a caller who gave up is told of; None: none is.
    """
    newest: int = await conn.fetchval("SELECT coalesce(max(id), 0) FROM outbox_attempt")
    if looks.attempt is None:
        looks.attempt = newest
    since = looks.at - OVERLAP
    rows = [
        *await conn.fetch(_DEAD, max(looks.attempt - OVERLAP_ROWS, 0)),
        *await conn.fetch(_UNDELIVERED, since),
        *(await conn.fetch(_ABANDONED, since, abandoned_after) if abandoned_after is not None else ()),
    ]
    return _new(rows, looks, at, newest)


async def begin(conn: asyncpg.Connection, at: datetime) -> Looks:
    """Looks from this instant on: what is there already is known."""
    looks = Looks(at)
    await happened(conn, looks, at, 0)
    return looks


def _new(rows: list[Mapping[str, str]], looks: Looks, at: datetime, newest: int) -> tuple[Sign, ...]:
    """What of these rows is seen for the first time."""
    found = tuple(Sign(What(row["what"]), row["name"], row["text"]) for row in rows if row["name"] not in looks.known)
    looks.known = {row["name"]: at for row in rows}
    looks.at, looks.attempt = at, newest
    return found


async def targets(conn: asyncpg.Connection) -> tuple[Sign, ...]:
    """Servers and gateways that take nothing now, with what waits for them."""
    return tuple(
        Sign(
            What.TARGET,
            f"{row['channel']} {row['target']}".strip(),
            f"{' '.join(filter(None, (row['channel'], row['target'])))} takes nothing; {row['messages']} messages wait",
        )
        for row in await conn.fetch(_TARGETS)
    )
