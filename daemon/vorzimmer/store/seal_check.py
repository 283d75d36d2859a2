"""Holds the rows of `cdr` and `charge` against their seals, and the seals against the heads that statements bear.

All of it in one view of the database, beside the working daemon, and with no more in memory than some thousand rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from vorzimmer.core import charge_row
from vorzimmer.core.seal import SEPARATOR, Chain, Found, Sealed, What, against, charge_key
from vorzimmer.store.calls import RECORD, digest_now
from vorzimmer.store.seals import EVERYTHING, KEYS, NOTHING, Snapshot

CHUNK = 10_000
"""Rows that are compared at once."""

Progress = Callable[[int, int], None]
"""Is told how many rows were compared, and of how many."""

_STATEMENTS = """
SELECT head, client, month FROM (SELECT DISTINCT ON (head) * FROM statement ORDER BY head, closed_at) AS first
ORDER BY closed_at, client
"""

_SEALS = "SELECT number, source, at, keys, digests, seal FROM seal ORDER BY number"

_CDRS = f"{RECORD} WHERE cdr.call_id = ANY ($1)"

_CHARGES = """
SELECT call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths, measured, parts, marks,
    digest
FROM charge JOIN unnest($1::text[], $2::integer[], $3::text[]) AS told (call_id, turn, position)
USING (call_id, turn, position)
"""

_STATE = """
SELECT seen::text, number, head, cluster = system_identifier AS here, pg_current_snapshot()::text AS now
FROM pg_control_system() LEFT JOIN sealing ON true
"""

# Overdue: the sealer has been past the row's transaction, or there has not been such a transaction yet.
_LOOSE = """
SELECT count(*) AS rows, min({key}) FILTER (WHERE xact < $1 AND xact <> ALL ($2::bigint[]) OR xact >= $3) AS overdue
FROM {source} WHERE NOT EXISTS (
    SELECT FROM (SELECT unnest(keys) AS key FROM seal WHERE seal.source = '{source}') AS sealed
    WHERE sealed.key = {key}
)
"""

_TWICE = """
SELECT key FROM (SELECT unnest(keys) AS key FROM seal WHERE source = $1) AS sealed
GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT 1
"""


@dataclass(slots=True)
class Checked:
    """What was found, if anything, and how far it came: seals, rows by table, and rows that are in no seal yet."""

    found: Found | None = None
    seals: int = 0
    rows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KEYS, 0))
    loose: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KEYS, 0))
    head: bytes = b""


async def verify(conn: asyncpg.Connection, head: bytes | None = None, progress: Progress | None = None) -> Checked:
    """Go through all seals and their rows, oldest first, to the first thing that is wrong.

    Args:
        conn: not in a transaction.
        head: a seal that somebody kept; those on statements are looked for by themselves.
        progress: hears of each step.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        state = await conn.fetchrow(_STATE)
        chain = Chain(await _kept(conn, head, state["head"]))
        checked = Checked()
        checked.found = await _rows(conn, chain, checked, progress)
        if checked.found is None:
            checked.found = chain.end() or _behind(chain, state["number"]) or await _loose(conn, checked, state)
        checked.seals, checked.head = chain.number, chain.head
    return checked


async def _kept(conn: asyncpg.Connection, given: bytes | None, left: bytes | None) -> Mapping[bytes, str]:
    """All heads that have to be in the chain, and whose they are; the one on paper before the sealer's own."""
    kept = {} if given is None else {given: "that was given"}
    for row in await conn.fetch(_STATEMENTS):
        kept.setdefault(row["head"], f"on the statement of {row['client']}, {row['month']:%Y-%m},")
    if left is not None:
        kept.setdefault(left, "that the sealer left")
    return kept


async def _rows(conn: asyncpg.Connection, chain: Chain, checked: Checked, progress: Progress | None) -> Found | None:
    total = await conn.fetchval("SELECT coalesce(sum(rows), 0) FROM seal")
    async for batches in _chunks(conn):
        broken = None
        following: list[Sealed] = []
        for batch in batches:
            if (broken := chain.follow(batch)) is not None:
                break
            following.append(batch)
        now = await _digests(conn, following)
        for batch in following:
            if (found := against(batch, now[batch.source])) is not None:
                return found
            checked.rows[batch.source] += len(batch.keys)
        if broken is not None:
            return broken
        if progress is not None:
            progress(sum(checked.rows.values()), total)
    return None


async def _chunks(conn: asyncpg.Connection) -> AsyncIterator[list[Sealed]]:
    """The seals in order, so many together that they have `CHUNK` rows or a few more."""
    found: list[Sealed] = []
    rows = 0
    async for row in conn.cursor(_SEALS, prefetch=20):
        found.append(Sealed(row["number"], row["source"], row["at"], tuple(row["keys"]), row["digests"], row["seal"]))
        rows += len(row["keys"])
        if rows >= CHUNK:
            yield found
            found, rows = [], 0
    yield found


async def _digests(conn: asyncpg.Connection, batches: Sequence[Sealed]) -> Mapping[str, Mapping[str, bytes]]:
    """By table and key, what the rows of these batches are now; a row whose own digest is another has no bytes."""
    keys = {source: [key for batch in batches if batch.source == source for key in batch.keys] for source in KEYS}
    calls = {row["call_id"]: _told(digest_now(row), row) for row in await conn.fetch(_CDRS, keys["cdr"])}
    parts = [told for key in keys["charge"] if (told := charge_key(key)) is not None]
    named = ([call for call, _, _ in parts], [turn for _, turn, _ in parts], [position for _, _, position in parts])
    charges = {}
    for row in await conn.fetch(_CHARGES, *named):
        key = SEPARATOR.join((row["call_id"], str(row["turn"]), row["position"]))
        charges[key] = _told(charge_row.Row(*row[:14]).digest, row)
    return {"cdr": calls, "charge": charges}


def _told(now: bytes | None, row: Mapping[str, Any]) -> bytes:
    return now if now is not None and now == row["digest"] else b""


def _behind(chain: Chain, left: int | None) -> Found | None:
    if left is not None and chain.number > left:
        return Found(What.FOREIGN, left + 1)
    return None


async def _loose(conn: asyncpg.Connection, checked: Checked, state: Mapping[str, Any]) -> Found | None:
    """Count what is in no seal; a row that should be in one, or is in two."""
    here = bool(state["here"])
    seen = Snapshot.read(state["seen"]) if here else NOTHING
    coming = Snapshot.read(state["now"]).end if here else EVERYTHING.end
    for source, key in KEYS.items():
        row = await conn.fetchrow(_LOOSE.format(source=source, key=key), seen.end, seen.running, coming)
        checked.loose[source] = row["rows"]
        if row["overdue"] is not None:
            return Found(What.ADDED, 0, source, row["overdue"])
        there = await conn.fetchval(f"SELECT count(*) FROM {source}")  # noqa: S608 - one of our constants
        if there != checked.rows[source] + row["rows"]:
            return Found(What.TWICE, 0, source, await conn.fetchval(_TWICE, source) or "")
    return None
