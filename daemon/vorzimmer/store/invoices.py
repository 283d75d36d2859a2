"""Invoices in the database: numbered without a gap, append-only, with the documents that were sent.

A circle's row is locked from the taking of its next number until the transaction ends, so that nobody takes the same,
and a rollback gives it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from vorzimmer.core.invoice import Invoice, Kind, NotInvoiceable, cancellation_of
from vorzimmer.core.invoice_json import data_of, digest_of, invoice_from
from vorzimmer.core.stretches import Month

_OPEN_CIRCLE = "INSERT INTO number_circle (pattern, year, taken) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING"
_LOCK_CIRCLE = "SELECT taken FROM number_circle WHERE pattern = $1 AND year = $2 FOR UPDATE"
_TAKE = "UPDATE number_circle SET taken = taken + 1 WHERE pattern = $1 AND year = $2"

_ADD = """
INSERT INTO invoice (number, circle, year, counted, kind, client, month, turn, issued, currency, net, tax, cancels,
                     data, digest, issued_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15, $16)
"""

_ADD_DOCUMENT = "INSERT INTO invoice_document (number, name, media, content, digest) VALUES ($1, $2, $3, $4, $5)"

_STANDING = """
SELECT data FROM invoice AS one
WHERE client = $1 AND month = $2 AND kind <> '384' AND NOT EXISTS (SELECT FROM invoice WHERE cancels = one.number)
"""

_LISTED = """
SELECT number, kind, client, month, issued, currency, net, tax, cancels,
       (SELECT by.number FROM invoice AS by WHERE by.cancels = one.number) AS cancelled_by
