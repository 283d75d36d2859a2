"""Bills over the turns of a contract: its years, trial, end, a new price; and what is left to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import orjson

from tests.core.tariffs import HERE, call, many, tariff
from tests.core.test_bill import ALWAYS, BASE, EACH, NOVEMBER, amounts, billed
from vorzimmer.core.bill import Before, Besides, bill
from vorzimmer.core.stretches import Contract, Month

D = Decimal
YEARLY = {"kind": "recurring", "amount": "365", "every": "year", "advance": True}


def test_a_year_paid_in_advance_that_ends_early_comes_back() -> None:
    """365 a year less 10 %: a contract that ends on 31 March gives back 275 of its days, 275 - 27.50 = 247.50, once.

    What was known when the year was billed is not given back again, and what is not cut by days never.
    """
    known = tariff(YEARLY, prepayments=[{"months": 12, "percent": "10"}])
    contract = Contract("t", date(2026, 1, 1), prepaid_months=12)
    first = billed(known, contract=contract, month=Month(2026, 1))
    second = billed(known, contract=contract, month=Month(2026, 2), before=Before(advanced=first.advanced))
    assert (first.total, second.total) == (D("328.50"), D(0))
    ended = replace(contract, until=date(2026, 3, 31))
    third = billed(known, contract=ended, month=Month(2026, 3), before=Before(advanced=second.advanced))
    assert [(line.first, line.last, line.amount) for line in third.lines] == [
        (date(2026, 4, 1), date(2026, 12, 31), D("-247.50"))
    ]
    assert billed(known, contract=ended, month=Month(2026, 4), before=Before(advanced=third.advanced)).total == 0
    agreed = billed(known, contract=ended, month=Month(2026, 1))
    assert agreed.total == D("81.00")  # 90 days, less 10 %
    assert billed(known, contract=ended, month=Month(2026, 3), before=Before(advanced=agreed.advanced)).total == 0
    uncut = tariff({**YEARLY, "prorate": False})
    whole = billed(uncut, contract=contract, month=Month(2026, 1))
    assert billed(uncut, contract=ended, month=Month(2026, 3), before=Before(advanced=whole.advanced)).total == 0


def test_a_discount_in_advance_is_remembered_as_it_is_stored() -> None:
    """What the next bill needs to know is stored as JSON, whose keys are nothing but strings."""
    known = tariff({**BASE, "advance": True}, terms=[{"months": 12, "percent": "10"}])
    contract = Contract("t", date(2026, 11, 1), term_months=12)
    first = billed(known, contract=contract)
    assert orjson.loads(orjson.dumps({key: str(value) for key, value in first.advanced.items()})) == {
        "p1": "49.00",
        "discount": "-4.90",
    }
    next_one = billed(known, contract=contract, month=Month(2026, 12), before=Before(advanced=first.advanced))
    assert amounts(next_one) == [("p1", "49.00"), ("discount", "-4.90")]


def test_after_a_trial_the_year_and_the_month_are_billed() -> None:
    """Seven days from 1 March are free: of a year 358 of 365 days, for themselves; a month that is not cut is whole."""
    contract = Contract("t", date(2026, 3, 1), trial=True)
    found = billed(tariff(YEARLY, trial_days=7), contract=contract, month=Month(2026, 3))
    assert [(line.first, line.last, line.amount) for line in found.lines] == [
        (date(2026, 3, 8), date(2027, 2, 28), D("358.00"))
    ]
    later = billed(tariff(YEARLY, trial_days=7), contract=contract, month=Month(2026, 4))
    assert later.total == 0
    uncut = tariff({**BASE, "prorate": False}, trial_days=7)
    assert billed(uncut, contract=contract, month=Month(2026, 3)).total == 49


def test_what_was_billed_in_advance_is_moved_only_where_it_differs() -> None:
    """49.00 were billed for November; a new price from the 16th on makes that 24.50 + 30.00, so 5.50 are missing."""
    known = {**BASE, "advance": True}
    versions = [tariff(known), tariff({**known, "amount": "60.00"}, since="2026-11-16")]
    found = bill(NOVEMBER, [ALWAYS], versions, HERE, [], before=Before(advanced={"p1": D(49)}))
    assert amounts(found) == [("p1", "5.50"), ("p1", "60.00")]


def test_a_bill_has_one_currency() -> None:
    """What comes back after a contract's end does so in its currency; a base fee in another waits for its own bill."""
    yuan, euro = tariff({**BASE, "advance": True}, currency="CNY"), tariff({**BASE, "advance": True}, id="e")
    ended = Contract("t", date(2026, 1, 1), date(2026, 10, 31))
    back = billed(yuan, contract=ended, before=Before(advanced={"p1": D(49)}))
    assert (back.total, back.currency) == (D(-49), "CNY")
    changed = [ended, Contract("e", date(2026, 11, 1))]
    last = bill(Month(2026, 10), changed, [yuan, euro], HERE, [], before=Before(advanced={"p1": D(49)}))
    assert (last.lines, last.currency) == ((), "CNY")
    first = bill(NOVEMBER, changed, [yuan, euro], HERE, [], before=Before(advanced=last.advanced))
    assert (first.total, first.currency) == (D(98), "EUR")


