"""What providers tell later of messages that they took: delivered, not delivered, or a word in between.

Reports come late, twice and in any order, and before the message itself is marked as sent. `delivered` is the last
word; `undelivered` gives way to it alone; of other words the newer one stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

KEPT = timedelta(days=7)
"""For how long a report waits for its message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report. `message`: whose it is; None: nobody's yet. `news`: it changed what is known."""

    message: int | None
    client: str
    call_id: str | None
    news: bool


_TAKE = """
WITH found AS (
    SELECT id, client_id, call_id, report_rank($3) > report_rank(report)
        OR (report_rank($3) = 1 AND report_rank(report) = 1 AND reported_at < $4 AND report <> $3) AS news
    FROM outbox WHERE channel = $1 AND provider_id = $2 ORDER BY id DESC LIMIT 1 FOR UPDATE
), told AS (
    UPDATE outbox SET report = $3, reported_at = $4 FROM found WHERE outbox.id = found.id AND news
)
SELECT id, client_id, call_id, news FROM found
"""

_KEEP = """
INSERT INTO delivery_report AS known (channel, provider_id, report, reported_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (channel, provider_id) DO UPDATE SET report = excluded.report, reported_at = excluded.reported_at
WHERE report_rank(excluded.report) > report_rank(known.report)
    OR (report_rank(excluded.report) = 1 AND report_rank(known.report) = 1 AND known.reported_at < excluded.reported_at)
"""


async def take(conn: asyncpg.Connection, channel: str, provider_id: str, report: str, at: datetime) -> Taken:
    """Note what the provider says of the message that it knows by this id. In a transaction of its own.

    Args:
        conn: of the database.
        channel: of the message.
        provider_id: as `notify.channel.Sent` gave it.
        report: `delivered`, `undelivered`, or the provider's own word.
        at: when it came.
    """
    async with conn.transaction():
        await conn.execute("SELECT lock_report($1, $2)", channel, provider_id)
        row: Any = await conn.fetchrow(_TAKE, channel, provider_id, report, at)
        if row is not None:
            return Taken(row["id"], row["client_id"], row["call_id"], row["news"])
        kept = await conn.execute(_KEEP, channel, provider_id, report, at)
        await conn.execute("DELETE FROM delivery_report WHERE reported_at < $1", at - KEPT)
    return Taken(None, "", None, kept.endswith("1"))
