"""Each night what is older than it may be is erased: kind by kind, client by client, a few rows at a time.

One worker does it, at its time of day or as soon as one runs again. What it did stands in the table `erasure`, a row
for each kind; one that was cut off goes on with the kinds that have none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import ValidationError

from vorzimmer.core.keeping import Days, Keep, days_of, night_of
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store import erasure, outage, retention
from vorzimmer.store.retention import Connect

LOOK = 300.0
"""Seconds between two looks whether a night's erasure is due."""

_ONE = 0x566F7265
"""The advisory lock of whoever erases ("Vore")."""


def _older(what: str, table: str, client: str, age: str, more: str) -> str:
    """The statement that finds what is too old; its values are `Limits.values`."""
    return (
        f"SELECT {what} FROM {table} LEFT JOIN unnest($1::text[], $2::timestamptz[]) AS own (id, before)"  # noqa: S608 - constants of this module
        f" ON own.id = {client} WHERE {age} < $4 AND {age} < coalesce(own.before, $3) AND {more} LIMIT $5"
    )


_CALLS = _older("cdr.call_id", "cdr JOIN cdr_person USING (call_id)", "cdr.client", "cdr.ended_at", "true")

# A call that was never completed has no CDR; its events are as old as its arrival.
_CALLS_WITHOUT_CDR = _older(
    "call_id",
    "call_event",
    "''",
    "call_event.at",
    "kind = 'call.arrived' AND jsonb_typeof(data -> 'caller') = 'string'"
    " AND NOT EXISTS (SELECT FROM cdr WHERE cdr.call_id = call_event.call_id)",
)

_RECORDINGS = _older(
    "cdr.call_id",
    "cdr LEFT JOIN message_deleted AS gone USING (call_id)",
    "cdr.client",
    "cdr.ended_at",
    "recording IS NOT NULL AND gone.at IS NULL",
)

_NOTES = _older("note.id::text", "note", "note.client", "note.updated_at", "erased_at IS NULL")

_MESSAGES = _older("outbox.id", "outbox", "outbox.client_id", "outbox.created_at", "erased_at IS NULL")

_WRITE = """
INSERT INTO erasure (night, kind, at, until_at, erased) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""

Records = Callable[[datetime, Callable[[Sequence[str]], Awaitable[Mapping[str, datetime]]]], Awaitable[int]]
"""Takes the numbers out of Asterisk's own record: of all calls that ended before this instant at the latest, and before
the one that the second argument says for each of these calls."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What holds in this house. `at`: of the day, by the clock of `timezone`; `recordings`: the folder."""

    house: Days
    most: Days
    at: time
    timezone: str
    recordings: Path


@dataclass(slots=True)
class Nights:
    """For watchers. `done`: when the last night's erasure was finished, as far as this process has seen."""

    done: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one kind: before when something is too old, by the house's default, of some clients, and at the latest."""

    house: datetime
    clients: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def latest(self) -> datetime:
        """Nothing that is younger is too old for anybody."""
        return max([self.house, *self.clients.values()])

    def of(self, client: str | None) -> datetime:
        """For this client, or for what has none."""
        return self.clients.get(client or "", self.house)

    def values(self) -> tuple[Any, ...]:
        """As the statements of this module take them."""
        return list(self.clients), list(self.clients.values()), self.house, self.latest, erasure.BATCH


async def run(
    connect: Connect,
    plan: Plan,
    records: Records,
    *,
    clock: Clock,
    trouble: Trouble,
    nights: Nights,
    look: float = LOOK,
) -> None:
    """Erase each night until cancelled."""
    while True:
        try:
            async with connect() as conn:
                await night(conn, plan, records, clock(), trouble)
                nights.done = await last_done(conn)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            trouble("erasure.failed", why=outage.why(error))
        await asyncio.sleep(look)


async def night(
    conn: asyncpg.Connection, plan: Plan, records: Records, now: datetime, trouble: Trouble
) -> dict[str, int]:
    """Do what is left of the last night that was due; returns what was erased of each kind that was done now.

    While another worker does it, nothing. A kind that fails is told, has no row, and is tried again with the next call.

    Raises:
        asyncpg.PostgresError, asyncpg.InterfaceError: the database refused or is gone; what was done stays done.
    """
    due = night_of(now, plan.at, plan.timezone)
    if not await _left(conn, due) or not await conn.fetchval("SELECT pg_try_advisory_lock($1)", _ONE):
        return {}
    try:
        found = {}
        for kind in await _left(conn, due):
            limits = await limits_of(conn, plan, _MEASURED_BY[kind], now)
            try:
                found[kind] = await _WAYS[kind](conn, plan, records, limits, now)
            except OSError as error:
                trouble("erasure.failed", kind=kind, why=outage.why(error))
                continue
            await conn.execute(_WRITE, due, kind, now, limits.house, found[kind])
        return found
    finally:
        await conn.execute("SELECT pg_advisory_unlock($1)", _ONE)


