"""What clients' calls of a month took, and what they bring."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import asyncpg

from vorzimmer.core.margin import Effort, Revenue
from vorzimmer.core.stretches import Month

_EFFORTS = """
WITH chosen AS MATERIALIZED (
    SELECT call_id, client, duration + forwarded + coalesce(put_through, 0) AS lines
    FROM cdr LEFT JOIN unnest($3::text[], $4::text[]) AS clock (client, zone) USING (client)
    WHERE started_at >= $1::date - interval '1 day' AND started_at < $2::date + interval '1 day'
        AND started_at >= $1::date::timestamp AT TIME ZONE coalesce(zone, $5)
        AND started_at < $2::date::timestamp AT TIME ZONE coalesce(zone, $5)
), busy AS (
    SELECT call_id, sum(extract(epoch FROM ended - began)) AS seconds FROM (
        SELECT call_id, began, ended FROM call_segment JOIN chosen USING (call_id)
        WHERE kind IN ('talk', 'hold') AND agent IS NOT NULL
        UNION ALL
        SELECT call_id, began, ended FROM agent_stay JOIN chosen USING (call_id) WHERE state = 'wrap_up'
    ) AS stretch GROUP BY call_id
)
SELECT client, count(*) AS calls, coalesce(sum(busy.seconds), 0) AS agents, sum(lines) AS lines
FROM chosen LEFT JOIN busy USING (call_id) WHERE client IS NOT NULL GROUP BY client ORDER BY client
"""

# Turns that take back are negative, so that the sum is what stands.
_REVENUES = """
SELECT client, currency, total AS amount, true AS closed FROM statement WHERE month = $1
UNION ALL
SELECT client, currency, sum(sixtieths) / 60 AS amount, false AS closed FROM charge
WHERE month = $1 AND client NOT IN (SELECT client FROM statement WHERE month = $1)
GROUP BY client, currency
ORDER BY client, currency
"""


async def efforts(
    conn: asyncpg.Connection, month: Month, zones: Mapping[str, str], otherwise: str
) -> tuple[Effort, ...]:
    """By client, of the calls that began in the month of its own clock; wrap-up that lasts is not counted yet.

    `zones`: time zones by client; `otherwise`: of a client that is not in the book any more.
    """
    rows = await conn.fetch(_EFFORTS, month.first, month.after.first, list(zones), list(zones.values()), otherwise)
    return tuple(Effort(**row) for row in rows)


async def revenues(conn: asyncpg.Connection, month: Month) -> tuple[Revenue, ...]:
    """By client and currency."""
    rows = await conn.fetch(_REVENUES, month.first)
    return tuple(Revenue(**{**row, "amount": Decimal(row["amount"])}) for row in rows)
