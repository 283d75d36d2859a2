"""What a call costs by a tariff: the reference, one call after the other in the order in which they began.

A call belongs to the instant at which it began, by the client's clock: its day, its hour, its month. Free units are
used in the order of the calls. Amounts are exact until the tariff rounds: they are kept as sixtieths, for a minute's
price times seconds is a whole number of these, and are divided once, where they are rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.money import Where
from vorzimmer.core.office_hours import covers
from vorzimmer.core.public_holidays import holiday_name
from vorzimmer.core.tariff import SERVED, Calls, Counted, Measured, Minutes, Surcharge, Tariff, Tier, When

SIXTY = Decimal(60)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Call:
    """A finished call as it is rated. `seconds` by phase (`core.tariff.PHASES`); `began` is aware.

    `results`: what agents said it was. `to`: the number that was called, or put through to (E.164), if any.
    """

    id: str
    began: datetime
    disposition: Disposition
    seconds: Mapping[str, Decimal]
    direction: str = "in"
    results: frozenset[str] = frozenset()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """By whose clock and calendar a client's calls are judged: an IANA zone, and the region of holidays, if any."""

    timezone: str
    holidays: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Units at a price. Of minutes the units are seconds, and the price is a minute's."""

    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """What a call costs by one position.

    `measured`: the seconds that count, by phase, after caps. `units`: calls, or seconds after the increments; `free` of
    these are included in the tariff. `sixtieths`: the amount times 60, exact, or rounded where the tariff rounds calls.
    `short`: it costs nothing, for it was short. `deferred`: the price depends on how many units the month will have.
    """

    call: str
    position: str
    measured: tuple[tuple[str, Decimal], ...]
    units: Decimal
    free: Decimal
    parts: tuple[Part, ...]
    sixtieths: Decimal
    short: bool = False
    deferred: bool = False

    @property
    def amount(self) -> Decimal:
        """In the tariff's currency."""
        return self.sixtieths / SIXTY


