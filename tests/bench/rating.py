"""A million calls of 500 clients rated as sets, with their charges in PostgreSQL, and chained; beside the reference."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.bench import cpu
from vorzimmer.billing.bulk import rate_many
from vorzimmer.billing.rater import rate_month
from vorzimmer.core.account import Agreement, BillingBook
from vorzimmer.core.client import Book
from vorzimmer.core.stretches import Month
from vorzimmer.sandbox import postgres
from vorzimmer.sandbox.process import PROC
from vorzimmer.store import billing_book, migrate, seals
from vorzimmer.store.book import save_book
from vorzimmer.store.bulk_rating import Bulked

CLIENTS, CALLS = 500, 2000
"""Clients, and the calls of each in the month: a million."""

SAMPLE = 5
"""Clients whose month the reference rates too."""

CONNECTIONS = 2

MONTH = Month(2026, 11)

TALK = {"kind": "minutes", "id": "talk", "name": "Gespräch"}
CALL = {"kind": "calls", "id": "calls", "name": "Anrufe"}
POSITIONS: dict[str, list[dict[str, object]]] = {
    "package": [{**CALL, "included": 200, "price": "0.95"}],
    "minutes": [{**TALK, "included": 600, "price": "0.42", "first": 30, "then": 6, "phases": ["talk", "hold"]}],
    "tiers": [
        {
            **TALK,
            "included": 100,
            "first": 60,
            "then": 1,
            "tiers": [{"up_to": 1000, "price": "0.39"}, {"up_to": 5000, "price": "0.29"}, {"price": "0.19"}],
        }
    ],
    "mixed": [
        {**CALL, "price": "0.80", "free_short": {"seconds": 30, "most": 30}},
        {**TALK, "price": "0.25", "caps": {"talk": 3600}},
    ],
    "mobile": [{**TALK, "price": "0.20", "when": {"to": ["+4915", "+4917"]}, "first": 60, "then": 60}],
}
"""By tariff. The last is about calls that were put through to mobile telephones."""

_CALLS = """
INSERT INTO cdr (
    call_id, client, did, direction, started_at, answered_at, ended_at, duration, ring, announcement, queue, talk,
    forwarded, machine, disposition, cause, hung_up_by, reason, withheld, hold, put_through, digest
)
SELECT id, client, '+4989123', 'in', began, began, began + make_interval(secs => 10 + talk), 10 + talk, 6, 4, 0, talk,
    0, 0, CASE WHEN talk = 0 THEN 'abandoned' ELSE 'answered' END, 16, 'caller', 'open', false, 0, 0, sha256(id::bytea)
