"""Is a flat rate worth it? From a log of calls: what a month would cost by each tariff, with a range.

A log is one draw of many: so months are drawn from it. For each, the weekdays' averages are drawn as another log would
show them; each of its days has as many calls as its weekday then has, give or take what chance does (Poisson), each of
them one of that weekday's calls again (bootstrap); public holidays are like Sundays. Every drawn month costs what its
bill would say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from vorzimmer.core.rating import Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Calls, Minutes, Recurring, Tariff, Work, in_force
from vorzimmer.core.worth_total import Drawn, Totals, as_monthly, cost
from vorzimmer.core.worth_week import Chance, Pattern, drawn, expected, pattern_of, spread

__all__ = [
    "DRAWS",
    "MOST",
    "Curve",
    "Estimate",
    "Forecast",
    "Pattern",
    "Pays",
    "Volume",
    "as_monthly",
    "break_even",
    "cost",
    "forecast",
    "is_estimable",
    "is_flat",
    "offered",
    "pattern_of",
]

T = TypeVar("T")

LOW, HIGH = 0.1, 0.9
"""Of ten months, one costs less than the range, and one more."""

DRAWS = 200
"""Months that are drawn."""

MOST_DRAWN, LEAST_DRAWS = 300_000, 11
"""Calls in all of them: for a log of very many calls fewer months are drawn, for chance does less there."""

MOST = 5000
"""Calls a month up to which a break-even is looked for."""

GRID: tuple[int, ...] = (*range(0, 1000, 50), *range(1000, MOST + 1, 250))
"""Where two tariffs are compared first."""

STEPS = 48
"""Pieces of a curve."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a month is likely to cost by a tariff, in its currency, without VAT. `flat`: it is a flat rate."""

    tariff: str
    name: str
    currency: str
    low: Decimal
    likely: Decimal
    high: Decimal
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """How many calls a month is likely to have."""

    low: int
    likely: int
    high: int


