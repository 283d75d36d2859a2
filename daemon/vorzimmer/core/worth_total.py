"""What many likely months cost by a tariff, without rating each of their calls anew: the same totals as bills have.

Whether a call matches and what it measures depends on its weekday, its hour and whether it is a holiday: calls that are
alike in this are rated once. Where a charge also depends on the calls before it, in a way that sums do not show, the
month is billed as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from vorzimmer.core.bill import Before, Bill, advance_due, bill
from vorzimmer.core.bill_lines import Line, due_in_advance, lines_of
from vorzimmer.core.money import Where, cents
from vorzimmer.core.rating import SIXTY, Call, Charge, Place, Terms, Used, rate_call
from vorzimmer.core.stretches import Contract, Month, Stretch
from vorzimmer.core.tariff import Calls, Counted, Minutes, Position, Recurring, Surcharge, Tariff

ZERO = Decimal(0)

Like = tuple[int, int, bool]
"""Which logged call it is, on which weekday, and whether that day is a public holiday."""


class Drawn(NamedTuple):
    """A call of a likely month; those that are `like` each other cost the same, but for what is free or in tiers."""

    call: Call
    like: Like


@dataclass(frozen=True, slots=True)
class _Fact:
    """What a call adds to a position. `short`: so short that it is free while any such calls are."""

    position: str
    units: Decimal
    sixtieths: Decimal
    short: bool


def cost(tariff: Tariff, calls: Iterable[Call], place: Place, month: Month) -> Bill:
    """What these calls cost in a whole month of a running contract; what is by the year by its twelfth."""
    usual = _running(tariff, month)
    contract = Contract(usual.id, usual.since)
    before = Before(advanced=advance_due([contract], [usual], month))
    return bill(month, [contract], [usual], place, calls, before=before)


def as_monthly(tariff: Tariff) -> Tariff:
    """The tariff with a twelfth of what is by the year."""
    positions: list[Position] = []
    for position in tariff.positions:
        match position:
            case Recurring(every="year"):
                positions.append(
                    position.model_copy(update={"every": "month", "amount": position.amount / 12, "prorate": True})
                )
            case Calls(pool="year") | Minutes(pool="year"):
                tiers = tuple(
                    tier.model_copy(update={"up_to": None if tier.up_to is None else tier.up_to / 12})
                    for tier in position.tiers
                )
                update = {"pool": "month", "included": position.included / 12, "tiers": tiers}
                positions.append(position.model_copy(update=update))
            case _:
                positions.append(position)
    return tariff.model_copy(update={"positions": tuple(positions)})


def _running(tariff: Tariff, month: Month) -> Tariff:
    """As if the tariff and its contract held from the month's beginning."""
    return as_monthly(tariff).model_copy(update={"since": month.first})


