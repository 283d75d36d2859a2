"""The lines of a stretch of a month: what its positions, discounts and the least charge come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from vorzimmer.core.money import Where, cents
from vorzimmer.core.rating import SIXTY, Charge, tier_of
from vorzimmer.core.stretches import DAY, Contract, Month, Stretch, stretches
from vorzimmer.core.tariff import Calls, Counted, Minutes, Recurring, Surcharge, Tariff, Work
from vorzimmer.core.work_hours import WorkDone, work_charges

ZERO = Decimal(0)


class Unit(StrEnum):
    """What a line's quantity counts."""

    MONTH = "month"
    YEAR = "year"
    CALL = "call"
    MINUTE = "minute"
    HOUR = "hour"
    ONE = "one"


class Special(StrEnum):
    """Lines that are no position of the tariff."""

    FEE = "fee"
    DISCOUNT = "discount"
    MINIMUM = "minimum"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Line:
    """A line. `position`: of the tariff, or a `Special`. `exact`: before rounding; `amount`: as it is billed, in cents.

    `price`: of a unit, where there is one for all. `first`, `last`: the days it is for.
    """

    position: str
    name: str
    first: date
    last: date
    quantity: Decimal
    unit: Unit
    price: Decimal | None
    exact: Decimal
    amount: Decimal


def lines_of(part: Stretch, month: Month, charges: Sequence[Charge], work: Sequence[WorkDone]) -> list[Line]:
    """What is billed for a stretch when its month is over; `work`: of its days."""
    found: list[Line] = []
    for position in part.tariff.positions:
        mine = [charge for charge in charges if charge.position == position.id]
        match position:
            case Recurring() if not position.advance and _has(part.contract, position):
                found += _recurring(position, part, month)
            case Calls() | Minutes():
                found.append(_counted(position, part, mine))
            case Surcharge() if mine:
                exact = sum((charge.sixtieths for charge in mine), ZERO) / SIXTY
                found.append(_line(position.id, position.name, part, Decimal(len(mine)), Unit.CALL, None, exact))
            case Work() if work:
                found.append(_worked(position, part, work))
            case _:
                continue
    found += _discounts(part, found)
    return [*found, *_minimum(part, month, found)]


def _line(
    position: str, name: str, part: Stretch, quantity: Decimal, unit: Unit, price: Decimal | None, exact: Decimal
) -> Line:
    amount = cents(part.tariff.rounding.rounded_at(Where.POSITION, exact))
    return Line(position, name, part.first, part.last, quantity, unit, price, exact, amount)


def _has(contract: Contract, position: Recurring) -> bool:
    return position.option is None or position.option in contract.options


def _recurring(position: Recurring, part: Stretch, month: Month) -> list[Line]:
    """What a recurring sum comes to in this stretch: a month's share, or the years that end in it (or begin)."""
    if position.every == "year":
        return list(_yearly(position, part))
    if not position.prorate and part.first not in (month.first, part.contract.since, part.paid_from):
        return []
    return [_part_of(position, part, Unit.MONTH, part.days, month.days)]


def _yearly(position: Recurring, part: Stretch) -> Iterator[Line]:
    """A line for each year of the contract that is billed in this stretch; the trial's days are free."""
    for began in part.years:
        whole = part.contract.year_after(began) - DAY
        first, last = max(began, part.paid_from), min(whole, part.contract.until or whole)
        if first <= last and part.first <= (first if position.advance else last) <= part.last:
            line = _part_of(position, part, Unit.YEAR, (last - first).days + 1, (whole - began).days + 1)
            yield replace(line, first=first, last=last)


def _part_of(position: Recurring, part: Stretch, unit: Unit, days: int, of: int) -> Line:
    """So many days of a period; all of it, where it is not cut."""
    if not position.prorate:
        days = of
    exact = position.amount * days / of
    return _line(position.id, position.name, part, Decimal(days) / of, unit, position.amount, exact)


def _counted(position: Counted, part: Stretch, charges: Sequence[Charge]) -> Line:
    units = sum((charge.units for charge in charges), ZERO)
    paid = units - sum((charge.free for charge in charges), ZERO)
    exact = sum((charge.sixtieths for charge in charges), ZERO) / SIXTY
    scale, unit = (SIXTY, Unit.MINUTE) if isinstance(position, Minutes) else (Decimal(1), Unit.CALL)
    price = position.price
    if position.mode == "whole":
        price = tier_of(position, paid).price
        exact = paid * price / scale
    return _line(position.id, position.name, part, paid / scale, unit, price, exact)


