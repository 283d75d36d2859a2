"""One caller's data on request: what there is under a number, and its erasure at once (GDPR Art. 17).

A call belongs to whoever called, or was called back. Where the number stands in a call of somebody else, or in a text,
it alone is taken out. A call that goes on is left alone, and told.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg
import orjson

from vorzimmer.core.keeping import Blotter, blotter_for, national_digits
from vorzimmer.store import audit, erasure, house_secret, retention
from vorzimmer.store.audit import Actor
from vorzimmer.store.calls import LONGEST_CALL

_KEY = "erased callers"
"""The name of the house's secret under which erased numbers are told apart in the trail."""

WHY = "erased on request"
"""Why a recording is gone, as its row says; the reason itself may tell more than is needed."""

_CALLS = """
SELECT call_id FROM cdr JOIN cdr_person USING (call_id)
WHERE caller = $1 AND ($2::text IS NULL OR client = $2)
UNION
SELECT arrived.call_id FROM call_event AS arrived
LEFT JOIN call_event AS routed ON routed.call_id = arrived.call_id AND routed.kind = 'call.routed'
WHERE arrived.kind = 'call.arrived' AND arrived.data ->> 'caller' = $1 AND arrived.at < $3
    AND ($2::text IS NULL OR routed.data ->> 'client' = $2)
    AND NOT EXISTS (SELECT FROM cdr WHERE cdr.call_id = arrived.call_id)
ORDER BY call_id
"""

_UNDER_WAY = """
SELECT DISTINCT call_id FROM call_event AS event
WHERE at >= $3 AND strpos(regexp_replace(data::text, '[^0-9]', '', 'g'), $1) > 0
    AND NOT EXISTS (SELECT FROM cdr WHERE cdr.call_id = event.call_id)
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM call_event AS routed
        WHERE routed.call_id = event.call_id AND routed.kind = 'call.routed' AND routed.data ->> 'client' = $2
    ))
ORDER BY call_id
"""

_OTHER_ROLES = """
UPDATE cdr_person SET diverted_from = nullif(diverted_from, $1), forwarded_to = nullif(forwarded_to, $1)
FROM cdr WHERE cdr.call_id = cdr_person.call_id AND $1 IN (diverted_from, forwarded_to)
    AND ($2::text IS NULL OR cdr.client = $2)
RETURNING cdr_person.call_id
"""

_OF_CLIENT = "call_id IN (SELECT call_id FROM cdr WHERE client = $2)"


class _Place(NamedTuple):
    """A column in which a number may stand. `theirs`: the rows of the client `$2`; `json`: it is jsonb."""

    table: str
    key: str
    column: str
    theirs: str
    json: bool = False


_PLACES = (
    _Place("call_event", "id", "data", _OF_CLIENT, json=True),
    _Place("note", "id", "filled", "client = $2", json=True),
    _Place("note", "id", "words", "client = $2", json=True),
    _Place("note_change", "id", "reason", "client = $2"),
    _Place("outbox", "id", "payload", "client_id = $2", json=True),
    _Place("outbox_attempt", "id", "detail", "outbox_id IN (SELECT id FROM outbox WHERE client_id = $2)"),
    _Place("task_work", "id", "what", "client = $2"),
    _Place("client_notice", "id", "text", "client = $2"),
)

_ANSWERS = """
SELECT id, text FROM client_answer
WHERE strpos(regexp_replace(text, '[^0-9]', '', 'g'), $1) > 0 AND ($2::text IS NULL OR client = $2)
"""

_FAXES = """
SELECT message_id FROM outbox
WHERE channel = 'fax' AND strpos(regexp_replace(payload::text, '[^0-9]', '', 'g'), $1) > 0
    AND ($2::text IS NULL OR client_id = $2)
"""

_NAMED_BY = """
SELECT id FROM client
WHERE strpos(regexp_replace(data::text, '[^0-9]', '', 'g'), $1) > 0 AND ($2::text IS NULL OR id = $2) ORDER BY id
"""

_TRAIL = """
SELECT count(*) FROM audit
WHERE strpos(regexp_replace(coalesce(before::text, '') || ' ' || coalesce(after::text, ''), '[^0-9 ]', '', 'g'), $1) > 0
    AND ($2::text IS NULL OR client_id = $2)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept under a number. `calls`: ids of those that it made; `under_way`: in which it takes part now.

    `named_by`: clients that name it in their own data; `trail`: entries of the trail of changes with it.
    """

    calls: tuple[str, ...]
    under_way: tuple[str, ...]
    named_by: tuple[str, ...]
    trail: int


@dataclass(frozen=True, slots=True)
class Gone:
    """How much was erased. `mentions`: texts out of which the number was taken; `left`: what stays."""

    calls: tuple[str, ...]
    notes: int
    messages: int
    recordings: int
    mentions: int
    left: Found


