"""How numbers, sums and days are written in a document, in German or English; other languages read English."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from vorzimmer.core.stretches import Month

LOCALES = {"de": "de_DE"}
ENGLISH = "en_GB"

_CENTS = "#,##0.00"
_PRICE = "#,##0.00####"


def locale_of(language: str) -> str:
    """Babel's name of the locale."""
    return LOCALES.get(language, ENGLISH)


def amount(value: Decimal, language: str) -> str:
    """A sum with two decimals, without its currency: `1.234,50`. A minus is one sign wide, not a hyphen."""
    return _minus(format_decimal(value, _CENTS, locale_of(language)))


def signed(value: Decimal, language: str) -> str:
    """A difference, with its sign."""
    return f"{'+' if value > 0 else ''}{amount(value, language)}"


def price(value: Decimal, language: str) -> str:
    """The price of a unit: two decimals, or as many up to six as it has."""
    return _minus(format_decimal(value, _PRICE, locale_of(language), decimal_quantization=True))


def number(value: Decimal, language: str, places: int = 6) -> str:
    """A quantity, rounded to so many places, without trailing zeros."""
    pattern = "#,##0." + "#" * places if places else "#,##0"
    return _minus(format_decimal(value, pattern, locale_of(language)))


def money(value: Decimal, currency: str, language: str) -> str:
    """A sum with its currency, behind it in German: `181,20 €`, `€181.20`."""
    return _minus(format_currency(value, currency, locale=locale_of(language)))


def day(value: date, language: str) -> str:
    """`31.10.2026`, `31/10/2026`."""
    if language in LOCALES:
        return f"{value:%d.%m.%Y}"
    return f"{value:%d/%m/%Y}"


def moment(value: datetime, language: str) -> str:
    """Day and minute of a local time."""
    return f"{day(value.date(), language)}, {value:%H:%M}"


def days(first: date, last: date, language: str) -> str:
    """From a day to another, or the one day."""
    if first == last:
        return day(first, language)
    return f"{day(first, language)} \N{EN DASH} {day(last, language)}"


def country(code: str, language: str) -> str:
    """Its name as it stands in an address: capitals. `code`: ISO 3166; one that is unknown is its own name."""
    return str(Locale.parse(locale_of(language)).territories.get(code, code)).upper()


def month(value: Month, language: str) -> str:
    """`Oktober 2026`, `October 2026`."""
    return format_date(value.first, "LLLL yyyy", locale=locale_of(language))


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
