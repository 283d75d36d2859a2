"""Taking messages out of the outbox: those at the heads of their lines, some of them for a while, within their pace.

Whatever is told by a clock here is told by the database's. Three things hold however that is set. A message that
waits for nothing goes at once, even if its creation now lies ahead. A retry that would wait longer than any may goes
at once. And a worker never takes what it has under way itself, although the lease looks run out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import asyncpg
import orjson

from vorzimmer.core import pace
from vorzimmer.core.retry import LONGEST
from vorzimmer.core.sending_order import Head
from vorzimmer.store.outbox import LOST, Leased

Target = tuple[str, str]
"""A channel, and what of it fails as a whole (empty: its server)."""

_HEADS = """
SELECT id, channel, target, client_id AS client, again FROM (
    SELECT id, channel, target, client_id, again, due, row_number() OVER (
        PARTITION BY channel, target, again ORDER BY due, id
    ) AS nth
    FROM (
        SELECT *, attempts > 0 OR away AS again,
            CASE WHEN attempts > 0 OR away THEN coalesce(leased_until, next_at) END AS due
        FROM outbox
        WHERE state IN ('pending', 'leased') AND NOT held AND id <> ALL($1) AND (
            coalesce(leased_until, next_at) <= now()
            OR (state = 'pending' AND attempts = 0 AND next_at <= created_at)
            OR (state = 'pending' AND attempts > 0 AND next_at > now() + $2)
            OR (state = 'pending' AND away AND (channel, target) IN (SELECT * FROM unnest($3::text[], $4::text[])))
        )
    ) AS waiting
) AS line
LEFT JOIN unnest($5::text[], $6::text[], $7::int[]) AS known (channel, target, room) USING (channel, target)
WHERE nth <= coalesce(room, $8)
ORDER BY due NULLS FIRST, id
"""

_LEASE = """
WITH taken AS (
    SELECT outbox.id, seconds, state = 'leased' AS lost
    FROM outbox JOIN unnest($1::bigint[], $2::float8[]) AS wanted (id, seconds) USING (id)
    WHERE state IN ('pending', 'leased') AND NOT held AND coalesce(leased_until, '-infinity') <= now()
    FOR UPDATE OF outbox SKIP LOCKED
), noted AS (
    INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, 'unclear', $3 FROM taken WHERE lost
)
UPDATE outbox SET state = 'leased', attempts = attempts + 1, leased_until = now() + make_interval(secs => seconds)
FROM taken WHERE outbox.id = taken.id
RETURNING outbox.id, call_id, client_id, channel, recipient, language, payload, message_id, attempts, created_at,
    about, rule, target, provider_id, tries_before, now() - coalesce(resent_at, created_at) AS age,
    lost OR (attempts - 1 > tries_before AND coalesce((
        SELECT outcome FROM outbox_attempt WHERE outbox_id = outbox.id ORDER BY outbox_attempt.id DESC LIMIT 1
    ), '') = 'unclear') AS unclear
"""

_SPENT = """
SELECT now() AS at, client_id, channel, spent_until
FROM unnest($1::text[], $2::text[]) AS asked (client_id, channel) LEFT JOIN outbox_pace USING (client_id, channel)
"""

_SPEND = """
INSERT INTO outbox_pace (client_id, channel, spent_until)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
ON CONFLICT (client_id, channel) DO UPDATE SET spent_until = excluded.spent_until
"""

_PUT_BACK = """
UPDATE outbox SET next_at = free_at
FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS over (client_id, channel, free_at)
WHERE outbox.client_id = over.client_id AND outbox.channel = over.channel
    AND state = 'pending' AND NOT held AND attempts = 0 AND next_at < free_at AND id <> ALL($4)
"""


async def heads(
    conn: asyncpg.Connection,
    *,
    rooms: Mapping[Target, int],
    most: int,
    probing: Collection[Target] = (),
    under_way: Collection[int] = (),
) -> list[Head]:
    """The first messages of each target's two lines, first attempts by their id and retries by when they were due.

    Args:
        conn: of the database.
        rooms: how many to show of a target; `most` of all others.
        most: see there.
        probing: targets whose last failures are shown before they are due.
        under_way: ids of what the asking worker is sending.
    """
    rows = await conn.fetch(
        _HEADS,
        list(under_way),
        LONGEST,
        *_columns(probing, 2),
        *_columns([(*target, room) for target, room in rooms.items()], 3),
        most,
    )
    return [Head(**row) for row in rows]


async def lease(conn: asyncpg.Connection, seconds: Mapping[int, float]) -> tuple[Leased, ...]:
    """Take these messages, each for so many seconds; no other worker gets them meanwhile.

    What another worker takes at this moment is left out. A message whose lease ran out has an unclear attempt more.
    """
    if not seconds:
        return ()
    rows = await conn.fetch(_LEASE, list(seconds), list(seconds.values()), LOST)
    leased = {row["id"]: Leased(**{**dict(row), "payload": orjson.loads(row["payload"])}) for row in rows}
    return tuple(leased[id_] for id_ in seconds if id_ in leased)


async def keep_pace(
    conn: asyncpg.Connection, chosen: Sequence[Head], per_hour: Mapping[str, int]
) -> tuple[list[Head], set[tuple[str, str]]]:
    """Let through what each client may have sent by now; returns that, and (client, channel) of whom must wait.

    Only first attempts count. What is over, and all that waits behind it, is put back until the client's next turn.
    Workers that look at the same instant may each let the same message's share through.

    Args:
        conn: of the database, in a transaction.
        chosen: what is about to start, in its order.
        per_hour: by channel; a channel that is not there has no limit, nor has what concerns no client.
    """
    counted = {(head.client, head.channel) for head in chosen if _counts(head, per_hour)}
    if not counted:
        return list(chosen), set()
    rows = await conn.fetch(_SPENT, *_columns(counted, 2))
    at: datetime = rows[0]["at"]
    spent: dict[tuple[str, str], datetime | None] = {
        (row["client_id"], row["channel"]): row["spent_until"] for row in rows
    }
    through: list[Head] = []
    over: set[tuple[str, str]] = set()
    for head in chosen:
        whose = (head.client, head.channel)
        if not _counts(head, per_hour):
            through.append(head)
        elif (after := pace.admit(spent[whose], at, per_hour[head.channel])) is not None:
            spent[whose] = after
            through.append(head)
        else:
            over.add(whose)
    kept = [(*whose, until) for whose, until in sorted(spent.items()) if until is not None]
    await conn.execute(_SPEND, *_columns(kept, 3))
    if not over:
        return through, over
    waits = [(*whose, pace.free_at(spent[whose], at, per_hour[whose[1]])) for whose in sorted(over)]
    await conn.execute(_PUT_BACK, *_columns(waits, 3), [head.id for head in through])
    return through, over


def _counts(head: Head, per_hour: Mapping[str, int]) -> bool:
    return bool(head.client) and not head.again and head.channel in per_hour


def _columns(rows: Collection[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[n] for row in rows] for n in range(width)]
