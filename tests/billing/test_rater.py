"""A month rated in the database: charges that stand, are taken back, come late, or cannot be made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.billing.months import (
    AFTER,
    DECEMBER,
    ISSUER,
    NOVEMBER,
    PACKAGE,
    Made,
    account,
    client,
    contract,
    furnish,
    one_client,
    plain_documents,
    store,
)
from vorzimmer.billing.closing import close
from vorzimmer.billing.rater import rate_month
from vorzimmer.billing.reckoning import OUTSIDE
from vorzimmer.core.account import BillingBook
from vorzimmer.core.bill import Bill
from vorzimmer.core.charge_row import Row
from vorzimmer.core.stretches import Month, NoTariff
from vorzimmer.store import billing_book, charges
from vorzimmer.store.client_month import Closed

OCTOBER = NOVEMBER.before
NONE, ONE = Decimal(0), Decimal(1)
ABROAD = {
    "id": "abroad",
    "name": "Nach Zielen",
    "since": "2026-01-01",
    "positions": [
        {"kind": "minutes", "id": "talk", "name": "Gespräch", "price": "0.60", "phases": ["forwarded", "talk"]},
        {"kind": "surcharge", "id": "swiss", "name": "Schweiz", "amount": "0.30", "when": {"to": ["+41"]}},
        {"kind": "surcharge", "id": "far", "name": "China", "amount": "0.50", "when": {"to": ["+86", "+8610"]}},
    ],
}
YEARLY = {
    "id": "yearly",
    "name": "Jahreskontingent",
    "since": "2026-01-01",
    "positions": [
        {"kind": "calls", "id": "calls", "name": "Anrufe", "included": 3, "pool": "year", "price": "1.00"},
    ],
}

_ORDER = """
WITH placed AS (
    INSERT INTO setup_order
        (client_id, client_name, kind, language, mail, currency, items, wishes, placed_by, placed_at, state, closed_at)
    VALUES ('mueller', 'Mueller', 'setup', 'de', '{}', 'EUR', '[]', '', 'test', '2026-11-02', 'done', '2026-11-03')
    RETURNING id
)
INSERT INTO setup_charge (order_id, client_id, option, title, net, currency, at)
SELECT id, 'mueller', 'simple', '{"de": "Einrichtung", "en": "Set-up"}', 49.90, 'EUR', '2026-11-03' FROM placed
"""
"""A fee that is due in November."""


async def _standing(conn: asyncpg.Connection, month: Month = NOVEMBER) -> dict[str, tuple[Row, ...]]:
    return await charges.standing(conn, "mueller", month)


async def _amounts(conn: asyncpg.Connection, month: Month = NOVEMBER) -> dict[str, Decimal]:
    found = await _standing(conn, month)
    return {call: sum((row.sixtieths for row in rows), Decimal(0)) / 60 for call, rows in sorted(found.items())}


async def _rows(conn: asyncpg.Connection) -> int:
    return int(await conn.fetchval("SELECT count(*) FROM charge"))


async def _parked(conn: asyncpg.Connection) -> dict[str, str]:
    return {one.call_id: one.reason for one in await charges.parked(conn)}


async def _agree(conn: asyncpg.Connection, **book: Any) -> None:
    """Change tariffs or contracts."""
    await billing_book.save(conn, BillingBook.model_validate(book), "test")


async def _close(conn: asyncpg.Connection, month: Month = NOVEMBER, at: datetime = AFTER) -> None:
    await close(conn, "mueller", month, ISSUER, plain_documents, "alice", at)


async def _mark(conn: asyncpg.Connection, call: str) -> str:
    row = await conn.fetchrow("SELECT marks FROM charge WHERE call_id = $1 ORDER BY turn DESC LIMIT 1", call)
    return str(row["marks"])


async def test_rating_twice_writes_nothing(conn: asyncpg.Connection) -> None:
    """The second time all charges stand as they are wanted: not a row is added."""
    await one_client(conn)
    await store(conn, *(Made(f"c{n}", "mueller", f"2026-11-0{n}T09:00") for n in range(1, 5)))
    first = await rate_month(conn, "mueller", NOVEMBER)
    rows = await _rows(conn)
    assert await rate_month(conn, "mueller", NOVEMBER) == first
    assert (rows, await _rows(conn)) == (4, 4)


async def test_call_before_the_others_takes_their_free_unit(conn: asyncpg.Connection) -> None:
    """Two are included; the earliest one is stored last: the third is charged anew, the first two stand.

    a free, b free, c 1.20; then 0, a free, b 1.20: b's row is taken back and written again.
    """
    await one_client(conn)
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("b", "mueller", "2026-11-03T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    await store(conn, Made("0", "mueller", "2026-11-01T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"0": 0, "a": 0, "b": Decimal("1.2")}
    turns = [(row.turn, row.units, row.free, row.sixtieths) for row in await charges.history(conn, "b")]
    assert turns == [(0, ONE, ONE, NONE), (1, -ONE, -ONE, NONE), (2, ONE, NONE, Decimal(72))]
    assert len(await charges.history(conn, "a")) == 1


async def test_changed_price_is_charged_anew(conn: asyncpg.Connection) -> None:
    """A version that no closed month was billed by may be changed; every paid call is taken back and written again."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("lost", "mueller", "2026-11-02T10:00", 0))
    await rate_month(conn, "mueller", NOVEMBER)
    position = {"kind": "calls", "id": "calls", "name": "Anrufe", "price": "3.00"}
    await _agree(conn, tariff=[{"id": "each", "name": "Je Anruf", "since": "2026-01-01", "positions": [position]}])
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"a": 3, "lost": 0}
    assert [row.sixtieths for row in await charges.history(conn, "a")] == [150, -150, 180]
    assert len(await charges.history(conn, "lost")) == 1


