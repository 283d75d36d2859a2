"""Calls and charges as the tests of the seals write them, and what a dishonest superuser does to them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.store.records import end, events
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.charge_row import Row
from vorzimmer.core.seal import seal_of
from vorzimmer.store import batch, segments

GUARDED = ("cdr", "charge", "seal", "statement")

_CHARGE = """
INSERT INTO charge (call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths, measured,
    parts, marks, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""


async def put_call(conn: Any, call_id: str) -> None:
    """Store a call's record, as the daemon does."""
    bodies = [segments.render({"t": "end", "record": end(build_cdr(events(call_id)), "office@example.org")})]
    await batch.store(conn, bodies, "test.example")


async def put_charge(conn: Any, call_id: str, turn: int = 0, position: str = "talk", amount: str = "66") -> None:
    """Charge a call."""
    under = ("mueller", date(2026, 3, 1), "minutes", date(2026, 1, 1), "EUR")
    measured = (Decimal(60), Decimal(0), Decimal(amount), "talk:60", "60@1.10", "")
    columns: tuple[Any, ...] = (call_id, turn, position, *under, *measured)
    await conn.execute(_CHARGE, *columns, Row(*columns).digest)


async def put_statement(conn: Any, client: str, head: bytes) -> None:
    """Close March for a client under this head."""
    await conn.execute(
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ($1, '2026-03-01', 'EUR', 1.1, '{}', $2, 'test')",
        client,
        head,
    )


async def tamper(conn: Any, *statements: str) -> None:
    """Do what only a superuser can, with the triggers off, and leave no trace of that."""
    async with conn.transaction():
        for table in GUARDED:
            await conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            await conn.execute(statement)
        for table in GUARDED:
            await conn.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")


def without_call(call_id: str) -> str:
    """SQL that deletes a call's record and all that hangs on it."""
    tables = ("call_segment", "cdr_person", "cdr")
    return ";".join(f"DELETE FROM {table} WHERE call_id = '{call_id}'" for table in tables)  # noqa: S608 - our own names


async def seal_anew(conn: Any) -> None:
    """Compute all seals anew from the rows' digests, so that the chain is right in itself."""
    before = bytes(32)
    for row in await conn.fetch("SELECT number, source, at, keys FROM seal ORDER BY number"):
        key = {"cdr": "call_id", "charge": "concat_ws(E'\\x1f', call_id, turn, position)"}[row["source"]]
        digests = await conn.fetchval(
            f"SELECT string_agg(digest, ''::bytea ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS told (key, n)"  # noqa: S608 - our own names
            f" JOIN {row['source']} AS t ON told.key = {key}",
            row["keys"],
        )
        before = seal_of(before, row["number"], row["source"], row["at"], digests)
        new = f"digests = '\\x{digests.hex()}', seal = '\\x{before.hex()}'"
        await tamper(conn, f"UPDATE seal SET {new} WHERE number = {row['number']}")  # noqa: S608 - computed here
    await conn.execute("UPDATE sealing SET head = $1", before)


async def sealed_keys(conn: Any) -> list[str]:
    """The keys of all sealed rows, sorted, each as often as it is sealed."""
    rows = await conn.fetch("SELECT source || ' ' || unnest(keys) AS key FROM seal ORDER BY 1")
    return [row["key"].replace("\x1f", "/") for row in rows]
