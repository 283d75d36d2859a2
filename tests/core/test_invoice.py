"""Invoices: what the law wants in them, and sums that agree to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.invoices import (
    ACCOUNT,
    CALLS,
    ISSUED,
    OCTOBER,
    SELLER,
    account,
    invoice,
    line,
    prepaid,
    statement,
)
from vorzimmer.core.bill_lines import Line, Special, Unit
from vorzimmer.core.invoice import Kind, NotInvoiceable, Reference, Terms, cancellation_of, invoice_of
from vorzimmer.core.invoice_json import data_of, digest_of, invoice_from
from vorzimmer.core.invoice_lines import invoice_line
from vorzimmer.core.model import Language
from vorzimmer.core.money import cents
from vorzimmer.core.vat import Category

D = Decimal
TERMS = Terms(ISSUED)


def test_the_sums() -> None:
    """39.00 + 140.40 - 0.01 = 179.39; 19 % are 34.0841, so 34.08; together 213.47, due after 14 days."""
    made = invoice_of(statement(), ACCOUNT, SELLER, TERMS)
    assert (made.net, made.tax, made.gross, made.payable) == (D("179.39"), D("34.08"), D("213.47"), D("213.47"))
    assert (made.kind, made.due, made.reference) == (Kind.INVOICE, date(2026, 11, 16), "mueller")
    assert (made.first, made.last) == (OCTOBER.first, OCTOBER.last)


@pytest.mark.parametrize(
    ("buyer", "small", "category", "tax"),
    [
        ({}, False, Category.STANDARD, "34.08"),
        ({"country": "AT", "vat_id": "ATU13585627"}, False, Category.REVERSE_CHARGE, "0.00"),
        ({"country": "AT", "business": False}, False, Category.STANDARD, "34.08"),
        ({"country": "CH"}, False, Category.OUTSIDE, "0.00"),
        ({"country": "CN"}, False, Category.OUTSIDE, "0.00"),
        ({}, True, Category.EXEMPT, "0.00"),
    ],
)
def test_vat_by_buyer(buyer: dict[str, Any], small: bool, category: Category, tax: str) -> None:  # noqa: FBT001 - a row
    """19 % at home, reverse charge in the EU, nothing beyond it, nothing by a small enterprise."""
    made = invoice_of(statement(), account(**buyer), SELLER, replace(TERMS, small_business=small))
    assert (made.vat.category, made.tax) == (category, D(tax))


@pytest.mark.parametrize(
    ("seller", "buyer", "told"),
    [
        ({"tax_number": "", "vat_id": ""}, {}, "tax_number or vat_id"),
        ({"iban": "", "city": ""}, {}, "city, iban"),
        ({"iban": "DE02 1203 0000 0000 2020 52"}, {}, "check digits"),
        ({"iban": "DE²"}, {}, "check digits"),
        ({"vat_id": "DE123456789"}, {}, "a vat_id whose check digits"),
        ({"vat_id": ""}, {"country": "AT", "vat_id": "ATU13585627"}, "seller's VAT id"),
        ({}, {"country": "AT"}, "needs a VAT id"),
    ],
)
def test_no_invoice_without_what_the_law_wants(seller: dict[str, str], buyer: dict[str, Any], told: str) -> None:
    """It is said what is missing."""
    with pytest.raises(NotInvoiceable, match=told):
        invoice_of(statement(), account(**buyer), replace(SELLER, **seller), TERMS)


@pytest.mark.parametrize("lacks", [{"street": ""}, {"city": ""}, {"postcode": ""}])
def test_a_small_amount_needs_no_address(lacks: dict[str, str]) -> None:
    """213.47 € may go to a name alone (§ 33 UStDV); 426.97 € may not, nor what is not in euros."""
    assert invoice_of(statement(), account(**lacks), SELLER, TERMS).gross == D("213.47")
    for large in (statement([CALLS, CALLS, line("1", Unit.ONE, None, "78")]), statement(currency="USD")):
        with pytest.raises(NotInvoiceable, match="whole address"):
            invoice_of(large, account(**lacks), SELLER, TERMS)
    abroad = account(country="AT", vat_id="ATU13585627", city="")
    with pytest.raises(NotInvoiceable, match="reverse charge needs the buyer's whole address"):
        invoice_of(statement(), abroad, SELLER, TERMS)


def test_nothing_is_no_invoice() -> None:
    """An invoice has at least one line (BR-16)."""
    with pytest.raises(NotInvoiceable, match="nothing to be billed"):
        invoice_of(statement(()), ACCOUNT, SELLER, TERMS)


def test_vat_in_another_currency_is_told_in_euros() -> None:
    """34.08 yuan of VAT at 8 yuan a euro are 4.26 €; without a rate there is no such invoice (§ 16 (6) UStG)."""
    with pytest.raises(NotInvoiceable, match="rate to the euro"):
        invoice_of(statement(currency="CNY"), ACCOUNT, SELLER, TERMS)
    made = invoice_of(statement(currency="CNY"), ACCOUNT, SELLER, replace(TERMS, rate=D(8)))
    assert made.tax_in_euro == D("4.26")


def test_no_vat_needs_no_rate() -> None:
    """Yuan to China: there is nothing to convert."""
    assert invoice_of(statement(currency="CNY"), account(country="CN"), SELLER, TERMS).tax_in_euro is None


def test_a_negative_total_is_a_credit_note() -> None:
    """Of what was billed in advance 39.00 come back, less 1.20 for a call: 37.80 as positive amounts."""
    lines = [line("1", Unit.ONE, None, "-39.00"), line("1", Unit.CALL, "1.20", "1.20")]
    made = invoice_of(statement(lines), ACCOUNT, SELLER, TERMS)
    assert (made.kind, made.net) == (Kind.CREDIT_NOTE, D("37.80"))
    assert [(one.quantity, one.price) for one in made.lines] == [(D(1), D("39.00")), (D(-1), D("1.20"))]


@pytest.mark.parametrize(("before", "rest"), [("500", "0.00"), ("100", "113.47"), ("-5", "213.47")])
def test_a_balance_pays_first(before: str, rest: str) -> None:
    """Of 213.47, as far as it reaches; a balance below zero pays nothing."""
    assert invoice_of(statement(balance=prepaid(before)), ACCOUNT, SELLER, TERMS).payable == D(rest)


def test_a_cancellation_takes_everything_back() -> None:
    """Quantities and amounts are negated, no price is; together both are nothing, and it names the other one."""
    known = invoice()
    back = cancellation_of(known, date(2026, 11, 9))
    assert (back.kind, back.cancels, back.number) == (Kind.CANCELLATION, Reference("R2026-00001", ISSUED), "")
    assert (known.net + back.net, known.tax + back.tax) == (D(0), D(0))
    assert all(one.price >= 0 and one.reckoned == one.net for one in back.lines)


def test_a_cancelled_credit_note_is_owed_again() -> None:
    """A credit of 39.00 that is cancelled is 39.00 to be paid, in the sense of invoices."""
    credit = invoice_of(statement([line("1", Unit.ONE, None, "-39.00")]), ACCOUNT, SELLER, TERMS)
    assert cancellation_of(credit, ISSUED).net == D("39.00")


def test_a_cancellation_is_not_cancelled() -> None:
    """The month is invoiced again instead."""
    with pytest.raises(NotInvoiceable, match="invoice the month again"):
        cancellation_of(cancellation_of(invoice(), ISSUED), ISSUED)


@pytest.mark.parametrize(
    ("made", "quantity", "unit", "price", "base"),
    [
        (CALLS, "117", "C62", "1.20", "1"),
        (line("7.35", Unit.MINUTE, "0.69", "5.07"), "7.35", "MIN", "0.69", "1"),
        (line(D(440) / 60, Unit.MINUTE, "0.69", "5.06"), "440", "SEC", "0.69", "60"),
        (line(D(17) / 31, Unit.MONTH, "39.00", "21.39"), "17", "DAY", "39.00", "31"),
        (line(D(100) / 365, Unit.YEAR, "3600", "986.30"), "100", "DAY", "3600", "365"),
        (line(D(100) / 366, Unit.YEAR, "3600", "983.61"), "100", "DAY", "3600", "366"),
        (line("2.5", Unit.HOUR, "38", "114.00"), "1", "C62", "114.00", "1"),
        (line("20", Unit.MINUTE, None, "9.33"), "1", "C62", "9.33", "1"),
        (line("1", Unit.ONE, None, "-3.00"), "-1", "C62", "3.00", "1"),
    ],
)
def test_quantity_times_price_is_the_amount(made: Line, quantity: str, unit: str, price: str, base: str) -> None:
    """As it is, in seconds or days, or as one piece: hours at a raised rate, tiers, discounts."""
    found = invoice_line(made, Language.GERMAN)
    assert (found.quantity, found.unit, found.price, found.base) == (D(quantity), unit, D(price), D(base))
    assert found.reckoned == found.net == made.amount


@pytest.mark.parametrize(
    ("made", "name", "note"),
    [
        (line("1", Unit.ONE, None, "0.01", position=Special.ROUNDING, name=""), "Rundungsdifferenz", ""),
        (line("1", Unit.ONE, None, "-3", position=Special.DISCOUNT, name="- 5 %"), "Rabatt 5 %", ""),
        (line("1", Unit.ONE, None, "9", position=Special.MINIMUM, name=""), "Bis zum Mindestumsatz", ""),
        (line("1", Unit.ONE, None, "-9"), "Ausgleich für im Voraus Berechnetes: Position", ""),
        (line("20.5", Unit.MINUTE, None, "9"), "Position", "20,5 Minuten, nach Tarif berechnet"),
        (
            line("2.5", Unit.HOUR, "38", "114"),
            "Position",
            "2,5 Stunden, nach Tarif berechnet, Grundpreis 38",
        ),
        (line("1", Unit.CALL, "1", "1", name="A\x00\u202eB\nC"), "AB C", ""),
    ],
)
def test_lines_have_words(made: Line, name: str, note: str) -> None:
    """Each has a name that is harmless (BR-25), and where the arithmetic does not show, it is told."""
    found = invoice_line(made, Language.GERMAN)
    assert (found.name, found.note) == (name, note)


AMOUNTS = st.decimals(min_value=-9999, max_value=9999, places=2)
PRICES = st.none() | st.decimals(min_value=0, max_value=99, places=4)
QUANTITIES = st.builds(lambda n, of: D(n) / of, st.integers(0, 5000), st.sampled_from([1, 60, 28, 30, 31, 365, 366]))


@given(QUANTITIES, st.sampled_from(Unit), PRICES, st.none() | AMOUNTS)
def test_every_line_holds_in_itself(
    quantity: Decimal, unit: Unit, price: Decimal | None, other: Decimal | None
) -> None:
    """Whatever a bill's line is: its amount stays, quantity times price gives it, and no price is negative."""
    amount = other if other is not None else cents(quantity * (price or 0))
    found = invoice_line(line(quantity, unit, None if price is None else str(price), str(amount)), Language.ENGLISH)
    assert found.net == found.reckoned == amount
    assert found.price >= 0
    assert found.name


def test_what_is_stored_is_what_was_issued() -> None:
    """Through JSON and back it is the same; its digest is that of its text, and changes with any amount."""
    made = replace(invoice(), cancels=Reference("R1", ISSUED), tax_in_euro=D("1.50"))
    told = data_of(made)
    assert invoice_from(told) == made
    assert digest_of(told) == digest_of(data_of(invoice_from(told)))
    assert digest_of(told) != digest_of(data_of(replace(made, lines=made.lines[1:])))
