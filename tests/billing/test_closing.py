"""A month's end for one client: what it leaves behind, when it is refused, and that it happens once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest

from tests.billing.months import (
    AFTER,
    BERLIN,
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
from vorzimmer.billing.closing import NotClosed, close, preview
from vorzimmer.billing.itemised import itemised
from vorzimmer.core.account import BillingBook
from vorzimmer.core.invoice import Invoice, Kind
from vorzimmer.core.seal import GENESIS
from vorzimmer.core.statement import Balance, Offer, Statement
from vorzimmer.core.stretches import Month
from vorzimmer.core.work_hours import WorkDone
from vorzimmer.notify.letter import render_letter
from vorzimmer.store import balances, billing_book, closing_state, invoices, statements, work_log
from vorzimmer.store.invoices import Document

FOUR = [Made(f"c{n}", "mueller", f"2026-11-{n + 1:02}T09:30") for n in range(1, 5)]
"""Two are included in the package, two cost 1.20 each: with the base fee 12.40 net."""

_ORDER = """
INSERT INTO setup_order
    (client_id, client_name, kind, language, mail, currency, items, wishes, placed_by, placed_at, state, closed_at)
VALUES ('mueller', 'Mueller', 'setup', 'de', '{}', 'EUR', '[]', '', 'test', now(), 'done', now()) RETURNING id
"""
_FEE = """
INSERT INTO setup_charge (order_id, client_id, option, title, net, currency, at)
VALUES ($1, 'mueller', 'simple', $2::jsonb, 49.90, 'EUR', $3)
"""
_ADVISORY_WAIT = """
SELECT EXISTS (
    SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
)
"""

IN_JANUARY = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)


async def _close(
    conn: asyncpg.Connection, name: str = "mueller", month: Month = NOVEMBER, at: datetime = AFTER, **issuer: Any
) -> Statement:
    return await close(conn, name, month, replace(ISSUER, **issuer), plain_documents, "alice", at)


async def _traces(conn: asyncpg.Connection) -> list[int]:
    """How much there is of what a close writes."""
    tables = ("statement", "invoice", "charge", "balance_entry", "outbox")
    return [await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - names from here


async def test_closed_month_is_stated_sealed_and_invoiced(conn: asyncpg.Connection) -> None:
    """Lines, chart, comparison, versions and the seal over what was charged; the invoice has the next number."""
    await one_client(conn)
    await store(conn, *FOUR)
    made = await _close(conn)
    assert made == await statements.statement(conn, "mueller", NOVEMBER)
    assert [(line.position, line.amount) for line in made.lines] == [
        ("base", Decimal("10.00")),
        ("calls", Decimal("2.40")),
    ]
    assert made.total == Decimal("12.40")
    calls = await itemised(conn, "mueller", NOVEMBER, full_numbers=False, language="en")
    assert sum(call.net for call in calls) == made.lines[1].amount
    assert (made.calls, made.chart[9]) == (4, 4)
    assert made.versions == (("package", date(2026, 1, 1)),)
    assert made.comparison == (
        Offer("minutes", "Nach Minuten", Decimal("2.40")),
        Offer("each", "Je Anruf", Decimal("10.00")),
        Offer("package", "Paket", Decimal("12.40"), yours=True),
    )
    assert made.head != GENESIS
    sealed = await conn.fetchval("SELECT sum(rows) FROM seal")
    assert sealed == await conn.fetchval("SELECT (SELECT count(*) FROM cdr) + (SELECT count(*) FROM charge)")
    issued = await invoices.standing(conn, "mueller", NOVEMBER)
    assert issued is not None
    assert (issued.number, issued.gross) == ("R2026-00001", Decimal("14.76"))
    assert [one.content for one in await invoices.documents(conn, issued.number)] == [b"14.76"]


async def test_closing_again_changes_nothing(conn: asyncpg.Connection) -> None:
    """Whoever does it, and whenever: the answer is the statement of the first time."""
    await one_client(conn)
    await store(conn, *FOUR)
    made = await _close(conn)
    before = await _traces(conn)
    assert await close(conn, "mueller", NOVEMBER, ISSUER, plain_documents, "bob", IN_JANUARY) == made
    assert await _traces(conn) == before


async def test_two_who_close_at_once_make_one_statement(conn: asyncpg.Connection, dsn: str) -> None:
    """The second waits, and finds what the first has made."""
    await one_client(conn)
    await store(conn, *FOUR)
    other = await asyncpg.connect(dsn)
    try:
        one, two = await asyncio.gather(_close(conn), _close(other))
    finally:
        await other.close()
    assert one == two
    assert (await _traces(conn))[:2] == [1, 1]


async def test_close_that_fails_at_its_end_leaves_nothing(conn: asyncpg.Connection) -> None:
    """Where the invoice's documents cannot be made, there is no statement and no number is used."""
    await one_client(conn)
    await store(conn, *FOUR)

    async def broken(_invoice: Invoice) -> Sequence[Document]:
        raise ValueError("the sums do not fit")

    with pytest.raises(NotClosed, match="the sums do not fit"):
        await close(conn, "mueller", NOVEMBER, ISSUER, broken, "alice", AFTER)
    assert (await _traces(conn))[:2] == [0, 0]
    await _close(conn)
    assert [one.number for one in await invoices.listed(conn)] == ["R2026-00001"]


