"""A month as it is billed: cut where the contract, the tariff's version or the trial changes."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal

from vorzimmer.core.tariff import Counted, Minutes, Tariff, in_force

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, of the client's calendar."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        """How many it has: 28 to 31."""
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def after(self) -> Month:
        """The next one."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def before(self) -> Month:
        """The one before."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a client has agreed to, from `since` to `until` (both included; None: until it is ended).

    `options`: value-added services that it has. `term_months`, `prepaid_months`: for discounts. `trial`: the tariff's
    trial days are given.
    """

    tariff: str
    since: date
    until: date | None = None
    options: frozenset[str] = field(default_factory=frozenset)
    term_months: int = 1
    prepaid_months: int = 0
    trial: bool = False

    def year_began(self, day: date) -> date:
        """The first day of the contract's year that this day is in; 29 February becomes 1 March."""
        began = anniversary(self, day.year - self.since.year)
        return began if began <= day else anniversary(self, day.year - self.since.year - 1)

    def year_after(self, began: date) -> date:
        """The first day of the year behind the one that began on this day."""
        return anniversary(self, began.year - self.since.year + 1)

    def holds(self, day: date) -> bool:
        """Whether it is in force on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of a month, `first` to `last`, in which everything is the same. `trial`: nothing is charged."""

    first: date
    last: date
    contract: Contract
    tariff: Tariff
    trial: bool

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def paid_from(self) -> date:
        """The contract's first day that is not of the trial."""
        return self.contract.since + (self.tariff.trial_days if self.contract.trial else 0) * DAY

    @property
    def years(self) -> tuple[date, ...]:
        """The first days of the contract's years that these days are in: one, or two if one begins among them."""
        return tuple(dict.fromkeys(self.contract.year_began(day) for day in (self.first, self.last)))


class NoTariff(Exception):
    """A contract names a tariff that has no version on one of its days."""


def stretches(contracts: Iterable[Contract], versions: Sequence[Tariff], month: Month) -> tuple[Stretch, ...]:
    """The stretches of a month, in order. Days without a contract are in none.

    Raises:
        NoTariff: a contract holds on a day on which its tariff does not exist.
        ValueError: two contracts hold on one day.
    """
    known = tuple(contracts)
    found: list[Stretch] = []
    for day in (month.first + n * DAY for n in range(month.days)):
        holding = [one for one in known if one.holds(day)]
        if len(holding) > 1:
            raise ValueError(f"two contracts hold on {day}")
        if not holding:
            continue
        [contract] = holding
        tariff = in_force(versions, contract.tariff, day)
        if tariff is None:
            raise NoTariff(f"tariff {contract.tariff!r} has no version that holds on {day}")
        one = Stretch(day, day, contract, tariff, _in_trial(contract, tariff, day))
        if found and _goes_on(found[-1], one):
            found[-1] = Stretch(found[-1].first, day, contract, tariff, one.trial)
        else:
            found.append(one)
    return tuple(found)


def _goes_on(before: Stretch, after: Stretch) -> bool:
    same = (before.contract, before.tariff.since, before.trial) == (after.contract, after.tariff.since, after.trial)
    return same and before.last + DAY == after.first


def _in_trial(contract: Contract, tariff: Tariff, day: date) -> bool:
    return contract.trial and day < contract.since + tariff.trial_days * DAY


def anniversary(contract: Contract, years: int) -> date:
    """The day on which so many years of the contract are over; 29 February becomes 1 March."""
    try:
        return contract.since.replace(year=contract.since.year + years)
    except ValueError:
        return date(contract.since.year + years, 3, 1)


def included(position: Counted, stretch: Stretch, month: Month) -> Decimal:
    """The calls or seconds that are included in a stretch: its days' share of a month's, whole ones, rounded down.

    Those of a year are counted over the year, and are never cut.
    """
    units = position.included * (60 if isinstance(position, Minutes) else 1)
    if position.pool == "year" or stretch.days == month.days:
        return units
    return (units * stretch.days / month.days).to_integral_value(ROUND_FLOOR)