@dataclass(frozen=True, slots=True)
class Pays:
    """From how many calls a month on the flat rate `flat` is cheaper than `than`; None: not up to `MOST`."""

    flat: str
    than: str
    calls: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """What months of so many calls cost by a tariff."""

    tariff: str
    name: str
    currency: str
    points: tuple[tuple[int, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a log means for a month by every tariff. `left_out`: names of those by the hour; `draws`: months drawn."""

    month: Month
    volume: Volume
    estimates: tuple[Estimate, ...]
    pays: tuple[Pays, ...]
    curves: tuple[Curve, ...]
    left_out: tuple[str, ...]
    draws: int


def offered(versions: Sequence[Tariff], month: Month) -> tuple[Tariff, ...]:
    """The version that holds when the month ends, of each tariff that is on offer then."""
    found = (in_force(versions, name, month.last) for name in sorted({one.id for one in versions}))
    return tuple(one for one in found if one is not None and one.offered)


def forecast(
    pattern: Pattern, tariffs: Iterable[Tariff], place: Place, month: Month, chance: Chance, draws: int = DRAWS
) -> Forecast:
    """What the log means for a month.

    Args:
        pattern: what the log shows.
        tariffs: one version each.
        place: whose clock and holidays.
        month: which one is drawn: its weekdays and holidays count.
        chance: draws a number from 0 (included) to 1.
        draws: how many months are drawn at most, at least 1.
    """
    known = tuple(tariffs)
    totals = [Totals(one, place, month) for one in known if is_estimable(one)]
    months = _months(pattern, place, month, chance, draws)
    found = sorted(
        (_estimate(one.tariff, [one.of(calls) for calls in months]) for one in totals),
        key=lambda one: (one.currency, one.likely, one.tariff),
    )
    counts = sorted(map(len, months))
    volume = Volume(*(_quantile(counts, share) for share in (LOW, 0.5, HIGH)))
    calls = spread(pattern, place, month, MOST)
    by_id = {one.tariff.id: _Grown(one.tariff, calls, place, month) for one in totals}
    pays = tuple(
        Pays(flat.tariff, other.tariff, _break_even(by_id[other.tariff], by_id[flat.tariff]))
        for flat in found
        for other in found
        if flat.flat and not other.flat and flat.currency == other.currency and calls
    )
    furthest = _furthest(volume, pays)
    curves = tuple(_curve(by_id[one.tariff], furthest) for one in found)
    left_out = tuple(one.name for one in known if not is_estimable(one))
    return Forecast(month, volume, tuple(found), pays, curves, left_out, len(months))


def is_estimable(tariff: Tariff) -> bool:
    """Calls tell nothing of hours of work."""
    return not any(isinstance(position, Work) for position in tariff.positions)


def is_flat(tariff: Tariff) -> bool:
    """Whether it has a sum for a period, with which calls cost nothing, all or those of some hours."""
    counted = [one for one in tariff.positions if isinstance(one, Calls | Minutes)]
    sums = any(isinstance(one, Recurring) and one.amount and one.option is None for one in tariff.positions)
    return sums and is_estimable(tariff) and (not counted or any(one.price == 0 for one in counted))


def _months(pattern: Pattern, place: Place, month: Month, chance: Chance, draws: int) -> list[list[Drawn]]:
    affordable = max(LEAST_DRAWS, int(MOST_DRAWN / max(1.0, expected(pattern, place, month))))
    return [drawn(pattern, place, month, chance) for _ in range(min(draws, affordable))]


def _quantile(ordered: Sequence[T], share: float) -> T:
    return ordered[round(share * (len(ordered) - 1))]


def _estimate(tariff: Tariff, totals: Iterable[Decimal]) -> Estimate:
    ordered = sorted(totals)
    low, likely, high = (_quantile(ordered, share) for share in (LOW, 0.5, HIGH))
    return Estimate(tariff.id, tariff.name, tariff.currency, low, likely, high, is_flat(tariff))


def break_even(one: Tariff, other: Tariff, pattern: Pattern, place: Place, month: Month) -> int | None:
    """The number of calls a month from which on `other` is always cheaper than `one`; None: up to `MOST` there is none.

    Months of so many calls are made of the log's, in turn, see `spread`. A package may be cheaper than a flat rate
    around its size, and dearer before and behind: what counts is behind.
    """
    calls = spread(pattern, place, month, MOST)
    return _break_even(_Grown(one, calls, place, month), _Grown(other, calls, place, month)) if calls else None


class _Grown:
    """What the first so many of these calls cost, remembered."""

    def __init__(self, tariff: Tariff, calls: Sequence[Drawn], place: Place, month: Month) -> None:
        self.tariff = tariff
        self.calls = calls
        self._totals = Totals(tariff, place, month)
        self._known: dict[int, Decimal] = {}

    def of(self, count: int) -> Decimal:
        """The cost of a month of `count` calls."""
        if count not in self._known:
            self._known[count] = self._totals.of(self.calls[:count])
        return self._known[count]

    @property
    def ends(self) -> set[int]:
        """Where packages and tiers of calls end."""
        counted = [one for one in as_monthly(self.tariff).positions if isinstance(one, Calls)]
        return {int(one.included + (tier.up_to or 0)) for one in counted for tier in one.steps} | {
            int(one.included) for one in counted
        }


def _break_even(one: _Grown, other: _Grown) -> int | None:
    """Looked for from the far end, first in steps, then between two of them."""
    if other.of(MOST) >= one.of(MOST):
        return None
    # Prices jump where packages and tiers end: beside such a count one may be dearer for a few calls only.
    jumps = {count for grown in (one, other) for end in grown.ends for count in (end, end + 1) if count < MOST}
    grid = sorted(jumps.union(GRID))
    dearer = next((count for count in reversed(grid) if other.of(count) >= one.of(count)), None)
    if dearer is None:
        return 0
    cheaper = next(count for count in grid if count > dearer)
    while cheaper - dearer > 1:
        middle = (dearer + cheaper) // 2
        if other.of(middle) < one.of(middle):
            cheaper = middle
        else:
            dearer = middle
    return cheaper


def _furthest(volume: Volume, pays: Iterable[Pays]) -> int:
    """Where curves end: beyond the likely volume, and beyond the break-evens that are not far from it."""
    near = max(volume.high, 30) * 3
    wanted = max([volume.high, 30, *(one.calls for one in pays if one.calls is not None and one.calls <= near)])
    step = int(10 ** (len(str(wanted)) - 1)) // 2
    return min(MOST, math.ceil(wanted * 1.2 / step) * step)


def _curve(grown: _Grown, furthest: int) -> Curve:
    """With a point wherever a package or a tier of calls ends."""
    tariff = grown.tariff
    counts = {furthest * n // STEPS for n in range(STEPS + 1)} | {one for one in grown.ends if one < furthest}
    points = tuple((count, grown.of(count)) for count in sorted(counts)) if grown.calls else ()
    return Curve(tariff.id, tariff.name, tariff.currency, points)