async def test_call_that_comes_after_the_close_goes_to_the_next_month(conn: asyncpg.Connection) -> None:
    """It stands on December's statement, marked, and November's stays as it was."""
    await one_client(conn)
    await store(conn, *FOUR)
    made = await _close(conn)
    await store(conn, Made("came-late", "mueller", "2026-11-30T17:00"))
    assert await _close(conn) == made
    december = await _close(conn, month=DECEMBER, at=IN_JANUARY)
    lines = {
        month: await itemised(conn, "mueller", month, full_numbers=False, language="en")
        for month in (NOVEMBER, DECEMBER)
    }
    assert [one.id for one in lines[NOVEMBER]] == ["c1", "c2", "c3", "c4"]
    assert [(one.id, one.late) for one in lines[DECEMBER]] == [("came-late", True)]
    assert (december.total, december.calls) == (Decimal("10.00"), 1)


async def test_late_call_waits_for_the_next_contract(conn: asyncpg.Connection) -> None:
    """Nothing holds from December to February: it is on March's bill, marked, and not on April's."""
    await one_client(conn, tariff="each")
    await conn.execute("UPDATE contract SET until = '2026-11-30', data = data || '{\"until\": \"2026-11-30\"}'")
    told = BillingBook.model_validate({"contract": [contract("mueller", "each", since="2027-03-01")]})
    await billing_book.save(conn, told, "test")
    for month in (NOVEMBER, DECEMBER):
        await _close(conn, month=month, at=IN_JANUARY)
    await store(conn, Made("came-late", "mueller", "2026-11-30T17:00"))
    summer = datetime(2027, 6, 1, tzinfo=UTC)
    totals = [(await _close(conn, month=Month(2027, month), at=summer)).total for month in (3, 4)]
    assert totals == [Decimal("2.50"), Decimal(0)]
    march = await itemised(conn, "mueller", Month(2027, 3), full_numbers=False, language="en")
    assert [(one.id, one.late) for one in march] == [("came-late", True)]


async def test_month_without_anything_to_pay_has_no_invoice(conn: asyncpg.Connection) -> None:
    """A statement of 0, and no number is used for it."""
    await one_client(conn, tariff="each")
    made = await _close(conn)
    assert (made.total, await invoices.listed(conn)) == (Decimal(0), ())


async def test_prepaid_balance_pays_the_month(conn: asyncpg.Connection) -> None:
    """100.00 less 14.76 (12.40 and 19 % VAT); the next month takes from what is left, below zero if need be."""
    await furnish(conn, [client("mueller")], [contract("mueller")], [account("mueller")], [PACKAGE | {"prepaid": True}])
    await balances.add(conn, "mueller", Decimal("15.00"), "EUR", "payment", "alice", AFTER)
    await store(conn, *FOUR)
    assert (await _close(conn)).balance == Balance(Decimal("15.00"), Decimal("14.76"))
    issued = await invoices.standing(conn, "mueller", NOVEMBER)
    assert issued is not None
    assert issued.payable == 0
    december = await _close(conn, month=DECEMBER, at=IN_JANUARY)
    assert december.balance is not None
    assert december.balance.after == await balances.balance(conn, "mueller", "EUR") == Decimal("-11.66")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"at": datetime(2026, 11, 30, 22, 59, tzinfo=UTC)}, "2026-11 is not over in Europe/Berlin"),
        ({"name": "nobody"}, "nobody is not in the book any more"),
        ({"seller": replace(ISSUER.seller, iban="")}, "the seller's data lack iban"),
    ],
)
async def test_month_that_cannot_be_closed_is_refused(
    conn: asyncpg.Connection, fields: dict[str, Any], reason: str
) -> None:
    """With a reason, and without a trace but charges."""
    await one_client(conn)
    await store(conn, *FOUR)
    with pytest.raises(NotClosed, match=reason):
        await _close(conn, **fields)
    assert (await _traces(conn))[:2] == [0, 0]


