"""Years that were paid in advance: what comes back when a contract ends before they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from vorzimmer.core.bill_lines import Line, Unit, correction, percent_off
from vorzimmer.core.stretches import DAY, Contract, Month
from vorzimmer.core.tariff import Recurring, Tariff, in_force


@dataclass(frozen=True, slots=True)
class PaidYear:
    """A yearly sum, without discounts, that was billed in advance for these days."""

    position: str
    first: date
    last: date
    amount: Decimal

    @property
    def key(self) -> str:
        """Under which it is remembered from bill to bill; positions have no spaces in their ids."""
        return f"{self.position} {self.first} {self.last}"

    def until(self, last: date) -> PaidYear:
        """The same for other days, at the same price a day."""
        days, now = (self.last - self.first).days + 1, (last - self.first).days + 1
        return replace(self, last=last, amount=self.amount * now / days)


def remembered(advanced: Mapping[str, Decimal]) -> tuple[dict[str, Decimal], list[PaidYear]]:
    """What earlier bills had in advance for a month, by position, and the years that had begun before it."""
    by_position: dict[str, Decimal] = {}
    years: list[PaidYear] = []
    for key, amount in advanced.items():
        position, *days = key.split(" ")
        if days:
            first, last = map(date.fromisoformat, days)
            years.append(PaidYear(position, first, last, amount))
        else:
            by_position[position] = amount
    return by_position, years


def begun(due: Iterable[Line]) -> list[PaidYear]:
    """The years among what is due in advance."""
    return [PaidYear(one.position, one.first, one.last, one.exact) for one in due if one.unit is Unit.YEAR]


def corrected(
    years: Iterable[PaidYear], contracts: Sequence[Contract], versions: Sequence[Tariff], month: Month
) -> tuple[list[Line], dict[str, Decimal]]:
    """What these years cost more or less now that contracts end otherwise, and those that go on behind the month."""
    lines: list[Line] = []
    going_on: dict[str, Decimal] = {}
    for year in years:
        contract = next((one for one in contracts if one.holds(year.first)), None)
        tariff = in_force(versions, contract.tariff, year.first) if contract is not None else None
        if contract is None or tariff is None:
            continue
        position = next((one for one in tariff.positions if one.id == year.position), None)
        if not isinstance(position, Recurring) or not position.prorate:
            continue
        whole = contract.year_after(contract.year_began(year.first)) - DAY
        last = min(whole, contract.until or whole)
        now = year if last == year.last else year.until(last)
        if now is not year:
            exact = (now.amount - year.amount) * (1 - percent_off(tariff, contract) / 100)
            until, after = sorted((now.last, year.last))
            lines.append(correction(position.id, position.name, until + DAY, after, exact))
        if whole > month.last:
            going_on[now.key] = now.amount
    return lines, going_on
