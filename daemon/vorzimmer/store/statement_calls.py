"""The calls of a client's month with what they cost: those that are charged in it, and those of it that nobody pays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from vorzimmer.core.charge_row import Row, charge_of
from vorzimmer.core.rating import Charge, Place
from vorzimmer.core.stretches import Month
from vorzimmer.store.rated_calls import instants

_PHASES = ("ring", "announcement", "queue", "talk", "hold", "put_through", "forwarded", "machine")

_TOLD = """
WITH told AS (
    SELECT call_id FROM charge
    WHERE client = $1 AND month = $2 AND turn % 2 = 0
        AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
    UNION
    SELECT call_id FROM cdr
    WHERE client = $1 AND started_at >= $3 AND started_at < $4 AND ($5::timestamptz IS NULL OR stored_at <= $5)
        AND NOT EXISTS (SELECT FROM charge WHERE charge.call_id = cdr.call_id HAVING max(turn) % 2 = 0)
)
SELECT call_id, started_at, direction, disposition, withheld, person.call_id IS NULL AS erased, person.caller,
    ring, announcement, queue, talk, hold, put_through, forwarded, machine, parked_call.reason AS parked
FROM told JOIN cdr USING (call_id) LEFT JOIN cdr_person AS person USING (call_id) LEFT JOIN parked_call USING (call_id)
ORDER BY started_at, call_id OFFSET $6 LIMIT $7
"""

_STANDING = """
SELECT call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths, measured, parts, marks
FROM charge
WHERE call_id = ANY ($1) AND client = $2 AND month = $3 AND turn % 2 = 0
    AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
ORDER BY call_id, position
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Some of a month's calls: behind the first `after` of them, `most` at most (None: all the others)."""

    after: int = 0
    most: int | None = None


ALL = Window()


@dataclass(frozen=True, slots=True)
class Told:
    """A call of a month. `version`: by which tariff and since when; None: by none, and `parked` may say why.

    `charges`: without empty ones.
    """

    id: str
    began: datetime
    direction: str
    disposition: str
    withheld: bool
    erased: bool
    caller: str | None
    phases: tuple[tuple[str, Decimal], ...]
    version: tuple[str, date] | None
    charges: tuple[Charge, ...]
    marks: frozenset[str]
    parked: str | None


async def calls_of_month(
    conn: asyncpg.Connection,
    client: str,
    month: Month,
    place: Place,
    closed_at: datetime | None,
    window: Window = ALL,
) -> tuple[Told, ...]:
    """The calls of a month, in order; those of earlier months that came late stand first, as they are older.

    `closed_at`: when the month was closed, if it is; what came later is told in another one.
    """
    told = (client, month.first, *instants(month, place), closed_at, window.after, window.most)
    calls = await conn.fetch(_TOLD, *told)
    charges = await conn.fetch(_STANDING, [call["call_id"] for call in calls], client, month.first)
    return await asyncio.to_thread(_joined, calls, charges)


def _joined(calls: Sequence[Mapping[str, Any]], charges: Sequence[Mapping[str, Any]]) -> tuple[Told, ...]:
    rows: dict[str, list[Row]] = {}
    for row in charges:
        rows.setdefault(row["call_id"], []).append(Row(**row))
    return tuple(_told(call, rows.get(call["call_id"], ())) for call in calls)


def _told(call: Mapping[str, Any], rows: Sequence[Row]) -> Told:
    return Told(
        id=call["call_id"],
        began=call["started_at"],
        direction=call["direction"],
        disposition=call["disposition"],
        withheld=call["withheld"],
        erased=call["erased"],
        caller=call["caller"],
        phases=tuple((phase, call[phase]) for phase in _PHASES if call[phase]),
        version=(rows[0].tariff, rows[0].since) if rows else None,
        charges=tuple(charge_of(row) for row in rows if row.position),
        marks=frozenset(mark for row in rows for mark in row.marks.split()),
        parked=call["parked"],
    )
