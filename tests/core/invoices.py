"""Invoices that tests start from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from vorzimmer.core.account import Account
from vorzimmer.core.bill import Bill
from vorzimmer.core.bill_lines import Line, Special, Unit
from vorzimmer.core.invoice import Invoice, Seller, Terms, invoice_of
from vorzimmer.core.statement import Balance, Statement
from vorzimmer.core.stretches import Month

OCTOBER = Month(2026, 10)
ISSUED = date(2026, 11, 2)

SELLER = Seller(
    *("Vorzimmer GmbH", "Telefonweg 3", "10115", "Berlin", "DE", "29/123/45678", "DE111111125"),
    *("Anna Schmidt", "+49 30 1234567", "rechnung@example.org", "DE02120300000000202051", "BYLADEM1001", "Hausbank"),
)

ACCOUNT = Account.model_validate(
    {
        "client": "mueller",
        "name": "Kanzlei Müller & Partner <Notare>",
        "street": "Hauptstraße 1",
        "postcode": "80331",
        "city": "München",
        "mail": ["office@example.org"],
    }
)


def account(**changed: Any) -> Account:
    """The account with other fields."""
    return Account.model_validate({**ACCOUNT.model_dump(), **changed})


def line(quantity: str | Decimal, unit: Unit, price: str | None, amount: str, **changed: Any) -> Line:
    """A line of October's bill."""
    known: dict[str, Any] = {
        "position": "p",
        "name": "Position",
        "first": OCTOBER.first,
        "last": OCTOBER.last,
        "quantity": Decimal(quantity),
        "unit": unit,
        "price": None if price is None else Decimal(price),
        "exact": Decimal(amount),
        "amount": Decimal(amount),
    }
    return Line(**{**known, **changed})


BASE = line("1", Unit.MONTH, "39.00", "39.00", name="Grundgebühr")
CALLS = line("117", Unit.CALL, "1.20", "140.40", name="Anrufe")
ROUNDING = line("1", Unit.ONE, None, "-0.01", position=Special.ROUNDING, name="")


def statement(lines: Iterable[Line] = (BASE, CALLS, ROUNDING), currency: str = "EUR", **changed: Any) -> Statement:
    """A closed October."""
    at = datetime(2026, 11, 1, 1, tzinfo=UTC)
    made = Statement("mueller", OCTOBER, currency, tuple(lines), bytes(32), at, "test", {}, {})
    return replace(made, **changed)


def statement_of_bill(bill: Bill) -> Statement:
    """A bill, closed."""
    return replace(statement(bill.lines, bill.currency), month=bill.month)


def prepaid(before: str) -> Balance:
    """A balance of so much."""
    return Balance(Decimal(before), Decimal(0))


def invoice(number: str = "R2026-00001", to: Account = ACCOUNT, **changed: Any) -> Invoice:
    """October's invoice, numbered."""
    return replace(invoice_of(statement(), to, SELLER, Terms(ISSUED)), number=number, **changed)