async def find(conn: asyncpg.Connection, number: str, client: str | None, at: datetime) -> Found:
    """What there is under a number (as it is kept: E.164), of one client or all; `at`: now."""
    digits, begun = national_digits(number), at - LONGEST_CALL
    calls = [row[0] for row in await conn.fetch(_CALLS, number, client, begun)]
    under_way = [row[0] for row in await conn.fetch(_UNDER_WAY, digits, client, begun)]
    named_by = [row[0] for row in await conn.fetch(_NAMED_BY, digits, client)]
    return Found(tuple(calls), tuple(under_way), tuple(named_by), await conn.fetchval(_TRAIL, digits, client))


async def faxes(conn: asyncpg.Connection, number: str, client: str | None) -> list[str]:
    """The Message-IDs of the faxes that name a number: their pages are files, and are not found once it is erased."""
    return [row[0] for row in await conn.fetch(_FAXES, national_digits(number), client)]


async def erase(
    conn: asyncpg.Connection,
    number: str,
    client: str | None,
    *,
    recordings: Path,
    at: datetime,
    actor: Actor,
    reason: str,
) -> Gone:
    """Erase all that is kept under a number, and note that it was done, without the number.

    Args:
        conn: to the database; each part is a transaction of its own, and doing it again goes on where it was cut off.
        number: E.164, or bare digits.
        client: whose data; None: of all.
        recordings: the folder.
        at: now.
        actor: who does it.
        reason: why, for the trail; a number in it is taken out.

    Raises:
        OSError: a recording could not be deleted; it is not noted as gone.
    """
    found = await find(conn, number, client, at)
    notes = messages = sounds = 0
    for begin in range(0, len(found.calls), erasure.BATCH):
        calls = found.calls[begin : begin + erasure.BATCH]
        ids = [row[0] for row in await conn.fetch("SELECT id::text FROM note WHERE call_id = ANY ($1)", list(calls))]
        told = await erasure.erase_notes(conn, ids, at)
        sounds += await retention.delete_messages(conn, recordings, calls, at, WHY)
        for call_id in calls:
            sounds += await retention.withdraw(conn, recordings, call_id, at, WHY)
        await conn.execute("DELETE FROM client_answer WHERE call_id = ANY ($1)", list(calls))
        notes, messages = notes + told.notes, messages + told.messages
        messages += (await erasure.erase_numbers(conn, calls, at)).messages
    blotter = blotter_for([number])
    async with conn.transaction():
        mentions = await _blot(conn, number, client, blotter, found.under_way)
        after = {"calls": len(found.calls), "notes": notes, "messages": messages, "reason": blotter.text(reason)}
        about = await fingerprint(conn, number)
        await audit.note(conn, actor, "caller.erase", client=client, about=about, after=after)
    return Gone(found.calls, notes, messages, sounds, mentions, await find(conn, number, client, at))


async def fingerprint(conn: asyncpg.Connection, number: str) -> str:
    """What stands for an erased number in the trail: whoever has the number and the house's secret can find it."""
    key = await house_secret.secret(conn, _KEY)
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:32]


async def _blot(
    conn: asyncpg.Connection, number: str, client: str | None, blotter: Blotter, under_way: Collection[str]
) -> int:
    """Take the number out of whatever else it stands in; returns out of how many rows."""
    changed = len(await conn.fetch(_OTHER_ROLES, number, client))
    await conn.execute(
        f"UPDATE call_segment SET target = NULL WHERE target = $1 AND ($2::text IS NULL OR {_OF_CLIENT})",  # noqa: S608 - a constant
        number,
        client,
    )
    digits = national_digits(number)
    for place in _PLACES:
        changed += await _blot_column(conn, place, digits, client, blotter, under_way)
    answers = await conn.fetch(_ANSWERS, digits, client)
    numbered = [row["id"] for row in answers if blotter.text(row["text"]) != row["text"]]
    await conn.execute("DELETE FROM client_answer WHERE id = ANY ($1)", numbered)
    return changed + len(numbered)


async def _blot_column(
    conn: asyncpg.Connection,
    place: _Place,
    digits: str,
    client: str | None,
    blotter: Blotter,
    under_way: Collection[str],
) -> int:
    by_call = "AND call_id <> ALL ($3)" if place.table in ("call_event", "note") else "AND $3::text[] IS NOT NULL"
    rows = await conn.fetch(
        f"SELECT {place.key} AS key, {place.column}::text AS text FROM {place.table}"  # noqa: S608 - constants of this module
        f" WHERE strpos(regexp_replace({place.column}::text, '[^0-9]', '', 'g'), $1) > 0"
        f" AND ($2::text IS NULL OR {place.theirs}) {by_call}",
        digits,
        client,
        list(under_way),
    )
    cast = "::jsonb" if place.json else ""
    changed = []
    for row in rows:
        old = orjson.loads(row["text"]) if place.json else row["text"]
        new = blotter.json(old)
        if new != old:
            changed.append((row["key"], orjson.dumps(new).decode() if place.json else new))
    await conn.executemany(
        f"UPDATE {place.table} SET {place.column} = $2{cast} WHERE {place.key} = $1",  # noqa: S608 - the same
        changed,
    )
    if place.table == "outbox":  # what was sent says the same
        await conn.execute("DELETE FROM outbox_copy WHERE outbox_id = ANY ($1)", [key for key, _ in changed])
    return len(changed)