async def test_contract_that_is_ended_takes_its_charges_back(conn: asyncpg.Connection) -> None:
    """A call behind its last day has nothing that stands, is put aside, and comes back with the contract."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("b", "mueller", "2026-11-20T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    await _agree(conn, contract=[contract("mueller", "each", until="2026-11-10")])
    bill = await rate_month(conn, "mueller", NOVEMBER)
    assert (await _amounts(conn), bill.outside) == ({"a": Decimal("2.5")}, ("b",))
    assert await _parked(conn) == {"b": OUTSIDE}
    await _agree(conn, contract=[contract("mueller", "each")])
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"a": Decimal("2.5"), "b": Decimal("2.5")}
    assert [row.turn for row in await charges.history(conn, "b")] == [0, 1, 2]
    assert await _parked(conn) == {}


async def test_late_call_is_billed_in_the_next_open_month(conn: asyncpg.Connection) -> None:
    """Marked so, first of its month; November's charges and statement stay, and closing December keeps it there."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await _close(conn)
    await store(conn, Made("late", "mueller", "2026-11-30T23:00"), Made("b", "mueller", "2026-12-01T09:00"))
    bill = await rate_month(conn, "mueller", DECEMBER)
    assert bill.rated[0].calls == ("late", "b")
    assert (await _mark(conn, "late"), await _mark(conn, "b")) == ("late", "")
    assert await _amounts(conn) == {"a": Decimal("2.5")}
    assert await _amounts(conn, DECEMBER) == {"b": Decimal("2.5"), "late": Decimal("2.5")}
    rows = await _rows(conn)
    assert await rate_month(conn, "mueller", DECEMBER) == bill
    await _close(conn, DECEMBER, datetime(2027, 1, 1, 8, tzinfo=UTC))
    january = await rate_month(conn, "mueller", DECEMBER.after)
    assert (january.rated[0].calls, await _rows(conn)) == ((), rows)
    with pytest.raises(Closed, match="2026-12 is closed already"):
        await rate_month(conn, "mueller", NOVEMBER)


async def test_late_call_of_a_trial_stays_free(conn: asyncpg.Connection) -> None:
    """And one of a day before the contract is nobody's, though December's tariff would charge both."""
    trial = {**PACKAGE, "trial_days": 7}
    agreed = contract("mueller", since="2026-11-10", trial=True)
    await furnish(conn, [client("mueller")], [agreed], [account("mueller")], [trial])
    await store(conn, Made("a", "mueller", "2026-11-20T09:00"), Made("in", "mueller", "2026-11-11T09:00"))
    await _close(conn)
    await store(conn, Made("tried", "mueller", "2026-11-12T09:00"), Made("early", "mueller", "2026-11-05T09:00"))
    bill = await rate_month(conn, "mueller", DECEMBER)
    assert (await _mark(conn, "in"), await _mark(conn, "tried")) == ("trial", "late trial")
    assert (bill.outside, bill.rated[0].calls) == (("early",), ())
    assert await _parked(conn) == {"early": OUTSIDE}


