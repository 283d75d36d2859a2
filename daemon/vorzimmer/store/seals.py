"""Seals what was committed since the last time; see `core.seal`.

What is new is known by transactions: each row bears the number of the one that wrote it, and the sealer keeps the
snapshot up to which it has sealed. So a transaction that stays open while later ones commit is found when it ends, and
holds nobody up. In another cluster, into which a backup was restored, those numbers mean nothing; then all rows are
compared with all seals, once, and `sealed_ahead` remembers which of the numbers to come are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg

from vorzimmer.core.seal import GENESIS, told_before

PAGES = 256
"""Pages of a table (8 kB) in one seal: some ten thousand charges."""

MANY = 10_000
"""So many new rows of a table change how it is best searched, and the database learns that only by and by."""

_LOCK = 0x7365616C
"""The advisory lock's key: "seal" in ASCII."""

KEYS = {"cdr": "call_id", "charge": "concat_ws(E'\\x1f', call_id, turn, position)"}
"""The sealed tables, in the order of a round, and their rows' keys."""

_STORED = {"cdr": "stored_at", "charge": "rated_at"}
"""When each table's rows were written."""

_NOW = """
SELECT pg_current_snapshot()::text AS seen, pg_current_xact_id_if_assigned()::text::bigint AS own, system_identifier,
    statement_timestamp() AS at
FROM pg_control_system()
"""

_STATE = "SELECT cluster, seen::text, number, head FROM sealing"

_HERE = """
SELECT seen::text, (SELECT max(at) FROM seal) AS sealed, cluster = system_identifier AS here
FROM sealing, pg_control_system()
"""

_WAITING = """
SELECT min({stored}) FROM {source}
WHERE {new} AND ($6::timestamptz IS NULL OR {stored} > $6)
"""

_LAST = "SELECT number, seal FROM seal ORDER BY number DESC LIMIT 1"

# The parameters: see `_between`.
_NEW = "xact >= $1 AND (xact >= $2 OR xact = ANY ($3::bigint[])) AND xact < $4 AND xact <> ALL ($5::bigint[])"

_NOT_AHEAD = """
AND NOT EXISTS (SELECT FROM sealed_ahead AS ahead WHERE ahead.source = '{source}' AND ahead.key = {key})
"""

_ANY_AHEAD = "SELECT EXISTS (SELECT FROM sealed_ahead)"

_WHERE = "SELECT min(ctid)::text AS first, max(ctid)::text AS last FROM {source} WHERE {new}"

# OFFSET 0: by pages, and not again and again by the index of transactions.
_SEAL = """
INSERT INTO seal (number, source, at, rows, keys, digests, seal)
SELECT $8, '{source}', $9, rows, keys, digests, sha256($10::bytea || sha256(digests)) FROM (
    SELECT count(*) AS rows, array_agg({key}) AS keys, string_agg(digest, ''::bytea) AS digests FROM (
        SELECT * FROM {source} WHERE ctid >= $6::text::tid AND ctid < $7::text::tid OFFSET 0
    ) AS page WHERE {new}
) AS found WHERE rows > 0
RETURNING rows, seal
"""

_LEARN = "SELECT brin_summarize_new_values('{source}_xact'); ANALYZE {source} (xact)"

_AHEAD = """
INSERT INTO sealed_ahead (source, key, xact)
SELECT '{source}', {key}, xact FROM {source}
WHERE (xact >= $2 OR xact = ANY ($3::bigint[]))
    AND {key} IN (SELECT unnest(keys) FROM seal WHERE seal.source = '{source}' AND number > $1)
"""

_FORGET = "DELETE FROM sealed_ahead WHERE xact < $1 AND xact <> ALL ($2::bigint[])"

_KEEP = """
INSERT INTO sealing (cluster, seen, number, head) VALUES ($1, $2::text::pg_snapshot, $3, $4)
ON CONFLICT (single) DO UPDATE SET cluster = $1, seen = excluded.seen, number = $3, head = $4
"""


@dataclass(slots=True)
class Rounds:
    """When the worker last sealed all there was; until it has, when it began."""

    done: datetime


class CutError(Exception):
    """Seals were taken away from the chain's end, or added there."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions are over: those before `end` that are not `running`; all before `begin` are."""

    begin: int
    end: int
    running: tuple[int, ...]

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """From PostgreSQL's writing, `10:20:10,14,15`."""
        begin, end, running = text.split(":")
        return cls(int(begin), int(end), tuple(int(one) for one in running.split(",") if one))

    def without(self, own: int | None) -> Snapshot:
        """The same, with this transaction still running: PostgreSQL leaves out the one that asks."""
        if own is None or own >= self.end or own in self.running:
            return self
        return replace(self, begin=min(self.begin, own), running=tuple(sorted((*self.running, own))))

    def __str__(self) -> str:
        return f"{self.begin}:{self.end}:{','.join(map(str, self.running))}"


