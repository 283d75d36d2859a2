"""Calls and agents of some days, summed up by the database: by client, agent, team, hour, weekday or day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import asyncpg

from vorzimmer.core.statistics import By, Shift, Volumes
from vorzimmer.core.week_forecast import Past

LONGEST = timedelta(days=2)
"""No call lasts longer: how far back a talk may have begun that goes on."""

_KEYS: Mapping[By, str] = {
    By.CLIENT: "chosen.client",
    By.AGENT: "talked.agent",
    By.TEAM: "serving.team",
    By.HOUR: "to_char(local, 'HH24')",
    By.WEEKDAY: "extract(isodow FROM local)::text",
    By.DAY: "to_char(local, 'YYYY-MM-DD')",
}
"""What the groups are called, as text; never anything from outside."""

# Records from before there were segments tell the wait by their phases: nothing but waiting came before the talk. A
# clock that was set back makes no wait below zero.
_VOLUMES = """
WITH chosen AS MATERIALIZED (
    SELECT call_id, client, started_at, started_at AT TIME ZONE $3 AS local, disposition, overflow, duration,
        ring + announcement + queue AS waited, talk, coalesce(hold, 0) AS hold
    FROM cdr WHERE started_at >= $1 AND started_at < $2 AND direction = 'in' AND ($8::text IS NULL OR client = $8)
), talked AS (
    SELECT call_id, min(began) AS began,
        (array_agg(agent ORDER BY began, n) FILTER (WHERE agent IS NOT NULL))[1] AS agent
    FROM call_segment JOIN chosen USING (call_id) WHERE kind = 'talk' GROUP BY call_id
), wrapped AS (
    SELECT call_id, sum(extract(epoch FROM ended - began)) AS seconds
    FROM agent_stay JOIN chosen USING (call_id) WHERE state = 'wrap_up' GROUP BY call_id
), served AS (
    SELECT {key} AS key, disposition = 'answered' AS answered, disposition = 'abandoned' AS gone,
        disposition NOT IN ('answered', 'abandoned') AND overflow IS NOT NULL AS overflowed,
        CASE WHEN disposition <> 'answered' THEN duration
            WHEN talked.began IS NULL THEN waited
            ELSE greatest(extract(epoch FROM talked.began - started_at), 0) END AS wait,
        talk, hold, wrapped.seconds AS wrap_up
    FROM chosen LEFT JOIN talked USING (call_id) LEFT JOIN wrapped USING (call_id)
    LEFT JOIN unnest($6::text[], $7::text[]) AS serving (client, team) ON serving.client = chosen.client
)
SELECT key, grouping(key) = 1 AS whole,
    count(*) FILTER (WHERE answered) AS answered,
    count(*) FILTER (WHERE answered AND wait <= $4) AS within,
    count(*) FILTER (WHERE gone AND wait >= $5) AS abandoned,
    count(*) FILTER (WHERE gone AND wait < $5) AS gone_at_once,
    count(*) FILTER (WHERE overflowed) AS overflowed,
    avg(wait) FILTER (WHERE answered) AS mean_wait,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY wait) FILTER (WHERE answered) AS p90_wait,
    max(wait) FILTER (WHERE answered) AS max_wait,
    coalesce(sum(wait) FILTER (WHERE answered OR gone), 0) AS waited,
    coalesce(sum(talk) FILTER (WHERE answered), 0) AS talk,
    coalesce(sum(hold) FILTER (WHERE answered), 0) AS hold,
    coalesce(sum(wrap_up) FILTER (WHERE answered), 0) AS wrap_up,
    count(wrap_up) FILTER (WHERE answered) AS wrapped
