"""Where in the database a number still stands, and whether every CDR's digest checks."""

from __future__ import annotations

from typing import Any

from vorzimmer.core.keeping import national_digits, writings
from vorzimmer.store.calls import verify_digest


async def places_of(conn: Any, number: str) -> list[str]:
    """Every column of every table in which a writing of the number stands, whatever the column's type."""
    columns = await conn.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " ORDER BY table_name, column_name"
    )
    found = []
    for table, column, kind in columns:
        plain = f"encode({column}, 'escape')" if kind == "bytea" else f'"{column}"::text'
        rows = await conn.fetch(f'SELECT {plain} AS text FROM "{table}" WHERE "{column}" IS NOT NULL')  # noqa: S608 - our own names
        found += [f"{table}.{column}: {row['text'][:200]}" for row in rows if stands_in(number, row["text"])]
    return found


def stands_in(number: str, text: str) -> bool:
    """In any writing, or as bare digits inside anything."""
    return national_digits(number) in text or writings(number).search(text) is not None


async def broken_digests(conn: Any) -> list[str]:
    """The calls whose record is not as it was written."""
    calls = [row["call_id"] for row in await conn.fetch("SELECT call_id FROM cdr")]
    return [call_id for call_id in calls if not await verify_digest(conn, call_id)]
