"""What clients answer to what they were told: kept for good, and shown to agents until one has taken note of it.

Nothing here asks who may do it: that is the caller's business.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from vorzimmer.core.answer import Kind, Via, cleaned

WAKE_UP = "vorzimmer_answer"
"""The NOTIFY that says that an answer has come, or that one was seen."""

MOST = 50
"""Answers to one call: whoever sends more is a machine."""

MOST_NEW = 500
"""Answers that are shown as new, in the whole house."""

_NAMES = """
    answer.id, answer.call_id, answer.client, kind, text, attachments, coalesce(web_user.name, answer.by) AS by, via, at
"""

_FROM = """
client_answer AS answer LEFT JOIN web_user ON via = 'portal' AND web_user.id = answer.by
"""

_KNOWN = """
SELECT EXISTS (SELECT FROM cdr WHERE call_id = $1 AND client = $2)
    OR EXISTS (SELECT FROM note WHERE call_id = $1 AND client = $2 AND state = 'done')
"""

_ADD = """
INSERT INTO client_answer (call_id, client, kind, text, attachments, by, via, at, message_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
"""

_OF_CALLS = f"""
SELECT {_NAMES} FROM {_FROM}
WHERE answer.call_id = ANY ($1) AND ($2::text IS NULL OR answer.client = $2) ORDER BY answer.id
"""  # noqa: S608 - constants of this module

_NEW = f"""
SELECT {_NAMES}, cdr.started_at AS call_at, cdr.withheld, person.caller, person.caller_name,
    ARRAY(
        SELECT DISTINCT agent FROM note
        WHERE note.call_id = answer.call_id AND note.client = answer.client AND agent IS NOT NULL
    ) AS wrote, ARRAY(
        SELECT DISTINCT agent FROM call_segment
        WHERE call_segment.call_id = answer.call_id AND call_segment.kind <> 'ring' AND agent IS NOT NULL
    ) AS talked
FROM {_FROM} LEFT JOIN cdr USING (call_id) LEFT JOIN cdr_person AS person USING (call_id)
WHERE at > $1 AND NOT EXISTS (SELECT FROM client_answer_seen WHERE answer_id = answer.id)
ORDER BY answer.id DESC LIMIT {MOST_NEW}
"""  # noqa: S608 - constants of this module


_ABOUT = """
SELECT started_at AS at, withheld, caller, caller_name, (
    SELECT words ->> 'title' FROM note WHERE note.call_id = cdr.call_id AND note.client = $2 AND state = 'done'
    ORDER BY done_at LIMIT 1
) AS title, (
    SELECT coalesce(bool_and(coalesce(payload -> 'rule' ?| ARRAY['facts', 'numbers'], false) IS FALSE), false)
    FROM outbox WHERE outbox.call_id = cdr.call_id AND client_id = $2
) AS whole
FROM cdr LEFT JOIN cdr_person USING (call_id) WHERE cdr.call_id = $1
"""


class NotTaken(Exception):
    """The answer was not kept; the text says why, for a person. `code`: `unknown`, `not_done` or `too_many`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody answers. `by`: a mail's sender, a user's id, or `link`. `message_id`: what comes again is known by.

    `attachments`: how many came along; they are not kept.
    """

    kind: Kind
    text: str
    by: str
    via: Via
    message_id: str | None = None
    attachments: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `by`: a mail's sender, a user's name, or `link`. `attachments`: came along and were not kept."""

    id: int
    call_id: str
    client: str
    kind: Kind
    text: str
    attachments: int
    by: str
    via: Via
    at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """What a call was about, in few words. All but the time is None where a message to the client leaves something out.

    `caller`: E.164. `title`: of the first note.
    """

    at: datetime
    caller: str | None
    caller_name: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class New:
    """An answer that no agent has taken note of. `wrote`: the agents of the notes; `talked`: those of the call.

    `call_at`, `caller` (E.164) and `caller_name` are of the call, as far as they are still known.
    """

    answer: Answer
    wrote: frozenset[str]
    talked: frozenset[str]
    call_at: datetime | None
    caller: str | None
    caller_name: str | None


async def add(conn: asyncpg.Connection, call_id: str, client: str, said: Said, at: datetime) -> Answer:
    """Keep an answer to a call of this client, and wake the pages.

    What came before under the same `message_id` is not kept again, nor that it is done while it is done: then the one
    that is kept is returned.

    Raises:
        NotTaken: the client knows of no such call, opens again what is not done, or has answered it too often.
    """
    text = cleaned(said.text) if said.kind is Kind.REPLY else ""
    async with conn.transaction():
        # Two of the client's people may answer at the same instant, and a mail may come twice.
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('client_answer'), hashtext($1))", call_id)
        if not await conn.fetchval(_KNOWN, call_id, client):
            raise NotTaken("unknown", "there is no such call")
        before = await of_calls(conn, (call_id,), client)
        if (same := await _same(conn, before, said, call_id, client)) is not None:
            return same
        if said.kind is Kind.REOPENED and not is_done(before):
            raise NotTaken("not_done", "the call is not marked as done")
        if len(before) >= MOST:
            raise NotTaken("too_many", f"a call can be answered {MOST} times")
        came = (text, said.attachments, said.by, said.via.value, at, said.message_id)
        number = await conn.fetchval(_ADD, call_id, client, said.kind.value, *came)
        await conn.execute(f"NOTIFY {WAKE_UP}")
        return next(one for one in await of_calls(conn, (call_id,), client) if one.id == number)


