"""German VAT on a service to a client: which rate, which code in an e-invoice, and which words the law wants.

A service to a business is supplied where the business is (§ 3a (2) UStG), to anybody else where the supplier is
(§ 3a (1) UStG). Codes: UNTDID 5305 as EN 16931 uses it; exemption reasons: the VATEX code list of CEF.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from stdnum.eu import vat as eu_vat

EU = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)
"""Member states of the European Union (ISO 3166)."""

NOT_GERMAN = EU - {"DE", "GR"} | {"EL"}
"""How VAT ids of the other member states begin; Greece's with EL (Art. 215 of Directive 2006/112/EC)."""

STANDARD = Decimal(19)
"""Percent: § 12 (1) UStG."""

SMALL_AMOUNT = Decimal(250)
"""Up to this total, VAT included, an invoice needs neither the client's name nor the sums apart: § 33 UStDV."""


class Category(StrEnum):
    """How a line is taxed."""

    STANDARD = "S"
    REVERSE_CHARGE = "AE"
    EXEMPT = "E"
    OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Party:
    """Whom an invoice is to. `country`: ISO 3166; `vat_id`: see `is_vat_id`; `business`: it buys as one."""

    country: str
    vat_id: str | None = None
    business: bool = True


@dataclass(frozen=True, slots=True)
class Vat:
    """What holds: percent, category, and the reason as a code and as the words of the law, where no VAT is charged."""

    percent: Decimal
    category: Category
    reason_code: str = ""
    words_de: str = ""
    words_en: str = ""


DOMESTIC = Vat(STANDARD, Category.STANDARD)

REVERSE_CHARGE = Vat(
    Decimal(0),
    Category.REVERSE_CHARGE,
    "VATEX-EU-AE",
    "Steuerschuldnerschaft des Leistungsempfängers",
    "Reverse charge",
)
"""§ 13b UStG and Art. 196 of Directive 2006/112/EC; the words: § 14a (1) UStG."""

SMALL_BUSINESS = Vat(
    Decimal(0),
    Category.EXEMPT,
    "",
    "Steuerbefreite Leistung eines Kleinunternehmers (§ 19 UStG)",
    "Exempt as a supply of a small enterprise (§ 19 UStG)",
)

ABROAD = Vat(
    Decimal(0),
    Category.OUTSIDE,
    "VATEX-EU-O",
    "Nicht im Inland steuerbare Leistung (§ 3a Abs. 2 UStG)",
    "Not taxable in Germany (§ 3a (2) UStG)",
)


def is_vat_id(number: str) -> bool:
    """Whether a VAT id of the EU holds in itself: its prefix, form and check digits.

    That it has been given to somebody, and to whom, only the member states tell (VIES).
    """
    return eu_vat.is_valid(number)


class MissingVatId(Exception):
    """A business of another member state has told no VAT id of one, without which nobody knows that it is one."""


def vat_for(client: Party, *, small_business: bool) -> Vat:
    """What holds for a service of a house in Germany.

    Args:
        client: who is billed.
        small_business: the house charges no VAT (§ 19 UStG).

    Raises:
        MissingVatId: see there.
    """
    if small_business and (client.country == "DE" or not client.business):
        return SMALL_BUSINESS
    if client.country == "DE" or (not client.business and client.country in EU):
        return DOMESTIC
    if client.country in EU:
        if client.vat_id is None:
            raise MissingVatId(f"a business in {client.country} needs a VAT id on its invoice")
        if client.vat_id[:2] not in NOT_GERMAN or not is_vat_id(client.vat_id):
            raise MissingVatId(f"{client.vat_id} is no VAT id of another member state of the EU")
        return REVERSE_CHARGE
    return ABROAD if client.business else DOMESTIC


def is_small_amount(total: Decimal) -> bool:
    """Whether an invoice may be a simple one. `total`: with VAT, in euros."""
    return total <= SMALL_AMOUNT