class Totals:
    """Totals of months by one tariff, net. What a call adds is found once and remembered."""

    def __init__(self, tariff: Tariff, place: Place, month: Month) -> None:
        self.tariff = tariff
        self._usual = _running(tariff, month)
        self._terms = Terms(self._usual, place)
        self._month = month
        self._contract = Contract(self._usual.id, self._usual.since)
        counted = [one for one in self._usual.positions if isinstance(one, Calls | Minutes)]
        self._counted = {one.id: one for one in counted}
        self._limits = {one.id: _limit(one) for one in counted if _limit(one) is not None}
        self._facts: dict[Like, tuple[_Fact, ...]] = {}

    def of(self, calls: Sequence[Drawn]) -> Decimal:
        """The total of a month of these calls."""
        if not self._sums_suffice:
            return cost(self.tariff, (one.call for one in calls), self._terms.place, self._month).total
        units: dict[str, Decimal] = {}
        sixtieths: dict[str, Decimal] = {}
        for like, (count, call) in _counts(calls).items():
            for fact in self._facts_of(like, call):
                units[fact.position] = units.get(fact.position, ZERO) + count * fact.units
                sixtieths[fact.position] = sixtieths.get(fact.position, ZERO) + count * fact.sixtieths
        for position in self._limits:
            for fact in self._free_short(position, calls):
                units[position] -= fact.units
                sixtieths[position] -= fact.sixtieths
        return self._total([self._charge(one, units[one], sixtieths[one]) for one in units])

    @cached_property
    def _sums_suffice(self) -> bool:
        """Whether nothing that depends on the order of calls is rounded, or is what a share is taken of."""
        by_order = {one.id for one in self._counted.values() if _is_pooled(one) or _limit(one) is not None}
        shared = {on for one in self._usual.positions if isinstance(one, Surcharge) for on in one.on}
        early = self._usual.rounding.at in (Where.CALL, Where.PHASE)
        rounded = early and any(one.mode == "graduated" and _is_pooled(one) for one in self._counted.values())
        surcharged = bool(self._limits) and any(isinstance(one, Surcharge) for one in self._usual.positions)
        return not rounded and not surcharged and not by_order & shared

    def _facts_of(self, like: Like, call: Call) -> tuple[_Fact, ...]:
        known = self._facts.get(like)
        if known is None:
            exhausted = Used(short={one: limit or 0 for one, limit in self._limits.items()})
            short = {one.position for one in rate_call(call, self._terms, Used())[0] if one.short}
            charges, _ = rate_call(call, self._terms, exhausted)
            known = tuple(_Fact(one.position, one.units, one.sixtieths, one.position in short) for one in charges)
            self._facts[like] = known
        return known

    def _free_short(self, position: str, calls: Sequence[Drawn]) -> list[_Fact]:
        """What the short calls add that are free, the first ones of the month."""
        found = [
            (one.call.began, one.call.id, fact)
            for one in calls
            for fact in self._facts_of(one.like, one.call)
            if fact.short and fact.position == position
        ]
        found.sort(key=lambda one: one[:2])
        return [fact for _, _, fact in found[: self._limits[position]]]

    def _charge(self, position: str, units: Decimal, sixtieths: Decimal) -> Charge:
        """One charge for all calls."""
        counted = self._counted.get(position)
        if counted is None:
            return Charge("", position, (), units, ZERO, (), sixtieths)
        free = min(self._terms.free_units(counted), units)
        exact = _in_tiers(counted, units - free) if _is_pooled(counted) else sixtieths
        return Charge("", position, (), units, free, (), exact)

    def _total(self, charges: Sequence[Charge]) -> Decimal:
        month = self._month
        part = Stretch(month.first, month.last, self._contract, self._usual, trial=False)
        lines = [*lines_of(part, month, charges, ()), *self._ahead]
        if self._usual.rounding.at is Where.INVOICE:
            return cents(self._usual.rounding.round(sum((line.exact for line in lines), ZERO)))
        return sum((line.amount for line in lines), ZERO)

    @cached_property
    def _ahead(self) -> tuple[Line, ...]:
        """What is billed in advance for the next month."""
        return tuple(due_in_advance([self._contract], [self._usual], self._month.after))


def _counts(calls: Sequence[Drawn]) -> dict[Like, tuple[int, Call]]:
    """How many calls are alike, and one of them."""
    one_of = {drawn.like: drawn.call for drawn in calls}
    return {like: (count, one_of[like]) for like, count in Counter(drawn.like for drawn in calls).items()}


def _limit(position: Counted) -> int | None:
    """How many short calls are free in a month; None: none, or all."""
    return None if position.free_short is None else position.free_short.most


def _is_pooled(position: Counted) -> bool:
    """Whether a unit's price depends on how many there were before."""
    return bool(position.included) or len(position.steps) > 1 or position.mode == "whole"


def _in_tiers(position: Counted, paid: Decimal) -> Decimal:
    """What so many paid units come to, times 60. Of a `whole` position the line is reckoned from the units."""
    if position.mode == "whole":
        return ZERO
    minutes = isinstance(position, Minutes)
    found, began = ZERO, ZERO
    for tier in position.steps:
        ended = paid if tier.up_to is None else min(paid, tier.up_to * SIXTY if minutes else tier.up_to)
        found += max(ended - began, ZERO) * tier.price
        began = max(began, ended)
    return found if minutes else found * SIXTY
