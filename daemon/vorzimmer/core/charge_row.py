"""A charge as it is stored: columns that read alike in Python and in SQL, and their digest.

The digest is SHA-256 over the columns in the order of `Row`, as UTF-8 text with the unit separator (U+001F) between
them; numbers without trailing zeros and without an exponent, as `trim_scale(…)::text` writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from vorzimmer.core.rating import Charge, Part

NOTHING = Decimal(0)
SEPARATOR = "\x1f"
VERSION = "charge 1"


@dataclass(frozen=True, slots=True)
class Row:
    """See the table `charge`."""

    call_id: str
    turn: int
    position: str
    client: str
    month: date
    tariff: str
    since: date
    currency: str
    units: Decimal
    free: Decimal
    sixtieths: Decimal
    measured: str
    parts: str
    marks: str

    @property
    def digest(self) -> bytes:
        """Of all columns."""
        told = (
            *(VERSION, self.call_id, str(self.turn), self.position, self.client, self.month.isoformat()),
            *(self.tariff, self.since.isoformat(), self.currency),
            *(plain(self.units), plain(self.free), plain(self.sixtieths), self.measured, self.parts, self.marks),
        )
        return hashlib.sha256(SEPARATOR.join(told).encode()).digest()


@dataclass(frozen=True, slots=True)
class Under:
    """By what calls of a client are charged: the month of the bill, the tariff's version, its currency."""

    client: str
    month: date
    tariff: str
    since: date
    currency: str


def plain(value: Decimal) -> str:
    """The number without trailing zeros and exponent: `0.2`, `100`, `-3`."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def row_of(charge: Charge, under: Under, turn: int = 0, marks: Iterable[str] = ()) -> Row:
    """The row of a charge. `marks`: others than its own."""
    own = [name for name in ("short", "deferred") if getattr(charge, name)]
    return Row(
        charge.call,
        turn,
        charge.position,
        under.client,
        under.month,
        under.tariff,
        under.since,
        under.currency,
        charge.units,
        charge.free,
        charge.sixtieths,
        " ".join(f"{phase}:{plain(spent)}" for phase, spent in charge.measured),
        " ".join(f"{plain(part.units)}@{plain(part.price)}" for part in charge.parts),
        " ".join((*own, *marks)),
    )


def nothing_charged(call_id: str, under: Under, turn: int = 0, marks: Iterable[str] = ()) -> Row:
    """The row of a call that no position is about: it says that the call was rated."""
    return row_of(Charge(call_id, "", (), NOTHING, NOTHING, (), NOTHING), under, turn, marks)


def charge_of(row: Row) -> Charge:
    """The charge of a row of an even turn."""
    marks = row.marks.split()
    return Charge(
        row.call_id,
        row.position,
        tuple((phase, Decimal(spent)) for phase, _, spent in (one.partition(":") for one in row.measured.split())),
        row.units,
        row.free,
        tuple(
            Part(Decimal(units), Decimal(price))
            for units, _, price in (one.partition("@") for one in row.parts.split())
        ),
        row.sixtieths,
        short="short" in marks,
        deferred="deferred" in marks,
    )


def taken_back(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows of the next turn, which take back these."""
    return tuple(
        replace(row, turn=row.turn + 1, units=-row.units, free=-row.free, sixtieths=-row.sixtieths) for row in rows
    )
