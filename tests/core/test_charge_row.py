"""Charges as rows: what is written is read again, and the digest is over all of it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from tests.core.tariffs import terms
from tests.core.test_rating import CALLS
from vorzimmer.core.charge_row import Row, Under, charge_of, plain, row_of, taken_back
from vorzimmer.core.rating import Call, rate

UNDER = Under("mueller", date(2026, 11, 1), "t", date(2026, 1, 1), "EUR")
MINUTES = {"kind": "minutes", "price": "0.20", "included": 2, "first": 30, "then": 6, "phases": ["talk", "hold"]}


@given(calls=CALLS)
def test_a_row_holds_its_charge(calls: list[Call]) -> None:
    """What explains a bill years later is read from the row: nothing of the charge may be lost in it."""
    charges, _ = rate(calls, terms(MINUTES))
    assert [charge_of(row_of(charge, UNDER)) for charge in charges] == list(charges)


@pytest.mark.parametrize(
    ("value", "text"), [("0.200", "0.2"), ("100", "100"), ("1E+2", "100"), ("-3.0", "-3"), ("-0.0", "0")]
)
def test_numbers_read_as_sql_writes_them(value: str, text: str) -> None:
    """The digest is computed in both, so a number has one text."""
    assert plain(Decimal(value)) == text


def test_every_column_is_in_the_digest() -> None:
    """A hand-changed value of any column shows."""
    row = Row(
        "c1", 0, "talk", *("mueller", date(2026, 11, 1), "t", date(2026, 1, 1), "EUR"), *(Decimal(1),) * 3, "", "", ""
    )
    other: dict[type, Any] = {str: "x", int: 7, date: date(2027, 1, 1), Decimal: Decimal(9)}
    digests = {replace(row, **{field.name: other[type(getattr(row, field.name))]}).digest for field in fields(row)}
    assert len(digests | {row.digest}) == len(fields(row)) + 1


def test_what_is_taken_back_comes_to_nothing() -> None:
    """A reversal is the row again with its signs turned, one turn later."""
    row = Row(
        "c1", 0, "talk", *("mueller", date(2026, 11, 1), "t", date(2026, 1, 1), "EUR"), *(Decimal(5),) * 3, "", "", ""
    )
    [back] = taken_back([row])
    sums = (back.units + row.units, back.free + row.free, back.sixtieths + row.sixtieths)
    assert (back.turn, sums) == (1, (Decimal(0),) * 3)
