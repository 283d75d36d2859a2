"""What calls cost, in the database: rows that are only ever added, and calls that could not be rated.

A call's rows come in turns: 0 charges, 1 takes that back, 2 charges anew. What stands is the last turn, if it is even.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from vorzimmer.core.charge_row import Row, taken_back
from vorzimmer.core.stretches import Month

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('rate ' || $1, 0))"

COLUMNS = (
    *("call_id", "turn", "position", "client", "month", "tariff", "since", "currency"),
    *("units", "free", "sixtieths", "measured", "parts", "marks"),
)
"""Of `Row`, and of the table, in one order."""

_ALL = f"SELECT {', '.join(COLUMNS)} FROM charge"  # noqa: S608 - constants

_LAST = f"""
{_ALL} WHERE call_id = ANY ($1)
    AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
"""

_IN_MONTH = f"""
{_ALL} WHERE client = $1 AND month = $2 AND turn % 2 = 0
    AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
ORDER BY call_id, position
"""

_PARK = """
INSERT INTO parked_call AS known (call_id, client, reason)
SELECT told.call_id, $1, told.reason FROM unnest($2::text[], $3::text[]) AS told (call_id, reason)
ON CONFLICT (call_id) DO UPDATE SET reason = excluded.reason, client = excluded.client, at = now()
WHERE (known.reason, known.client) IS DISTINCT FROM (excluded.reason, excluded.client)
"""

_PARKED_BEFORE = """
SELECT call_id FROM parked_call JOIN cdr USING (call_id)
WHERE parked_call.client = $1 AND started_at < $2 AND parked_call.reason = $3 ORDER BY started_at, call_id
"""

_PARKED = """
SELECT call_id, parked_call.client, parked_call.reason, started_at AS began
FROM parked_call JOIN cdr USING (call_id)
WHERE $1::text IS NULL OR parked_call.client = $1 ORDER BY started_at, call_id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """How many calls were charged that were not, or not so; and how many charges were taken back."""

    new: int
    reversed: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A call that could not be rated, and why."""

    call_id: str
    client: str
    reason: str
    began: datetime


async def lock(conn: asyncpg.Connection, client: str) -> None:
    """Wait until nobody else rates this client's calls, until the transaction ends."""
    await conn.execute(_LOCK, client)


async def history(conn: asyncpg.Connection, call_id: str) -> tuple[Row, ...]:
    """All rows of a call, in their turns."""
    rows = await conn.fetch(f"{_ALL} WHERE call_id = $1 ORDER BY turn, position", call_id)
    return tuple(Row(*row) for row in rows)


async def standing(conn: asyncpg.Connection, client: str, month: Month) -> dict[str, tuple[Row, ...]]:
    """What stands in a client's month, by call."""
    return _by_call(Row(*row) for row in await conn.fetch(_IN_MONTH, client, month.first))


async def last(conn: asyncpg.Connection, call_ids: Collection[str]) -> dict[str, tuple[Row, ...]]:
    """The rows of the last turn of these calls, be it even or odd."""
    return _by_call(Row(*row) for row in await conn.fetch(_LAST, list(call_ids)))


async def write(conn: asyncpg.Connection, wanted: Iterable[Row], among: Collection[str] = ()) -> Written:
    """Make what stands what is wanted: where that differs, take it back and charge anew.

    Args:
        conn: in a transaction that holds `lock`.
        wanted: rows of any turn; all of each call that they are about.
        among: calls that are to have no charge where none is wanted.
    """
    by_call = _by_call(wanted)
    known = await last(conn, {*by_call, *among})
    written, records = await asyncio.to_thread(_changes, by_call, known)
    if records:
        await conn.copy_records_to_table("charge", records=records, columns=[*COLUMNS, "digest"])
    return written


def _changes(
    by_call: Mapping[str, Sequence[Row]], known: Mapping[str, Sequence[Row]]
) -> tuple[Written, list[tuple[object, ...]]]:
    """What is to be added, as the table has it, so that what is known becomes what is wanted."""
    rows: list[Row] = []
    new = reversed_ = 0
    for call_id in sorted({*by_call, *known}):
        want, found = by_call.get(call_id, ()), known.get(call_id, ())
        turn = found[0].turn if found else -1
        stands = found if turn % 2 == 0 else ()
        if _same(stands, want):
            continue
        if stands:
            rows += taken_back(stands)
            turn, reversed_ = turn + 1, reversed_ + 1
        rows += [replace(row, turn=turn + 1) for row in want]
        new += bool(want)
    return Written(new, reversed_), [(*(getattr(row, name) for name in COLUMNS), row.digest) for row in rows]


def _by_call(rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.call_id, []).append(row)
    return {call_id: tuple(mine) for call_id, mine in found.items()}


def _same(stands: Collection[Row], want: Collection[Row]) -> bool:
    """Whether two turns say the same."""
    if len(stands) != len(want):
        return False
    pairs = zip(sorted(stands, key=_position), sorted(want, key=_position), strict=True)
    return all(one == (other if one.turn == other.turn else replace(other, turn=one.turn)) for one, other in pairs)


def _position(row: Row) -> str:
    return row.position


async def park(conn: asyncpg.Connection, client: str, reasons: Mapping[str, str], rated: Collection[str]) -> None:
    """Put calls aside that could not be rated, by id and reason, and take those back that could."""
    if rated:
        await conn.execute("DELETE FROM parked_call WHERE call_id = ANY ($1)", list(rated))
    if reasons:
        await conn.execute(_PARK, client, list(reasons), list(reasons.values()))


async def parked_before(conn: asyncpg.Connection, client: str, until: datetime, reason: str) -> tuple[str, ...]:
    """The client's calls that began before `until` and are put aside for this reason."""
    return tuple(row["call_id"] for row in await conn.fetch(_PARKED_BEFORE, client, until, reason))


async def parked(conn: asyncpg.Connection, client: str | None = None) -> tuple[Parked, ...]:
    """All calls that are put aside, the oldest first; of a client, or of all."""
    return tuple(Parked(**row) for row in await conn.fetch(_PARKED, client))
