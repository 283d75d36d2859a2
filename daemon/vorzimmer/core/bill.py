"""The bill of a month: one line a position and stretch, whose sum is the total to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from vorzimmer.core.bill_lines import Line, Special, Unit, advance_lines, due_in_advance, lines_of
from vorzimmer.core.money import Where, cents
from vorzimmer.core.paid_years import begun, corrected, remembered
from vorzimmer.core.rating import Call, Charge, Place, Terms, Used, rate
from vorzimmer.core.stretches import Contract, Month, Stretch, included, stretches
from vorzimmer.core.tariff import Calls, Minutes, Tariff, in_force
from vorzimmer.core.work_hours import WorkDone

__all__ = ["Before", "Besides", "Bill", "Fee", "Line", "Rated", "Special", "Unit", "advance_due", "bill"]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fee:
    """Something that costs once: a set-up. `amount`: net, in the currency of the bill. `id`: by which it is known."""

    name: str
    day: date
    amount: Decimal
    id: int = 0


@dataclass(frozen=True, slots=True)
class Besides:
    """What is billed besides the month's own calls.

    `late`: calls of earlier months that came too late for their own bills; they are rated before all others, by what
    holds first in this month. Where nothing holds any more, they stay in nobody's bill (`Bill.outside`).
    """

    work: tuple[WorkDone, ...] = ()
    fees: tuple[Fee, ...] = ()
    late: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Rated:
    """What was rated in one stretch: its calls by id, late ones first, and what they cost.

    In a trial calls cost nothing and have no charges.
    """

    stretch: Stretch
    calls: tuple[str, ...]
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier bills mean for this one.

    `used`: units by position in the running year of the contract. `advanced`: what was billed in advance for this
    month, by position, and the years that run on (`core.paid_years`).
    """

    used: Mapping[str, Decimal] = field(default_factory=dict)
    advanced: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bill:
    """A month's bill. `rated`: every call, by stretch. `outside`: calls of days on which no contract holds, by id.

    `used`, `advanced`: for the next `Before`. `fees`: the ids of those that are on it.
    """

    month: Month
    currency: str
    lines: tuple[Line, ...]
    rated: tuple[Rated, ...]
    outside: tuple[str, ...]
    used: Mapping[str, Decimal]
    advanced: Mapping[str, Decimal]
    fees: tuple[int, ...] = ()

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Of every call that a position was about."""
        return tuple(charge for one in self.rated for charge in one.charges)

    @property
    def total(self) -> Decimal:
        """Without VAT."""
        return sum((line.amount for line in self.lines), ZERO)


def bill(
    month: Month,
    contracts: Sequence[Contract],
    versions: Sequence[Tariff],
    place: Place,
    calls: Iterable[Call],
    besides: Besides | None = None,
    before: Before | None = None,
) -> Bill:
    """What a client owes for a month.

    Args:
        month: which one.
        contracts: the client's.
        versions: of all tariffs that they name.
        place: whose calendar.
        calls: of the month; others are left out.
        besides: what else there is to bill.
        before: what earlier bills mean for this one.

    Raises:
        stretches.NoTariff, ValueError: the contracts do not fit.
    """
    known = before or Before()
    more = besides or Besides()
    parts = stretches(contracts, versions, month)
    if len({part.tariff.currency for part in parts}) > 1:
        raise ValueError(f"tariffs of two currencies hold in {month.year}-{month.month:02}")
    by_day = _by_day(calls, place)
    lines: list[Line] = []
    rated: list[Rated] = []
    used = Used(known.used)
    for n, part in enumerate(parts):
        mine = [*(_in_order(more.late) if n == 0 else ()), *_calls_of(part, by_day)]
        made, used = _rated(part, month, place, mine, used)
        rated.append(Rated(part, tuple(call.id for call in mine), made))
        if not part.trial:
            tasks = [one for one in more.work if part.first <= one.day <= part.last]
            lines += lines_of(part, month, made, tasks)
    currency = parts[-1].tariff.currency if parts else _currency_near(contracts, versions, month)
    due = due_in_advance(contracts, versions, month)
    ahead = due_in_advance(contracts, versions, month.after, currency)
    billed, running = remembered(known.advanced)
    corrections, years = corrected([*running, *begun(due)], contracts, versions, month)
    lines += [*advance_lines(due, billed, month), *corrections, *ahead]
    lines += [_fee(one) for one in more.fees]
    tariff = parts[-1].tariff if parts else None
    taken = {call for one in rated for call in one.calls}
    here = (day for day in sorted(by_day) if month.first <= day <= month.last)
    outside = (
        *(call.id for call in _in_order(more.late) if call.id not in taken),
        *(call.id for day in here for call in _in_order(by_day[day]) if call.id not in taken),
    )
    return Bill(
        month,
        currency,
        _rounded(lines, tariff, month),
        tuple(rated),
        outside,
        used.units,
        {**_by_position(ahead), **years},
        tuple(one.id for one in more.fees),
    )


def _currency_near(contracts: Sequence[Contract], versions: Sequence[Tariff], month: Month) -> str:
    """Of a month without a contract: that of what was agreed last before it, or else next."""
    ended = [(one.until, one.tariff) for one in contracts if one.until is not None and one.until < month.first]
    last, name = max(ended, default=(None, ""))
    tariff = in_force(versions, name, last) if last is not None else None
    coming = stretches(contracts, versions, month.after)
    found = tariff or next((part.tariff for part in coming), None)
    return found.currency if found is not None else "EUR"


def advance_due(contracts: Sequence[Contract], versions: Sequence[Tariff], month: Month) -> dict[str, Decimal]:
    """What is due in advance for a month, by position: what the bill before it had, if nothing has changed since."""
    return _by_position(due_in_advance(contracts, versions, month))


def _by_position(lines: Iterable[Line]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in lines:
        position = str(line.position)  # also of a `Special`: it is stored as JSON's key
        found[position] = found.get(position, ZERO) + line.exact
    return found


def _by_day(calls: Iterable[Call], place: Place) -> dict[date, list[Call]]:
    zone = ZoneInfo(place.timezone)
    found: dict[date, list[Call]] = {}
    for call in calls:
        found.setdefault(call.began.astimezone(zone).date(), []).append(call)
    return found


def _calls_of(part: Stretch, by_day: Mapping[date, list[Call]]) -> list[Call]:
    return _in_order(call for day in by_day if part.first <= day <= part.last for call in by_day[day])


def _in_order(calls: Iterable[Call]) -> list[Call]:
    return sorted(calls, key=lambda one: (one.began, one.id))


def _rated(
    part: Stretch, month: Month, place: Place, calls: Sequence[Call], before: Used
) -> tuple[tuple[Charge, ...], Used]:
    """What the calls of a stretch cost, and what is used: units of the contract's year, short calls of the month.

    Each year of a contract has units of its own. Late calls of the year that ends before the month still use its own.
    """
    used = replace(before, units={}) if part.first == part.contract.since else before
    if part.trial:
        return (), used
    counted = [one for one in part.tariff.positions if isinstance(one, Calls | Minutes)]
    terms = Terms(part.tariff, place, {one.id: included(one, part, month) for one in counted})
    yearly = {one.id for one in counted if one.pool == "year"}
    turn, zone = part.years[-1], ZoneInfo(place.timezone)
    early: tuple[Charge, ...] = ()
    if turn >= part.first and turn != part.contract.since:
        ending = [call for call in calls if call.began.astimezone(zone).date() < turn]
        early, used = rate(ending, terms, used)
        calls = calls[len(ending) :]
        used = replace(used, units={one: units for one, units in used.units.items() if one not in yearly})
    charges, used = rate(calls, terms, used)
    kept = {one: units for one, units in used.units.items() if one in yearly}
    return (*early, *charges), replace(used, units=kept)


def _fee(fee: Fee) -> Line:
    return Line(
        Special.FEE, fee.name, fee.day, fee.day, Decimal(1), Unit.ONE, fee.amount, fee.amount, cents(fee.amount)
    )


def _rounded(lines: Sequence[Line], tariff: Tariff | None, month: Month) -> tuple[Line, ...]:
    """The lines, and the difference to the whole, where the whole is what the tariff rounds (EN 16931, BR-CO-10)."""
    if tariff is None or tariff.rounding.at is not Where.INVOICE:
        return tuple(lines)
    whole = cents(tariff.rounding.round(sum((line.exact for line in lines), ZERO)))
    difference = whole - sum((line.amount for line in lines), ZERO)
    if not difference:
        return tuple(lines)
    last = Line(Special.ROUNDING, "", month.first, month.last, Decimal(1), Unit.ONE, None, difference, difference)
    return (*lines, last)
