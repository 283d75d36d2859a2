"""Money and how it is rounded. Amounts are `Decimal`, exact until a tariff says where they are rounded."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vorzimmer.core.model import Model

CENT = Decimal("0.01")
"""What an invoice's amounts are multiples of (EN 16931, BR-DEC)."""

Price = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]
"""Of a unit: finer than a cent, never negative."""

Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=3)]

_CURRENCIES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""


def _currency(value: str) -> str:
    if value not in _CURRENCIES.split():
        raise ValueError(f"{value!r} is no currency: write three capital letters, such as EUR, CHF or CNY")
    return value


Currency = Annotated[str, AfterValidator(_currency)]
"""ISO 4217, of those that one can pay in."""


class Where(StrEnum):
    """At which amount a tariff rounds, once."""

    PHASE = "phase"
    CALL = "call"
    POSITION = "position"
    INVOICE = "invoice"


_HOW = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "up": ROUND_CEILING, "down": ROUND_FLOOR}


class Rounding(Model):
    """Where amounts are rounded, to multiples of what, and how."""

    at: Where = Where.POSITION
    to: Annotated[Decimal, Field(gt=0, le=1, decimal_places=6)] = CENT
    how: Literal["half_up", "half_even", "up", "down"] = "half_up"

    def round(self, amount: Decimal) -> Decimal:
        """The amount as a multiple of `to`."""
        return (amount / self.to).quantize(Decimal(1), _HOW[self.how]) * self.to

    def rounded_at(self, where: Where, amount: Decimal) -> Decimal:
        """The amount, rounded if this is where the tariff rounds."""
        return self.round(amount) if self.at is where else amount


def cents(amount: Decimal) -> Decimal:
    """Commercially rounded to cents, as every amount of an invoice stands there."""
    return amount.quantize(CENT, ROUND_HALF_UP)