NOTHING = Snapshot(0, 0, ())
"""In which no transaction is over."""

EVERYTHING = Snapshot(2**63 - 1, 2**63 - 1, ())
"""In which every number is over, also those of another cluster."""


@dataclass(frozen=True, slots=True)
class _Chain:
    """Its end."""

    number: int
    head: bytes


async def head(conn: asyncpg.Connection) -> bytes:
    """The last seal, 32 bytes; `GENESIS` before the first."""
    return (await _end(conn)).head


async def seal_new(conn: asyncpg.Connection) -> int:
    """Seal all rows of `cdr` and `charge` that are committed and not sealed; returns how many those were.

    Several sealers wait for each other. Within a transaction of the caller's it works too, but what that transaction
    itself has written is left for the next time, and other sealers wait for its end.

    Raises:
        CutError: the chain does not end where the sealer left it; nothing is sealed behind that.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        now = await conn.fetchrow(_NOW)
        seen = Snapshot.read(now["seen"]).without(now["own"])
        state = await conn.fetchrow(_STATE)
        end = begun = await _end(conn)
        if state is not None and (state["number"], state["head"]) != (end.number, end.head):
            raise CutError(f"the chain was left at seal {state['number']}, and ends with another: {end.number}")
        before = Snapshot.read(state["seen"]) if state is not None else NOTHING
        known = state is not None and state["cluster"] == now["system_identifier"] and before.end <= seen.end
        if not known:
            await conn.execute("DELETE FROM sealed_ahead")
            await _remember(conn, 0, NOTHING)
        span = (before, seen) if known else (NOTHING, EVERYTHING.without(now["own"]))
        rows = 0
        for source in KEYS:
            end, count = await _seal(conn, source, span, end, now["at"].astimezone(UTC))
            rows += count
        if not known:
            await _remember(conn, begun.number, seen)
        if rows or not known:
            await conn.execute(_FORGET, seen.end, seen.running)
            await conn.execute(_KEEP, now["system_identifier"], str(seen), end.number, end.head)
    return rows


async def waiting_since(conn: asyncpg.Connection) -> datetime | None:
    """When the oldest row was written that is not sealed; None: all are.

    Until the sealer has been in the cluster of a restored backup, only rows that are younger than the last seal count.
    """
    state = await conn.fetchrow(_HERE)
    here = state is not None and state["here"]
    seen = Snapshot.read(state["seen"]) if here else NOTHING
    sealed = state["sealed"] if state is not None and not here else None
    new = (*_between(seen, EVERYTHING), sealed)
    ahead = await conn.fetchval(_ANY_AHEAD)
    found = [await conn.fetchval(_of(_WAITING, source, ahead=ahead), *new) for source in KEYS]
    return min((at for at in found if at is not None), default=None)


async def _end(conn: asyncpg.Connection) -> _Chain:
    row = await conn.fetchrow(_LAST)
    return _Chain(row["number"], row["seal"]) if row is not None else _Chain(0, GENESIS)


async def _seal(
    conn: asyncpg.Connection, source: str, span: tuple[Snapshot, Snapshot], end: _Chain, at: datetime
) -> tuple[_Chain, int]:
    """Seal a table's rows that are new, a number of pages at a time; the chain's end, and how many rows it was."""
    new = _between(*span)
    ahead = await conn.fetchval(_ANY_AHEAD)
    where = await conn.fetchrow(_of(_WHERE, source, ahead=ahead), *new)
    if where["first"] is None:
        return end, 0
    insert = await conn.prepare(_of(_SEAL, source, ahead=ahead))
    first, last = (int(where[name].strip("()").partition(",")[0]) for name in ("first", "last"))
    rows = 0
    for page in range(first, last + 1, PAGES):
        told = told_before(end.head, end.number + 1, source, at)
        made = await insert.fetchrow(*new, f"({page},0)", f"({page + PAGES},0)", end.number + 1, at, told)
        if made is not None:
            end = _Chain(end.number + 1, made["seal"])
            rows += made["rows"]
    if rows >= MANY:
        await conn.execute(_of(_LEARN, source))
    return end, rows


def _between(before: Snapshot, now: Snapshot) -> tuple[Any, ...]:
    """The parameters of `_NEW`."""
    return before.begin, before.end, before.running, now.end, now.running


async def _remember(conn: asyncpg.Connection, after: int, seen: Snapshot) -> None:
    """Put the rows of the seals behind this number into `sealed_ahead`, as far as they are not visible in `seen`."""
    for source in KEYS:
        await conn.execute(_of(_AHEAD, source), after, seen.end, seen.running)
    await conn.execute("ANALYZE sealed_ahead")


def _of(query: str, source: str, *, ahead: bool = False) -> str:
    """For this table. `ahead`: some are sealed ahead, and are looked up."""
    names = {"source": source, "key": KEYS[source], "stored": _STORED[source]}
    return query.format(**names, new=_NEW + (_NOT_AHEAD.format(**names) if ahead else ""))