async def of_calls(conn: asyncpg.Connection, call_ids: Collection[str], client: str | None = None) -> list[Answer]:
    """The answers to these calls, of one client or all, in the order in which they came."""
    return [_answer(row) for row in await conn.fetch(_OF_CALLS, list(call_ids), client)]


def by_call(found: Collection[Answer]) -> dict[str, list[Answer]]:
    """The answers to each call."""
    calls: dict[str, list[Answer]] = {}
    for one in found:
        calls.setdefault(one.call_id, []).append(one)
    return calls


def is_done(found: Collection[Answer]) -> bool:
    """Whether the client says that a call is done. `found`: to that call, in their order."""
    said = [one.kind for one in found if one.kind is not Kind.REPLY]
    return bool(said) and said[-1] is Kind.DONE


async def about(conn: asyncpg.Connection, call_id: str, client: str) -> About | None:
    """What whoever answers a call is reminded of: no more than the client was told. None: it is not known any more."""
    row = await conn.fetchrow(_ABOUT, call_id, client)
    if row is None:
        return None
    if not row["whole"]:
        return About(row["at"], None, None, None)
    caller, name = (None, None) if row["withheld"] else (row["caller"], row["caller_name"])
    return About(row["at"], caller, name, row["title"])


async def new(conn: asyncpg.Connection, since: datetime) -> list[New]:
    """What came after this instant and nobody has taken note of, the newest first."""
    return [
        New(
            _answer(row),
            frozenset(row["wrote"]),
            frozenset(row["talked"]),
            row["call_at"],
            None if row["withheld"] else row["caller"],
            None if row["withheld"] else row["caller_name"],
        )
        for row in await conn.fetch(_NEW, since)
    ]


async def see(conn: asyncpg.Connection, answer_id: int, by: str) -> None:
    """Somebody has taken note of an answer: it is new to nobody any more."""
    await conn.execute(
        "INSERT INTO client_answer_seen (answer_id, by) SELECT id, $2 FROM client_answer WHERE id = $1"
        " ON CONFLICT DO NOTHING",
        answer_id,
        by,
    )
    await conn.execute(f"NOTIFY {WAKE_UP}")


async def _same(conn: asyncpg.Connection, before: list[Answer], wish: Said, call_id: str, client: str) -> Answer | None:
    """The answer that is kept already and says this."""
    if wish.message_id is not None:
        number = await conn.fetchval(
            "SELECT id FROM client_answer WHERE call_id = $1 AND client = $2 AND message_id = $3",
            call_id,
            client,
            wish.message_id,
        )
        if number is not None:
            return next(one for one in before if one.id == number)
    said = [answer for answer in before if answer.kind is not Kind.REPLY]
    return said[-1] if wish.kind is Kind.DONE and is_done(before) else None


def _answer(row: Any) -> Answer:
    known = {name: row[name] for name in Answer.__slots__}
    return Answer(**{**known, "kind": Kind(row["kind"]), "via": Via(row["via"])})
