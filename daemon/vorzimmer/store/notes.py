"""Notes about calls. What somebody does to one, and its trace, are one statement each.

Nothing here asks who may do it: that is the caller's business. A version that is no longer the stored one changes
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson

from vorzimmer.core.note_form import Form, read_form
from vorzimmer.core.notes import Called, Value
from vorzimmer.store.outbox import WAKE_UP

MOST = 20
"""Notes that a call may have."""

MOST_LISTED = 200
"""Notes in a list: more would hold up the process that reads and writes them."""

_NAMES = (
    "id, call_id, client, form, filled, urgent, state, author, author_name, agent,"
    " created_at, updated_at, done_at, told_at, version"
)

_CREATE = f"""
WITH new AS (
    INSERT INTO note (id, call_id, client, form, filled, author, author_name, agent, urgent)
    SELECT $1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8, $9
    WHERE (SELECT count(*) FROM note WHERE call_id = $2) < {MOST}
    ON CONFLICT (id) DO NOTHING
    RETURNING {_NAMES}
), traced AS (
    INSERT INTO note_change (note_id, call_id, by, what, client) SELECT id, call_id, $6, 'created', client FROM new
)
SELECT * FROM new
"""  # noqa: S608 - constants of this module

_SAVE = f"""
UPDATE note SET filled = $3::jsonb, urgent = $4, updated_at = now(), version = version + 1, erased_at = NULL
WHERE id = $1 AND version = $2 AND state = 'draft'
RETURNING {_NAMES}
"""  # noqa: S608 - constants of this module

_FINISH = f"""
WITH done AS (
    UPDATE note SET state = 'done', filled = $3::jsonb, words = $4::jsonb, done_at = now(), updated_at = now(),
        version = version + 1, erased_at = NULL, to_tell = told_at IS NULL OR words IS DISTINCT FROM $4::jsonb
    WHERE id = $1 AND version = $2 AND state = 'draft'
    RETURNING {_NAMES}
), traced AS (
    INSERT INTO note_change (note_id, call_id, by, what, client) SELECT id, call_id, $5, 'finished', client FROM done
)
SELECT * FROM done
"""  # noqa: S608 - constants of this module

_REOPEN = f"""
WITH opened AS (
    UPDATE note SET state = 'draft', done_at = NULL, to_tell = false, updated_at = now(), version = version + 1
    WHERE id = $1 AND state = 'done'
    RETURNING {_NAMES}
), traced AS (
    INSERT INTO note_change (note_id, call_id, by, what, client) SELECT id, call_id, $2, 'reopened', client FROM opened
)
SELECT * FROM opened
"""  # noqa: S608 - constants of this module

# The new client has not been told, whatever the old one was.
_CORRECT = f"""
WITH old AS (
    SELECT id, client FROM note WHERE id = $1 AND client <> $2 FOR UPDATE
), moved AS (
    UPDATE note SET client = $2, told_at = NULL, to_tell = state = 'done', updated_at = now(), version = version + 1
    FROM old WHERE note.id = old.id
    RETURNING note.*, old.client AS from_client
), traced AS (
    INSERT INTO note_change (note_id, call_id, by, what, client, from_client, reason)
    SELECT id, call_id, $3, 'client', client, from_client, $4 FROM moved
)
SELECT {_NAMES} FROM moved
"""  # noqa: S608 - constants of this module

_DELETE = """
WITH gone AS (
    DELETE FROM note WHERE id = $1 AND state = 'draft' RETURNING id, call_id, client
), traced AS (
    INSERT INTO note_change (note_id, call_id, by, what, client) SELECT id, call_id, $2, 'deleted', client FROM gone
)
SELECT count(*) FROM gone
"""

_GET = f"SELECT {_NAMES} FROM note WHERE id = $1"  # noqa: S608 - constants of this module

_OF_CALLS = f"""
SELECT {_NAMES} FROM note WHERE call_id = ANY($1) AND ($2::text IS NULL OR client = $2) ORDER BY created_at, id
"""  # noqa: S608 - constants of this module

_BY_AUTHOR = f"""
SELECT {_NAMES} FROM note
WHERE author = $1 AND ($2::text IS NULL OR state = $2)
    AND ($3::timestamptz IS NULL OR created_at >= $3) AND ($4::timestamptz IS NULL OR created_at < $4)
ORDER BY created_at DESC, id LIMIT {MOST_LISTED}
"""  # noqa: S608 - constants of this module

_COUNTS = """
SELECT call_id, count(*) FILTER (WHERE state = 'draft') AS drafts, count(*) FILTER (WHERE state = 'done') AS done
FROM note WHERE call_id = ANY($1) GROUP BY call_id
"""

# The end of a call stands in its CDR. Before that, its events tell, as far as they have come.
_CALL = """
SELECT cdr.client, did, caller, caller_name, withheld, started_at AS arrived, ARRAY(
    SELECT DISTINCT agent FROM call_segment
    WHERE call_segment.call_id = cdr.call_id AND agent IS NOT NULL AND kind <> 'ring'
) AS agents, 1 AS choice
FROM cdr LEFT JOIN cdr_person USING (call_id) WHERE call_id = $1
UNION ALL
SELECT routed.data ->> 'client', arrived.data ->> 'dialled', arrived.data ->> 'caller',
    arrived.data ->> 'caller_name', coalesce((arrived.data ->> 'withheld')::boolean, false), arrived.at, ARRAY(
        SELECT DISTINCT leg.data ->> 'agent' FROM call_event AS leg
        JOIN call_event AS talk ON talk.call_id = leg.call_id AND talk.kind = 'phase.talk'
            AND talk.data ->> 'leg' = leg.data ->> 'leg'
        WHERE leg.call_id = arrived.call_id AND leg.kind = 'leg.dialled' AND leg.data ->> 'agent' <> ''
    ), 2
