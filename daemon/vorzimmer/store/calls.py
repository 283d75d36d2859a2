"""Calls as they stand in the database: the list, one call's timeline, and the check of its digest."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.call_segments import Outcome, Segment
from vorzimmer.core.cdr import NAMES, PERSONAL, Cdr, Disposition, digest_of, personal_macs
from vorzimmer.core.ledger import CallEvent, Kind, Phase

_COLUMNS = ", ".join(f"person.{name}" if name in PERSONAL else f"cdr.{name}" for name in NAMES)

_LIST = f"""
SELECT {_COLUMNS} FROM cdr LEFT JOIN cdr_person AS person USING (call_id)
WHERE ($1::text IS NULL OR cdr.client = $1) AND ($2::timestamptz IS NULL OR cdr.started_at >= $2)
ORDER BY cdr.started_at DESC, cdr.call_id
LIMIT $3
"""  # noqa: S608 - the columns are the fields of a class

_COUNT = "SELECT disposition, count(*) AS calls FROM cdr WHERE started_at >= $1 GROUP BY 1 ORDER BY 2 DESC, 1"

RECORD = f"""
SELECT {_COLUMNS}, person.key, cdr.digest,
    cdr.caller_mac, cdr.caller_name_mac, cdr.diverted_from_mac, cdr.forwarded_to_mac
FROM cdr LEFT JOIN cdr_person AS person USING (call_id)
"""  # noqa: S608 - the columns are the fields of a class
"""What `digest_now` needs; a WHERE of one's own follows."""

_CALL = f"{RECORD} WHERE cdr.call_id = $1"

_ENDED = f"""
SELECT {_COLUMNS} FROM cdr LEFT JOIN cdr_person AS person USING (call_id)
WHERE cdr.call_id = ANY($1)
    OR (cdr.started_at >= $2 AND cdr.started_at < $4 AND cdr.ended_at >= $3 AND cdr.ended_at < $4)
"""  # noqa: S608 - the columns are the fields of a class

LONGEST_CALL = timedelta(hours=5)
"""The dialplan ends every call after four."""

_EVENTS_OF_ALL = """
SELECT id::text, call_id, seq, at, kind, data FROM call_event WHERE call_id = ANY($1) ORDER BY call_id, seq, at
"""

_EVENTS = "SELECT id::text, call_id, seq, at, kind, data FROM call_event WHERE call_id = $1 ORDER BY seq, at"

_SEGMENTS = "SELECT kind, began, ended, agent, target, outcome FROM call_segment WHERE call_id = $1 ORDER BY n"

_WRAP_UPS = """
SELECT agent, began, ended FROM agent_stay WHERE call_id = $1 AND state = 'wrap_up' ORDER BY began, agent
"""

_MESSAGES = """
SELECT channel, recipient, state, held, attempts, next_at, created_at, message_id,
    (SELECT detail FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1) AS detail
FROM outbox WHERE call_id = $1 ORDER BY channel, recipient, id
"""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What became of a message about the call. `held`: it waits for a note. `detail`: of the last attempt, if any."""

    channel: str
    recipient: str
    state: str
    held: bool
    attempts: int
    next_at: datetime
    created_at: datetime
    message_id: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What an agent needed after the call; `ended` is None while it lasts."""

    agent: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is known of a call. `cdr` is None while it lasts; `erased`: its personal values are gone."""

    cdr: Cdr | None
    erased: bool
    events: tuple[CallEvent, ...]
    segments: tuple[Segment, ...]
    wrap_ups: tuple[WrapUp, ...]
    messages: tuple[SentMessage, ...]


async def list_calls(
    conn: asyncpg.Connection, client: str | None = None, since: datetime | None = None, limit: int = 100
) -> tuple[Cdr, ...]:
    """The latest calls, newest first: of one client or all, begun at `since` or later. Erased values are None."""
    rows = await conn.fetch(_LIST, client, since, limit)
    return tuple(_cdr(row) for row in rows)


async def ended_calls(
    conn: asyncpg.Connection, since: datetime, until: datetime, call_ids: Collection[str] = ()
) -> dict[str, Cdr]:
    """The CDRs, by call id, of all calls that ended in [`since`, `until`), and of these calls, whenever they ended."""
    rows = await conn.fetch(_ENDED, list(call_ids), since - LONGEST_CALL, since, until)
    return {row["call_id"]: _cdr(row) for row in rows}


async def begun_calls(conn: asyncpg.Connection, call_ids: Collection[str]) -> dict[str, tuple[CallEvent, ...]]:
    """The events of those of these calls whose arrival stands in the ledger, in order, by call id."""
    found: dict[str, list[CallEvent]] = {}
    for row in await conn.fetch(_EVENTS_OF_ALL, list(call_ids)):
        found.setdefault(row["call_id"], []).append(_event(row))
    return {
        call_id: tuple(events)
        for call_id, events in found.items()
        if any(event.kind is Kind.ARRIVED for event in events)
    }


async def count_by_disposition(conn: asyncpg.Connection, since: datetime) -> dict[str, int]:
    """How many calls begun at `since` or later ended how, the most frequent first."""
    rows = await conn.fetch(_COUNT, since)
    return {row["disposition"]: row["calls"] for row in rows}


async def call_timeline(conn: asyncpg.Connection, call_id: str) -> Timeline | None:
    """One call with its events and messages, or None if it is unknown."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        row = await conn.fetchrow(_CALL, call_id)
        events = await conn.fetch(_EVENTS, call_id)
        segments = await conn.fetch(_SEGMENTS, call_id)
        wrap_ups = await conn.fetch(_WRAP_UPS, call_id)
        messages = await conn.fetch(_MESSAGES, call_id)
    if row is None and not events:
        return None
    return Timeline(
        cdr=_cdr(row) if row else None,
        erased=row is not None and row["key"] is None,
        events=tuple(_event(event) for event in events),
        segments=tuple(_segment(segment) for segment in segments),
        wrap_ups=tuple(WrapUp(**dict(wrap_up)) for wrap_up in wrap_ups),
        messages=tuple(SentMessage(**dict(message)) for message in messages),
    )


async def verify_digest(conn: asyncpg.Connection, call_id: str) -> bool:
    """Whether the CDR is what was stored. Personal values, as far as they are there, must agree with their macs.

    Raises:
        LookupError: there is no CDR of this call.
    """
    row = await conn.fetchrow(_CALL, call_id)
    if row is None:
        raise LookupError(f"no CDR of call {call_id}")
    now = digest_now(row)
    return now is not None and hmac.compare_digest(now, row["digest"])


def digest_now(row: Mapping[str, Any]) -> bytes | None:
    """The digest of a row of `RECORD` as it is now; None: its personal values, as far as there, are not those macs'."""
    cdr = _cdr(row)
    macs = {name: row[f"{name}_mac"] for name in PERSONAL}
    if row["key"] is not None:
        known = personal_macs(cdr, row["key"])
        if any(known[name] not in (None, macs[name]) for name in PERSONAL):  # None: erased by itself
            return None
    return digest_of(cdr, macs)


def _cdr(row: Mapping[str, Any]) -> Cdr:
    values = {name: row[name] for name in NAMES}
    return Cdr(**{**values, "disposition": Disposition(values["disposition"])})


def _segment(row: Mapping[str, Any]) -> Segment:
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Segment(Phase(row["kind"]), row["began"], row["ended"], row["agent"], row["target"], outcome)


def _event(row: Mapping[str, Any]) -> CallEvent:
    return CallEvent(row["id"], row["call_id"], row["seq"], row["at"], Kind(row["kind"]), orjson.loads(row["data"]))
