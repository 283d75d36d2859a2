"""A call's arithmetic told from what is stored: checked with a pencil."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

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
from vorzimmer.billing.explaining import explain
from vorzimmer.billing.rater import rate_month
from vorzimmer.core.account import BillingBook
from vorzimmer.store import billing_book, charges


async def _told(conn: asyncpg.Connection, call: str, language: str = "en") -> list[str]:
    """Without the first two lines, which tell of the call itself."""
    return list(await explain(conn, call, language) or ())[2:]


async def _change_price(conn: asyncpg.Connection, price: str) -> None:
    """Of a call beyond the package."""
    position = {"kind": "calls", "id": "calls", "name": "Anrufe", "included": 2, "price": price}
    book = {"tariff": [{**PACKAGE, "positions": [position]}]}
    await billing_book.save(conn, BillingBook.model_validate(book), "test")


async def test_call_beyond_the_package(conn: asyncpg.Connection) -> None:
    """The third of the month, of which two are free: 1 x 1.20, rounded in the position's sum."""
    await one_client(conn)
    await store(conn, *(Made(f"c{n}", "mueller", f"2026-11-0{n}T09:00") for n in (1, 2, 3)))
    await rate_month(conn, "mueller", NOVEMBER)
    assert await explain(conn, "c3", "de") == (
        "Anruf c3 vom 03.11.2026 09:00:00, eingehend, angenommen.",
        "Gedauert hat: Klingeln 4 s, Gespräch 60 s.",
        "Tarif „Paket“ (package) vom 01.01.2026, Abrechnung 11/2026.",
        "Anrufe: davor 2 Anrufe gezählt, danach 3; frei sind 2.",
        "Anrufe:",
        "  1 Anruf x 1,20 EUR = 1,20 EUR.",
        "  Nicht je Anruf gerundet, erst in der Summe der Position.",
        "Zusammen: 1,20 EUR netto.",
    )
    assert (await _told(conn, "c2"))[1:] == [
        "Anrufe: 1 call counted before, 2 after; 2 are free.",
        "Anrufe:",
        "  Of these free: 1 call.",
        "Together: 0.00 EUR net.",
    ]


async def test_call_by_the_minute(conn: asyncpg.Connection) -> None:
    """61 s in increments of 30/6 are 66 s: 66 x 0.60 / 60 = 0.66."""
    await one_client(conn, tariff="minutes")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00", 61))
    await rate_month(conn, "mueller", NOVEMBER)
    assert (await _told(conn, "a"))[1:] == [
        "Gespräch:",
        "  Counted: talk 61 s = 61 s.",
        "  In increments of 30/6: 66 s.",
        "  66 s x 0.60 EUR a minute / 60 = 0.66 EUR.",
        "  Not rounded for each call, but in the position's sum.",
        "Together: 0.66 EUR net.",
    ]


async def test_units_are_counted_as_they_are_rated(conn: asyncpg.Connection) -> None:
    """A new contract within the month has one of its own free; a year's minutes go on from a month not yet closed."""
    position = {"kind": "minutes", "id": "talk", "name": "Gespräch", "included": 10, "pool": "year", "price": "0.60"}
    yearly = {**PACKAGE, "id": "yearly", "since": "2025-01-01", "positions": [position]}
    agreed = [contract("mueller", until="2026-11-15"), contract("mueller", since="2026-11-16")]
    other = contract("schulz", "yearly", since="2025-12-10")
    await furnish(conn, [client("mueller"), client("schulz", 2)], [*agreed, other], [], [PACKAGE, yearly])
    months = (("a", "11-02"), ("b", "11-03"), ("c", "11-17"))
    await store(conn, *(Made(name, "mueller", f"2026-{day}T09:00") for name, day in months))
    days = (("d", "11-20", 500), ("e", "12-09", 120), ("f", "12-10", 60))
    await store(conn, *(Made(name, "schulz", f"2026-{day}T09:00", talk) for name, day, talk in days))
    await rate_month(conn, "mueller", NOVEMBER)
    for month in (NOVEMBER, DECEMBER):
        await rate_month(conn, "schulz", month)
    assert [(await _told(conn, name))[1] for name in "bcdef"] == [
        "Anrufe: 1 call counted before, 2 after; 1 are free.",
        "Anrufe: 0 calls counted before, 1 after; 1 are free.",
        "Gespräch: 0 s counted before, 500 after; 600 are free.",
        "Gespräch: 500 s counted before, 620 after; 600 are free.",
        "Gespräch: 0 s counted before, 60 after; 600 are free.",
    ]


