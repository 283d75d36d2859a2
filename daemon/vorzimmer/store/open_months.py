"""Which months are to be rated: those with calls that are new, or of which something has become known since."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

from vorzimmer.core.stretches import Month

AFTERWARDS = timedelta(hours=1)
"""Results and wrap-ups may be stored so much later than they were."""

# Each client with a contract: its zone, and the first month that is not closed.
_CLIENTS = """
SELECT client.id, client.data ->> 'timezone' AS zone,
    greatest(date_trunc('month', agreed.since), closed.month + interval '1 month')::date AS first
FROM client
JOIN (SELECT client, min(since) AS since FROM contract GROUP BY client) AS agreed ON agreed.client = client.id
LEFT JOIN (SELECT client, max(month) AS month FROM statement GROUP BY client) AS closed ON closed.client = client.id
WHERE $2::text IS NULL OR client.id = $2
"""

_OPEN = f"""
WITH payer AS ({_CLIENTS})
SELECT id AS client, first AS month FROM payer WHERE first <= $1::timestamptz
UNION SELECT id, date_trunc('month', started_at AT TIME ZONE zone)::date
FROM payer JOIN cdr ON cdr.client = payer.id AND started_at >= first::timestamp AT TIME ZONE zone
ORDER BY 1, 2
"""  # noqa: S608 - a constant

_TOUCHED = f"""
WITH payer AS ({_CLIENTS}), touched AS (
    SELECT call_id FROM cdr WHERE stored_at >= $1
    UNION SELECT call_id FROM note WHERE updated_at >= $1
    UNION SELECT call_id FROM call_event WHERE kind = 'call.result' AND at >= $3
    UNION SELECT call_id FROM agent_event WHERE state = 'wrap_up' AND at >= $3
)
SELECT DISTINCT id AS client, greatest(date_trunc('month', started_at AT TIME ZONE zone)::date, first) AS month
FROM touched JOIN cdr USING (call_id) JOIN payer ON payer.id = cdr.client
ORDER BY 1, 2
"""  # noqa: S608 - a constant

_TERMS = """
SELECT md5(concat_ws('|',
    (SELECT string_agg(concat_ws(' ', id, since, md5(data::text)), ',' ORDER BY id, since) FROM tariff),
    (SELECT string_agg(concat_ws(' ', client, since, md5(data::text)), ',' ORDER BY client, since) FROM contract),
    (SELECT string_agg(concat_ws(' ', id, data ->> 'timezone', data ->> 'holidays'), ',' ORDER BY id) FROM client)
))
"""


async def open_months(
    conn: asyncpg.Connection, at: datetime, client: str | None = None
) -> tuple[tuple[str, Month], ...]:
    """Clients and their months that are not closed and have calls, and the first of each; of a client, or of all."""
    return _read(await conn.fetch(_OPEN, at, client))


async def touched_months(conn: asyncpg.Connection, since: datetime) -> tuple[tuple[str, Month], ...]:
    """Clients and the months in which calls are billed of which something was stored since then."""
    return _read(await conn.fetch(_TOUCHED, since, None, since - AFTERWARDS))


async def terms(conn: asyncpg.Connection) -> str:
    """Differs if a tariff, a contract or a client's calendar does."""
    return str(await conn.fetchval(_TERMS))


def _read(rows: list[asyncpg.Record]) -> tuple[tuple[str, Month], ...]:
    return tuple((row["client"], Month(row["month"].year, row["month"].month)) for row in rows)
