"""A batch of journal records becomes rows: events of calls and agents, CDRs with personal values, messages to send.

What is stored already is ignored, so the same records may come again at any time. The events go to
PostgreSQL as the JSON they are in the journal, undecoded: at hundreds a second that is what keeps the daemon idle.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import asyncpg
import orjson

from vorzimmer.core import cdr as cdrs
from vorzimmer.core.ledger import Phase
from vorzimmer.store.outbox import WAKE_UP, message_id
from vorzimmer.store.segments import AGENT_PREFIX, END_PREFIX, EVENT_PREFIX

# One statement, so one transaction. Only a CDR that is new brings its personal values, segments and messages along.
_STORE = """
WITH event AS (
    INSERT INTO call_event (id, call_id, seq, at, kind, data)
    SELECT id, call_id, seq, at, kind, data
    FROM json_to_recordset($1::json)
        AS event (id uuid, call_id text, seq integer, at timestamptz, kind text, data jsonb)
    ON CONFLICT (id) DO NOTHING
), agent AS (
    INSERT INTO agent_event (id, agent, at, state, reason, call_id, phone)
    SELECT id, agent, at, state, reason, nullif(call, ''), phone
    FROM json_to_recordset($4::json)
        AS event (id uuid, agent text, at timestamptz, state text, reason text, call text, phone text)
    ON CONFLICT (id) DO NOTHING
), new AS (
    INSERT INTO cdr (
        call_id, client, did, direction, started_at, answered_at, ended_at,
        duration, ring, announcement, queue, talk, forwarded, machine,
        disposition, cause, hung_up_by, answered_by, office_state, reason, recording, recording_seconds, withheld,
        caller_mac, caller_name_mac, diverted_from_mac, forwarded_to_mac, hold, put_through, overflow, digest
    )
    SELECT
        call_id, client, did, direction, started_at, answered_at, ended_at,
        duration, ring, announcement, queue, talk, forwarded, machine,
        disposition, cause, hung_up_by, answered_by, office_state, reason, recording, recording_seconds, withheld,
        caller_mac, caller_name_mac, diverted_from_mac, forwarded_to_mac, hold, put_through, overflow, digest
    FROM json_to_recordset($2::json) AS ended (
        call_id text, client text, did text, direction text,
        started_at timestamptz, answered_at timestamptz, ended_at timestamptz,
        duration numeric, ring numeric, announcement numeric, queue numeric,
        talk numeric, forwarded numeric, machine numeric,
        disposition text, cause integer, hung_up_by text, answered_by text, office_state text, reason text,
        recording text, recording_seconds numeric, withheld boolean,
        caller_mac text, caller_name_mac text, diverted_from_mac text, forwarded_to_mac text,
        hold numeric, put_through numeric, overflow text, digest bytea
    )
    ON CONFLICT (call_id) DO NOTHING
    RETURNING call_id
), person AS (
    INSERT INTO cdr_person (call_id, key, caller, caller_name, diverted_from, forwarded_to)
    SELECT call_id, key, caller, caller_name, diverted_from, forwarded_to
    FROM json_to_recordset($2::json) AS ended (
        call_id text, key bytea, caller text, caller_name text, diverted_from text, forwarded_to text
    )
    JOIN new USING (call_id)
), segment AS (
    INSERT INTO call_segment (call_id, n, kind, agent, target, began, ended, outcome)
    SELECT call_id, n, kind, agent, target, began, ended, outcome
    FROM json_to_recordset($5::json) AS segment (
        call_id text, n integer, kind text, agent text, target text,
        began timestamptz, ended timestamptz, outcome text
    )
    JOIN new USING (call_id)
)
INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, held, next_at)
SELECT call_id, client_id, channel, recipient, language, payload, message_id,
    held_until IS NOT NULL, coalesce(held_until, now())
