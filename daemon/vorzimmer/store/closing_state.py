"""What a close has to know of a client's other months, and who has one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from vorzimmer.core.stretches import Month

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('close ' || $1, 0))"

_HOLD_TERMS = "LOCK TABLE tariff, contract, account IN ROW EXCLUSIVE MODE"
"""Nobody else who closes waits for it, but whoever changes terms does (`store.billing_book`)."""

_CLIENTS = """
SELECT DISTINCT client FROM contract
WHERE since <= $2 AND (until IS NULL OR until >= $1::date - interval '1 month') ORDER BY client
"""

_CLOSED = """
SELECT max(month) FILTER (WHERE month > $2) AS after, max(month) FILTER (WHERE month < $2) AS before
FROM statement WHERE client = $1
"""

# What was done on a day without a contract waits for the first one after it.
_CHARGED = """
WITH once AS (
    SELECT day FROM work_done WHERE client = $1
    UNION SELECT (at AT TIME ZONE (data ->> 'timezone'))::date
    FROM setup_charge JOIN client ON client.id = client_id WHERE client_id = $1
), billable AS (
    SELECT min(month) AS month FROM charge WHERE client = $1 AND month < $2 AND ($3::date IS NULL OR month > $3)
    UNION SELECT date_trunc('month', greatest(day, since))::date
    FROM once JOIN contract ON contract.client = $1 AND (until IS NULL OR until >= day)
)
SELECT min(month) FROM billable WHERE month < $2 AND ($3::date IS NULL OR month > $3)
"""

_CONTRACT = """
SELECT min(greatest(since, $2::date)) FROM contract
WHERE client = $1 AND since < $3 AND (until IS NULL OR until >= $2) AND $2 < $3
"""

_PARKED = """
SELECT call_id, parked_call.reason FROM parked_call JOIN cdr USING (call_id)
WHERE parked_call.client = $1 AND started_at < $2 AND call_id <> ALL ($3) ORDER BY started_at, call_id
"""


@dataclass(frozen=True, slots=True)
class Around:
    """`after`: the last month after this one that is closed. `missing`: the first before it that should be."""

    after: Month | None
    missing: Month | None


@dataclass(frozen=True, slots=True)
class Parked:
    """A call that could not be rated."""

    call_id: str
    reason: str


async def lock(conn: asyncpg.Connection, client: str) -> None:
    """Wait until nobody else closes a month of this client's; until the transaction ends, terms stay as they are."""
    await conn.execute(_LOCK, client)
    await conn.execute(_HOLD_TERMS)


async def clients(conn: asyncpg.Connection, month: Month) -> tuple[str, ...]:
    """Who has a bill: whoever has a contract in the month, or had one in the month before it."""
    rows = await conn.fetch(_CLIENTS, month.first, month.last)
    return tuple(row["client"] for row in rows)


async def around(conn: asyncpg.Connection, client: str, month: Month) -> Around:
    """How this month stands to others of the client's.

    A month before it is missing if there is something to be billed in it (calls that are charged, work, set-ups), or if
    it follows a closed one and a contract held.
    """
    row = await conn.fetchrow(_CLOSED, client, month.first)
    before: date | None = row["before"]
    open_months = [await conn.fetchval(_CHARGED, client, month.first, before)]
    if before is not None:
        following = Month(before.year, before.month).after.first
        open_months.append(await conn.fetchval(_CONTRACT, client, following, month.first))
    missing = min((one for one in open_months if one is not None), default=None)
    return Around(_month(row["after"]), _month(missing))


async def parked(
    conn: asyncpg.Connection, client: str, until: datetime, besides: Collection[str]
) -> tuple[Parked, ...]:
    """The client's calls that began before `until` and could not be rated, without these."""
    rows = await conn.fetch(_PARKED, client, until, list(besides))
    return tuple(Parked(**row) for row in rows)


def _month(day: date | None) -> Month | None:
    return None if day is None else Month(day.year, day.month)
