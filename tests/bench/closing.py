"""A month's end: 1,000 clients with 200 calls each are rated, sealed, stated and invoiced, with all documents."""

from __future__ import annotations

import asyncio
import os
import resource
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from vorzimmer.billing.closing import Issuer
from vorzimmer.billing.closing_run import Order, Outcome, run
from vorzimmer.core.account import Account, Agreement, BillingBook
from vorzimmer.core.client import Book
from vorzimmer.core.invoice import Seller
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariffs
from vorzimmer.sandbox import postgres
from vorzimmer.store import billing_book, migrate
from vorzimmer.store.book import save_book

CLIENTS = 1000
CALLS = 200
"""A client's, in the month."""

MONTH = Month(2026, 11)
AFTER = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)

TARIFFS = Path(__file__).parents[2] / "docs" / "tariffs.example.toml"
CHOSEN = ("each-call", "flat", "package-200", "package-500", "call-centre", "tiers")
"""Of the examples, in turn."""

ISSUER = Issuer(
    Seller(
        name="Vorzimmer Telefonservice GmbH",
        street="Sendlinger Straße 8",
        postcode="80331",
        city="München",
        tax_number="143/123/12345",
        vat_id="DE123456788",
        contact="Rechnungswesen",
        phone="+49 89 100000",
        mail="rechnung@house.example",
        iban="DE02120300000000202051",
    ),
    "R{year}-{n:05}",
    "Europe/Berlin",
)

_CALLS = """
INSERT INTO cdr (
    call_id, client, did, direction, started_at, answered_at, ended_at, duration, ring, announcement, queue, talk,
    forwarded, machine, disposition, cause, hung_up_by, reason, withheld, digest
)
SELECT id, client, '+4989123', 'in', began, began, began + make_interval(secs => 10 + talk), 10 + talk, 6, 4, 0, talk,
    0, 0, CASE WHEN talk = 0 THEN 'abandoned' ELSE 'answered' END, 16, 'caller', 'open', false, sha256(id::bytea)
FROM (
    SELECT 'bench-' || c || '-' || n AS id, 'c' || c AS client,
        CASE WHEN n % 10 = 0 THEN 0 ELSE n * 37 % 400 END AS talk,
        '2026-11-01T06:00Z'::timestamptz + make_interval(mins => n * 211 % 43000, secs => c % 60) AS began
    FROM generate_series(1, $1::int) AS c, generate_series(1, $2::int) AS n
) AS made
"""

_PEOPLE = """
INSERT INTO cdr_person (call_id, key, caller)
SELECT call_id, sha256(digest), '+4917' || (abs(hashtext(call_id)) % 90000000 + 10000000) FROM cdr
"""


@dataclass(frozen=True)
class Closed:
    """How long it took, by so many processes; `again`: the same once more, without documents. Memory in MB."""

    seconds: float
    again: float
    processes: int
    outcomes: tuple[Outcome, ...]
    documents: Counter[str]
    size: int
    memory: float

    def __str__(self) -> str:
        done = [one for one in self.outcomes if one.refused is None]
        calls, invoices = sum(one.calls for one in done), sum(one.invoice is not None for one in done)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.documents.items()))
        reasons = sorted({one.refused for one in self.outcomes if one.refused is not None})
        return (
            f"Closing a month of {len(done)} clients with {calls} calls and {invoices} invoices,"
            f" {self.processes} processes: {self.seconds:.0f} s; again: {self.again:.1f} s\n"
            f"Documents: {kinds}, {self.size / 1e6:.0f} MB; the largest process held {self.memory:.0f} MB\n"
            f"Refused: {len(self.outcomes) - len(done)} {'; '.join(reasons[:3])}"
        )


def measure(folder: Path, clients: int = CLIENTS) -> Closed:
    """Fill a database, close the month with all documents, and close it again."""
    server = postgres.start(folder / "postgres")
    try:
        names = asyncio.run(_filled(server.dsn, clients))
        processes, output = os.cpu_count() or 1, folder / "output"
        seconds, outcomes = _timed(Order(server.dsn, MONTH, ISSUER, "bench", AFTER, output), names, processes)
        again, _ = _timed(Order(server.dsn, MONTH, ISSUER, "bench", AFTER), names, processes)
    finally:
        server.stop()
    files = [path for path in output.rglob("*") if path.is_file()]
    return Closed(
        seconds,
        again,
        processes,
        outcomes,
        Counter(path.suffix[1:] for path in files),
        sum(path.stat().st_size for path in files),
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    )


def _timed(order: Order, clients: Sequence[str], processes: int) -> tuple[float, tuple[Outcome, ...]]:
    began = time.monotonic()
    outcomes = tuple(run(order, clients, processes))
    return time.monotonic() - began, outcomes


async def _filled(dsn: str, clients: int) -> list[str]:
    """The clients' ids."""
    conn = await asyncpg.connect(dsn)
    try:
        await migrate.migrate(conn)
        names = [f"c{n}" for n in range(1, clients + 1)]
        await save_book(conn, Book.model_validate({"client": [_client(n, name) for n, name in enumerate(names)]}))
        tariffs = Tariffs.model_validate(tomllib.loads(TARIFFS.read_text())).tariff
        known = {one.id for one in tariffs}
        chosen = [name for name in CHOSEN if name in known]
        contracts = tuple(
            Agreement(client=name, tariff=chosen[n % len(chosen)], since=MONTH.first) for n, name in enumerate(names)
        )
        accounts = tuple(
            Account(client=name, name=f"Kanzlei {name} GmbH", street="Weg 1", postcode="10115", city="Berlin")
            for name in names
        )
        await billing_book.save(conn, BillingBook(tariff=tariffs, contract=contracts, account=accounts), "bench")
        await conn.execute(_CALLS, clients, CALLS)
        await conn.execute(_PEOPLE)
        await conn.execute("ANALYZE")
        return names
    finally:
        await conn.close()


def _client(number: int, name: str) -> dict[str, object]:
    return {
        "id": name,
        "name": f"Kanzlei {name}",
        "hours": {"mon-fri": ["08:00-18:00"]},
        "dids": [f"+49891{number:06}"],
        "open": {"chain": [{"to": "machine"}]},
    }