async def test_broken_call_is_put_aside_and_stops_no_other(conn: asyncpg.Connection) -> None:
    """A phase of less than no time comes from a clock that was set back; the next round rates it if it was mended."""
    await one_client(conn, tariff="minutes")
    await store(conn, Made("good", "mueller", "2026-11-02T09:00"), Made("skewed", "mueller", "2026-11-02T10:00"))
    await conn.execute("ALTER TABLE cdr DISABLE TRIGGER cdr_append_only")
    await conn.execute("UPDATE cdr SET talk = -3 WHERE call_id = 'skewed'")
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _parked(conn) == {"skewed": "talk lasted -3.000 s: a clock was wrong"}
    assert await _amounts(conn) == {"good": Decimal("0.6")}
    await conn.execute("UPDATE cdr SET talk = 30 WHERE call_id = 'skewed'")
    await rate_month(conn, "mueller", NOVEMBER)
    assert (await _parked(conn), await _amounts(conn)) == ({}, {"good": Decimal("0.6"), "skewed": Decimal("0.3")})


async def test_call_that_ends_before_it_begins_cannot_be_stored(conn: asyncpg.Connection) -> None:
    """The table refuses it, whoever writes."""
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await conn.execute("ALTER TABLE cdr DISABLE TRIGGER cdr_append_only")
    with pytest.raises(asyncpg.CheckViolationError):
        await conn.execute("UPDATE cdr SET ended_at = started_at - interval '1 second'")


async def test_tariff_without_a_version_puts_the_whole_month_aside(conn: asyncpg.Connection) -> None:
    """Every call says why; with the version they are rated."""
    await one_client(conn)
    await conn.execute("""UPDATE contract SET data = data || '{"tariff": "new"}'""")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    with pytest.raises(NoTariff):
        await rate_month(conn, "mueller", NOVEMBER)
    assert await _parked(conn) == {"a": "tariff 'new' has no version that holds on 2026-11-01"}
    await _agree(conn, tariff=[{**PACKAGE, "id": "new"}])
    await rate_month(conn, "mueller", NOVEMBER)
    assert (await _parked(conn), await _amounts(conn)) == ({}, {"a": NONE})


@pytest.mark.parametrize(("to", "costs"), [("+41441234567", "0.9"), ("+861069445464", "1.1"), ("+4930123456", "0.6")])
async def test_erased_number_changes_no_charge(conn: asyncpg.Connection, to: str, costs: str) -> None:
    """60 s at 0.60 a minute, and the surcharge of the number it was put through to, even if another call comes."""
    await furnish(conn, [client("mueller")], [contract("mueller", "abroad")], [account("mueller")], [ABROAD])
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await conn.execute("UPDATE cdr_person SET forwarded_to = $1", to)
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"a": Decimal(costs)}
    await conn.execute("DELETE FROM cdr_person")
    await store(conn, Made("0", "mueller", "2026-11-01T09:00"))
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"0": Decimal("0.6"), "a": Decimal(costs)}
    assert len({row.turn for row in await charges.history(conn, "a")}) == 1


async def test_year_goes_on_while_months_are_open(conn: asyncpg.Connection) -> None:
    """Three calls of the year are free: two of November, one of December; whether November is closed by then or not."""
    await furnish(conn, [client("mueller")], [contract("mueller", "yearly")], [account("mueller")], [YEARLY])
    await store(conn, *(Made(f"n{n}", "mueller", f"2026-11-0{n}T09:00") for n in (1, 2)))
    await store(conn, *(Made(f"d{n}", "mueller", f"2026-12-0{n}T09:00") for n in (1, 2)))
    await rate_month(conn, "mueller", NOVEMBER)
    early = await rate_month(conn, "mueller", DECEMBER)
    assert await _amounts(conn, DECEMBER) == {"d1": 0, "d2": 1}
    await _close(conn)
    assert await rate_month(conn, "mueller", DECEMBER) == early


async def test_advance_is_billed_once_while_months_are_open(conn: asyncpg.Connection) -> None:
    """November's bill has its own base fee and December's; December's has January's alone, closed or not."""
    base = {"kind": "recurring", "id": "base", "name": "Grundgebühr", "amount": "39.00", "advance": True}
    count = {"kind": "calls", "id": "calls", "name": "Anrufe", "price": "1.20"}
    ahead = {"id": "ahead", "name": "Voraus", "since": "2026-01-01", "positions": [base, count]}
    await furnish(conn, [client("mueller")], [contract("mueller", "ahead")], [account("mueller")], [ahead])
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    first = await rate_month(conn, "mueller", NOVEMBER)
    second = await rate_month(conn, "mueller", DECEMBER)
    assert (first.total, second.total) == (Decimal("79.20"), Decimal("39.00"))
    await _close(conn)
    assert await rate_month(conn, "mueller", DECEMBER) == second