def _worked(position: Work, part: Stretch, work: Sequence[WorkDone]) -> Line:
    """All work of the stretch; where the telephone factor raised it, the name says by how much and for how long."""
    costs = work_charges(position, work)
    minutes = sum((one.minutes for one in costs), ZERO)
    exact = sum((one.sixtieths for one in costs), ZERO) / SIXTY
    raised: dict[Decimal, Decimal] = {}
    for one in costs:
        if one.raised and (factor := position.factors.get(one.region)):
            raised[factor] = raised.get(factor, ZERO) + one.raised
    told = [f"{_plain(minutes)} min", *(f"{_plain(by * 100)} % x {_plain(of)} min" for by, of in raised.items())]
    name = f"{position.name} ({' + '.join(told)})" if raised else position.name
    return _line(position.id, name, part, minutes / SIXTY, Unit.HOUR, position.rate, exact)


def _plain(number: Decimal) -> str:
    """With two decimals at most, and none that say nothing."""
    return f"{cents(number).normalize():f}"


def _discounts(part: Stretch, lines: Sequence[Line]) -> list[Line]:
    """What the term and the prepayment take away from recurring sums."""
    recurring = {one.id for one in part.tariff.positions if isinstance(one, Recurring)}
    base = _sum(part, (line for line in lines if line.position in recurring))
    percent = percent_off(part.tariff, part.contract)
    if not percent or not base:
        return []
    return [
        _line(Special.DISCOUNT, f"- {percent.normalize():f} %", part, Decimal(1), Unit.ONE, None, -base * percent / 100)
    ]


def _sum(part: Stretch, lines: Iterable[Line]) -> Decimal:
    """What these lines come to: as they are billed, or exact where only the whole is rounded."""
    exact = part.tariff.rounding.at is Where.INVOICE
    return sum((line.exact if exact else line.amount for line in lines), ZERO)


def percent_off(tariff: Tariff, contract: Contract) -> Decimal:
    """Both discounts together; each is the largest one whose months are reached."""
    kinds = ((tariff.terms, contract.term_months), (tariff.prepayments, contract.prepaid_months))
    return sum(
        (max((one.percent for one in known if one.months <= months), default=ZERO) for known, months in kinds), ZERO
    )


def _minimum(part: Stretch, month: Month, lines: Sequence[Line]) -> list[Line]:
    """What is missing to the minimum charge; what was paid in advance for these days counts."""
    least = part.tariff.minimum * part.days / month.days
    paid = _in_advance(part, month)
    missing = least - _sum(part, (*paid, *_discounts(part, paid), *lines))
    if missing <= 0:
        return []
    line = _line(Special.MINIMUM, "", part, Decimal(1), Unit.ONE, None, missing)
    return [line] if line.amount else []


def due_in_advance(
    contracts: Sequence[Contract], versions: Sequence[Tariff], month: Month, currency: str | None = None
) -> list[Line]:
    """What is due in advance for a month, as the contracts are known now; in this currency only, if one is named."""
    found: list[Line] = []
    for part in stretches(contracts, versions, month):
        if currency not in (None, part.tariff.currency):
            continue
        mine = [] if part.trial else _in_advance(part, month)
        found += [*mine, *_discounts(part, mine)]
    return found


def _in_advance(part: Stretch, month: Month) -> list[Line]:
    due = (one for one in part.tariff.positions if isinstance(one, Recurring) and one.advance)
    return [line for one in due if _has(part.contract, one) for line in _recurring(one, part, month)]


def advance_lines(due: Sequence[Line], billed: Mapping[str, Decimal], month: Month) -> list[Line]:
    """What is due, less what was billed for it before; what was billed and is not due any more comes back."""
    found: list[Line] = []
    left = dict(billed)
    for line in due:
        known = left.get(line.position, ZERO)
        taken = min(known, line.exact) if line.exact > 0 else max(known, line.exact)
        left[line.position] = known - taken
        rest = line.exact - taken
        if not taken:
            found.append(line)
        elif cents(rest):
            found.append(correction(line.position, line.name, line.first, line.last, rest))
    names = {line.position: line.name for line in due}
    return found + [
        correction(one, names.get(one, ""), month.first, month.last, -amount)
        for one, amount in left.items()
        if cents(amount)
    ]


def correction(position: str, name: str, first: date, last: date, exact: Decimal) -> Line:
    """What was billed too little in advance, or too much."""
    return Line(position, name, first, last, Decimal(1), Unit.ONE, None, exact, cents(exact))
