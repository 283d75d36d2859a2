"""Closed months in the database, what was paid before, and debtors' numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import pytest

from vorzimmer.core.bill import Line, Unit
from vorzimmer.core.statement import Balance, Statement
from vorzimmer.core.stretches import Month
from vorzimmer.store import balances, debtors, statements

NOVEMBER = Month(2026, 11)
AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
CENT = Decimal("0.01")


def _closed(month: Month = NOVEMBER, client: str = "mueller") -> Statement:
    line = Line("base", "Grundgebühr", month.first, month.last, Decimal(1), Unit.MONTH, CENT, CENT, CENT)
    return Statement(client, month, "EUR", (line,), bytes(32), AT, "alice", {}, {}, (("package", date(2026, 1, 1)),))


async def test_statement_is_read_as_it_was_written(conn: asyncpg.Connection) -> None:
    """To the last digit; that of another month or client is none."""
    await statements.add(conn, _closed())
    assert await statements.statement(conn, "mueller", NOVEMBER) == _closed()
    assert await statements.statement(conn, "mueller", NOVEMBER.after) is None
    assert await statements.statement(conn, "praxis", NOVEMBER) is None


async def test_statements_are_listed_the_newest_first(conn: asyncpg.Connection) -> None:
    """Those of the client only."""
    for closed in (_closed(), _closed(NOVEMBER.after), _closed(client="praxis")):
        await statements.add(conn, closed)
    assert [one.month.month for one in await statements.listed(conn, "mueller")] == [12, 11]


async def test_month_is_closed_once_and_never_changed(conn: asyncpg.Connection) -> None:
    """A second statement is refused, and so is whoever changes the first."""
    await statements.add(conn, _closed())
    with pytest.raises(asyncpg.UniqueViolationError):
        await statements.add(conn, replace(_closed(), closed_by="bob"))
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("UPDATE statement SET total = 0")


async def test_balance_is_the_sum_of_payments_and_months(conn: asyncpg.Connection) -> None:
    """100.00 paid, 30.50 taken back, 119.00 taken by a month: 49.50 below zero; other currencies are apart."""
    assert await balances.add(conn, "mueller", Decimal("100.00"), "EUR", "payment", "alice", AT) == Decimal("100.00")
    await balances.add(conn, "mueller", Decimal("-30.50"), "EUR", "correction", "alice", AT)
    await balances.add(conn, "mueller", Decimal(7), "CNY", "payment", "alice", AT)
    taken = await balances.take(conn, "mueller", NOVEMBER, Decimal("119.00"), "EUR", "alice", AT)
    assert taken == Balance(Decimal("69.50"), Decimal("119.00"))
    assert await balances.balance(conn, "mueller", "EUR") == taken.after == Decimal("-49.50")
    assert [(one.amount, one.month) for one in await balances.entries(conn, "mueller")][-1] == (
        Decimal("-119.00"),
        NOVEMBER.first,
    )


async def test_month_takes_from_the_balance_once(conn: asyncpg.Connection) -> None:
    """The second time is refused; entries are never changed."""
    await balances.take(conn, "mueller", NOVEMBER, CENT, "EUR", "alice", AT)
    with pytest.raises(asyncpg.UniqueViolationError):
        await balances.take(conn, "mueller", NOVEMBER, CENT, "EUR", "alice", AT)
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("DELETE FROM balance_entry")


async def test_debtors_keep_their_numbers(conn: asyncpg.Connection) -> None:
    """New ones get the next numbers; a higher first number leaves a gap and changes none."""
    assert await debtors.numbers(conn, ["b", "a", "b"], 10_000) == {"a": 10_000, "b": 10_001}
    assert await debtors.numbers(conn, ["0", "b"], 10_000) == {"0": 10_002, "b": 10_001}
    assert await debtors.numbers(conn, ["c", "a"], 20_000) == {"a": 10_000, "c": 20_000}


async def test_debtors_numbers_have_an_end(conn: asyncpg.Connection) -> None:
    """Where not all get one, none does."""
    with pytest.raises(debtors.NoNumberLeft):
        await debtors.numbers(conn, ["a", "b"], debtors.LAST)
    assert await debtors.numbers(conn, ["b"], debtors.LAST) == {"b": debtors.LAST}
