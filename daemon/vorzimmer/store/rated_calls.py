"""Calls as rating sees them, read from their records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import Phase
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import WRAP_UP

_PHASES = {
    Phase.RING: "ring",
    Phase.ANNOUNCEMENT: "announcement",
    Phase.QUEUE: "queue",
    Phase.TALK: "talk",
    Phase.HOLD: "hold",
    Phase.PUT_THROUGH: "put_through",
    Phase.FORWARDED: "forwarded",
    Phase.MACHINE: "machine",
}
"""Each phase's column of `cdr`."""

CALL = """
SELECT cdr.call_id, cdr.client, cdr.started_at, cdr.disposition, cdr.direction,
    cdr.ring, cdr.announcement, cdr.queue, cdr.talk, cdr.hold, cdr.put_through, cdr.forwarded, cdr.machine,
    CASE WHEN cdr.direction = 'out' THEN person.caller ELSE person.forwarded_to END AS "to",
    (SELECT sum(extract(epoch FROM stay.ended - stay.began)) FROM agent_stay AS stay
        WHERE stay.call_id = cdr.call_id AND stay.state = 'wrap_up') AS wrap_up,
    ARRAY(
        SELECT result FROM call_result WHERE call_result.call_id = cdr.call_id
        UNION SELECT note.form ->> 'kind' FROM note WHERE note.call_id = cdr.call_id AND note.state = 'done'
    ) AS results
FROM cdr LEFT JOIN cdr_person AS person USING (call_id)
"""
"""Columns of `call_of`; a WHERE of one's own follows."""

_OF_CLIENT = f"{CALL} WHERE cdr.client = $1 AND cdr.started_at >= $2 AND cdr.started_at < $3 ORDER BY 3, 1"


def call_of(row: Mapping[str, Any]) -> Call:
    """The call of a row of `CALL`."""
    seconds = {phase.value: Decimal(row[column] or 0) for phase, column in _PHASES.items()}
    wrap_up = Decimal(row["wrap_up"] or 0).quantize(Decimal("0.001"))
    return Call(
        id=row["call_id"],
        began=row["started_at"],
        disposition=Disposition(row["disposition"]),
        seconds={**seconds, WRAP_UP: wrap_up},
        direction=row["direction"],
        results=frozenset(one for one in row["results"] if one),
        to=row["to"],
    )


def instants(month: Month, place: Place) -> tuple[datetime, datetime]:
    """The month's beginning and its end (excluded), by the client's clock."""
    return _midnight(month.first, place), _midnight(month.after.first, place)


def _midnight(day: date, place: Place) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(place.timezone))


async def calls_of_client(conn: asyncpg.Connection, client: str, since: datetime, until: datetime) -> tuple[Call, ...]:
    """A client's calls that began in [`since`, `until`), in order."""
    return tuple(call_of(row) for row in await conn.fetch(_OF_CLIENT, client, since, until))
