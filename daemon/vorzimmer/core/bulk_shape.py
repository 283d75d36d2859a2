"""Which tariffs a database can rate by itself, many clients at once; all others are the reference's (`core.rating`)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from vorzimmer.core.money import Where
from vorzimmer.core.stretches import Month, Stretch
from vorzimmer.core.tariff import WRAP_UP, Calls, Counted, Minutes, Surcharge, Tariff, When


def fits(tariff: Tariff) -> str | None:
    """Why calls by this tariff cannot be rated as a set; None: they can.

    A set knows a call's own record and the numbers kept beside it, and sums over the calls before it in the month.
    """
    return next(_reasons(tariff), None)


def fits_month(parts: tuple[Stretch, ...], month: Month) -> str | None:
    """Why a month that is cut so cannot be rated as a set; None: it can."""
    if len(parts) != 1 or parts[0].days != month.days:
        return "the month is not all one"
    return "nothing is charged in a trial" if parts[0].trial else fits(parts[0].tariff)


def _reasons(tariff: Tariff) -> Iterator[str]:
    if tariff.rounding.at is Where.PHASE:
        yield "phases are rounded"
    for position in tariff.positions:
        match position:
            case Surcharge():
                yield f"{position.id}: a surcharge depends on other charges"
            case Calls() | Minutes():
                yield from (f"{position.id}: {reason}" for reason in (*_counting(position), *_asking(position.when)))


def _counting(position: Counted) -> Iterator[str]:
    if position.pool == "year":
        yield "units are counted over a year"
    if WRAP_UP in position.phases:
        yield "the work after the call counts"
    limits = (position.included, *(tier.up_to for tier in position.tiers if tier.up_to is not None))
    if any(_whole(limit, position) is None for limit in limits):
        yield "a limit is no whole number of calls or seconds"


def _asking(when: When) -> Iterator[str]:
    if when.results or when.without:
        yield "what an agent said of the call matters"
    if when.within is not None or when.outside is not None or when.holiday is not None:
        yield "the hour or the day matters"


def whole_units(limit: Decimal, position: Counted) -> int:
    """A limit of a position that fits, in calls or seconds."""
    units = _whole(limit, position)
    if units is None:
        raise ValueError(f"{position.id}: {limit} is no whole number of units")
    return units


def _whole(limit: Decimal, position: Counted) -> int | None:
    units = limit * 60 if isinstance(position, Minutes) else limit
    return int(units) if units == int(units) else None