FROM call_event AS arrived
LEFT JOIN call_event AS routed ON routed.call_id = arrived.call_id AND routed.kind = 'call.routed'
WHERE arrived.call_id = $1 AND arrived.kind = 'call.arrived'
ORDER BY choice LIMIT 1
"""

State = Literal["draft", "done"]


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `author` is the user, `agent` as which agent; `told_at`: when it was last handed over to be sent."""

    id: UUID
    call_id: str
    client: str
    form: Form
    values: Mapping[str, Value]
    urgent: bool
    state: State
    author: str
    author_name: str
    agent: str | None
    created_at: datetime
    updated_at: datetime
    done_at: datetime | None
    told_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: the user's id and name, and the agent that the user is, if any."""

    user: str
    name: str
    agent: str | None


@dataclass(frozen=True, slots=True)
class CallKnown:
    """A call as the database knows it, and the agents who talked in it."""

    called: Called
    agents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Count:
    """How many notes a call has."""

    drafts: int
    done: int


async def call_known(conn: asyncpg.Connection, call_id: str) -> CallKnown | None:
    """What the database knows of a call, be it over or not; None: it has not heard of it."""
    row = await conn.fetchrow(_CALL, call_id)
    if row is None:
        return None
    caller, name = (None, None) if row["withheld"] else (row["caller"], row["caller_name"])
    return CallKnown(Called(row["client"], row["did"], caller, name, row["arrived"]), frozenset(row["agents"]))


async def create(
    conn: asyncpg.Connection,
    note_id: UUID,
    call_id: str,
    client: str,
    form: Form,
    values: Mapping[str, Value],
    author: Author,
    *,
    urgent: bool = False,
) -> Note | None:
    """Begin a note, or find the one that this author began under this id at this call.

    None: the id is another note's, or the call has `MOST` notes.
    """
    who = (author.user, author.name, author.agent)
    row = await conn.fetchrow(_CREATE, note_id, call_id, client, form.model_dump_json(), _json(values), *who, urgent)
    note = _note(row) or await get(conn, note_id)
    return note if note is not None and (note.call_id, note.author) == (call_id, author.user) else None


async def get(conn: asyncpg.Connection, note_id: UUID) -> Note | None:
    """The note."""
    return _note(await conn.fetchrow(_GET, note_id))


async def save(
    conn: asyncpg.Connection, note_id: UUID, version: int, values: Mapping[str, Value], *, urgent: bool
) -> Note | None:
    """Keep what was filled into a draft. None: it is not the stored version, or no draft."""
    return _note(await conn.fetchrow(_SAVE, note_id, version, _json(values), urgent))


async def finish(
    conn: asyncpg.Connection,
    note_id: UUID,
    version: int,
    values: Mapping[str, Value],
    words: Mapping[str, Any],
    by: str,
) -> Note | None:
    """End a draft; the client is told of it, and again if it was told something else. None: as of `save`."""
    return await _told(conn, _FINISH, note_id, version, _json(values), _json(words), by)


async def reopen(conn: asyncpg.Connection, note_id: UUID, by: str) -> Note | None:
    """Make a draft of a finished note. None: it is none."""
    return _note(await conn.fetchrow(_REOPEN, note_id, by))


async def correct_client(conn: asyncpg.Connection, note_id: UUID, client: str, by: str, reason: str) -> Note | None:
    """The note was for this client. None: there is no such note, or it is this client's already."""
    return await _told(conn, _CORRECT, note_id, client, by, reason)


async def delete_draft(conn: asyncpg.Connection, note_id: UUID, by: str) -> bool:
    """Delete a draft; its trace stays. False: it is none."""
    gone = bool(await conn.fetchval(_DELETE, note_id, by))
    if gone:
        await conn.execute(f"NOTIFY {WAKE_UP}")
    return gone


async def of_calls(conn: asyncpg.Connection, call_ids: Collection[str], client: str | None = None) -> list[Note]:
    """The notes about these calls, of one client or all, in the order in which they were begun."""
    return [note for row in await conn.fetch(_OF_CALLS, list(call_ids), client) if (note := _note(row))]


async def by_author(
    conn: asyncpg.Connection,
    user: str,
    state: State | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Note]:
    """The latest `MOST_LISTED` notes that a user began in [`since`, `until`), newest first."""
    return [note for row in await conn.fetch(_BY_AUTHOR, user, state, since, until) if (note := _note(row))]


async def counts(conn: asyncpg.Connection, call_ids: Collection[str]) -> dict[str, Count]:
    """How many notes each of these calls has; those without any are left out."""
    rows = await conn.fetch(_COUNTS, list(call_ids))
    return {row["call_id"]: Count(row["drafts"], row["done"]) for row in rows}


async def _told(conn: asyncpg.Connection, statement: str, *values: Any) -> Note | None:
    """Do what the client is to hear of, and wake the worker."""
    note = _note(await conn.fetchrow(statement, *values))
    if note is not None:
        await conn.execute(f"NOTIFY {WAKE_UP}")
    return note


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(value)).decode()


def _note(row: Mapping[str, Any] | None) -> Note | None:
    if row is None:
        return None
    known = dict(row)
    return Note(form=read_form(known.pop("form")), values=orjson.loads(known.pop("filled")), **known)
