"""The bill of a month as it was read, without the calls that cannot be rated; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from vorzimmer.core.bill import Before, Besides, Bill, bill
from vorzimmer.core.rating import Call, Place, Terms, rate
from vorzimmer.core.stretches import Month, Stretch, stretches
from vorzimmer.store.client_month import ClientMonth

OUTSIDE = "no contract holds on the day of the call"
"""Why such a call is put aside."""

CLOCK = "a clock was wrong"
"""How the reason ends of one that lasted less than nothing."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A month's bill. `free`: late calls of days of a trial, with that day's stretch. `parked`: why, by call."""

    bill: Bill
    free: tuple[tuple[Call, Stretch], ...]
    parked: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Late:
    """Calls of closed months: to be billed now, those of days of a trial, and those of days without a contract."""

    billed: tuple[Call, ...]
    free: tuple[tuple[Call, Stretch], ...]
    outside: tuple[str, ...]


def reckon(found: ClientMonth, before: Before) -> Reckoned:
    """The bill of a month, without the calls that cannot be rated.

    Raises:
        NoTariff, ValueError: the contracts do not fit the month.
    """
    broken = {call.id: why for call in (*found.late, *found.calls) if (why := _broken(call))}
    late = _sorted_late(found, broken)
    try:
        made = _billed(found, before, late.billed, broken)
    except (ArithmeticError, LookupError) as error:
        broken |= _unrateable(found, late.billed)
        try:
            made = _billed(found, before, late.billed, broken)
        except (ArithmeticError, LookupError):
            raise ValueError(f"the month cannot be rated: {error!r}") from error
    if made.rated and any(currency != made.currency for currency in found.currencies):
        raise ValueError(f"a set-up fee is not in {made.currency}, as the tariffs of the month are")
    outside = (*late.outside, *made.outside)
    return Reckoned(replace(made, outside=outside), late.free, broken | dict.fromkeys(outside, OUTSIDE))


def _billed(found: ClientMonth, before: Before, late: Sequence[Call], without: Mapping[str, str]) -> Bill:
    calls = [call for call in found.calls if call.id not in without]
    besides = Besides(found.work, found.fees, tuple(call for call in late if call.id not in without))
    return bill(found.month, found.contracts, found.versions, found.place, calls, besides, before)


def _broken(call: Call) -> str | None:
    """What is wrong with a call by whatever tariff: a clock went back while it lasted."""
    wrong = [(phase, spent) for phase, spent in call.seconds.items() if not spent.is_finite() or spent < 0]
    return f"{wrong[0][0]} lasted {wrong[0][1]} s: {CLOCK}" if wrong else None


def _sorted_late(found: ClientMonth, broken: Mapping[str, str]) -> _Late:
    billed: list[Call] = []
    free: list[tuple[Call, Stretch]] = []
    outside: list[str] = []
    known: dict[Month, tuple[Stretch, ...]] = {}
    for call in (one for one in found.late if one.id not in broken):
        day = call.began.astimezone(ZoneInfo(found.place.timezone)).date()
        own = Month(day.year, day.month)
        if own not in known:
            known[own] = stretches(found.contracts, found.versions, own)
        part = _part_of(known[own], call, found.place)
        if part is None:
            outside.append(call.id)
        elif part.trial:
            free.append((call, part))
        else:
            billed.append(call)
    return _Late(tuple(billed), tuple(free), tuple(outside))


def _part_of(parts: Iterable[Stretch], call: Call, place: Place) -> Stretch | None:
    day = call.began.astimezone(ZoneInfo(place.timezone)).date()
    return next((part for part in parts if part.first <= day <= part.last), None)


def _unrateable(found: ClientMonth, late: Sequence[Call]) -> dict[str, str]:
    """The calls that cannot be rated even by themselves, and why."""
    parts, reasons = stretches(found.contracts, found.versions, found.month), {}
    for call in (*late, *found.calls):
        part = parts[0] if call in late else _part_of(parts, call, found.place)
        if part is None:
            continue
        try:
            rate([call], Terms(part.tariff, found.place))
        except (ArithmeticError, LookupError) as error:
            reasons[call.id] = f"tariff {part.tariff.id} cannot rate it: {error!r}"
    return reasons
