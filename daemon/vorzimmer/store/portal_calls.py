"""A client's own calls, as its people find and read them: lists, one call with all that belongs to it, counts.

Every statement asks for the client too: whoever names a call of somebody else finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.ledger import Phase

_LINE = """
    cdr.call_id, started_at AS at, ended_at, direction, did, disposition AS kind, withheld, office_state, reason,
    ring + announcement + queue AS waited, talk, coalesce(hold, 0) AS hold,
    forwarded + coalesce(put_through, 0) AS forwarded, recording, recording_seconds, caller, caller_name,
    cdr_person.call_id IS NULL AS erased
"""

_MATCHES = """
    cdr.client = $1 AND started_at >= $2 AND started_at < $3
    AND ($4::text[] IS NULL OR disposition = ANY ($4))
    AND ($5::text IS NULL OR NOT withheld AND (caller LIKE $5 OR caller_name ILIKE $6) OR EXISTS (
        SELECT FROM note, jsonb_array_elements(words -> 'fields') AS field
        WHERE note.call_id = cdr.call_id AND note.client = $1 AND note.state = 'done' AND field ->> 'value' ILIKE $6
    ))
"""

_LIST = f"""
SELECT {_LINE} FROM cdr LEFT JOIN cdr_person USING (call_id)
WHERE {_MATCHES} AND ($7::timestamptz IS NULL OR (started_at, call_id) < ($7, $8))
ORDER BY started_at DESC, call_id DESC LIMIT $9
"""  # noqa: S608 - constants of this module

_ONE = f"""
SELECT {_LINE} FROM cdr LEFT JOIN cdr_person USING (call_id) WHERE cdr.client = $1 AND call_id = $2
"""  # noqa: S608 - constants of this module

_COUNT = """
SELECT disposition, count(*) AS calls FROM cdr
WHERE client = $1 AND started_at >= $2 AND started_at < $3 GROUP BY 1 ORDER BY 2 DESC, 1
"""

_NOTES = """
SELECT call_id, words, author_name, urgent, done_at FROM note
WHERE call_id = ANY ($2) AND client = $1 AND state = 'done' ORDER BY done_at, id
"""

_AGENTS = """
SELECT call_id, array_agg(agent ORDER BY first) AS agents FROM (
    SELECT call_id, agent, min(began) AS first FROM call_segment
    WHERE call_id = ANY ($1) AND kind = 'talk' AND agent IS NOT NULL GROUP BY call_id, agent
) AS talked GROUP BY call_id
"""

_STAYS = """
SELECT kind, began, ended, agent FROM call_segment
WHERE call_id = $1 AND kind <> 'ring' ORDER BY n
"""

_TALKS = """
SELECT call_id, caller_file, agent_file, seconds, deleted_at FROM talk_recording WHERE call_id = ANY ($1)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls. `since` and `until` (aware): when they began, the latter excluded; `kinds`: none named, all.

    `text`: in the caller's number or name, or in a note.
    """

    since: datetime
    until: datetime
    kinds: tuple[Disposition, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A note as the client was told it: `core.notes.words`, and when."""

    words: Mapping[str, Any]
    author: str
    urgent: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Talk:
    """A recorded talk: the files of both sides; None: they are deleted."""

    files: tuple[str, str] | None
    seconds: Decimal


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is over. Seconds are Decimal; `agents`: ids of who talked, in order; `recording`: the message's file.

    `caller` is E.164; None where it was withheld, not given or `erased` with all that told of the caller.
    """

    call_id: str
    at: datetime
    ended_at: datetime
    direction: str
    did: str
    kind: Disposition
    withheld: bool
    office_state: str | None
    reason: str
    waited: Decimal
    talk: Decimal
    hold: Decimal
    forwarded: Decimal
    recording: str | None
    recording_seconds: Decimal | None
    caller: str | None
    caller_name: str | None
    erased: bool
    agents: tuple[str, ...]
    notes: tuple[Told, ...]
    recorded: Talk | None


@dataclass(frozen=True, slots=True)
class Stay:
    """The caller in one phase."""

    kind: Phase
    began: datetime
    ended: datetime
    agent: str | None


async def find(
    conn: asyncpg.Connection, client: str, wanted: Wanted, most: int, after: tuple[datetime, str] | None = None
) -> list[Call]:
    """The latest `most` of this client's calls that are wanted, newest first. `after`: the last one seen before."""
    kinds = [kind.value for kind in wanted.kinds] or None
    text = wanted.text.strip()
    digits = "".join(c for c in text if c.isdigit()).removeprefix("00")
    # A number is found in national writing too: its leading 0 is the country code in E.164.
    number = f"%{digits.removeprefix('0')}%" if digits and not any(c.isalpha() for c in text) else ""
    like = f"%{_escaped(text)}%"
    rows = await conn.fetch(
        _LIST,
        client,
        wanted.since,
        wanted.until,
        kinds,
        number if text else None,
        like,
        *(after or (None, None)),
        most,
    )
    return await _whole(conn, client, rows)


async def one(conn: asyncpg.Connection, client: str, call_id: str) -> Call | None:
    """This call, if it is this client's."""
    found = await _whole(conn, client, await conn.fetch(_ONE, client, call_id))
    return found[0] if found else None


async def stays(conn: asyncpg.Connection, call_id: str) -> list[Stay]:
    """What the caller of a call met, in order, but for plain ringing. Of a call that `one` has found."""
    rows = await conn.fetch(_STAYS, call_id)
    return [Stay(Phase(row["kind"]), row["began"], row["ended"], row["agent"]) for row in rows]


async def count_by_kind(conn: asyncpg.Connection, client: str, since: datetime, until: datetime) -> dict[str, int]:
    """How many of this client's calls that began in [`since`, `until`) ended how, the most frequent first."""
    return {row["disposition"]: row["calls"] for row in await conn.fetch(_COUNT, client, since, until)}


def _escaped(text: str) -> str:
    """For LIKE: every character means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _whole(conn: asyncpg.Connection, client: str, rows: Sequence[asyncpg.Record]) -> list[Call]:
    """The calls with what lies beside them."""
    ids = [row["call_id"] for row in rows]
    notes: dict[str, list[Told]] = {}
    for row in await conn.fetch(_NOTES, client, ids):
        told = Told(orjson.loads(row["words"]), row["author_name"], row["urgent"], row["done_at"])
        notes.setdefault(row["call_id"], []).append(told)
    agents = {row["call_id"]: tuple(row["agents"]) for row in await conn.fetch(_AGENTS, ids)}
    talks = {row["call_id"]: _talk(row) for row in await conn.fetch(_TALKS, ids)}
    return [
        Call(
            **{
                **row,
                "kind": Disposition(row["kind"]),
                "caller": None if row["withheld"] else row["caller"],
                "caller_name": None if row["withheld"] else row["caller_name"],
            },
            agents=agents.get(row["call_id"], ()),
            notes=tuple(notes.get(row["call_id"], ())),
            recorded=talks.get(row["call_id"]),
        )
        for row in rows
    ]


def _talk(row: Mapping[str, Any]) -> Talk:
    files = None if row["deleted_at"] is not None else (row["caller_file"], row["agent_file"])
    return Talk(files, row["seconds"])
