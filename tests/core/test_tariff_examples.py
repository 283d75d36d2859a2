"""The tariffs that come with the program: each form of the market, and what a month costs by it."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.core.tariffs import HERE, call, many, other_call
from vorzimmer.core.bill import Before, bill
from vorzimmer.core.rating import Call
from vorzimmer.core.stretches import Contract, Month
from vorzimmer.core.tariff import Tariffs

EXAMPLES = Tariffs.model_validate(
    tomllib.loads((Path(__file__).parents[2] / "docs/tariffs.example.toml").read_text())
).tariff
MARCH = Month(2026, 3)


def month(tariff: str, *calls: Call, since: date = date(2026, 1, 1), **contract: Any) -> Decimal:
    """What March costs, the base fee of April in advance included, and that of March billed before."""
    known = Contract(tariff, since, **contract)
    before = bill(Month(2026, 2), [known], EXAMPLES, HERE, [])
    return bill(MARCH, [known], EXAMPLES, HERE, calls, before=Before(before.used, before.advanced)).total


MONDAY, NIGHT = "2026-03-02T09:00", "2026-03-02T23:00"


@pytest.mark.parametrize(
    ("tariff", "calls", "total"),
    [
        ("each-call", many(100, at=MONDAY), "159.00"),
        ("flat", [*many(400, at=MONDAY), call(900, NIGHT, talk=60)], "250.90"),
        ("package-200", many(213, at=MONDAY), "161.35"),
        ("package-500", many(213, at=MONDAY), "319.00"),
        ("call-centre", [call(1, MONDAY, talk=90), call(2, NIGHT, talk=30)], "2.08"),
        ("cn400-minutes", [call(1, MONDAY, talk=61)], "0.60"),
        ("tiers", many(70, talk=60, at=MONDAY), "5.50"),
        ("us-blocks", [call(1, MONDAY, talk=31, hold=5)], "1.95"),
        ("us-minutes", [*many(101, talk=60, at=MONDAY), call(900, NIGHT, talk=29)], "237.20"),
    ],
)
def test_what_a_month_costs(tariff: str, calls: list[Call], total: str) -> None:
    """By hand, each.

    100 x 1.20 + 39. 249 + 1.90 at night. 149 + 13 x 0.95. 319. 90 s x 0.69 / 60 + 60 s at one and a half times. 2
    minutes at 0.30. 10 of 70 minutes at 0.55. 60 s at 1.95. 235 + 1 minute at 2.20, the short one free.
    """
    assert month(tariff, *calls) == Decimal(total)


def test_a_year_in_advance_with_both_discounts() -> None:
    """3,600 yuan less 5 % for two years and 3 % for prepayment are 3,312, in the bill before the contract's year."""
    assert month("cn400-year", since=date(2026, 1, 1), term_months=24, prepaid_months=12) == 0
    assert month("cn400-year", since=date(2025, 4, 1), term_months=24, prepaid_months=12) == 3312


def test_a_person_reached_and_an_order_taken() -> None:
    """2.40 for the person; the order of a call that came in 1.50, and its minute 0.69."""
    reached = other_call(1, MONDAY, {"direction": "out"}, talk=200)
    ordered = other_call(2, MONDAY, {"results": frozenset({"order"})}, talk=60)
    assert month("call-centre", reached, ordered) == Decimal("4.59")


def test_every_form_of_the_market_is_there() -> None:
    """The list is what a sales person looks for."""
    assert {one.id for one in EXAMPLES} == {
        *("each-call", "flat", "package-200", "package-500", "assistant", "call-centre", "cn400-year"),
        *("cn400-minutes", "tiers", "us-blocks", "us-minutes"),
    }
