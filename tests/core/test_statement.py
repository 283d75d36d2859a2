"""A closed month: what is kept of it, and what is told of its calls."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.core.tariffs import HERE, many, tariff
from vorzimmer.core.bill import bill
from vorzimmer.core.statement import Balance, Offer, Statement, chart_of, shortened, statement_of, versions_of
from vorzimmer.core.stretches import Contract, Month

NOVEMBER = Month(2026, 11)
AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


def _statement() -> Statement:
    billed = bill(
        NOVEMBER,
        [Contract("t", date(2026, 1, 1))],
        [tariff({"kind": "calls", "price": "0.333"}, {"kind": "minutes", "price": "0.1", "first": 30, "then": 6})],
        HERE,
        many(7, talk=61),
    )
    return Statement(
        "mueller",
        NOVEMBER,
        billed.currency,
        billed.lines,
        bytes(32),
        AT,
        "alice",
        {"p1": Decimal("3.5")},
        {"p2": Decimal("39.00")},
        versions_of(billed),
        chart_of((one.began for one in many(7)), HERE.timezone),
        (Offer("a", "A", Decimal("1.00")), Offer("t", "T", Decimal("2.00"), yours=True)),
        Balance(Decimal("5.00"), Decimal("7.50")),
    )


def test_what_is_kept_is_read_back_to_the_last_digit() -> None:
    """The columns and the JSON of a statement make the same statement again."""
    closed = _statement()
    row: dict[str, Any] = {
        "client": closed.client,
        "month": closed.month.first,
        "currency": closed.currency,
        "head": closed.head,
        "closed_at": closed.closed_at,
        "closed_by": closed.closed_by,
    }
    assert statement_of(row, json.loads(json.dumps(closed.data()))) == closed


def test_total_is_the_sum_of_its_lines() -> None:
    """7 calls at 0.333 = 2.331 and 7 x 66 s (30/6) at 0.10 a minute = 0.77: 2.33 + 0.77 = 3.10."""
    assert [line.amount for line in _statement().lines] == [Decimal("2.33"), Decimal("0.77")]
    assert _statement().total == Decimal("3.10")


def test_versions_are_those_that_were_used() -> None:
    """The tariff and the day from which its version holds."""
    assert _statement().versions == (("t", date(2026, 1, 1)),)


def test_balance_after_the_month_may_be_below_zero() -> None:
    """5.00 less 7.50."""
    balance = _statement().balance
    assert balance is not None
    assert balance.after == Decimal("-2.50")


def test_chart_counts_by_the_clock_of_the_client() -> None:
    """23:30 UTC is half past midnight in Berlin; both hours from two to three of the long night count as one."""
    night = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    chart = chart_of([datetime(2026, 11, 3, 23, 30, tzinfo=UTC), *night], "Europe/Berlin")
    assert len(chart) == 24
    assert {hour: count for hour, count in enumerate(chart) if count} == {0: 1, 2: 2}


@pytest.mark.parametrize(
    ("number", "told"), [("+498912345678", "+498912345XXX"), ("110", "XXX"), ("12", "XX"), ("", "")]
)
def test_last_three_digits_are_not_told(number: str, told: str) -> None:
    """However short the number is, none of its last three digits is told."""
    assert shortened(number) == told