def test_each_year_of_a_contract_has_units_of_its_own() -> None:
    """100 minutes a year, used by its end on 14 November: 5 on the 14th cost 0.30 each, 5 on the 15th nothing.

    A year that ends with a month is the same, and a call of it that comes late is still its own.
    """
    package = tariff({"kind": "minutes", "included": 100, "pool": "year", "price": "0.30"}, since="2025-01-01")
    spent = Before(used={"p1": D(6000)})
    calls = [call(n, f"2026-11-{day}T23:59", talk=300) for n, day in enumerate((14, 15))]
    within = billed(package, *calls, contract=Contract("t", date(2025, 11, 15)), before=spent)
    assert (amounts(within), within.used) == ([("p1", "1.50")], {"p1": D(300)})
    late = Besides(late=(call(9, "2026-10-31T23:59", talk=300),))
    behind = billed(package, *calls, contract=Contract("t", date(2025, 11, 1)), before=spent, besides=late)
    assert (amounts(behind), behind.used) == ([("p1", "1.50")], {"p1": D(600)})


def test_a_new_contract_has_new_units() -> None:
    """Whoever changes the contract on 16 November has 100 minutes from that day on, whatever the old one used."""
    package = tariff({"kind": "minutes", "included": 100, "pool": "year", "price": "0.30"})
    contracts = [Contract("t", date(2026, 2, 1), date(2026, 11, 15)), Contract("t", date(2026, 11, 16))]
    calls = [call(n, f"2026-11-{day}T10:00", talk=60) for n, day in enumerate((15, 16))]
    found = bill(NOVEMBER, contracts, [package], HERE, calls, before=Before(used={"p1": D(6000)}))
    assert (amounts(found), found.used) == ([("p1", "0.30"), ("p1", "0.00")], {"p1": D(60)})


def test_a_contracts_year_cuts_no_month() -> None:
    """A year of the contract begins on 16 November: all 200 calls of the package may be in the days before.

    The month is 49.00 in advance (billed in October) and at least 60.00: 11.00 are missing, and nothing is moved.
    """
    package = {"kind": "calls", "included": 200, "price": "0.95"}
    known = tariff({**BASE, "advance": True}, package, minimum="60", since="2025-01-01")
    contract = Contract("t", date(2025, 11, 16))
    october = billed(known, contract=contract, month=Month(2026, 10), before=Before(advanced={"p1": D(49)}))
    assert amounts(october) == [("p2", "0.00"), ("minimum", "11.00"), ("p1", "49.00")]
    found = billed(known, *many(200), contract=contract, before=Before(advanced=october.advanced))
    assert amounts(found) == [("p2", "0.00"), ("minimum", "11.00"), ("p1", "49.00")]


def test_a_part_of_included_minutes_is_whole_seconds() -> None:
    """4 minutes a month are 8 s on the last day of November; 9 s cost one second: 0.60 / 60, and no cent more."""
    known = tariff({"kind": "minutes", "included": 4, "price": "0.60"}, rounding={"at": "call", "how": "up"})
    found = billed(known, call(at="2026-11-30T10:00", talk=9), contract=Contract("t", date(2026, 11, 30)))
    assert (found.charges[0].free, found.total) == (D(8), D("0.01"))


def test_a_third_of_a_month_is_a_third_of_its_price() -> None:
    """10 of 30 days of 30.00 are 10.00, also where what is less than a cent is cut off: a third is no decimal."""
    known = tariff({**BASE, "amount": "30.00"}, rounding={"how": "down"})
    assert billed(known, contract=Contract("t", date(2026, 11, 21))).total == 10


def test_short_calls_are_free_by_the_month() -> None:
    """One call under 30 s a month is free: not another one after a new price from the 16th on."""
    each = {**EACH, "free_short": {"seconds": 30, "most": 1}}
    versions = [tariff(each), tariff({**each, "price": "2.00"}, since="2026-11-16")]
    calls = [call(n, f"2026-11-{day}T10:00", talk=20) for n, day in enumerate((15, 16))]
    assert amounts(bill(NOVEMBER, [ALWAYS], versions, HERE, calls)) == [("p1", "0.00"), ("p1", "2.00")]


def test_the_least_and_discounts_are_of_what_is_billed() -> None:
    """Two lines of 3.335 are billed as 3.34 each: 10.00 at least are 3.32 more.

    9 % of two fees of 0.05 / 2 = 0.025, billed as 0.03 each, are 0.0054, so 0.01. Where only the whole is rounded, all
    of it is exact.
    """
    each = {"kind": "calls", "price": "3.335"}
    assert amounts(billed(tariff(each, each, minimum="10"), call()))[2:] == [("minimum", "3.32")]
    fees = [{"kind": "recurring", "amount": "0.05"}] * 2
    half = Contract("t", date(2026, 11, 16), term_months=12)
    least = tariff(*fees, terms=[{"months": 12, "percent": "9"}])
    assert amounts(billed(least, contract=half)) == [("p1", "0.03"), ("p2", "0.03"), ("discount", "-0.01")]
    exact = billed(tariff(each, each, minimum="10", rounding={"at": "invoice"}), call())
    assert (amounts(exact)[2:], exact.total) == ([("minimum", "3.33"), ("rounding", "-0.01")], D(10))
