"""The table `[billing]` of the settings file: who we are on an invoice, and what our own work costs us."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from vorzimmer.settings_sections import Country, Section

Money = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=4)]


class Seller(Section):
    """The house on its invoices (EN 16931, BG-4). `tax_number`: Steuernummer; `vat_id`: USt-IdNr.; one of both."""

    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: Country = "DE"
    tax_number: str = ""
    vat_id: str = ""
    contact: str = ""
    phone: str = ""
    mail: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""


class Bookkeeping(Section):
    """Of the export in DATEV's layout: numbers of adviser, client and accounts (SKR03)."""

    adviser: Annotated[int, Field(ge=1001, le=9_999_999)] = 1001
    client: Annotated[int, Field(ge=1, le=99_999)] = 1
    revenue_19: str = "8400"
    revenue_reverse_charge: str = "8336"
    revenue_abroad: str = "8338"
    revenue_exempt: str = "8195"
    first_debtor: Annotated[int, Field(ge=10_000, le=69_999)] = 10_000


class Costs(Section):
    """What our work costs us, in the currency of the house: for the margin by client."""

    wage_per_hour: Money = Decimal(0)
    line_per_minute: Money = Decimal(0)


class Billing(Section):
    """`invoice_numbers`, `cancellation_numbers`: `{year}` and `{n}`, which counts without a gap within the year.

    `small_business`: no VAT is charged (§ 19 UStG). `tell`: clients get a mail when their month is closed.
    `rate_every`: seconds between two rounds of rating.
    """

    seller: Seller = Seller()
    small_business: bool = False
    tell: bool = False
    invoice_numbers: str = "R{year}-{n:05}"
    cancellation_numbers: str = "S{year}-{n:05}"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    rate_every: Annotated[int, Field(ge=10, le=86_400)] = 300
    bookkeeping: Bookkeeping = Bookkeeping()
    costs: Costs = Costs()

    @model_validator(mode="after")
    def _numbers_differ(self) -> Self:
        for pattern in (self.invoice_numbers, self.cancellation_numbers):
            try:
                one, other = (pattern.format(year=2026, n=n) for n in (1, 2))
            except (LookupError, ValueError) as error:
                raise ValueError(f"{pattern!r} is no pattern of numbers: {error}") from None
            if one == other or "{year" not in pattern:
                raise ValueError(f"{pattern!r} needs {{year}} and {{n}}")
        if self.invoice_numbers == self.cancellation_numbers:
            raise ValueError("invoices and cancellations need numbers of their own")
        return self