FROM (
    SELECT 'tk-1-' || extract(epoch FROM began)::bigint || '.' || n * $1 + c AS id, 'c' || c AS client, talk, began
    FROM (
        SELECT c, n, CASE WHEN n % 10 = 0 THEN 0 ELSE (n * 37 + c * 11) % 400 + (n % 1000) / 1000.0 END AS talk,
            '2026-11-01T06:00Z'::timestamptz + make_interval(secs => n * 1270 + c * 2 + 0.5) AS began
        FROM generate_series(1, $2::int) AS n, generate_series(1, $1::int) AS c
    ) AS drawn
) AS made
"""

_PEOPLE = """
INSERT INTO cdr_person (call_id, key, caller, forwarded_to)
SELECT call_id, sha256(digest), '+498912345', CASE WHEN hashtext(call_id) % 3 = 0 THEN '+491701234' END FROM cdr
"""


@dataclass(frozen=True)
class Rated:
    """What was rated and how long it took, in s. `processor`: of the server, while rating; others may want the cores.

    `seal`: the charges, calls being sealed. Peaks of memory in MB.
    """

    done: Bulked
    rate: float
    processor: float
    seal: float
    sealed: int
    reference: float
    sample: int
    differing: int
    memory: float
    server: float

    def __str__(self) -> str:
        whole = self.rate + self.seal
        each, by_one = self.done.calls / self.rate, self.sample / self.reference
        return (
            f"{self.done.calls} calls of {len(self.done.clients)} clients rated, {self.done.charges} charges written:"
            f" {self.rate:.1f} s on {CONNECTIONS} connections, {each:.0f} calls/s;"
            f" processor time {self.processor:.1f} s\n"
            f"{self.sealed} charges chained: {self.seal:.1f} s;"
            f" both {whole:.1f} s, {self.done.calls / whole:.0f} calls/s\n"
            f"The reference, {self.sample} calls of {SAMPLE} clients, read, rated and written: {self.reference:.1f} s,"
            f" {by_one:.0f} calls/s; {self.differing} of its charges differ\n"
            f"Memory, at most: {self.memory:.0f} MB here, {self.server:.0f} MB in one of the server's processes"
        )


def measure(folder: Path) -> Rated:
    """Fill a database, rate and chain all of it, and a copy of some clients by the reference."""
    server = postgres.start(folder / "postgres")
    try:
        return asyncio.run(_measured(server))
    finally:
        server.stop()


async def _measured(server: postgres.Postgres) -> Rated:
    async with AsyncExitStack() as stack:
        conns = [await asyncpg.connect(server.dsn) for _ in range(CONNECTIONS)]
        for conn in conns:
            stack.push_async_callback(conn.close)
        conn = conns[0]
        await _fill(conn)
        sample = [f"c{n}" for n in range(1, SAMPLE + 1)]
        reference, expected = await _by_reference(conn, sample)
        await seals.seal_new(conn)
        await conn.execute("CHECKPOINT")
        pids = [await one.fetchval("SELECT pg_backend_pid()") for one in conns]
        used = sum(map(cpu.seconds, pids))
        began = time.monotonic()
        done = await rate_many(conns, MONTH)
        rated = time.monotonic()
        used = sum(map(cpu.seconds, pids)) - used
        peak = max(map(_memory, pids))
        sealing = time.monotonic()
        sealed = await seals.seal_new(conn)
        ended = time.monotonic()
        found = await _digests(conn, sample)
        return Rated(
            done,
            rated - began,
            used,
            ended - sealing,
            sealed,
            reference,
            len({call for call, _ in expected}),
            len(expected ^ found),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            peak,
        )


async def _by_reference(conn: asyncpg.Connection, clients: Sequence[str]) -> tuple[float, set[tuple[str, bytes]]]:
    """How long the reference takes for these, and its charges' calls and digests; nothing stays."""
    with suppress(_Undone):
        async with conn.transaction():
            began = time.monotonic()
            for client in clients:
                await rate_month(conn, client, MONTH)
            seconds = time.monotonic() - began
            found = await _digests(conn, clients)
            raise _Undone
    return seconds, found


class _Undone(Exception):
    """The transaction is rolled back."""


async def _digests(conn: asyncpg.Connection, clients: Sequence[str]) -> set[tuple[str, bytes]]:
    rows = await conn.fetch("SELECT call_id, digest FROM charge WHERE client = ANY ($1)", clients)
    return {(row["call_id"], row["digest"]) for row in rows}


def _memory(pid: int) -> float:
    """The most that a process has held, in MB; the server's shared memory with it."""
    told = (PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) / 1024


async def _fill(conn: asyncpg.Connection) -> None:
    await migrate.migrate(conn)
    names = [f"c{n}" for n in range(1, CLIENTS + 1)]
    await save_book(conn, Book.model_validate({"client": [_client(n, name) for n, name in enumerate(names)]}))
    told = {"tariff": list(_tariffs()), "contract": list(_contracts(names))}
    await billing_book.save(conn, BillingBook.model_validate(told), "bench")
    await conn.execute(_CALLS, CLIENTS, CALLS)
    await conn.execute(_PEOPLE)
    await conn.execute("VACUUM ANALYZE")


def _tariffs() -> Iterator[dict[str, object]]:
    for name, positions in POSITIONS.items():
        yield {"id": name, "name": name, "since": "2026-01-01", "positions": positions}


def _contracts(clients: Sequence[str]) -> Iterator[Agreement]:
    tariffs = list(POSITIONS)
    for n, client in enumerate(clients):
        yield Agreement(client=client, tariff=tariffs[n % len(tariffs)], since=MONTH.first)


def _client(number: int, name: str) -> dict[str, object]:
    return {
        "id": name,
        "name": name,
        "hours": {"mon-fri": ["08:00-18:00"]},
        "dids": [f"+49891{number:06}"],
        "open": {"chain": [{"to": "machine"}]},
    }
