"""What people say of calls that have ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.ledger import Kind

_NOTE = """
INSERT INTO call_event (id, call_id, seq, at, kind, data)
SELECT $1::uuid, $2, max(seq) + 1, $3, $4, $5::jsonb FROM call_event WHERE call_id = $2 HAVING count(*) > 0
"""


async def note_result(
    conn: asyncpg.Connection, event_id: str, call_id: str, at: datetime, data: Mapping[str, Any]
) -> bool:
    """Write behind the call's ledger what the call was. False: the call is not known here."""
    done = await conn.execute(_NOTE, event_id, call_id, at, Kind.RESULT.value, orjson.dumps(data).decode())
    return str(done) == "INSERT 0 1"
