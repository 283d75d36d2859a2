"""Takes what tells of callers out of the database; the rows stay, and every CDR's digest still checks.

Each function is one short transaction over few rows, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from vorzimmer.core.keeping import ERASED, Blotter, blotter_for, numbers_in, without_people

BATCH = 200
"""Calls, notes or messages in one transaction: a tenth of a second."""

ERASED_MESSAGE = "erased"
"""How the last attempt of a message ended that still waited when it was erased."""

NOTHING_LEFT = ERASED
"""What stands in place of a free text that was erased as a whole."""

_PEOPLE = """
SELECT call_id, caller, caller_name, diverted_from, forwarded_to FROM cdr_person
WHERE call_id = ANY ($1) ORDER BY call_id FOR UPDATE
"""

_EVENTS = "SELECT id, call_id, data FROM call_event WHERE call_id = ANY ($1)"

_CHANGE_EVENTS = """
UPDATE call_event SET data = new.data::jsonb FROM unnest($1::uuid[], $2::text[]) AS new (id, data)
WHERE call_event.id = new.id
"""

_SEGMENTS = r"""
UPDATE call_segment SET target = NULL WHERE call_id = ANY ($1) AND target ~ '^\+?[0-9 ()./-]{6,}$'
"""

_NOTES = "SELECT id::text, call_id, filled::text, words::text FROM note WHERE call_id = ANY ($1) AND erased_at IS NULL"

_ERASE_NOTES = """
UPDATE note SET filled = '{}', to_tell = false, erased_at = $2, version = version + 1, words = CASE
    WHEN words IS NOT NULL THEN jsonb_build_object(
        'title', words -> 'title', 'kind', words -> 'kind', 'name', '', 'fields', '[]'::jsonb,
        'urgent', words -> 'urgent', 'author', words -> 'author', 'erased', true
    ) END
