"""One call and its charges, as somebody wants to have them explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import asyncpg

from vorzimmer.core.charge_row import Row
from vorzimmer.core.rating import Call
from vorzimmer.store import charges
from vorzimmer.store.rated_calls import CALL, call_of

_ONE = f"{CALL} WHERE cdr.call_id = $1"

# Calls are rated by their beginning, late ones first.
_BEFORE = """
SELECT coalesce(sum(charge.units), 0)
FROM charge JOIN cdr USING (call_id), (SELECT started_at FROM cdr WHERE call_id = $1) AS own
WHERE charge.client = $2 AND charge.month = $3 AND charge.position = $4
    AND (cdr.started_at, cdr.call_id) < (own.started_at, $1) AND ($5::timestamptz IS NULL OR cdr.started_at >= $5)
"""


@dataclass(frozen=True, slots=True)
class ChargedCall:
    """A call of a client. `rows`: all turns of its charges. `parked`: why it has none."""

    client: str
    call: Call
    rows: tuple[Row, ...]
    parked: str | None

    @property
    def turns(self) -> tuple[tuple[Row, ...], ...]:
        """The rows by turn."""
        last = max((row.turn for row in self.rows), default=-1)
        return tuple(tuple(row for row in self.rows if row.turn == n) for n in range(last + 1))


async def charged_call(conn: asyncpg.Connection, call_id: str) -> ChargedCall | None:
    """A finished call; None: there is none of this id, or it is nobody's."""
    row = await conn.fetchrow(_ONE, call_id)
    if row is None or row["client"] is None:
        return None
    parked = await conn.fetchval("SELECT reason FROM parked_call WHERE call_id = $1", call_id)
    return ChargedCall(row["client"], call_of(row), await charges.history(conn, call_id), parked)


async def units_before(conn: asyncpg.Connection, row: Row, since: datetime | None) -> Decimal:
    """What earlier calls of this bill have counted for this position; `since`: those that began then or later."""
    found: Decimal = await conn.fetchval(_BEFORE, row.call_id, row.client, row.month, row.position, since)
    return found