async def test_what_is_put_aside_is_told_in_the_reader_s_language(conn: asyncpg.Connection) -> None:
    """Not in the words that are meant for the house, with names of its tariffs and errors."""
    await one_client(conn)
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    for reason, said in (
        ("talk lasted -3 s: a clock was wrong", "eine Uhr ging falsch; der Anruf wird angesehen"),
        ("tariff package cannot rate it: Overflow()", "Vertrag oder Tarif dieses Tages sind noch zu klären"),
    ):
        await charges.park(conn, "mueller", {"a": reason}, ())
        assert await _told(conn, "a", "de") == [f"Nicht berechnet: {said}."]


async def test_charges_that_were_taken_back_are_told(conn: asyncpg.Connection) -> None:
    """The first price stands before the second; in between, the change is told and the old sum."""
    await one_client(conn)
    await store(conn, *(Made(f"c{n}", "mueller", f"2026-11-0{n}T09:00") for n in (1, 2, 3)))
    await rate_month(conn, "mueller", NOVEMBER)
    await _change_price(conn, "1.50")
    await rate_month(conn, "mueller", NOVEMBER)
    told = await _told(conn, "c3")
    assert (told[0], told[-1]) == ("Charge 1: 1.20 EUR, taken back.", "Together: 1.50 EUR net.")
    ended = {"contract": [contract("mueller", until="2026-11-02")]}
    await billing_book.save(conn, BillingBook.model_validate(ended), "test")
    await rate_month(conn, "mueller", NOVEMBER)
    assert await _told(conn, "c3") == [
        "Charge 1: 1.20 EUR, taken back.",
        "Charge 2: 1.50 EUR, taken back.",
        "Not charged: no contract holds on the day of the call.",
    ]


async def test_what_costs_nothing_says_why(conn: asyncpg.Connection) -> None:
    """A failed call, one of the trial, one that is not rated yet; of none that there is, nothing."""
    trial = {**PACKAGE, "trial_days": 7}
    agreed = contract("mueller", trial=True)
    await furnish(conn, [client("mueller")], [agreed], [account("mueller")], [trial])
    await store(conn, Made("tried", "mueller", "2026-11-02T09:00"), Made("lost", "mueller", "2026-11-20T09:00", 0))
    await rate_month(conn, "mueller", NOVEMBER)
    await store(conn, Made("new", "mueller", "2026-11-21T09:00"))
    assert (await _told(conn, "tried"))[-1] == "Trial: the call costs nothing."
    assert (await _told(conn, "lost"))[-1] == "The call was not served and costs nothing."
    assert await _told(conn, "new", "de") == ["Noch nicht berechnet."]
    assert await explain(conn, "none", "de") is None


async def test_late_call_says_so(conn: asyncpg.Connection) -> None:
    """It is of November and on December's bill, where two are free."""
    await one_client(conn)
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    await close(conn, "mueller", NOVEMBER, ISSUER, plain_documents, "alice", AFTER)
    await store(conn, Made("late", "mueller", "2026-11-30T09:00"), Made("b", "mueller", "2026-12-01T09:00"))
    await rate_month(conn, "mueller", DECEMBER)
    assert (await _told(conn, "late"))[:3] == [
        "Tariff 'Paket' (package) of 2026-01-01, billed 2026-12.",
        "Belated: the call came when its month 2026-11 was closed already.",
        "Anrufe: 0 calls counted before, 1 after; 2 are free.",
    ]
    assert (await _told(conn, "b"))[1] == "Anrufe: 1 call counted before, 2 after; 2 are free."
    await close(conn, "mueller", DECEMBER, ISSUER, plain_documents, "alice", datetime(2027, 1, 2, tzinfo=UTC))
    assert (await _told(conn, "late"))[2] == "Anrufe: 0 calls counted before, 1 after; 2 are free."
