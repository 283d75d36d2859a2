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
SELECT started_at, client, disposition, overflow IS NOT NULL AS overflowed, talk,
    CASE WHEN disposition = 'answered' THEN coalesce(
        (SELECT extract(epoch FROM min(began) - started_at) FROM call_segment
         WHERE call_segment.call_id = cdr.call_id AND kind = 'talk'),
        ring + announcement + queue
    ) ELSE duration END AS wait,
    (SELECT sum(extract(epoch FROM ended - began)) FROM agent_stay
     WHERE agent_stay.call_id = cdr.call_id AND state = 'wrap_up') AS wrap_up
FROM cdr WHERE started_at >= $1 AND started_at < $2 AND direction = 'in'
"""

_AT_ONCE = 500
"""Calls that are read in one go."""

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


# A stay that began before the day lasts into it; one that goes on is counted until now ($3).
_PAUSED = """
WITH entered AS (
    SELECT agent, at, n, state FROM agent_event WHERE at >= $1 AND at < $2
    UNION ALL
    SELECT last.agent, last.at, last.n, last.state
    FROM (SELECT id FROM agent UNION SELECT agent FROM agent_event WHERE at >= $1 AND at < $2) AS known,
    LATERAL (
        SELECT * FROM agent_event WHERE agent = known.id AND at < $1 ORDER BY at DESC, n DESC LIMIT 1
    ) AS last
), stay AS (
    SELECT agent, state, greatest(at, $1) AS began,
        lead(at, 1, least($2, $3)) OVER (PARTITION BY agent ORDER BY at, n) AS ended
    FROM entered
)
SELECT agent, sum(extract(epoch FROM ended - began)) AS seconds
FROM stay WHERE state = 'paused' AND ended > began GROUP BY agent ORDER BY agent
"""

_ITEMISED = """
SELECT cdr.call_id, started_at, ended_at, client, did, direction, disposition, withheld, reason, overflow,
    ring + announcement + queue AS waited, talk, hold, put_through, caller,
    coalesce((SELECT array_agg(DISTINCT agent ORDER BY agent) FROM call_segment
              WHERE call_segment.call_id = cdr.call_id AND kind = 'talk' AND agent IS NOT NULL), '{}') AS agents
FROM cdr LEFT JOIN cdr_person USING (call_id)
WHERE started_at >= $1 AND started_at < $2 AND (started_at, cdr.call_id) > ($3, $4)
ORDER BY started_at, cdr.call_id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A call with the instant at which it began."""

    at: datetime
    served: Served


@dataclass(frozen=True, slots=True)
class Work:
    """An agent's day: calls talked on, offers not answered, and seconds."""

    agent: str
    calls: int
    missed: int
    talk: Decimal
    hold: Decimal
    wrap_up: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """A call, in or out, as a list of calls tells it; seconds, and ids of the agents who talked.

    `waited`: in all phases before somebody talked. `reason`: why it was handled as it was. `caller`: E.164 or bare
    digits; None where withheld or erased.
    """

    call_id: str
    started_at: datetime
    ended_at: datetime
    client: str | None
    did: str
    direction: str
    disposition: Disposition
    withheld: bool
    reason: str
    overflow: str | None
    waited: Decimal
    talk: Decimal
    hold: Decimal | None
    put_through: Decimal | None
    caller: str | None
    agents: tuple[str, ...]


async def begun(conn: asyncpg.Connection, since: datetime, until: datetime) -> tuple[Begun, ...]:
    """Every incoming call that began in [`since`, `until`) and has ended, with its beginning."""
    async with conn.transaction():
        # A large day must not hold up the loop: whoever else it serves comes in between.
        rows = conn.cursor(_SERVED, since, until, prefetch=_AT_ONCE)
        return tuple([Begun(row["started_at"], _served(row)) async for row in rows])


async def served(conn: asyncpg.Connection, since: datetime, until: datetime) -> tuple[Served, ...]:
    """Every incoming call that began in [`since`, `until`) and has ended."""
    return tuple(call.served for call in await begun(conn, since, until))


async def work(conn: asyncpg.Connection, since: datetime, until: datetime) -> tuple[Work, ...]:
    """What each agent did on calls that began in [`since`, `until`), the busiest first."""
    return tuple(Work(**row) for row in await conn.fetch(_WORK, since, until))


async def paused(conn: asyncpg.Connection, since: datetime, until: datetime, now: datetime) -> dict[str, Decimal]:
    """Seconds for which each agent was paused within [`since`, `until`); a pause that lasts counts until `now`."""
    return {row["agent"]: row["seconds"] for row in await conn.fetch(_PAUSED, since, until, now)}


async def itemised(
    conn: asyncpg.Connection, since: datetime, until: datetime, after: Item | None, limit: int
) -> tuple[Item, ...]:
    """The next `limit` calls that began in [`since`, `until`), by their beginning; `after`: the last one seen."""
    behind = (after.started_at, after.call_id) if after is not None else (since, "")
    rows = await conn.fetch(_ITEMISED, since, until, *behind, limit)
    return tuple(
        Item(**{**row, "disposition": Disposition(row["disposition"]), "agents": tuple(row["agents"])}) for row in rows
    )


def _served(row: asyncpg.Record) -> Served:
    values = dict(row)
    del values["started_at"]
    return Served(**{**values, "disposition": Disposition(values["disposition"])})