FROM served WHERE answered OR gone OR overflowed
GROUP BY GROUPING SETS ((key), ()) ORDER BY grouping(key), key NULLS LAST
"""

# A stay that began before these days lasts into them, also that of an agent who has left the book since ($5: who was
# seen so shortly before); one that goes on is counted until now ($3).
_SHIFTS = """
WITH entered AS (
    SELECT agent, at, n, state FROM agent_event WHERE at >= $1 AND at < $2
    UNION ALL
    SELECT last.agent, last.at, last.n, last.state
    FROM (SELECT id FROM agent UNION SELECT agent FROM agent_event WHERE at >= $1 - $5::interval AND at < $2) AS known,
    LATERAL (
        SELECT * FROM agent_event WHERE agent = known.id AND at < $1 ORDER BY at DESC, n DESC LIMIT 1
    ) AS last
), stay AS (
    SELECT agent, state, greatest(at, $1) AS began,
        lead(at, 1, least($2, $3)) OVER (PARTITION BY agent ORDER BY at, n) AS ended
    FROM entered
), present AS (
    SELECT agent, sum(extract(epoch FROM ended - began)) AS logged_in,
        sum(extract(epoch FROM ended - began)) FILTER (WHERE state = 'paused') AS paused,
        sum(extract(epoch FROM ended - began)) FILTER (WHERE state = 'wrap_up') AS wrap_up
    FROM stay WHERE state <> 'logged_out' AND ended > began GROUP BY agent
), day AS (
    SELECT agent, count(DISTINCT one) AS days
    FROM stay, generate_series(
        date_trunc('day', began AT TIME ZONE $4), (ended - interval '1 microsecond') AT TIME ZONE $4, interval '1 day'
    ) AS one
    WHERE state <> 'logged_out' AND ended > began GROUP BY agent
), worked AS (
    SELECT agent,
        count(DISTINCT call_id) FILTER (WHERE kind = 'talk' AND began >= $1) AS calls,
        count(*) FILTER (WHERE kind = 'ring' AND outcome = 'no answer' AND began >= $1) AS missed,
        sum(extract(epoch FROM least(ended, $2) - greatest(began, $1))) FILTER (WHERE kind = 'talk') AS talk,
        sum(extract(epoch FROM least(ended, $2) - greatest(began, $1))) FILTER (WHERE kind = 'hold') AS hold
    FROM call_segment JOIN cdr USING (call_id)
    WHERE started_at >= $1 - $5::interval AND started_at < $2
        AND began < $2 AND ended >= $1 AND agent IS NOT NULL GROUP BY agent
)
SELECT agent, coalesce(calls, 0) AS calls, coalesce(missed, 0) AS missed, coalesce(talk, 0) AS talk,
    coalesce(hold, 0) AS hold, coalesce(wrap_up, 0) AS wrap_up, coalesce(logged_in, 0) AS logged_in,
    coalesce(paused, 0) AS paused, coalesce(days, 0) AS days
FROM present FULL JOIN worked USING (agent) LEFT JOIN day USING (agent)
ORDER BY calls DESC, agent
"""

_PAST = """
SELECT (started_at AT TIME ZONE $3)::date AS day,
    (extract(hour FROM started_at AT TIME ZONE $3) * 2
        + floor(extract(minute FROM started_at AT TIME ZONE $3) / 30))::integer AS slot,
    count(*) AS calls
FROM cdr
WHERE started_at >= $1 AND started_at < $2 AND direction = 'in'
    AND (disposition IN ('answered', 'abandoned') OR overflow IS NOT NULL) AND ($4::text IS NULL OR client = $4)
GROUP BY day, slot
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which calls, and how they are counted.

    Those that began in [`since`, `until`), of one `client` or of all; days and hours by the clock of `timezone`.
    `target`: seconds within which a call should be answered; who gives up before `short` seconds is told apart.
    """

    since: datetime
    until: datetime
    timezone: str
    target: Decimal = Decimal(20)
    short: Decimal = Decimal(0)
    client: str | None = None


async def volumes(
    conn: asyncpg.Connection, asked: Asked, by: By, teams: Mapping[str, str]
) -> tuple[tuple[Volumes, ...], Volumes]:
    """The calls by key, in order, and all of them together. `teams`: by client."""
    query = _VOLUMES.format(key=_KEYS[by])
    rows = await conn.fetch(
        query,
        asked.since,
        asked.until,
        asked.timezone,
        asked.target,
        asked.short,
        list(teams),
        list(teams.values()),
        asked.client,
    )
    parts = [Volumes(**{name: value for name, value in row.items() if name != "whole"}) for row in rows]
    return tuple(parts[:-1]), parts[-1]


async def shifts(
    conn: asyncpg.Connection, since: datetime, until: datetime, now: datetime, timezone: str
) -> tuple[Shift, ...]:
    """What each agent did in [`since`, `until`), the busiest first; what lasts counts until `now`."""
    return tuple(Shift(**row) for row in await conn.fetch(_SHIFTS, since, until, now, timezone, LONGEST))


async def past(
    conn: asyncpg.Connection, since: datetime, until: datetime, timezone: str, client: str | None = None
) -> Past:
    """The calls of whole days, from midnight to midnight, by half hours of their clock."""
    rows = await conn.fetch(_PAST, since, until, timezone, client)
    counted: dict[tuple[date, int], int] = {(row["day"], row["slot"]): row["calls"] for row in rows}
    return Past(since.date(), until.date() - timedelta(days=1), counted)


async def is_known(conn: asyncpg.Connection, client: str) -> bool:
    """Whether there ever was a call for a client of this id: one that has left the book keeps its figures."""
    found: bool = await conn.fetchval("SELECT EXISTS (SELECT 1 FROM cdr WHERE client = $1)", client)
    return found