async def test_month_is_over_by_the_clock_of_the_client(conn: asyncpg.Connection) -> None:
    """In Shanghai November ends at 16:00 UTC, in Berlin seven hours later."""
    await one_client(conn, timezone="Asia/Shanghai")
    end = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    with pytest.raises(NotClosed, match="Asia/Shanghai"):
        await _close(conn, at=end - timedelta(seconds=1))
    assert (await _close(conn, at=end)).month == NOVEMBER


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, "there is no account"),
        ({"country": "AT"}, "a business in AT needs a VAT id"),
        ({"country": "DE"}, "there is no contract"),
    ],
)
async def test_account_has_to_be_complete(conn: asyncpg.Connection, told: dict[str, Any], reason: str) -> None:
    """Without one, or without the VAT id of a business in the EU, nobody could be invoiced; nor without a contract."""
    accounts = [account("mueller", **told)] if told else []
    await furnish(conn, [client("mueller")], [contract("mueller")] if "contract" not in reason else [], accounts)
    with pytest.raises(NotClosed, match=reason):
        await _close(conn)


async def test_call_that_could_not_be_rated_stops_the_close(conn: asyncpg.Connection) -> None:
    """Its id and the reason are told; one of the next month does not matter."""
    await one_client(conn)
    await store(conn, *FOUR, Made("later", "mueller", "2026-12-01T00:00"))
    await conn.execute("UPDATE contract SET data = jsonb_set(data, '{tariff}', '\"gone\"')")
    with pytest.raises(NotClosed, match="tariff 'gone' has no version"):
        await _close(conn)


async def test_calls_that_wait_for_somebody_are_those_of_the_month(conn: asyncpg.Connection) -> None:
    """Neither those of the next month, nor those that cost nothing as no contract holds."""
    await one_client(conn)
    await store(conn, *FOUR[:2], Made("later", "mueller", "2026-12-01T00:00"))
    await conn.execute("INSERT INTO parked_call (call_id, client, reason) SELECT call_id, 'mueller', 'odd' FROM cdr")
    end = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert await closing_state.parked(conn, "mueller", end, ["c2"]) == (closing_state.Parked("c1", "odd"),)


async def test_months_are_closed_one_after_the_other(conn: asyncpg.Connection) -> None:
    """December waits for November, in which calls were charged; November cannot be closed behind December's back."""
    await one_client(conn)
    await store(conn, *FOUR)
    await _close(conn)
    january = DECEMBER.after
    with pytest.raises(NotClosed, match="2026-12 has to be closed first"):
        await _close(conn, month=january, at=datetime(2027, 2, 2, tzinfo=UTC))
    october = Month(2026, 10)
    with pytest.raises(NotClosed, match="2026-11 is closed already"):
        await _close(conn, month=october)


async def _set_up(conn: asyncpg.Connection, title: str, at: str) -> None:
    """A set-up that was finished on this day, written down now."""
    order = await conn.fetchval(_ORDER)
    titles = orjson.dumps({"de": title}).decode()
    await conn.execute(_FEE, order, titles, datetime.fromisoformat(at).replace(tzinfo=BERLIN))


async def test_set_up_told_after_the_close_goes_to_the_next_month(conn: asyncpg.Connection) -> None:
    """Finished in November, told when two months are closed: it is on January's bill, marked, and only there.

    One that November's bill has is on no other, and one of January keeps its name.
    """
    await one_client(conn)
    await _set_up(conn, "Ansage", "2026-11-30T23:30")
    november = await _close(conn)
    await _close(conn, month=DECEMBER, at=IN_JANUARY)
    await _set_up(conn, "Rufnummer", "2026-11-30T23:30")
    await _set_up(conn, "Nebenstelle", "2027-01-01T00:00")
    january = DECEMBER.after
    after = [await _close(conn, month=month, at=datetime(2027, 6, 1, tzinfo=UTC)) for month in (january, january.after)]
    assert [
        [(line.name, line.first) for line in made.lines if line.position == "fee"] for made in (november, *after)
    ] == [
        [("Ansage", date(2026, 11, 30))],
        [("Rufnummer (Nachtrag)", date(2026, 11, 30)), ("Nebenstelle", date(2027, 1, 1))],
        [],
    ]


