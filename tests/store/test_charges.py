"""Charges in the database: what stands is what is wanted, and nothing is ever changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vorzimmer.core.charge_row import Row
from vorzimmer.core.stretches import Month
from vorzimmer.store import charges
from vorzimmer.store.charges import Written

NOVEMBER = Month(2026, 11)
ONE = Row(
    *("a", 0, "calls", "mueller", date(2026, 11, 1), "package", date(2026, 1, 1), "EUR"),
    *(Decimal(1), Decimal(0), Decimal("72.0"), "talk:60", "1@1.2", ""),
)


def costing(sixtieths: int, call: str = "a") -> Row:
    """The row at another price."""
    return replace(ONE, call_id=call, sixtieths=Decimal(sixtieths), parts=f"1@{sixtieths}")


async def test_only_what_differs_is_written(conn: asyncpg.Connection) -> None:
    """The same number in other digits is the same; another price takes the first back; back again does so too."""
    assert await charges.write(conn, [ONE]) == Written(1, 0)
    assert await charges.write(conn, [replace(ONE, sixtieths=Decimal("72.000"), turn=4)]) == Written(0, 0)
    assert await charges.write(conn, [costing(90)]) == Written(1, 1)
    assert await charges.write(conn, [ONE]) == Written(1, 1)
    told = [(row.turn, int(row.sixtieths)) for row in await charges.history(conn, "a")]
    assert told == [(0, 72), (1, -72), (2, 90), (3, -90), (4, 72)]
    assert await charges.standing(conn, "mueller", NOVEMBER) == {"a": (replace(ONE, turn=4),)}


async def test_call_without_a_wanted_charge_has_none(conn: asyncpg.Connection) -> None:
    """Only if it is among those that are meant; taken back once, not again; a second position is a difference."""
    await charges.write(conn, [ONE, costing(90, "b")])
    assert await charges.write(conn, [ONE], {"a", "b", "never"}) == Written(0, 1)
    assert await charges.write(conn, [ONE], {"a", "b"}) == Written(0, 0)
    assert await charges.write(conn, [ONE, replace(ONE, position="night")]) == Written(1, 1)
    stands = await charges.standing(conn, "mueller", NOVEMBER)
    assert {call: [row.position for row in rows] for call, rows in stands.items()} == {"a": ["calls", "night"]}


async def test_charges_cannot_be_changed(conn: asyncpg.Connection) -> None:
    """Nor deleted, by whoever has the database's password."""
    await charges.write(conn, [ONE])
    for statement in ("UPDATE charge SET sixtieths = 0", "DELETE FROM charge", "TRUNCATE charge"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await conn.execute(statement)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3), min_size=1, max_size=5))
def test_what_stands_is_what_was_wanted_last(dsn: str, wishes: Sequence[dict[str, int]]) -> None:
    """Whatever was wanted before; and all turns together sum to it."""
    asyncio.run(_wish(dsn, wishes))


async def _wish(dsn: str, wishes: Sequence[dict[str, int]]) -> None:
    conn = await asyncpg.connect(dsn)
    transaction = conn.transaction()
    await transaction.start()
    try:
        for wish in wishes:
            await charges.write(conn, [costing(price, call) for call, price in wish.items()], set("abc"))
        stands = await charges.standing(conn, "mueller", NOVEMBER)
        assert {call: int(row.sixtieths) for call, (row,) in stands.items()} == wishes[-1]
        assert await conn.fetchval("SELECT coalesce(sum(sixtieths), 0) FROM charge") == sum(wishes[-1].values())
    finally:
        await transaction.rollback()
        await conn.close()
