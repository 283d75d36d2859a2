"""Every call of a month, as the client reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.billing.months import NOVEMBER, Made, account, client, contract, furnish, one_client, store
from tests.billing.statement_samples import HOUSE, statement_of
from vorzimmer.billing import month_files
from vorzimmer.billing.itemised import itemised, wants_full_numbers
from vorzimmer.billing.rater import rate_month
from vorzimmer.core.account import Account
from vorzimmer.core.statement import CallLine, Hidden
from vorzimmer.store.statement_calls import Window


async def _lines(conn: asyncpg.Connection, **fields: Any) -> list[CallLine]:
    told: dict[str, Any] = {"full_numbers": False, "language": "en"} | fields
    return list(await itemised(conn, "mueller", NOVEMBER, **told))


async def test_every_call_is_told(conn: asyncpg.Connection) -> None:
    """Paid, included, failed; by the client's clock, in order: 31 October 23:30 UTC is November in Berlin."""
    await one_client(conn)
    await store(
        conn,
        Made("late", "mueller", "2026-11-30T23:59:59", 61),
        Made("first", "mueller", "2026-10-31T23:30:00+00:00"),
        Made("lost", "mueller", "2026-11-02T09:00", 0),
        Made("second", "mueller", "2026-11-03T09:00"),
        Made("other", "mueller", "2026-12-01T00:00"),
    )
    await rate_month(conn, "mueller", NOVEMBER)
    lines = await _lines(conn)
    assert [(one.id, one.net, one.why) for one in lines] == [
        ("first", Decimal(0), "included"),
        ("lost", Decimal(0), "not served, costs nothing"),
        ("second", Decimal(0), "included"),
        ("late", Decimal("1.2"), "1 x 1.20"),
    ]
    assert f"{lines[0].began:%Y-%m-%d %H:%M}" == "2026-11-01 00:30"
    assert dict(lines[-1].phases)["talk"] == 61


async def test_numbers_lose_their_last_digits_unless_whole_ones_were_ordered(conn: asyncpg.Connection) -> None:
    """Withheld ones are never told, ordered or not; those that are gone, or never came, say so."""
    await one_client(conn)
    await store(
        conn,
        Made("a", "mueller", "2026-11-02T09:00"),
        Made("b", "mueller", "2026-11-02T10:00", withheld=True),
        Made("c", "mueller", "2026-11-02T11:00", caller=None),
        Made("d", "mueller", "2026-11-02T12:00"),
    )
    await conn.execute("DELETE FROM cdr_person WHERE call_id = 'd'")
    assert [(one.number, one.hidden) for one in await _lines(conn)] == [
        ("+498912345XXX", None),
        (None, Hidden.WITHHELD),
        (None, Hidden.UNKNOWN),
        (None, Hidden.ERASED),
    ]
    assert [one.number for one in await _lines(conn, full_numbers=True)] == ["+498912345678", None, None, None]


@pytest.mark.parametrize(
    ("ordered", "whole"),
    [(None, False), (date(2026, 11, 1), True), (date(2026, 11, 2), False), (date(2026, 1, 9), True)],
)
def test_whole_numbers_are_ordered_before_the_period(ordered: date | None, whole: bool) -> None:  # noqa: FBT001 - a table
    """On its first day at the latest."""
    assert wants_full_numbers(Account(client="mueller", name="M", full_numbers=ordered), NOVEMBER) is whole
    assert wants_full_numbers(None, NOVEMBER) is False


async def test_calls_before_the_contract_are_told_as_such(conn: asyncpg.Connection) -> None:
    """They cost nothing."""
    await one_client(conn)
    await conn.execute("UPDATE contract SET since = '2026-11-15', data = data || '{\"since\": \"2026-11-15\"}'")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    assert [(one.net, one.why) for one in await _lines(conn)] == [(Decimal(0), "no contract on this day")]


async def test_a_call_that_is_not_rated_yet_says_so(conn: asyncpg.Connection) -> None:
    """It is not taken for one without a contract; nor is one that somebody has to look at first."""
    await one_client(conn)
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("b", "mueller", "2026-11-03T09:00"))
    await conn.execute("INSERT INTO parked_call (call_id, client, reason) VALUES ('b', 'mueller', 'unclear')")
    assert [(one.id, one.why) for one in await _lines(conn)] == [("a", "not charged yet"), ("b", "not charged yet")]


async def test_a_long_month_is_told_in_parts(conn: asyncpg.Connection) -> None:
    """Part after part, charged or not, each call is told once, as it is in the whole."""
    await one_client(conn)
    await store(conn, *(Made(f"c{n}", "mueller", f"2026-11-02T09:{n:02}", 60 * (n % 2)) for n in range(5)))
    await rate_month(conn, "mueller", NOVEMBER)
    parts = [await _lines(conn, window=Window(after, 2)) for after in (0, 2, 4, 6)]
    assert [len(part) for part in parts] == [2, 2, 1, 0]
    assert [line for part in parts for line in part] == await _lines(conn)


async def test_files_are_in_one_language(conn: asyncpg.Connection) -> None:
    """A Chinese client's statement is English, what counts too: not every house has a font for more."""
    await furnish(conn, [client("mueller")], [contract("mueller")], [account("mueller", language="zh")])
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    told = replace(statement_of(()), month=NOVEMBER)
    files = {one.name: one.content for one in await month_files.files_of(conn, told, HOUSE)}
    assert "included" in files["statement-2026-11.csv"].decode()
