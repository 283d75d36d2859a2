"""Numbers, sums and days as a document writes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from vorzimmer.billing import written
from vorzimmer.core.stretches import Month

OCTOBER = Month(2026, 10)


@pytest.mark.parametrize(
    ("made", "german", "english"),
    [
        (lambda of: written.amount(Decimal("1234.5"), of), "1.234,50", "1,234.50"),
        (lambda of: written.amount(Decimal(-3), of), "\N{MINUS SIGN}3,00", "\N{MINUS SIGN}3.00"),
        (lambda of: written.signed(Decimal("67.8"), of), "+67,80", "+67.80"),
        (lambda of: written.price(Decimal("0.0475"), of), "0,0475", "0.0475"),
        (lambda of: written.price(Decimal("1.2"), of), "1,20", "1.20"),
        (lambda of: written.number(Decimal("12.500"), of), "12,5", "12.5"),
        (lambda of: written.money(Decimal("181.2"), "EUR", of), "181,20\xa0€", "€181.20"),
        (lambda of: written.money(Decimal(20), "CNY", of), "20,00\xa0CN¥", "CN¥20.00"),
        (lambda of: written.days(OCTOBER.first, OCTOBER.first, of), "01.10.2026", "01/10/2026"),
        (lambda of: written.country("CN", of), "CHINA", "CHINA"),
        (lambda of: written.country("CH", of), "SCHWEIZ", "SWITZERLAND"),
        (lambda of: written.country("QQ", of), "QQ", "QQ"),
        (lambda of: written.month(OCTOBER, of), "Oktober 2026", "October 2026"),
    ],
)
def test_each_language_has_its_writing(made: Callable[[str], str], german: str, english: str) -> None:
    """German and English; what is neither reads English."""
    assert (made("de"), made("en"), made("zh")) == (german, english, english)
