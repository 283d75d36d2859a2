"""Who pays by which tariff: accounts and contracts as data, and the file in which they stand beside the tariffs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from vorzimmer.core import stretches
from vorzimmer.core.model import Address, Language, Model, Slug
from vorzimmer.core.plain_text import single_line
from vorzimmer.core.tariff import Tariff, require_one_at_a_time
from vorzimmer.core.tariff_fields import Day
from vorzimmer.core.vat import EU, NOT_GERMAN, Party, is_vat_id

Text = Annotated[str, Field(max_length=120)]


class Account(Model):
    """To whom a client's invoices go.

    `name`, `street`, `more`, `postcode`, `city`, `country` (ISO 3166): as on the invoice. `vat_id`: of a business in
    the EU. `business`: it buys as one. `reference`: the buyer's reference (EN 16931, BT-10; a Leitweg-ID for
    authorities). `form`: how invoices are sent. `mail`: where to; none: where all else goes. `language`: of invoice and
    statement. `payment_days`: until it is to be paid. `full_numbers`: callers' numbers are whole from this day on; it
    was ordered before (mission: shortened by the last three digits unless ordered before the period).
    """

    client: Slug
    name: Annotated[str, Field(min_length=1, max_length=120)]
    street: Text = ""
    more: Text = ""
    postcode: Annotated[str, Field(max_length=16)] = ""
    city: Text = ""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "DE"
    vat_id: Annotated[str, Field(pattern="^[A-Z]{2}[A-Z0-9]{2,13}$")] | None = None
    business: bool = True
    reference: Text = ""
    form: Literal["zugferd", "xrechnung"] = "zugferd"
    mail: Annotated[tuple[Address, ...], Field(max_length=10)] = ()
    language: Language = Language.GERMAN
    payment_days: Annotated[int, Field(ge=0, le=365)] = 14
    full_numbers: date | None = None

    @field_validator("name", "street", "more", "postcode", "city", "reference")
    @classmethod
    def _harmless(cls, value: str) -> str:
        return single_line(value)

    @field_validator("vat_id")
    @classmethod
    def _holds(cls, value: str | None) -> str | None:
        if value is not None and value[:2] in EU | NOT_GERMAN and not is_vat_id(value):
            raise ValueError("this is no VAT id: it is too short or too long, or its check digits are wrong")
        return value

    def reached_at(self, addresses: Sequence[str]) -> Account:
        """The same, with these addresses where it has none of its own."""
        return self if self.mail else self.model_copy(update={"mail": tuple(addresses[:10])})

    @property
    def party(self) -> Party:
        """As VAT sees it."""
        return Party(self.country, self.vat_id, self.business)


class Agreement(Model):
    """A contract of a client's, see `core.stretches.Contract`."""

    client: Slug
    tariff: Slug
    since: Day
    until: Day | None = None
    options: tuple[Slug, ...] = ()
    term_months: Annotated[int, Field(ge=1, le=120)] = 1
    prepaid_months: Annotated[int, Field(ge=0, le=120)] = 0
    trial: bool = False

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"the contract of {self.client} ends before it begins")
        return self

    @property
    def contract(self) -> stretches.Contract:
        """As bills see it."""
        return stretches.Contract(
            self.tariff,
            self.since,
            self.until,
            frozenset(self.options),
            self.term_months,
            self.prepaid_months,
            self.trial,
        )


class BillingBook(Model):
    """What one file of tariffs holds: `[[tariff]]` in versions, `[[contract]]`, `[[account]]`; a part may be empty."""

    tariff: tuple[Tariff, ...] = ()
    contract: tuple[Agreement, ...] = ()
    account: tuple[Account, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_one_at_a_time(self.tariff)
        require_apart(self.contract)
        clients = [one.client for one in self.account]
        if twice := {one for one in clients if clients.count(one) > 1}:
            raise ValueError(f"client {min(twice)} has two accounts")
        return self


def require_apart(agreements: Iterable[Agreement]) -> None:
    """A client has one contract on a day.

    Raises:
        ValueError: two of one client overlap.
    """
    ordered = sorted(agreements, key=lambda one: (one.client, one.since))
    for one, after in pairwise(ordered):
        if one.client == after.client and (one.until is None or one.until >= after.since):
            raise ValueError(f"two contracts of {one.client} hold on {after.since}")