async def test_month_and_package_are_cut_by_the_clients_clock(conn: asyncpg.Connection) -> None:
    """200 are included; the 201st begins in the last second of November in Berlin (22:59:59 UTC) and costs 0.95.

    The next one begins a second later, when it is 23:00 UTC on 30 November: it is the first of December, and free. And
    31 October 23:00 UTC is November. A client in Honolulu would count all but one to November.
    """
    count = {"kind": "calls", "id": "calls", "name": "Anrufe", "included": 200, "price": "0.95"}
    package = {"id": "p200", "name": "Paket 200", "since": "2026-01-01", "positions": [count]}
    await furnish(conn, [client("mueller")], [contract("mueller", "p200")], [account("mueller")], [package])
    await store(
        conn,
        Made("first", "mueller", "2026-10-31T23:00:00+00:00"),
        *(Made(f"c{n:03}", "mueller", f"2026-11-10T{8 + n // 60:02}:{n % 60:02}") for n in range(199)),
        Made("201st", "mueller", "2026-11-30T22:59:59+00:00"),
        Made("december", "mueller", "2026-11-30T23:00:00+00:00"),
    )
    november, december = [await rate_month(conn, "mueller", month) for month in (NOVEMBER, DECEMBER)]
    paid = {call: amount for call, amount in (await _amounts(conn)).items() if amount}
    assert (paid, november.total) == ({"201st": Decimal("0.95")}, Decimal("0.95"))
    assert (await _amounts(conn, DECEMBER), december.total) == ({"december": NONE}, NONE)


LONG = 30 * 3600
BY_CLOCK: Sequence[tuple[str, Made, str, Month]] = (
    # 600 s: 10 min x 0.60, though it ends on the next day, which is the next month.
    ("over midnight, and the month's end", Made("a", "mueller", "2026-11-30T23:55", 600), "6", NOVEMBER),
    # Clocks go back at 03:00: 01:30 to 03:30 by the clock is 3 h: 180 min x 0.60.
    ("when summer ends", Made("a", "mueller", "2026-10-25T01:30+02:00", 3 * 3600), "108", OCTOBER),
    # Clocks go forward at 02:00: 01:30 to 03:30 by the clock, 1 h.
    ("when summer begins", Made("a", "mueller", "2027-03-28T01:30+01:00", 3600), "36", Month(2027, 3)),
    # 0.4 s are in the first increment of 30 s.
    ("of less than a second", Made("a", "mueller", "2026-11-02T09:00", 0.4), "0.3", NOVEMBER),
    ("of 30 hours", Made("a", "mueller", "2026-11-02T09:00", LONG), "1080", NOVEMBER),
    ("that failed", Made("a", "mueller", "2026-11-02T09:00", 0), "0", NOVEMBER),
)


@pytest.mark.parametrize(("call", "costs", "month"), [row[1:] for row in BY_CLOCK], ids=[row[0] for row in BY_CLOCK])
async def test_call(conn: asyncpg.Connection, call: Made, costs: str, month: Month) -> None:
    """0.60 a minute in increments of 30/6, from its record in the database."""
    await one_client(conn, tariff="minutes")
    await _agree(conn, contract=[contract("mueller", "minutes", since="2026-01-01", until="2026-10-31")])
    await store(conn, call)
    await rate_month(conn, "mueller", month)
    assert await _amounts(conn, month) == {"a": Decimal(costs)}


async def test_failed_calls_eat_no_free_units(conn: asyncpg.Connection) -> None:
    """Two are included: three that nobody answered leave both for those that were."""
    await one_client(conn)
    lost = [Made(f"l{n}", "mueller", f"2026-11-01T0{n}:00", 0) for n in range(3)]
    await store(conn, *lost, *(Made(f"c{n}", "mueller", f"2026-11-02T0{n}:00") for n in range(3)))
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _amounts(conn) == {"c0": 0, "c1": 0, "c2": Decimal("1.2"), "l0": 0, "l1": 0, "l2": 0}


