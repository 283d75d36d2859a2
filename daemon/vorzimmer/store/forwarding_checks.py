"""What was seen when clients' own numbers were rung, and who was told of it.

A row a check, by whoever asked for it. What is to be told follows from the rows alone
(`core.forwarding_watch.to_tell`), so a worker that died between a check and its mail sends it when it is back, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from vorzimmer.core.client import Client
from vorzimmer.core.forwarding_watch import Done, Told, Verdict, to_tell
from vorzimmer.store import letters


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `opening`: before which it was made, None if a person asked; `seen`: where it came back, in order."""

    at: datetime
    client: str
    number: str
    did: str
    opening: datetime | None
    verdict: Verdict
    reason: str
    seen: tuple[str, ...]
    seconds: Decimal
    actor: str
    told: Told | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Addressees:
    """Whom of the operator's people to tell, in which language, and the zone of the times that they read."""

    operator: tuple[str, ...]
    language: str
    timezone: str


_NOTE = """
INSERT INTO forwarding_check (at, client_id, number, did, opening, verdict, reason, seen, seconds, actor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id
"""

_OF_CLIENT = """
SELECT * FROM forwarding_check WHERE client_id = $1 AND ($2::text IS NULL OR number = $2) ORDER BY id DESC LIMIT $3
"""

_NEWEST = """
SELECT DISTINCT ON (client_id, number) seen.* FROM forwarding_check AS seen JOIN client ON client.id = client_id
WHERE at >= $1 AND client.data -> 'own_numbers' @> jsonb_build_array(jsonb_build_object('number', number))
ORDER BY client_id, number, seen.id DESC
"""

_UNTOLD = """
SELECT newest.*,
    (SELECT told FROM forwarding_check AS before
     WHERE (before.client_id, before.number) = (newest.client_id, newest.number) AND told IS NOT NULL
     ORDER BY id DESC LIMIT 1) AS told_last,
    (SELECT count(*) FROM forwarding_check AS same
     WHERE (same.client_id, same.number, same.opening) = (newest.client_id, newest.number, newest.opening)) AS attempts
FROM (SELECT DISTINCT ON (client_id, number) * FROM forwarding_check WHERE at >= $1
      ORDER BY client_id, number, id DESC) AS newest
WHERE told IS NULL
"""


def read(found: Mapping[str, Any], at: datetime, *, actor: str, opening: datetime | None = None) -> Check:
    """What the calls process answers to `number.check`, as a row to keep."""
    return Check(
        at,
        found["client"],
        found["number"],
        found["did"],
        opening,
        Verdict(found["verdict"]),
        found["reason"],
        tuple(found["seen"]),
        Decimal(str(found["seconds"])),
        actor,
    )


async def note(conn: asyncpg.Connection, check: Check) -> int:
    """Keep a check. Returns its id."""
    values = (check.verdict.value, check.reason, list(check.seen), check.seconds, check.actor)
    which = (check.at, check.client, check.number, check.did, check.opening)
    return int(await conn.fetchval(_NOTE, *which, *values))


async def of_client(conn: asyncpg.Connection, client: str, number: str | None = None, *, most: int = 50) -> list[Check]:
    """A client's checks, of one number if it is named, the newest first."""
    return [_check(row) for row in await conn.fetch(_OF_CLIENT, client, number, most)]


async def newest(conn: asyncpg.Connection, since: datetime) -> list[Check]:
    """The last check since then of each number that is still a client's own."""
    return [_check(row) for row in await conn.fetch(_NEWEST, since)]


async def done(conn: asyncpg.Connection, since: datetime) -> list[Done]:
    """All checks since then, as far as the next ones depend on them."""
    rows = await conn.fetch(
        "SELECT client_id, number, at, verdict, opening FROM forwarding_check WHERE at >= $1", since
    )
    return [Done(row["client_id"], row["number"], row["at"], Verdict(row["verdict"]), row["opening"]) for row in rows]


async def tell(
    conn: asyncpg.Connection, since: datetime, client: Callable[[str], Client | None], to: Addressees
) -> Sequence[Check]:
    """Mail what is to be told of the last check of each number since then. Returns those checks.

    `client`: a client by its id, as the book has it now.
    """
    told = []
    for row in await conn.fetch(_UNTOLD, since):
        last = Told(row["told_last"]) if row["told_last"] else None
        attempt = row["attempts"] if row["opening"] is not None else None
        what = to_tell(last, Verdict(row["verdict"]), attempt)
        if what is None:
            continue
        async with conn.transaction():
            # Of two workers one tells.
            query = "UPDATE forwarding_check SET told = $2 WHERE id = $1 AND told IS NULL RETURNING *"
            mine = await conn.fetchrow(query, row["id"], what.value)
            if mine is not None:
                check = _check(mine)
                await _post(conn, check, what, client(check.client), to)
                told.append(check)
    return told


async def _post(conn: asyncpg.Connection, check: Check, what: Told, client: Client | None, to: Addressees) -> None:
    data = {
        "client": check.client,
        "client_name": client.name if client is not None else check.client,
        "number": check.number,
        "did": check.did,
        "verdict": check.verdict.value,
        "seen": list(check.seen),
        "reason": check.reason,
        "at": check.at.isoformat(),
    }
    key, kind = f"forwarding:{check.id}", f"forwarding_{what.value}"
    about = {**data, "zone": to.timezone}
    await letters.post(conn, key=key, kind=kind, to=to.operator, language=to.language, data=about, client=check.client)
    if client is None or not client.addresses:
        return
    if any(own.tell_client for own in client.own_numbers if own.number == check.number):
        about = {**data, "zone": client.timezone}
        language = client.language.value
        whom = client.addresses
        await letters.post(conn, key=key, kind=kind, to=whom, language=language, data=about, client=client.id)


def _check(row: asyncpg.Record) -> Check:
    return Check(
        row["at"],
        row["client_id"],
        row["number"],
        row["did"],
        row["opening"],
        Verdict(row["verdict"]),
        row["reason"],
        tuple(row["seen"]),
        row["seconds"],
        row["actor"],
        Told(row["told"]) if row["told"] else None,
        row["id"],
    )
