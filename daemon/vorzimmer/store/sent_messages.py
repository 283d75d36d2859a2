"""What was sent, to whom, and what became of it: as a client's own people and the operator read it.

Letters (invitations, order confirmations) are told to the operator alone, and their copies to nobody: they hold links
by which somebody gets in. The one letter that a client sees is the test message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.cdr import Disposition
from vorzimmer.store.outbox import WAKE_UP, Copy, message_id

STATES = ("pending", "leased", "sent", "dead", "skipped", "digested")

TEST = "letter:test_message:"
"""How `about` of a test mail begins."""

LETTER = "letter:"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages; None: whatever. `theirs`: only what a client may see."""

    client: str | None = None
    state: str | None = None
    channel: str | None = None
    call: str | None = None
    target: str | None = None
    theirs: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A message. `about`: as in the outbox. `held`: it waits for the agent's note. `attempts`: how many were begun.

    `at`: when it came into being; `next_at`: when it is tried again or may go; `tried_at`, `outcome` and `detail`: the
    last attempt that ended. `report`: what the provider told later. `part_of`: the digest that tells it.
    `erased`: its words are gone, for their time was over or somebody asked for it.
    `call_at` and what follows: the call; None: it is about none, or its row is not there.
    """

    id: int
    at: datetime
    client: str
    call: str | None
    channel: str
    recipient: str
    about: str
    rule: str
    target: str
    state: str
    held: bool
    attempts: int
    next_at: datetime
    part_of: int | None
    report: str | None
    reported_at: datetime | None
    erased: bool
    tried_at: datetime | None
    outcome: str | None
    detail: str | None
    call_at: datetime | None
    kind: Disposition | None
    withheld: bool
    caller: str | None
    caller_name: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended."""

    at: datetime
    outcome: str
    detail: str


_COLUMNS = """
    outbox.id, outbox.created_at AS at, client_id AS client, outbox.call_id AS call, channel, recipient, about, rule,
    target, state, held, attempts, next_at, part_of, report, reported_at, erased_at IS NOT NULL AS erased,
    tried.at AS tried_at, tried.outcome, tried.detail,
    cdr.started_at AS call_at, CASE WHEN cdr.client = client_id THEN cdr.disposition END AS kind,
    coalesce(cdr.withheld, false) AS withheld,
    caller, caller_name
"""

_FROM = """
    FROM outbox
    LEFT JOIN cdr ON cdr.call_id = outbox.call_id
    LEFT JOIN cdr_person ON cdr_person.call_id = outbox.call_id
    LEFT JOIN LATERAL (
        SELECT at, outcome, detail FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY id DESC LIMIT 1
    ) AS tried ON true
"""

_THEIRS = f"(NOT starts_with(about, '{LETTER}') OR starts_with(about, '{TEST}')) AND state <> 'skipped'"

_CONDITIONS = {
    "client": "client_id = {}",
    "state": "state = {}",
    "channel": "channel = {}",
    "call": "outbox.call_id = {}",
    "target": "target = {}",
}

_ATTEMPTS = "SELECT at, outcome, detail FROM outbox_attempt WHERE outbox_id = $1 ORDER BY id"

_COPY = """
SELECT media_type, content FROM outbox_copy
JOIN outbox ON outbox.id = outbox_id
WHERE outbox_id = $1 AND (NOT starts_with(about, 'letter:') OR starts_with(about, 'letter:test_message:'))
"""

_PUT_TRIAL = """
INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, about, rule)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, 'test', $8)
"""

_DEAD = """
SELECT id FROM outbox
WHERE {} AND state = 'dead' AND NOT starts_with(about, 'letter:') AND erased_at IS NULL AND id > ${}
ORDER BY id LIMIT ${}
"""


async def find(conn: asyncpg.Connection, wanted: Wanted, most: int, before: int | None = None) -> list[Sent]:
    """The latest `most` messages that are wanted, newest first. `before`: only those older than this one."""
    query, values = _query(wanted, most, before)
    return [_sent(row) for row in await conn.fetch(query, *values)]


async def one(conn: asyncpg.Connection, message: int, client: str | None = None) -> Sent | None:
    """This message; where a client is named, only if it is this client's and may be seen by it."""
    where, values = _where(Wanted(client=client, theirs=client is not None))
    values.append(message)
    query = f"SELECT {_COLUMNS} {_FROM} WHERE {_all([*where, f'outbox.id = ${len(values)}'])}"
    row = await conn.fetchrow(query, *values)
    return None if row is None else _sent(row)


async def attempts(conn: asyncpg.Connection, message: int) -> list[Attempt]:
    """Every attempt at it that ended, in order."""
    return [Attempt(row["at"], row["outcome"], row["detail"]) for row in await conn.fetch(_ATTEMPTS, message)]


async def copy(conn: asyncpg.Connection, message: int) -> Copy | None:
    """What was sent, as it was sent; None: nothing was, it is erased by now, or it is a letter's."""
    row = await conn.fetchrow(_COPY, message)
    return None if row is None else Copy(row["media_type"], row["content"])


async def dead(conn: asyncpg.Connection, wanted: Wanted, most: int, after: int = 0) -> list[int]:
    """The ids of the oldest `most` messages that were given up and are wanted, behind this one.

    But for those whose words are gone: letters, and what is erased.
    """
    where, values = _where(wanted)
    query = _DEAD.format(_all(where), len(values) + 1, len(values) + 2)
    return [row["id"] for row in await conn.fetch(query, *values, after, most)]


async def post_trial(
    conn: asyncpg.Connection,
    key: str,
    *,
    client: str,
    channel: str,
    to: Iterable[str],
    language: str,
    payload: Mapping[str, Any],
) -> None:
    """Send a message about a call that nobody made, to try a way to the client.

    Args:
        conn: may be in a transaction; without it nothing is sent.
        key: stands in place of the call's id.
        client: whose rule is tried.
        channel: which way.
        to: addresses of that channel.
        language: of the readers.
        payload: as of a real call, with the `rule`.
    """
    written = orjson.dumps(dict(payload)).decode()
    rule = str(payload["rule"]["id"])
    rows = [
        (key, client, channel, one, language, written, message_id(key, channel, one, "test", "test"), rule)
        for one in to
    ]
    await conn.executemany(_PUT_TRIAL, rows)
    await conn.execute(f"NOTIFY {WAKE_UP}")


def _query(wanted: Wanted, most: int, before: int | None = None) -> tuple[str, list[Any]]:
    where, values = _where(wanted)
    if before is not None:
        values.append(before)
        where.append(f"outbox.id < ${len(values)}")
    values.append(most)
    return f"SELECT {_COLUMNS} {_FROM} WHERE {_all(where)} ORDER BY outbox.id DESC LIMIT ${len(values)}", values


def _where(wanted: Wanted) -> tuple[list[str], list[Any]]:
    """The conditions and their values. Each is said only if it is asked for, so that its index is used."""
    where: list[str] = []
    values: list[Any] = []
    for name, condition in _CONDITIONS.items():
        value = getattr(wanted, name)
        if value is not None:
            values.append(value)
            where.append(condition.format(f"${len(values)}"))
    if wanted.theirs:
        where.append(_THEIRS)
    return where, values


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "true"


def _sent(row: Mapping[str, Any]) -> Sent:
    shown = {field.name: row[field.name] for field in fields(Sent)}
    kind = None if row["kind"] is None else Disposition(row["kind"])
    hidden = {"caller": None, "caller_name": None} if row["withheld"] else {}
    return Sent(**{**shown, "kind": kind, **hidden})