async def last_done(conn: asyncpg.Connection) -> datetime | None:
    """When the last night was finished that was done as a whole."""
    found: datetime | None = await conn.fetchval(
        "SELECT max(at) FROM (SELECT max(at) AS at FROM erasure GROUP BY night HAVING count(*) >= $1) AS nights",
        len(_WAYS),
    )
    return found


async def limits_of(conn: asyncpg.Connection, plan: Plan, kind: str, now: datetime) -> Limits:
    """The limits of a kind. A wish that this version does not understand counts as none."""
    clients = {}
    for row in await conn.fetch("SELECT id, data -> 'keep' AS keep FROM client WHERE data -> 'keep' IS NOT NULL"):
        try:
            days = days_of(Keep.model_validate_json(row["keep"]), plan.house, plan.most)
        except ValidationError:
            continue
        clients[row["id"]] = now - timedelta(days=getattr(days, kind))
    house = days_of(Keep(), plan.house, plan.most)
    return Limits(now - timedelta(days=getattr(house, kind)), clients)


async def _left(conn: asyncpg.Connection, due: date) -> list[str]:
    """The kinds of this night that are still to be done."""
    done = {row["kind"] for row in await conn.fetch("SELECT kind FROM erasure WHERE night = $1", due)}
    return [kind for kind in _WAYS if kind not in done]


# The kinds


async def _numbers(conn: asyncpg.Connection, _: Plan, __: Records, limits: Limits, now: datetime) -> int:
    erased = 0
    for statement in (_CALLS, _CALLS_WITHOUT_CDR):
        while ids := [row[0] for row in await conn.fetch(statement, *limits.values())]:
            erased += (await erasure.erase_numbers(conn, ids, now)).calls
    await conn.execute("DELETE FROM forwarding_check WHERE at < $1", limits.house)
    return erased


async def _recordings(conn: asyncpg.Connection, plan: Plan, _: Records, limits: Limits, now: datetime) -> int:
    erased = 0
    while ids := [row[0] for row in await conn.fetch(_RECORDINGS, *limits.values())]:
        erased += await retention.delete_messages(conn, plan.recordings, ids, now, "time is over")
    return erased


async def _notes(conn: asyncpg.Connection, _: Plan, __: Records, limits: Limits, now: datetime) -> int:
    erased = 0
    while ids := [row[0] for row in await conn.fetch(_NOTES, *limits.values())]:
        erased += (await erasure.erase_notes(conn, ids, now)).notes
    await conn.execute(
        "DELETE FROM client_answer USING unnest($1::text[], $2::timestamptz[]) AS own (id, before)"
        " WHERE own.id = client AND at < own.before",
        list(limits.clients),
        list(limits.clients.values()),
    )
    await conn.execute(
        "DELETE FROM client_answer WHERE at < $1 AND client <> ALL ($2)", limits.house, list(limits.clients)
    )
    await conn.execute(
        "UPDATE task_work SET what = $2 WHERE ended_at < $1 AND what <> $2", limits.house, erasure.NOTHING_LEFT
    )
    await conn.execute(
        "DELETE FROM client_notice WHERE coalesce(deleted_at, until) < $1 AND audio IS NULL", limits.house
    )
    return erased


async def _copies(conn: asyncpg.Connection, _: Plan, __: Records, limits: Limits, now: datetime) -> int:
    erased = 0
    while ids := [row[0] for row in await conn.fetch(_MESSAGES, *limits.values())]:
        erased += (await erasure.erase_messages(conn, ids, now)).messages
    return erased


async def _records(conn: asyncpg.Connection, _: Plan, records: Records, limits: Limits, __: datetime) -> int:
    async def before(call_ids: Sequence[str]) -> dict[str, datetime]:
        rows = await conn.fetch("SELECT call_id, client FROM cdr WHERE call_id = ANY ($1)", list(call_ids))
        known = {row["call_id"]: limits.of(row["client"]) for row in rows}
        return {call_id: known.get(call_id, limits.house) for call_id in call_ids}

    return await records(limits.latest, before)


_Way = Callable[[asyncpg.Connection, Plan, Records, Limits, datetime], Awaitable[int]]

_WAYS: Mapping[str, _Way] = {
    "copies": _copies,
    "recordings": _recordings,
    "notes": _notes,
    "numbers": _numbers,
    "records": _records,
}
"""What a night does, in this order. `records`: Asterisk's own."""

_MEASURED_BY = {kind: kind for kind in _WAYS} | {"records": "numbers"}