FROM json_to_recordset($3::json) AS message (
    call_id text, client_id text, channel text, recipient text, language text, payload jsonb, message_id text,
    held_until timestamptz
)
JOIN new USING (call_id)
ON CONFLICT (call_id, channel, recipient, about) DO NOTHING
"""

_SECONDS = (*(phase.value for phase in Phase), "duration", "recording_seconds")

_DATA_ERRORS = ("22", "23", "54")
"""SQLSTATE classes that one record can cause: data exception, integrity violation, a limit exceeded."""


class UnreadableError(Exception):
    """A record in the journal is of no kind that this version knows, or does not hold what its kind holds."""


async def store(conn: asyncpg.Connection, bodies: Iterable[bytes], domain: str) -> None:
    """Store the records (JSON as in the journal) in one statement. `domain` ends the Message-IDs.

    Raises:
        UnreadableError: a record is not what it should be; nothing was stored.
        asyncpg.PostgresError: nothing was stored; `is_data_error` tells whether a record is at fault.
    """
    records = tuple(bodies)
    events, ends, agents = (
        [body for body in records if body.startswith(prefix)] for prefix in (EVENT_PREFIX, END_PREFIX, AGENT_PREFIX)
    )
    if len(events) + len(ends) + len(agents) < len(records):
        raise UnreadableError("a record of a kind that this version does not know")
    rows = _rows_of(ends, domain)
    await conn.execute(
        _STORE, _array(events), _json(rows.cdrs), _json(rows.messages), _array(agents), _json(rows.segments)
    )
    if rows.messages:
        await conn.execute(f"NOTIFY {WAKE_UP}")


def _array(bodies: Sequence[bytes]) -> str:
    """The records as one JSON array, undecoded."""
    return f"[{b','.join(bodies).decode()}]"


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def is_data_error(error: Exception) -> bool:
    """Whether a record caused this, so that trying it again is pointless; else the database did."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate)[:2] in _DATA_ERRORS
    return isinstance(error, UnreadableError)


class _Rows(NamedTuple):
    """What ended calls become; the CDRs hold their personal values, key and macs."""

    cdrs: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    messages: list[dict[str, Any]]


def _rows_of(ends: Sequence[bytes], domain: str) -> _Rows:
    """The rows of ended calls, each call once. Records of an earlier version hold no segments."""
    ended: dict[str, dict[str, Any]] = {}
    segments: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for body in ends:
        try:
            record = orjson.loads(body)["record"]
            row = _sealed(record["cdr"])
            if row["call_id"] not in ended:
                ended[row["call_id"]] = row
                segments += [
                    {**one, "call_id": row["call_id"], "n": n} for n, one in enumerate(record.get("segments", ()))
                ]
                messages += [_message(row, message, domain) for message in record["messages"]]
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise UnreadableError(f"{type(error).__name__}: {error}") from error
    return _Rows(list(ended.values()), segments, messages)


def _message(row: Mapping[str, Any], message: Mapping[str, Any], domain: str) -> dict[str, Any]:
    """A row of the outbox. Records of an earlier version wait for no note."""
    call_id = row["call_id"]
    hold = message.get("hold_seconds")
    return {
        **message,
        "call_id": call_id,
        "client_id": row["client"],
        "message_id": message_id(call_id, message["channel"], message["recipient"], domain),
        # From the call's end, not from now: the database may have been away meanwhile.
        "held_until": None if hold is None else datetime.fromisoformat(row["ended_at"]) + timedelta(seconds=hold),
    }


def _sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The CDR's values with a new key, the macs and the digest. Seconds get the three places the database keeps."""
    rounded = {name: f"{Decimal(values[name]):.3f}" for name in _SECONDS if values.get(name) is not None}
    row = {**values, **rounded}
    cdr = cdrs.from_json(row)
    key = secrets.token_bytes(32)
    macs = cdrs.personal_macs(cdr, key)
    return {
        **row,
        **{f"{name}_mac": mac for name, mac in macs.items()},
        "key": rf"\x{key.hex()}",
        "digest": rf"\x{cdrs.digest_of(cdr, macs).hex()}",
    }
