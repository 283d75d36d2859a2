"""Messages meet the notes they waited for.

What is told of a call that an agent answered waits in the outbox, held, until the agent has finished all notes about
it, or its time is over. Then all rows of the call go with the same notes in their payload. A note that comes later,
or is changed after it was told, becomes a message of its own.

Whoever releases holds one lock for the house, and then the notes' rows: so two workers never tell a note twice, and
a note that is reopened at that instant is either told as it was or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson
from pydantic import ValidationError

from vorzimmer.core.client import Client
from vorzimmer.core.messages import Addressee, note_messages
from vorzimmer.core.model import STORED
from vorzimmer.store import ruled
from vorzimmer.store.calls import ended_calls
from vorzimmer.store.outbox import message_id
from vorzimmer.store.ruled import Ruled

_ONE = 0x566F726E
"""The advisory lock of whoever releases ("Vorn")."""

_MOST = 100
"""Notes told by themselves in one round."""

# Both halves follow an index on few rows: what is due, and what is finished and not told.
_READY = """
SELECT call_id, client_id, bool_or(due) AS due FROM (
    SELECT call_id, client_id, true AS due FROM outbox WHERE held AND NOT digest AND next_at <= now()
    UNION ALL
    SELECT outbox.call_id, client_id, false FROM note
    JOIN outbox ON outbox.call_id = note.call_id AND client_id = note.client AND held AND NOT digest
    WHERE to_tell
) AS found
GROUP BY call_id, client_id
"""

_LOCK_NOTES = "SELECT id FROM note WHERE call_id = ANY($1) ORDER BY id FOR UPDATE"

_RELEASE = """
WITH found AS (
    SELECT ready.*, EXISTS (
        SELECT FROM note WHERE note.call_id = ready.call_id AND client = client_id AND state = 'draft'
    ) AS follows, (
        SELECT jsonb_agg(
            words || jsonb_build_object('corrected', told_at IS NOT NULL, 'id', id) ORDER BY urgent DESC, done_at, id
        )
        FROM note WHERE note.call_id = ready.call_id AND client = client_id AND to_tell AND id = ANY($4)
    ) AS notes
    FROM unnest($1::text[], $2::text[], $3::boolean[]) AS ready (call_id, client_id, due)
), going AS (
    SELECT * FROM found WHERE due OR (notes IS NOT NULL AND NOT follows)
), told AS (
    UPDATE note SET to_tell = false, told_at = now() FROM going
    WHERE note.call_id = going.call_id AND client = client_id AND to_tell AND id = ANY($4)
)
UPDATE outbox SET held = false, next_at = least(next_at, now()),
    payload = payload || jsonb_build_object('notes', coalesce(notes, '[]'), 'note_follows', follows)
FROM going
WHERE outbox.call_id = going.call_id AND outbox.client_id = going.client_id AND held AND NOT digest
RETURNING id, payload
"""

# A note about a call that has ended, whose messages do not wait for it any more, or never did.
_LATE = """
SELECT note.id, note.call_id, note.client, note.version, told_at IS NOT NULL AS corrected, words, data
FROM note
JOIN cdr USING (call_id)
LEFT JOIN client ON client.id = note.client
WHERE to_tell AND NOT EXISTS (
    SELECT FROM outbox WHERE outbox.call_id = note.call_id AND client_id = note.client AND held AND NOT digest
)
ORDER BY note.done_at LIMIT $1
FOR UPDATE OF note SKIP LOCKED
"""

_PUT = """
INSERT INTO outbox (
    call_id, client_id, channel, recipient, language, payload, message_id, about, rule, digest, held, next_at
)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $10, $11)
ON CONFLICT DO NOTHING
"""


async def release(conn: asyncpg.Connection, domain: str) -> None:
    """Free the messages whose notes are finished or whose time is over, and write those that notes need of their own.

    Inside the caller's transaction. While another worker does the same this does nothing. `domain` ends the
    Message-IDs.
    """
    if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _ONE):
        return
    ready = await conn.fetch(_READY)
    if ready:
        await _release(conn, ready)
    late = await conn.fetch(_LATE, _MOST)
    if late:
        await _tell_alone(conn, late, domain)
    await ruled.gather(conn, domain)


async def _release(conn: asyncpg.Connection, ready: Sequence[Mapping[str, Any]]) -> None:
    calls, clients, due = ([row[name] for row in ready] for name in ("call_id", "client_id", "due"))
    notes = [row["id"] for row in await conn.fetch(_LOCK_NOTES, calls)]
    await ruled.decide(conn, await conn.fetch(_RELEASE, calls, clients, due, notes))


async def _tell_alone(conn: asyncpg.Connection, late: Sequence[Mapping[str, Any]], domain: str) -> None:
    """A message for each of these notes and each address of its client; one without addresses is told nothing."""
    now = await conn.fetchval("SELECT now()")
    cdrs = await ended_calls(conn, now, now, {row["call_id"] for row in late})
    rows, told = [], []
    for row in late:
        about = f"note:{row['id']}:{row['version']}"
        note = {**orjson.loads(row["words"]), "corrected": row["corrected"], "id": str(row["id"])}
        cdr, to = cdrs[row["call_id"]], _addressee(row["client"], row["data"])
        messages = note_messages(cdr, note, to)
        client = _client(row["data"])
        ruled_too = ruled.note_messages(cdr, note, to, client, now) if client is not None else ()
        taken = {(message.channel, message.recipient.casefold()) for message in messages}
        rows += [_row(row, Ruled(message, "", now, digest=False), about, domain) for message in messages]
        rows += [
            _row(row, one, about, domain)
            for one in ruled_too
            if (one.message.channel, one.message.recipient.casefold()) not in taken
        ]
        told += [row["id"]] if messages or ruled_too else []
    await conn.executemany(_PUT, rows)
    await conn.execute(
        "UPDATE note SET to_tell = false, told_at = CASE WHEN id = ANY($2) THEN now() ELSE told_at END"
        " WHERE id = ANY($1)",
        [row["id"] for row in late],
        told,
    )


def _row(row: Mapping[str, Any], ready: Ruled, about: str, domain: str) -> tuple[Any, ...]:
    message = ready.message
    name = message_id(row["call_id"], message.channel, message.recipient, domain, about)
    of_call = message_id(row["call_id"], message.channel, message.recipient, domain)
    payload = orjson.dumps({**message.payload, "references": of_call}).decode()
    told = (message.channel, message.recipient, message.language)
    return row["call_id"], row["client"], *told, payload, name, about, ready.rule, ready.digest, ready.at


def _addressee(client: str, data: str | None) -> Addressee:
    """Whom a client's notes go to, out of its row of the book as it is, valid for this version or not."""
    known = orjson.loads(data) if data is not None else {}
    return Addressee(
        client,
        str(known.get("name") or client),
        str(known.get("language") or "de"),
        str(known.get("timezone") or "Europe/Berlin"),
        tuple((known.get("mail") or {}).get("to") or ()),
    )


def _client(data: str | None) -> Client | None:
    """The client with its rules; None: it has none, or this version cannot read it."""
    if data is None or not orjson.loads(data).get("notify"):
        return None
    try:
        return Client.model_validate_json(data, context=STORED)
    except ValidationError:
        return None