@pytest.mark.parametrize("done", ["set-up", "work"])
async def test_month_with_something_to_bill_is_not_left_out(conn: asyncpg.Connection, done: str) -> None:
    """The first month of a contract has no calls, but a set-up or work: the second one waits for it."""
    await one_client(conn)
    if done == "work":
        assert await _add_work(conn, WorkDone("Ablage", date(2026, 11, 5), "none", (Decimal(60),), (Decimal(0),)))
    else:
        await _set_up(conn, "Ansage", "2026-11-05T10:00")
    with pytest.raises(NotClosed, match="2026-11 has to be closed first"):
        await _close(conn, month=DECEMBER, at=IN_JANUARY)


async def test_work_waits_for_a_close_that_runs(conn: asyncpg.Connection, dsn: str) -> None:
    """What is written down while its month is being closed would be on no bill: it is refused, once that is done."""
    await one_client(conn)
    work = WorkDone("Ablage", date(2026, 11, 5), "none", (Decimal(60),), (Decimal(0),))
    other = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await closing_state.lock(conn, "mueller")
            adding = asyncio.create_task(_add_work(other, work))
            while not adding.done() and not await conn.fetchval(_ADVISORY_WAIT):
                continue
            await statements.add(conn, await preview(conn, "mueller", NOVEMBER, ISSUER, "alice", AFTER))
        assert not await adding
    finally:
        await other.close()


async def _add_work(conn: asyncpg.Connection, work: WorkDone) -> bool:
    async with conn.transaction():
        return await work_log.add(conn, uuid4(), "mueller", work, "alice")


async def test_preview_writes_nothing(conn: asyncpg.Connection) -> None:
    """It says what the close then says."""
    await one_client(conn)
    await store(conn, *FOUR)
    before = await _traces(conn)
    told = await preview(conn, "mueller", NOVEMBER, ISSUER, "alice", AFTER)
    assert await _traces(conn) == before
    made = await _close(conn)
    assert replace(told, head=made.head) == made
    with pytest.raises(NotClosed):
        await preview(conn, "mueller", DECEMBER, ISSUER, "alice", AFTER)


async def test_client_is_told_if_that_is_wanted(conn: asyncpg.Connection) -> None:
    """One mail to the account's address, or to the client's."""
    await one_client(conn)
    await store(conn, *FOUR)
    await _close(conn, tell=True)
    [row] = await conn.fetch("SELECT recipient, payload FROM outbox WHERE about LIKE 'letter:statement:%'")
    told = orjson.loads(row["payload"])
    assert (row["recipient"], told["kind"]) == ("mueller@client.example", "month_closed")
    assert (told["data"]["total"], told["data"]["invoice"]) == ("12.40", "R2026-00001")
    german = render_letter(told, "de", "Büro Süd")
    assert german.subject == "Abrechnung 11/2026 für Mueller"
    assert "4 Anrufe, zusammen 12,40\xa0€ netto" in german.text
    owing = {**told, "data": told["data"] | {"invoice": "", "owes": "3.10"}}
    english = render_letter(owing, "en", "Büro Süd").text
    assert "There is nothing to pay." in english
    assert "€3.10 are missing" in english


async def test_credit_is_paid_into_the_balance(conn: asyncpg.Connection) -> None:
    """What was billed in advance and is not due any more comes back, VAT included."""
    base = {"kind": "recurring", "id": "base", "name": "Grundgebühr", "amount": "10.00", "advance": True}
    tariff = PACKAGE | {"prepaid": True, "positions": [base]}
    await furnish(conn, [client("mueller")], [contract("mueller")], [account("mueller")], [tariff])
    await _close(conn)
    await conn.execute("UPDATE contract SET until = '2026-12-01', data = data || '{\"until\": \"2026-12-01\"}'")
    made = await _close(conn, month=DECEMBER, at=IN_JANUARY)
    issued = await invoices.standing(conn, "mueller", DECEMBER)
    assert issued is not None
    assert (made.total < 0, issued.kind) == (True, Kind.CREDIT_NOTE)
    assert made.balance is not None
    assert made.balance.taken == -issued.gross
