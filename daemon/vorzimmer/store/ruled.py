"""Messages that go by their client's rules: which rule holds, when they go, and which go together.

Decided (`core.delivery`) when the notes about the call are there or their time is over; see `store.release`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.cdr import Cdr
from vorzimmer.core.client import Client
from vorzimmer.core.delivery import choose, due, kinds_of, kinds_of_payload, recipients
from vorzimmer.core.messages import Addressee, Message
from vorzimmer.core.messages import note_messages as plain_note_messages
from vorzimmer.core.notify_rule import Kind, from_json, telling
from vorzimmer.store.outbox import message_id

MOST_CALLS = 200
"""Calls that one message tells of; those beyond go in a second one."""

MOST_DIGESTS = 50
"""Digests written in one round."""

_DECIDED = """
UPDATE outbox SET rule = new.rule, language = coalesce(new.language, outbox.language), next_at = new.next_at,
    digest = new.digest, held = new.digest, payload = new.payload
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[], $6::jsonb[])
    AS new (id, rule, language, next_at, digest, payload)
WHERE outbox.id = new.id
"""

_SKIPPED = "UPDATE outbox SET state = 'skipped', payload = payload - 'rules' WHERE id = ANY($1)"

_UNREADABLE = """
WITH given_up AS (UPDATE outbox SET state = 'dead' WHERE id = $1 RETURNING id)
INSERT INTO outbox_attempt (outbox_id, outcome, detail) SELECT id, 'dead', $2 FROM given_up
"""

_DUE_DIGESTS = """
SELECT client_id, channel, recipient, rule, language, array_agg(id ORDER BY id) AS ids
FROM (
    SELECT *, row_number() OVER (PARTITION BY client_id, channel, recipient, rule, language ORDER BY id) AS n
    FROM outbox WHERE digest AND state = 'pending' AND next_at <= now()
) AS waiting
WHERE n <= $1
GROUP BY client_id, channel, recipient, rule, language
LIMIT $2
"""

_GATHERED = """
WITH items AS (
    SELECT id, payload FROM outbox WHERE id = ANY($1) AND state = 'pending' FOR UPDATE
), whole AS (
    INSERT INTO outbox (client_id, channel, recipient, language, rule, about, message_id, payload)
    SELECT $2, $3, $4, $5, $6, $7, $8, jsonb_build_object('digest', jsonb_agg(payload ORDER BY id))
        || (SELECT jsonb_strip_nulls(jsonb_build_object(
            'client_name', payload -> 'client_name', 'timezone', payload -> 'timezone', 'rule', payload -> 'rule'
        )) FROM items ORDER BY id DESC LIMIT 1)
    FROM items HAVING count(*) > 0
    RETURNING id
)
UPDATE outbox SET state = 'digested', held = false, part_of = whole.id, payload = '{}'
FROM whole WHERE outbox.id IN (SELECT id FROM items)
"""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A message and the rule's id by which it goes, at `at` (aware); `digest`: together with others."""

    message: Message
    rule: str
    at: datetime
    digest: bool


async def decide(conn: asyncpg.Connection, released: Iterable[Mapping[str, Any]]) -> None:
    """Choose the rule and the instant of each of these rows (`id`, `payload`) that goes by rules.

    One that cannot be read is given up, and stops none of the others.
    """
    now: datetime = await conn.fetchval("SELECT now()")
    skipped, decided = [], []
    for row in released:
        payload = orjson.loads(row["payload"])
        rules = payload.pop("rules", None)
        if rules is None:
            continue
        try:
            ready = _decided(payload, rules, now)
        except (LookupError, TypeError, ValueError) as error:
            await conn.execute(_UNREADABLE, row["id"], f"its rules cannot be read: {type(error).__name__}")
            continue
        if ready is None:
            skipped.append(row["id"])
        else:
            decided.append((row["id"], *ready))
    if skipped:
        await conn.execute(_SKIPPED, skipped)
    if decided:
        await conn.execute(_DECIDED, *map(list, zip(*decided, strict=True)))


def _decided(
    payload: Mapping[str, Any], rules: object, now: datetime
) -> tuple[str, str | None, datetime, bool, str] | None:
    """The rule's id and language, when the message goes, whether in a digest, and its payload. None: nobody wants it.

    Raises:
        LookupError, TypeError, ValueError: it is not what this version can read.
    """
    kinds = kinds_of_payload(payload)
    rule = choose(from_json(rules), kinds)
    if rule is None:
        return None
    when = due(rule, now, payload["timezone"], urgent=Kind.URGENT in kinds)
    language = rule.language.value if rule.language is not None else None
    return rule.id, language, when.at, when.digest, orjson.dumps({**payload, "rule": telling(rule)}).decode()


def note_messages(cdr: Cdr, note: Mapping[str, Any], to: Addressee, client: Client, at: datetime) -> tuple[Ruled, ...]:
    """The messages about a note that is told by itself, by the client's rules as they are at `at` (aware)."""
    of_others = cdr.client != client.id
    kinds = (frozenset({Kind.ANSWERED}) if of_others else kinds_of(cdr)) | {Kind.NOTED}
    if note["urgent"]:
        kinds |= {Kind.URGENT}
    found: dict[tuple[str, str], Ruled] = {}
    for rule in client.notify:
        if choose((rule,), kinds) is None:
            continue
        when = due(rule, at, client.timezone, urgent=Kind.URGENT in kinds)
        for message in plain_note_messages(cdr, note, replace(to, recipients=recipients(rule, client, at))):
            ready = replace(
                message,
                channel=rule.channel.value,
                language=rule.language.value if rule.language is not None else to.language,
                payload={**message.payload, "rule": telling(rule)},
            )
            key = (ready.channel, ready.recipient.casefold())
            found.setdefault(key, Ruled(ready, rule.id, when.at, digest=when.digest))
    return tuple(found.values())


async def gather(conn: asyncpg.Connection, domain: str) -> None:
    """Make one message of those whose digest's time has come, by client, rule, recipient and language."""
    for one in await conn.fetch(_DUE_DIGESTS, MOST_CALLS, MOST_DIGESTS):
        about = f"digest:{one['client_id']}:{one['rule']}:{one['ids'][0]}"
        name = message_id("", one["channel"], one["recipient"], domain, about)
        where = (one["client_id"], one["channel"], one["recipient"], one["language"], one["rule"])
        await conn.execute(_GATHERED, one["ids"], *where, about, name)
