"""What is known of a caller from earlier calls to the same client, and an agent's calls of a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

MOST = 20
"""Earlier calls that are shown."""

_EARLIER = """
SELECT call_id AS call, started_at AS at, disposition, talk::float8 AS talked, answered_by, result
FROM cdr JOIN cdr_person AS person USING (call_id) LEFT JOIN call_result USING (call_id)
WHERE cdr.client = $1 AND person.caller = $2 AND call_id <> $3
ORDER BY started_at DESC
LIMIT $4
"""

_OWN = """
SELECT cdr.call_id AS call, cdr.client, cdr.started_at AS at, cdr.direction, cdr.disposition,
    cdr.talk::float8 AS talked, person.caller, person.caller_name, cdr.withheld, result
FROM cdr LEFT JOIN cdr_person AS person USING (call_id) LEFT JOIN call_result USING (call_id)
WHERE cdr.started_at >= $2 AND cdr.started_at < $3 AND EXISTS (
    SELECT FROM call_segment AS segment
    WHERE segment.call_id = cdr.call_id AND segment.agent = $1 AND segment.kind <> 'ring'
)
ORDER BY cdr.started_at DESC
LIMIT 500
"""


async def earlier_calls(
    conn: asyncpg.Connection, client: str, caller: str, but: str, most: int = MOST
) -> list[dict[str, Any]]:
    """Calls of this number (E.164) to this client, newest first; `but` leaves one call out."""
    return [dict(row) for row in await conn.fetch(_EARLIER, client, caller, but, most)]


async def calls_of_agent(
    conn: asyncpg.Connection, agent: str, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """The calls in which an agent talked and that began in this time, newest first."""
    return [dict(row) for row in await conn.fetch(_OWN, agent, since, until)]
