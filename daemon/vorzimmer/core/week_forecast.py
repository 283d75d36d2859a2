"""How many calls the coming week brings, half hour by half hour.

A day is expected to be as the ordinary days of the same weekday were (the last eight of them), moved on by the trend;
a public holiday as the holidays before, and without any as Sundays are. Days on which the clocks change are no pattern
for others: an hour of theirs is missing or comes twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from vorzimmer.core.day import bounds
from vorzimmer.core.staffing import Load, Need, need

HALF_HOUR = timedelta(minutes=30)
SLOTS = 48
"""Half hours of the clock."""

ALIKE = 8
"""So many of the last days of one kind are the pattern of the next."""

RARE = 20

STEADY = 0.1
"""The trend of a week is at most so much up or down: a campaign that has ended does not go on for ever."""

_SUNDAY = 6
_WEEK = 7
_TREND_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Past:
    """The calls that were for the agents on the days `first` to `last`, by day and half hour of the clock (0 to 47)."""

    first: date
    last: date
    calls: Mapping[tuple[date, int], int]

    def days(self) -> Iterable[date]:
        """From the first to the last."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def total(self, day: date) -> int:
        """A day's calls."""
        return sum(self.calls.get((day, slot), 0) for slot in range(SLOTS))


@dataclass(frozen=True, slots=True)
class Expected:
    """A half hour from `at` on, by the house's clock, and the calls that are expected to begin in it."""

    at: datetime
    calls: float


def forecast(past: Past, days: Sequence[date], zone: ZoneInfo, holiday: Callable[[date], bool]) -> tuple[Expected, ...]:
    """What these days bring, in order; 46 half hours or 50 where the clocks change."""
    known = [day for day in past.days() if not _changes_clock(day, zone)]
    ordinary = [day for day in known if not holiday(day)]
    feasts = [day for day in known if holiday(day)]
    weekly = trend(past, ordinary)
    found: list[Expected] = []
    for day in days:
        alike = feasts[-ALIKE:] if holiday(day) else []
        weekday = _SUNDAY if holiday(day) else day.weekday()
        alike = alike or [one for one in ordinary if one.weekday() == weekday][-ALIKE:]
        found += (Expected(at, _mean(past, alike, _slot(at), day, weekly)) for at in half_hours(day, zone))
    return tuple(found)


def trend(past: Past, ordinary: Sequence[date]) -> float:
    """By what the calls of a week grow from one week to the next; 1: they do not, or less than four weeks are known.

    The newer half of the days is compared with the older one, weekday by weekday, so that neither holidays nor a
    week that is cut off tell a trend.
    """
    if not ordinary or (ordinary[-1] - ordinary[0]).days + 1 < _TREND_WEEKS * _WEEK:
        return 1.0
    middle = ordinary[0] + (ordinary[-1] - ordinary[0] + timedelta(days=1)) / 2
    older = newer = 0.0
    for weekday in range(_WEEK):
        alike = [day for day in ordinary if day.weekday() == weekday]
        before, after = [day for day in alike if day < middle], [day for day in alike if day >= middle]
        if before and after:
            older += sum(map(past.total, before)) / len(before)
            newer += sum(map(past.total, after)) / len(after)
    if not older or not newer:
        return 1.0
    weeks = ((ordinary[-1] - ordinary[0]).days + 1) / 2 / _WEEK
    return min(1 + STEADY, max(1 - STEADY, math.pow(newer / older, 1 / weeks)))


def half_hours(day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The beginnings of a day's half hours, by its clock: 46, 48 or 50."""
    since, until = (one.astimezone(UTC) for one in bounds(day, zone))
    return tuple((since + n * HALF_HOUR).astimezone(zone) for n in range((until - since) // HALF_HOUR))


def staffed(
    week: Iterable[Expected], handling: float, goal: tuple[float, float], patience: float | None = None
) -> tuple[Need, ...]:
    """The agents for each half hour. `goal`: the service level (0 to 1) and within which seconds; see `core.staffing`.

    Nobody is needed for what comes less than once in `RARE` half hours: the night's one call of a month.
    """
    level, target = goal
    loads = (Load(one.calls, HALF_HOUR.total_seconds(), handling) if one.calls >= 1 / RARE else None for one in week)
    return tuple(need(load, level, target, patience) for load in loads)


def coming_week(today: date) -> tuple[date, ...]:
    """The seven days from the next Monday on."""
    monday = today + timedelta(days=_WEEK - today.weekday())
    return tuple(monday + timedelta(days=n) for n in range(_WEEK))


def _mean(past: Past, alike: Sequence[date], slot: int, day: date, weekly: float) -> float:
    """Each of the days is moved on by the weeks between it and the day that is expected."""
    if not alike:
        return 0.0
    moved = (past.calls.get((one, slot), 0) * math.pow(weekly, (day - one).days / _WEEK) for one in alike)
    return sum(moved) / len(alike)


def _slot(at: datetime) -> int:
    return at.hour * 2 + at.minute // 30


def _changes_clock(day: date, zone: ZoneInfo) -> bool:
    since, until = bounds(day, zone)
    return since.utcoffset() != until.utcoffset()
