"""The days of a week as a log of calls shows them, and months that are like it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from vorzimmer.core.public_holidays import holiday_name
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import DAY, Month
from vorzimmer.core.worth_total import Drawn, Like

SUNDAY = 6
WORKING = range(5)

Chance = Callable[[], float]

KEPT = 2000
"""Calls of a log that stand for all of it; more tell nothing more."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The days of a week as a log shows them, by weekday (Monday 0).

    `calls`: of such days, with numbers; of very many only some. `means`: calls a day. `days`: how many were logged.
    `assumed`: working days that the log lacks; they are like its other working days. Days of the weekend that it lacks
    have no calls.
    """

    calls: tuple[tuple[tuple[int, Call], ...], ...]
    means: tuple[float, ...]
    days: tuple[int, ...]
    assumed: tuple[int, ...] = ()

    @property
    def logged(self) -> list[tuple[int, Call]]:
        """All calls of the log, each once, in order."""
        return sorted(({number: (number, call) for pool in self.calls for number, call in pool}).values(), key=_number)


def _number(entry: tuple[int, Call]) -> int:
    return entry[0]


def pattern_of(calls: Iterable[Call], place: Place, first: date, last: date) -> Pattern:
    """What the days from `first` to `last` (both included) show. A logged public holiday is one more Sunday."""
    zone = ZoneInfo(place.timezone)
    pools: list[list[tuple[int, Call]]] = [[] for _ in range(7)]
    for number, call in enumerate(sorted(calls, key=lambda one: (one.began, one.id))):
        day = call.began.astimezone(zone).date()
        if first <= day <= last:
            pools[_kind(place, day)].append((number, call))
    days = [0] * 7
    for n in range((last - first).days + 1):
        days[_kind(place, first + n * DAY)] += 1
    every = math.ceil(sum(map(len, pools)) / KEPT) or 1
    means = [len(pool) / number if number else 0.0 for pool, number in zip(pools, days, strict=True)]
    pools = [pool[::every] for pool in pools]
    known = [one for one in WORKING if days[one]]
    lacking = tuple(one for one in WORKING if not days[one]) if known else ()
    together = [entry for one in known for entry in pools[one]]
    usual = sum(means[one] * days[one] for one in known) / max(1, sum(days[one] for one in known))
    for one in lacking:
        pools[one], means[one] = together, usual
    return Pattern(tuple(map(tuple, pools)), tuple(means), tuple(days), lacking)


def _kind(place: Place, day: date) -> int:
    return SUNDAY if _is_holiday(place, day) else day.weekday()


def _is_holiday(place: Place, day: date) -> bool:
    return place.holidays is not None and holiday_name(place.holidays, day) is not None


def drawn(pattern: Pattern, place: Place, month: Month, chance: Chance) -> list[Drawn]:
    """The calls of a month that is like the log.

    The log is itself one draw, so the averages are drawn first: else a month would seem as sure as if they were known.
    """
    zone = ZoneInfo(place.timezone)
    means = _likely_means(pattern, chance)
    found: list[Drawn] = []
    for day in _days(month):
        kind = _kind(place, day)
        pool = pattern.calls[kind]
        for _ in range(_poisson(means[kind], chance)):
            found.append(_on(pool[int(chance() * len(pool))], day, place, zone, len(found)))
    return found


def _likely_means(pattern: Pattern, chance: Chance) -> list[float]:
    """Calls a day as another log of the same days would show them."""
    calls = [
        _poisson(mean * days, chance) if days else 0 for mean, days in zip(pattern.means, pattern.days, strict=True)
    ]
    means = [count / days if days else 0.0 for count, days in zip(calls, pattern.days, strict=True)]
    known = [one for one in WORKING if pattern.days[one]]
    usual = sum(calls[one] for one in known) / max(1, sum(pattern.days[one] for one in known))
    for one in pattern.assumed:
        means[one] = usual
    return means


def expected(pattern: Pattern, place: Place, month: Month) -> float:
    """How many calls a month has on average."""
    return sum(pattern.means[_kind(place, day)] for day in _days(month))


def _days(month: Month) -> list[date]:
    return [month.first + n * DAY for n in range(month.days)]


def _on(logged: tuple[int, Call], day: date, place: Place, zone: ZoneInfo, number: int) -> Drawn:
    """The call at the same hour of another day."""
    at = datetime.combine(day, logged[1].began.astimezone(zone).time(), zone)
    like: Like = (logged[0], day.weekday(), _is_holiday(place, day))
    return Drawn(replace(logged[1], id=f"{number:07}", began=at), like)


def _poisson(mean: float, chance: Chance) -> int:
    """A draw of Poisson's distribution (Knuth's way in portions, so that no exponent is too small)."""
    found, left = 0, mean
    while left > 0:
        portion = min(left, 30.0)
        left -= portion
        limit, product = math.exp(-portion), chance()
        while product > limit:
            found += 1
            product *= chance()
    return found


def spread(pattern: Pattern, place: Place, month: Month, count: int) -> list[Drawn]:
    """So many calls of a month: the log's, well mixed, again and again, on days of the same weekday.

    Days that the log lacks are left to the others, so that each of its calls has the same share.
    """
    zone = ZoneInfo(place.timezone)
    logged = pattern.logged
    if not logged:
        return []
    stride = _coprime(len(logged))
    days: Mapping[int, list[date]] = {
        weekday: [day for day in _days(month) if day.weekday() == weekday] for weekday in range(7)
    }
    found = []
    for n in range(count):
        entry = logged[n * stride % len(logged)]
        same = days[entry[1].began.astimezone(zone).weekday()]
        found.append(_on(entry, same[n // len(logged) % len(same)], place, zone, n))
    return found


def _coprime(size: int) -> int:
    """A stride by the golden section, that comes by every place before it comes by one again."""
    return next(one for one in range(max(1, round(size * 0.618)), size + 2) if math.gcd(one, size) == 1)
