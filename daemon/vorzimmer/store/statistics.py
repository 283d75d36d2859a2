"""What a day's calls were like, for its figures (`core.service_level`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.service_level import Served

# Records from before there were segments tell the wait by their phases: nothing but waiting came before the talk.
_SERVED = """
SELECT client, disposition, overflow IS NOT NULL AS overflowed, talk,
    CASE WHEN disposition = 'answered' THEN coalesce(
        (SELECT extract(epoch FROM min(began) - started_at) FROM call_segment
         WHERE call_segment.call_id = cdr.call_id AND kind = 'talk'),
        ring + announcement + queue
    ) ELSE duration END AS wait,
    (SELECT sum(extract(epoch FROM ended - began)) FROM agent_stay
     WHERE agent_stay.call_id = cdr.call_id AND state = 'wrap_up') AS wrap_up
FROM cdr WHERE started_at >= $1 AND started_at < $2 AND direction = 'in'
"""

_WORK = """
WITH segment AS (
    SELECT call_segment.* FROM call_segment JOIN cdr USING (call_id)
    WHERE cdr.started_at >= $1 AND cdr.started_at < $2 AND call_segment.agent IS NOT NULL
), wrapped AS (
    SELECT agent, sum(extract(epoch FROM ended - began)) AS seconds FROM agent_stay
    WHERE state = 'wrap_up' AND began >= $1 AND began < $2 GROUP BY agent
)
SELECT agent,
    count(DISTINCT call_id) FILTER (WHERE kind = 'talk') AS calls,
    count(*) FILTER (WHERE kind = 'ring' AND outcome = 'no answer') AS missed,
    coalesce(sum(extract(epoch FROM ended - began)) FILTER (WHERE kind = 'talk'), 0) AS talk,
    coalesce(sum(extract(epoch FROM ended - began)) FILTER (WHERE kind = 'hold'), 0) AS hold,
    coalesce((SELECT seconds FROM wrapped WHERE wrapped.agent = segment.agent), 0) AS wrap_up
FROM segment GROUP BY agent ORDER BY calls DESC, agent
"""


@dataclass(frozen=True, slots=True)
class Work:
    """An agent's day: calls talked on, offers not answered, and seconds."""

    agent: str
    calls: int
    missed: int
    talk: Decimal
    hold: Decimal
    wrap_up: Decimal


async def served(conn: asyncpg.Connection, since: datetime, until: datetime) -> tuple[Served, ...]:
    """Every incoming call that began in [`since`, `until`) and has ended."""
    rows = await conn.fetch(_SERVED, since, until)
    return tuple(Served(**{**row, "disposition": Disposition(row["disposition"])}) for row in rows)


async def work(conn: asyncpg.Connection, since: datetime, until: datetime) -> tuple[Work, ...]:
    """What each agent did on calls that began in [`since`, `until`), the busiest first."""
    return tuple(Work(**row) for row in await conn.fetch(_WORK, since, until))