FROM invoice AS one
WHERE ($1::text IS NULL OR client = $1) AND ($2::date IS NULL OR month = $2)
ORDER BY issued, circle, year, counted
"""

_ALL = """
SELECT number, data, digest,
       (number, kind, client, month, issued, currency, net, tax, coalesce(cancels, '')) = (
           data ->> 'number', data ->> 'kind', data ->> 'client', (data ->> 'month')::date, (data ->> 'issued')::date,
           data ->> 'currency', (data #>> '{sums,net}')::numeric, (data #>> '{sums,tax}')::numeric,
           coalesce(data #>> '{cancels,number}', '')
       ) AS alike
FROM invoice ORDER BY number
"""
_LOST = """
SELECT pattern, year, n FROM number_circle, generate_series(1, taken) AS n
WHERE NOT EXISTS (SELECT FROM invoice WHERE circle = pattern AND invoice.year = number_circle.year AND counted = n)
ORDER BY pattern, year, n
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that belongs to an invoice: its name, its media type (RFC 6838), its bytes."""

    name: str
    media: str
    content: bytes


Make = Callable[[Invoice], Awaitable[Sequence[Document]]]
"""Makes the documents of a numbered invoice, and checks them. What it raises stops the issuing; no number is used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An invoice in a list. `cancels`, `cancelled_by`: numbers of others."""

    number: str
    kind: Kind
    client: str
    month: Month
    issued: date
    currency: str
    net: Decimal
    tax: Decimal
    cancels: str | None
    cancelled_by: str | None


class Unknown(Exception):
    """There is no invoice of this number."""


async def issue(conn: asyncpg.Connection, draft: Invoice, pattern: str, make: Make, by: str) -> Invoice:
    """Give a draft its number, make its documents and keep all of it, or nothing.

    A month that is invoiced already, and not cancelled, is not invoiced again: then that invoice is the answer.

    Args:
        conn: others who issue wait from here until its transaction ends.
        draft: `core.invoice.invoice_of`; its day says the circle's year.
        pattern: of numbers, with `{year}` and `{n}`; each pattern and year is a circle.
        make: see there.
        by: who issues.
    """
    async with conn.transaction():
        taken = await _locked(conn, pattern, draft.issued.year)
        known = await standing(conn, draft.client, draft.month)
        if known is not None:
            return known
        return await _add(conn, draft, pattern, taken + 1, make, by)


async def cancel(conn: asyncpg.Connection, number: str, issued: date, pattern: str, make: Make, by: str) -> Invoice:
    """Cancel an invoice by another one of a circle of its own; the month may then be invoiced again.

    Raises:
        Unknown: see there.
        NotInvoiceable: it is cancelled already, or is a cancellation.
    """
    async with conn.transaction():
        taken = await _locked(conn, pattern, issued.year)
        invoice = await by_number(conn, number)
        if done := await conn.fetchval("SELECT number FROM invoice WHERE cancels = $1", number):
            raise NotInvoiceable(f"{number} is cancelled already, by {done}")
        return await _add(conn, cancellation_of(invoice, issued), pattern, taken + 1, make, by)


async def _locked(conn: asyncpg.Connection, pattern: str, year: int) -> int:
    """Lock a circle; how many numbers it has given."""
    await conn.execute(_OPEN_CIRCLE, pattern, year)
    return int(await conn.fetchval(_LOCK_CIRCLE, pattern, year))


async def _add(conn: asyncpg.Connection, draft: Invoice, pattern: str, n: int, make: Make, by: str) -> Invoice:
    year = draft.issued.year
    invoice = replace(draft, number=pattern.format(year=year, n=n))
    documents = await make(invoice)
    turn = None
    if invoice.cancels is None:
        turn = await conn.fetchval(
            "SELECT count(turn) FROM invoice WHERE client = $1 AND month = $2", invoice.client, invoice.month.first
        )
    told = data_of(invoice)
    await conn.execute(_TAKE, pattern, year)
    await conn.execute(
        _ADD,
        *(invoice.number, pattern, year, n, invoice.kind.value, invoice.client, invoice.month.first, turn),
        *(invoice.issued, invoice.currency, invoice.net, invoice.tax),
        *(invoice.cancels and invoice.cancels.number, orjson.dumps(told).decode(), digest_of(told), by),
    )
    await conn.executemany(
        _ADD_DOCUMENT,
        [(invoice.number, one.name, one.media, one.content, hashlib.sha256(one.content).digest()) for one in documents],
    )
    return invoice


async def standing(conn: asyncpg.Connection, client: str, month: Month) -> Invoice | None:
    """The invoice of a client's month that is not cancelled."""
    row = await conn.fetchrow(_STANDING, client, month.first)
    return None if row is None else _read(row)


async def by_number(conn: asyncpg.Connection, number: str) -> Invoice:
    """An issued invoice.

    Raises:
        Unknown: see there.
    """
    row = await conn.fetchrow("SELECT data FROM invoice WHERE number = $1", number)
    if row is None:
        raise Unknown(f"there is no invoice {number!r}")
    return _read(row)


async def listed(conn: asyncpg.Connection, client: str | None = None, month: Month | None = None) -> tuple[Entry, ...]:
    """Invoices of a client, of a month, or all, the oldest first."""
    rows = await conn.fetch(_LISTED, client, month and month.first)
    return tuple(
        Entry(**{**row, "kind": Kind(row["kind"]), "month": Month(row["month"].year, row["month"].month)})
        for row in rows
    )


async def documents(conn: asyncpg.Connection, number: str) -> tuple[Document, ...]:
    """The files of an invoice, by name; none, if there is no such invoice."""
    rows = await conn.fetch("SELECT name, media, content FROM invoice_document WHERE number = $1 ORDER BY name", number)
    return tuple(Document(**row) for row in rows)


async def wrong(conn: asyncpg.Connection) -> tuple[str, ...]:
    """What is not as it was issued: changed invoices and lost numbers, each as a sentence. Reads all of them."""
    async with conn.transaction():
        changed = [
            f"invoice {row['number']} was changed"
            async for row in conn.cursor(_ALL)
            if not row["alike"] or digest_of(orjson.loads(row["data"])) != row["digest"]
        ]
    return (*changed, *await lost(conn))


async def lost(conn: asyncpg.Connection) -> tuple[str, ...]:
    """Numbers that a circle has given and no invoice has, each as a sentence."""
    rows = await conn.fetch(_LOST)
    return tuple(f"invoice {row['pattern'].format(year=row['year'], n=row['n'])} is missing" for row in rows)


def _read(row: Mapping[str, Any]) -> Invoice:
    return invoice_from(orjson.loads(row["data"]))
