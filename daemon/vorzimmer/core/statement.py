"""A closed month as it is told to the client: its lines, its calls one by one, and what others would have charged.

The JSON is what the table `statement` keeps: amounts as text, so that none of them is ever a float.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core.bill import Bill, Line, Unit
from vorzimmer.core.stretches import Month

HOURS = 24
ZERO = Decimal(0)
HIDDEN_DIGITS = 3
"""So many of a number's last digits are not told, unless the client has ordered whole numbers before the period."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the same month would have cost by a tariff, net. `yours`: it is the one by which the month was billed."""

    tariff: str
    name: str
    total: Decimal
    yours: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """What a prepaying client had before and has after the month, VAT included; below zero it owes something."""

    before: Decimal
    taken: Decimal

    @property
    def after(self) -> Decimal:
        """What is left."""
        return self.before - self.taken


@dataclass(frozen=True, slots=True)
class Statement:
    """A closed month of a client's.

    `head`: the last seal at the close. `used`, `advanced`: what the next month's bill needs to know
    (`core.bill.Before`). `versions`: the tariffs by which it was billed, and the days from which these hold. `chart`:
    how many calls began in each hour of the client's clock. `comparison`: the cheapest first; empty where nothing
    can be compared. `balance`: of a client who pays before. `fees`: the ids of the set-ups that are on it; no other
    month's bill has them.
    """

    client: str
    month: Month
    currency: str
    lines: tuple[Line, ...]
    head: bytes
    closed_at: datetime
    closed_by: str
    used: Mapping[str, Decimal]
    advanced: Mapping[str, Decimal]
    versions: tuple[tuple[str, date], ...] = ()
    chart: tuple[int, ...] = (0,) * HOURS
    comparison: tuple[Offer, ...] = ()
    balance: Balance | None = None
    fees: tuple[int, ...] = ()

    @property
    def total(self) -> Decimal:
        """Without VAT: the sum of the lines, to the cent."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def calls(self) -> int:
        """How many there were."""
        return sum(self.chart)

    def data(self) -> dict[str, Any]:
        """All that has no column of its own, as JSON."""
        return {
            "lines": [_line_json(line) for line in self.lines],
            "used": _texts(self.used),
            "advanced": _texts(self.advanced),
            "fees": list(self.fees),
            "versions": [[tariff, since.isoformat()] for tariff, since in self.versions],
            "chart": list(self.chart),
            "comparison": [
                {"tariff": one.tariff, "name": one.name, "total": f"{one.total:f}", "yours": one.yours}
                for one in self.comparison
            ],
            "balance": None
            if self.balance is None
            else {"before": f"{self.balance.before:f}", "taken": f"{self.balance.taken:f}"},
        }


def statement_of(row: Mapping[str, Any], data: Mapping[str, Any]) -> Statement:
    """The statement of a row of its table, whose column `data` was read from JSON."""
    balance = data.get("balance")
    return Statement(
        client=row["client"],
        month=Month(row["month"].year, row["month"].month),
        currency=row["currency"],
        lines=tuple(_line(one) for one in data["lines"]),
        head=row["head"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        used=_numbers(data["used"]),
        advanced=_numbers(data["advanced"]),
        versions=tuple((tariff, date.fromisoformat(since)) for tariff, since in data["versions"]),
        chart=tuple(data["chart"]),
        comparison=tuple(
            Offer(one["tariff"], one["name"], Decimal(one["total"]), one["yours"]) for one in data["comparison"]
        ),
        balance=balance and Balance(Decimal(balance["before"]), Decimal(balance["taken"])),
        fees=tuple(data.get("fees", ())),
    )


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "position": str(line.position),
        "name": line.name,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "quantity": f"{line.quantity:f}",
        "unit": line.unit.value,
        "price": None if line.price is None else f"{line.price:f}",
        "exact": f"{line.exact:f}",
        "amount": f"{line.amount:f}",
    }


def _line(told: Mapping[str, Any]) -> Line:
    return Line(
        told["position"],
        told["name"],
        date.fromisoformat(told["first"]),
        date.fromisoformat(told["last"]),
        Decimal(told["quantity"]),
        Unit(told["unit"]),
        None if told["price"] is None else Decimal(told["price"]),
        Decimal(told["exact"]),
        Decimal(told["amount"]),
    )


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {position: f"{amount:f}" for position, amount in amounts.items()}


def _numbers(told: Mapping[str, str]) -> dict[str, Decimal]:
    return {position: Decimal(amount) for position, amount in told.items()}


def versions_of(bill: Bill) -> tuple[tuple[str, date], ...]:
    """The tariffs by which a month was billed, each once."""
    found = ((one.stretch.tariff.id, one.stretch.tariff.since) for one in bill.rated)
    return tuple(dict.fromkeys(found))


def chart_of(began: Iterable[datetime], timezone: str) -> tuple[int, ...]:
    """How many calls began in each of the 24 hours of a clock; the hour that comes twice in autumn counts both."""
    zone, hours = ZoneInfo(timezone), [0] * HOURS
    for at in began:
        hours[at.astimezone(zone).hour] += 1
    return tuple(hours)


class Hidden(StrEnum):
    """Why a call's number is not told."""

    WITHHELD = "withheld"
    """The caller did not want it shown."""
    ERASED = "erased"
    """It was kept as long as the law and the client allow."""
    UNKNOWN = "unknown"
    """None came with the call."""


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call on the statement.

    `began`: by the client's clock. `number`: of the caller, or whom we called; shortened, or whole if that was ordered;
    None: `hidden` says why. `phases`: seconds, those that happened. `net`: what it costs, as exactly as it is known
    before its position is rounded. `why`: in a few words of the client's language. `late`: it belongs to an earlier
    month that was closed already.
    """

    id: str
    began: datetime
    direction: str
    disposition: str
    number: str | None
    hidden: Hidden | None
    phases: tuple[tuple[str, Decimal], ...]
    net: Decimal
    why: str
    late: bool = False


def shortened(number: str) -> str:
    """The number as itemised bills tell it: `+49891234XXX`."""
    return number[:-HIDDEN_DIGITS] + "X" * min(HIDDEN_DIGITS, len(number))