WHERE id = ANY ($1::uuid[]) AND erased_at IS NULL
RETURNING call_id, client
"""

# Who waits, or is being sent at this moment, is dead: the sender's own mark finds no lease then, and keeps no copy.
_ERASE_MESSAGES = """
WITH found AS (
    SELECT id, state FROM outbox WHERE id = ANY ($1) AND erased_at IS NULL ORDER BY id FOR UPDATE
), gone AS (
    UPDATE outbox SET payload = '{}', erased_at = $2, held = false, leased_until = NULL,
        state = CASE WHEN outbox.state IN ('pending', 'leased') THEN 'dead' ELSE outbox.state END
    FROM found WHERE outbox.id = found.id
), copies AS (
    DELETE FROM outbox_copy WHERE outbox_id IN (SELECT id FROM found)
), told AS (
    INSERT INTO outbox_attempt (outbox_id, outcome, detail)
    SELECT id, 'dead', $3 FROM found WHERE state IN ('pending', 'leased')
)
SELECT count(*) FROM found
"""

_DROP_ANSWERS = """
DELETE FROM client_answer USING unnest($1::text[], $2::text[]) AS told (call, client)
WHERE call_id = told.call AND client_answer.client = told.client
"""

_DIGESTS = """
SELECT id, payload::text FROM outbox
WHERE id IN (SELECT part_of FROM outbox WHERE call_id = ANY ($1)) AND erased_at IS NULL AND state <> 'leased'
ORDER BY id FOR UPDATE
"""

_TEXTS = (
    ("outbox_attempt", "id", "detail", "outbox_id IN (SELECT id FROM outbox WHERE call_id = ANY ($1))"),
    ("note_change", "id", "reason", "call_id = ANY ($1)"),
    ("task_work", "id", "what", "call_id = ANY ($1)"),
)
"""Free texts about calls that stay: table, key, column, and which rows."""


class Erased(NamedTuple):
    """How many rows of each kind were erased."""

    calls: int = 0
    notes: int = 0
    messages: int = 0


@dataclass(slots=True)
class _Known:
    """The numbers and names of a call."""

    numbers: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def blotter(self) -> Blotter:
        return blotter_for(self.numbers, self.names)


async def erase_numbers(conn: asyncpg.Connection, call_ids: Collection[str], at: datetime) -> Erased:
    """Take all numbers and names out of these calls, and what was sent about them; `at`: now.

    Notes stay, without the numbers in any writing. Of what is sent about several calls, the others stay.
    """
    ids = list(call_ids)
    async with conn.transaction():
        people = await conn.fetch(_PEOPLE, ids)
        events = [(row["id"], row["call_id"], orjson.loads(row["data"])) for row in await conn.fetch(_EVENTS, ids)]
        blotters = {call_id: known.blotter() for call_id, known in _known(people, events).items()}
        await _change_events(conn, events, blotters)
        await conn.execute(_SEGMENTS, ids)
        await _change_notes(conn, await conn.fetch(_NOTES, ids), blotters)
        await _change_texts(conn, ids, blotters)
        await _drop_answers(conn, ids, blotters)
        messages = await _erase_messages_of(conn, ids, at)
        await conn.execute("DELETE FROM cdr_person WHERE call_id = ANY ($1)", ids)
    return Erased(calls=len(ids), messages=messages)


async def erase_notes(conn: asyncpg.Connection, note_ids: Collection[str], at: datetime) -> Erased:
    """Empty these notes, and what was sent about their calls to their clients, for the notes stand in it."""
    async with conn.transaction():
        gone = await conn.fetch(_ERASE_NOTES, list(note_ids), at)
        calls, clients = [row["call_id"] for row in gone], [row["client"] for row in gone]
        await conn.execute(_DROP_ANSWERS, calls, clients)
        sent = await conn.fetch(
            "SELECT id FROM outbox JOIN unnest($1::text[], $2::text[]) AS told (call, client)"
            " ON outbox.call_id = told.call AND client_id = told.client WHERE erased_at IS NULL",
            calls,
            clients,
        )
        messages = await _erase(conn, {row["id"] for row in sent}, at)
        messages += await _out_of_digests(conn, calls, at)
    return Erased(notes=len(gone), messages=messages)


async def erase_messages(conn: asyncpg.Connection, message_ids: Collection[int], at: datetime) -> Erased:
    """Empty these messages and delete their copies; one that still waits is given up, never sent empty."""
    async with conn.transaction():
        return Erased(messages=await _erase(conn, message_ids, at))


async def forget_copies(conn: asyncpg.Connection, call_ids: Collection[str]) -> None:
    """Delete what was sent about these calls: a message that the caller spoke may be attached to it."""
    await conn.execute(
        "DELETE FROM outbox_copy USING outbox WHERE outbox.id = outbox_id AND call_id = ANY ($1)", list(call_ids)
    )


def _known(people: Iterable[Mapping[str, Any]], events: Iterable[tuple[Any, str, Any]]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for row in people:
        known = found.setdefault(row["call_id"], _Known())
        known.numbers |= {row[name] for name in ("caller", "diverted_from", "forwarded_to") if row[name]}
        known.names |= {row["caller_name"]} - {None}
    for _, call_id, data in events:
        known = found.setdefault(call_id, _Known())
        known.numbers |= numbers_in(data)
        known.names |= {data.get("caller_name")} - {None}
    return found


async def _change_events(
    conn: asyncpg.Connection, events: Iterable[tuple[Any, str, Any]], blotters: Mapping[str, Blotter]
) -> None:
    changed = [
        (event_id, orjson.dumps(new).decode())
        for event_id, call_id, data in events
        if (new := without_people(data, blotters[call_id])) != data
    ]
    await conn.execute(_CHANGE_EVENTS, [one[0] for one in changed], [one[1] for one in changed])


async def _change_notes(
    conn: asyncpg.Connection, notes: Iterable[Mapping[str, Any]], blotters: Mapping[str, Blotter]
) -> None:
    """Mark numbers in notes that stay. The version goes on, so that no page writes them back."""
    for note in notes:
        old = [orjson.loads(note[name] or "null") for name in ("filled", "words")]
        new = [blotters[note["call_id"]].json(one) for one in old] if note["call_id"] in blotters else old
        if new != old:
            filled, words = (orjson.dumps(one).decode() if one is not None else None for one in new)
            await conn.execute(
                "UPDATE note SET filled = $2::jsonb, words = $3::jsonb, version = version + 1 WHERE id = $1::uuid",
                note["id"],
                filled,
                words,
            )


async def _change_texts(conn: asyncpg.Connection, ids: Collection[str], blotters: Mapping[str, Blotter]) -> None:
    everything = Blotter(
        tuple(pattern for blotter in blotters.values() for pattern in blotter.patterns),
    )
    for table, key, column, which in _TEXTS:
        rows = await conn.fetch(f"SELECT {key} AS key, {column} AS text FROM {table} WHERE {which}", list(ids))  # noqa: S608 - constants of this module
        for row in rows:
            text = row["text"]
            if text is not None and (new := everything.text(text)) != text:
                await conn.execute(f"UPDATE {table} SET {column} = $2 WHERE {key} = $1", row["key"], new)  # noqa: S608 - the same


async def _drop_answers(conn: asyncpg.Connection, ids: Collection[str], blotters: Mapping[str, Blotter]) -> None:
    """Delete what clients answered with a number in it: an answer is never changed."""
    rows = await conn.fetch("SELECT id, call_id, text FROM client_answer WHERE call_id = ANY ($1)", list(ids))
    numbered = [
        row["id"]
        for row in rows
        if row["call_id"] in blotters and blotters[row["call_id"]].text(row["text"]) != row["text"]
    ]
    await conn.execute("DELETE FROM client_answer WHERE id = ANY ($1)", numbered)


async def _erase_messages_of(conn: asyncpg.Connection, ids: Collection[str], at: datetime) -> int:
    of_calls = await conn.fetch("SELECT id FROM outbox WHERE call_id = ANY ($1) AND erased_at IS NULL", list(ids))
    erased = await _erase(conn, {row["id"] for row in of_calls}, at)
    return erased + await _out_of_digests(conn, ids, at)


async def _out_of_digests(conn: asyncpg.Connection, ids: Collection[str], at: datetime) -> int:
    """Take these calls out of what tells of several; what has none left is erased as a whole."""
    empty = []
    for row in await conn.fetch(_DIGESTS, list(ids)):
        payload = orjson.loads(row["payload"])
        left = [one for one in payload.get("digest", ()) if one.get("call_id") not in ids]
        if not left:
            empty.append(row["id"])
        await conn.execute(
            "UPDATE outbox SET payload = $2::jsonb WHERE id = $1",
            row["id"],
            orjson.dumps({**payload, "digest": left}).decode(),
        )
        await conn.execute("DELETE FROM outbox_copy WHERE outbox_id = $1", row["id"])
    return await _erase(conn, empty, at)


async def _erase(conn: asyncpg.Connection, message_ids: Collection[int], at: datetime) -> int:
    return int(await conn.fetchval(_ERASE_MESSAGES, list(message_ids), at, ERASED_MESSAGE))
