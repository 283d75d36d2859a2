"""Lines of a bill as EN 16931 wants them: quantity times price is the net amount, and no price is negative (BR-27)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from vorzimmer.core.bill_lines import Line, Unit
from vorzimmer.core.invoice_words import name_of, reckoning
from vorzimmer.core.model import Language
from vorzimmer.core.money import cents

ONE = Decimal(1)
PLACES = 6
"""Decimals of a quantity, at most."""

CODES = {Unit.MONTH: "MON", Unit.YEAR: "ANN", Unit.CALL: "C62", Unit.MINUTE: "MIN", Unit.HOUR: "HUR", Unit.ONE: "C62"}
"""UN/ECE Recommendation 20."""
DAY, SECOND, PIECE = "DAY", "SEC", "C62"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line (BG-25). `price`: net, of `base` units, never negative; `unit`: a code of UN/ECE Recommendation 20.

    `note`: how the amount came about, where quantity and price do not tell. `first`, `last`: the days it is for.
    """

    name: str
    note: str
    first: date
    last: date
    quantity: Decimal
    unit: str
    price: Decimal
    base: Decimal
    net: Decimal

    @property
    def reckoned(self) -> Decimal:
        """Quantity times price, in cents: what the net amount must be (PEPPOL-EN16931-R120, without its tolerance)."""
        return cents(self.quantity * self.price / self.base)

    @property
    def negated(self) -> InvoiceLine:
        """The same, taken back."""
        return replace(self, quantity=-self.quantity, net=-self.net)


def invoice_line(line: Line, language: Language) -> InvoiceLine:
    """A bill's line. Where quantity and price do not give the amount, it is one piece, and the note tells the rest.

    A part of a month or year is days at the price of its days, minutes with a part are seconds at the price of 60.
    """
    name = name_of(line, language)
    if line.price is not None:
        for quantity, unit, base in _ways(line):
            made = InvoiceLine(name, "", line.first, line.last, quantity, unit, line.price, base, line.amount)
            if made.reckoned == line.amount:
                return made
    quantity = -ONE if line.amount < 0 else ONE
    note = reckoning(line, language)
    return InvoiceLine(name, note, line.first, line.last, quantity, PIECE, abs(line.amount), ONE, line.amount)


def _ways(line: Line) -> list[tuple[Decimal, str, Decimal]]:
    """Quantity, unit and base quantity: as it is, and in a smaller unit."""
    found: list[tuple[Decimal, str, Decimal]] = []
    if round(line.quantity, PLACES) == line.quantity:
        found.append((line.quantity, CODES[line.unit], ONE))
    match line.unit:
        case Unit.MINUTE:
            found += _parts(line.quantity, SECOND, (60,))
        case Unit.MONTH:
            found += _parts(line.quantity, DAY, (monthrange(line.first.year, line.first.month)[1],))
        case Unit.YEAR:
            found += _parts(line.quantity, DAY, (365, 366))
        case _:
            pass
    return found


def _parts(quantity: Decimal, unit: str, wholes: Sequence[int]) -> list[tuple[Decimal, str, Decimal]]:
    """The quantity as whole parts, of which so many make one; none, if it is not whole in any."""
    found = []
    for whole in wholes:
        parts = round(Fraction(quantity) * whole)
        if abs(Fraction(quantity) * whole - parts) < Fraction(1, 10**PLACES):
            found.append((Decimal(parts), unit, Decimal(whole)))
    return found