@dataclass(frozen=True, slots=True)
class Used:
    """What calls have used so far: units by position over its pool, and short calls that were free in the month."""

    units: Mapping[str, Decimal] = field(default_factory=dict)
    short: Mapping[str, int] = field(default_factory=dict)

    def after(self, charge: Charge) -> Used:
        """When this charge is made too."""
        units = {**self.units, charge.position: self.units.get(charge.position, NOTHING) + charge.units}
        short = {**self.short, charge.position: self.short.get(charge.position, 0) + 1} if charge.short else self.short
        return Used(units, short)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tariff means for one client in one stretch of time.

    `included`: calls or seconds by position where they differ from the tariff's, for the stretch is a part of a period.
    """

    tariff: Tariff
    place: Place
    included: Mapping[str, Decimal] = field(default_factory=dict)

    def free_units(self, position: Counted) -> Decimal:
        """The units that cost nothing: calls, or seconds."""
        whole = position.included * SIXTY if isinstance(position, Minutes) else position.included
        return self.included.get(position.id, whole)


def rate(calls: Iterable[Call], terms: Terms, used: Used | None = None) -> tuple[tuple[Charge, ...], Used]:
    """What these calls cost, and what they have used. Rating a month in parts, in order, is rating it whole.

    Args:
        calls: in any order; they are taken by their beginning, then their id.
        terms: by which.
        used: by calls before these.
    """
    now = used or Used()
    charges: list[Charge] = []
    for call in sorted(calls, key=lambda one: (one.began, one.id)):
        made, now = rate_call(call, terms, now)
        charges += made
    return tuple(charges), now


def rate_call(call: Call, terms: Terms, used: Used) -> tuple[tuple[Charge, ...], Used]:
    """What a call costs by each position that is about it; what is free for it was short has no surcharges."""
    charges: list[Charge] = []
    for position in terms.tariff.positions:
        match position:
            case Calls() | Minutes() if matches(position.when, call, terms.place):
                charge = _counted(call, position, terms, used)
            case Surcharge() if matches(position.when, call, terms.place):
                charge = _surcharged(call, position, terms.tariff, charges)
            case _:
                continue
        charges.append(charge)
    if any(charge.short for charge in charges):
        added = {one.id for one in terms.tariff.positions if isinstance(one, Surcharge)}
        charges = [charge for charge in charges if charge.position not in added]
    for charge in charges:
        used = used.after(charge)
    return tuple(charges), used


def matches(when: When, call: Call, place: Place) -> bool:
    """Whether all that is named is so."""
    return (
        call.disposition in (when.of or SERVED)
        and (when.direction is None or when.direction == call.direction)
        and (not when.results or bool(call.results & set(when.results)))
        and call.results.isdisjoint(when.without)
        and (not when.to or (call.to is not None and call.to.startswith(when.to)))
        and (not when.is_timed or _in_time(when, call.began.astimezone(ZoneInfo(place.timezone)), place))
    )


def _in_time(when: When, local: datetime, place: Place) -> bool:
    return (
        (when.within is None or covers(when.within, local))
        and (when.outside is None or not covers(when.outside, local))
        and (when.holiday is None or when.holiday is _is_holiday(place, local))
    )


def _is_holiday(place: Place, local: datetime) -> bool:
    return place.holidays is not None and holiday_name(place.holidays, local.date()) is not None


def _counted(call: Call, position: Counted, terms: Terms, used: Used) -> Charge:
    measured = measure(call, position)
    if _is_short(measured, position, used):
        return Charge(call.id, position.id, measured, NOTHING, NOTHING, (), NOTHING, short=True)
    counts = [(Decimal(1))] if isinstance(position, Calls) else billed(measured, position)
    units = sum(counts, NOTHING)
    before = used.units.get(position.id, NOTHING)
    included = terms.free_units(position)
    free = min(included, before + units) - min(included, before)
    if position.mode == "whole":
        return Charge(call.id, position.id, measured, units, free, (), NOTHING, deferred=True)
    parts: list[Part] = []
    sixtieths = NOTHING
    for count in counts:
        ofthis = _priced(before, count, included, position)
        before += count
        parts += ofthis
        sixtieths += _rounded(terms.tariff, Where.PHASE, in_sixtieths(ofthis, position))
    return Charge(
        call.id, position.id, measured, units, free, _joined(parts), _rounded(terms.tariff, Where.CALL, sixtieths)
    )


def measure(call: Call, position: Measured) -> tuple[tuple[str, Decimal], ...]:
    """The seconds of each phase that counts, up to its cap; phases that did not happen are left out."""
    found = ((phase, call.seconds.get(phase, NOTHING)) for phase in dict.fromkeys(position.phases))
    capped = ((phase, min(spent, Decimal(position.caps.get(phase, spent)))) for phase, spent in found)
    return tuple((phase, spent) for phase, spent in capped if spent > 0)


def _is_short(measured: Sequence[tuple[str, Decimal]], position: Counted, used: Used) -> bool:
    free = position.free_short
    if free is None or sum((spent for _, spent in measured), NOTHING) >= free.seconds:
        return False
    return free.most is None or used.short.get(position.id, 0) < free.most


def billed(measured: Sequence[tuple[str, Decimal]], position: Minutes) -> list[Decimal]:
    """The seconds after the increments: of the call, or of each phase."""
    times = [spent for _, spent in measured]
    together = times if position.increments_of == "phase" else [sum(times, NOTHING)]
    return [_in_increments(spent, position) for spent in together]


def _in_increments(spent: Decimal, position: Minutes) -> Decimal:
    if spent <= 0:
        return NOTHING
    rest = max(spent - position.first, NOTHING)
    return position.first + (rest / position.then).to_integral_value(ROUND_CEILING) * position.then


def _priced(before: Decimal, units: Decimal, included: Decimal, position: Counted) -> list[Part]:
    """These units, behind so many others, at the price of their tiers."""
    scale = SIXTY if isinstance(position, Minutes) else Decimal(1)
    since, until = max(before - included, NOTHING), max(before + units - included, NOTHING)
    if position.price is not None:
        return [Part(until - since, position.price)] if until > since else []
    parts, began = [], NOTHING
    for tier in position.steps:
        ended = until if tier.up_to is None else tier.up_to * scale
        inside = min(until, ended) - max(since, began)
        if inside > 0:
            parts.append(Part(inside, tier.price))
        began = ended
    return parts


def in_sixtieths(parts: Iterable[Part], position: Counted) -> Decimal:
    """The exact amount of these parts, times 60."""
    whole = sum((part.units * part.price for part in parts), NOTHING)
    return whole if isinstance(position, Minutes) else whole * SIXTY


def tier_of(position: Counted, paid: Decimal) -> Tier:
    """The tier that so many paid units reach (calls, or seconds)."""
    scale = SIXTY if isinstance(position, Minutes) else Decimal(1)
    return next(tier for tier in position.steps if tier.up_to is None or paid <= tier.up_to * scale)


def _joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Neighbours at the same price are one part."""
    runs = groupby(parts, key=lambda part: part.price)
    return tuple(Part(sum((part.units for part in run), NOTHING), price) for price, run in runs)


def _surcharged(call: Call, position: Surcharge, tariff: Tariff, before: Sequence[Charge]) -> Charge:
    base = sum((charge.sixtieths for charge in before if charge.position in position.on), NOTHING)
    sixtieths = base * position.percent / 100 + position.amount * SIXTY
    early = tariff.rounding.at in (Where.PHASE, Where.CALL)
    amount = _rounded(tariff, tariff.rounding.at, sixtieths) if early else sixtieths
    return Charge(call.id, position.id, (), Decimal(1), NOTHING, (), amount)


def _rounded(tariff: Tariff, where: Where, sixtieths: Decimal) -> Decimal:
    if tariff.rounding.at is not where:
        # What is rounded by phases is rounded by then: a call's sum is one of rounded amounts.
        return sixtieths
    return tariff.rounding.round(sixtieths / SIXTY) * SIXTY