async def test_two_raters_at_once_charge_once(dsn: str, conn: asyncpg.Connection) -> None:
    """They wait for each other by the client's lock."""
    await one_client(conn)
    await store(conn, *(Made(f"c{n}", "mueller", f"2026-11-0{n}T09:00") for n in range(1, 5)))
    other = await asyncpg.connect(dsn)
    try:
        bills = await asyncio.gather(*(rate_month(one, "mueller", NOVEMBER) for one in (conn, other)))
    finally:
        await other.close()
    assert (bills[0], await _rows(conn)) == (bills[1], 4)


async def test_fee_and_work_are_on_the_bill(conn: asyncpg.Connection) -> None:
    """A set-up fee of 49.90 of the month, and an hour at 40.00 with 20 minutes of talk to Germany: 48.00."""
    work = {"kind": "work", "id": "work", "name": "Arbeit", "rate": "40.00"}
    hourly = {"id": "hourly", "name": "Stunden", "since": "2026-01-01", "positions": [work]}
    await furnish(conn, [client("mueller")], [contract("mueller", "hourly")], [account("mueller")], [hourly])
    data = {"task": "Termine", "region": "germany", "minutes": ["60"], "talk": ["20"]}
    await conn.execute(
        "INSERT INTO work_done (id, client, day, data, added_by) VALUES (gen_random_uuid(), 'mueller', $1, $2, 'test')",
        NOVEMBER.first,
        orjson.dumps(data).decode(),
    )
    await conn.execute(_ORDER)
    bill = await rate_month(conn, "mueller", NOVEMBER)
    assert [(line.name, line.amount) for line in bill.lines] == [
        ("Arbeit (60 min + 20 % x 60 min)", Decimal("48.00")),
        ("Einrichtung", Decimal("49.90")),
    ]


async def test_a_set_up_before_the_contract_is_on_its_first_bill(conn: asyncpg.Connection) -> None:
    """Set up in November for a contract from December on: the fee is on December's bill, and not on January's too."""
    await furnish(conn, [client("mueller")], [contract("mueller", since="2026-12-01")], [account("mueller")])
    await conn.execute(_ORDER)
    december, january = Month(2026, 12), Month(2027, 1)
    assert "Einrichtung" in [line.name for line in (await rate_month(conn, "mueller", december)).lines]
    assert "Einrichtung" not in [line.name for line in (await rate_month(conn, "mueller", january)).lines]


async def test_fee_in_another_currency_stops_the_bill(conn: asyncpg.Connection) -> None:
    """Sums of two currencies are none; the sentence says what is wrong."""
    await one_client(conn)
    await conn.execute(_ORDER.replace("EUR", "CNY"))
    with pytest.raises(ValueError, match="a set-up fee is not in EUR"):
        await rate_month(conn, "mueller", NOVEMBER)


def _batches(order: Sequence[int], cuts: Sequence[int]) -> list[list[int]]:
    ends = sorted({*(cut % (len(order) + 1) for cut in cuts), len(order)})
    return [list(order[begin:end]) for begin, end in zip([0, *ends], ends, strict=False) if begin < end]


CALLS = tuple(
    Made(f"c{n:02}", "mueller", f"2026-11-{1 + n * 2:02}T{(n * 5) % 24:02}:1{n % 10}", talk)
    for n, talk in enumerate((60, 0, 29.5, 31, 600, 0, 1, 4500, 90, 61))
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(len(CALLS))), st.lists(st.integers(0, len(CALLS)), max_size=4))
def test_batches_and_orders_make_the_same_bill(dsn: str, order: list[int], cuts: list[int]) -> None:
    """However the calls of a month come in, and whenever it is rated meanwhile: the bill and what stands are one."""
    assert asyncio.run(_in_batches(dsn, _batches(order, cuts))) == asyncio.run(_in_batches(dsn, [range(len(CALLS))]))


async def _in_batches(dsn: str, batches: Sequence[Sequence[int]]) -> tuple[Bill, set[tuple[Any, ...]], Decimal]:
    """The bill, what stands, and the sum of all turns; nothing of it stays."""
    conn = await asyncpg.connect(dsn)
    transaction = conn.transaction()
    await transaction.start()
    try:
        await one_client(conn)
        made: Bill | None = None
        for batch in batches:
            await store(conn, *(CALLS[n] for n in batch))
            made = await rate_month(conn, "mueller", NOVEMBER)
        rows = [row for mine in (await _standing(conn)).values() for row in mine]
        told = {(row.call_id, row.position, row.units, row.free, row.sixtieths, row.parts) for row in rows}
        assert made is not None
        return made, told, await conn.fetchval("SELECT sum(sixtieths) FROM charge")
    finally:
        await transaction.rollback()
        await conn.close()
