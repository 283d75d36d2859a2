"""Opening hours as values: intervals of a day, the week, and how people write them.

All times are wall-clock times in the client's zone; what an instant means is `core.office_hours`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

DAY = 24 * 60

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Minutes from midnight of the day it begins on; `end` is excluded, and beyond 24:00 it is the next day.

    Raises:
        ValueError: it begins outside its day, is empty, or lasts longer than 24 hours.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < DAY or not self.start < self.end <= self.start + DAY:
            raise ValueError("an interval begins between 00:00 and 23:59 and lasts at most 24 hours")

    def __str__(self) -> str:
        end = self.end if self.end <= DAY else self.end - DAY
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


ALL_DAY = Interval(0, DAY)


@dataclass(frozen=True, slots=True)
class Week:
    """The intervals of the seven weekdays, Monday first, each day sorted.

    Raises:
        ValueError: intervals overlap, also one that lasts overnight and one of the next day.
    """

    days: tuple[tuple[Interval, ...], ...]

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("a week has seven days")
        placed = [(n, interval) for n, day in enumerate(self.days) for interval in day]
        for (n, one), (m, other) in pairwise([*placed, *((n + 7, interval) for n, interval in placed[:1])]):
            if other.start + m * DAY < one.end + n * DAY:
                raise ValueError(f"hours overlap: {DAY_NAMES[n]} {one} and {DAY_NAMES[m % 7]} {other}")


ALWAYS = Week(((ALL_DAY,),) * 7)

_INTERVAL = r"([0-9]{1,2}):([0-5][0-9]) ?- ?([0-9]{1,2}):([0-5][0-9])"
_DAYS = r"(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?"

DAY_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "pattern": f"^{_INTERVAL}$", "examples": ["08:00-12:00", "22:00-06:00", "00:00-24:00"]},
}
"""JSON Schema of the hours of one day."""

WEEK_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"const": "always"},
        {
            "type": "object",
            "propertyNames": {"pattern": f"^(daily|{_DAYS}( ?, ?{_DAYS})*)$"},
            "additionalProperties": DAY_SCHEMA,
            "examples": [{"mon-fri": ["08:00-12:00", "13:00-18:00"], "sat": ["09:00-12:00"]}],
        },
    ]
}
"""JSON Schema of a week's hours."""


def parse_day(value: Any) -> tuple[Interval, ...]:
    """Read a list of "HH:MM-HH:MM"; an end not after the start, or written past 24:00, is on the next day.

    Raises:
        ValueError: it is not such a list, or intervals overlap.
    """
    if not isinstance(value, list | tuple):
        raise ValueError('hours of a day are a list such as ["08:00-12:00", "13:00-18:00"]')  # noqa: TRY004 - pydantic turns only ValueError into a message
    intervals = tuple(sorted(_interval(item) for item in value))
    for one, other in pairwise(intervals):
        if other.start < one.end:
            raise ValueError(f"hours overlap: {one} and {other}")
    return intervals


def write_day(intervals: Iterable[Interval]) -> list[str]:
    """The inverse of `parse_day`."""
    return [str(interval) for interval in intervals]


def parse_week(value: Any) -> Week:
    """Read "always" (24 hours), or a table from days to lists of intervals.

    Days are written `mon`, `mon-fri`, `mon,wed`, `daily`; a day not named is closed.

    Raises:
        ValueError: a day or an interval cannot be read, a day is named twice, or intervals overlap.
    """
    if isinstance(value, Week):
        return value
    if value == "always":
        return ALWAYS
    if not isinstance(value, Mapping):
        raise ValueError('hours are "always" or a table such as {"mon-fri" = ["08:00-18:00"]}')  # noqa: TRY004 - pydantic turns only ValueError into a message
    days: dict[int, tuple[Interval, ...]] = {}
    for names, hours in value.items():
        for day in _days(names):
            if day in days:
                raise ValueError(f"{DAY_NAMES[day]} is named twice")
            days[day] = parse_day(hours)
    return Week(tuple(days.get(n, ()) for n in range(7)))


def write_week(week: Week) -> str | dict[str, list[str]]:
    """The canonical writing: days in a row with the same hours together, closed days left out."""
    if week == ALWAYS:
        return "always"
    written: dict[str, list[str]] = {}
    for hours, run in groupby(range(7), key=lambda n: week.days[n]):
        days = list(run)
        if hours:
            written[_run_name(days[0], days[-1])] = write_day(hours)
    return written


def _run_name(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return "daily"
    return DAY_NAMES[first] if first == last else f"{DAY_NAMES[first]}-{DAY_NAMES[last]}"


def _days(names: Any) -> list[int]:
    """The weekdays that a key names; a range may run over Sunday (`sat-mon`)."""
    days: list[int] = []
    for part in str(names).lower().split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        if not dash and first == "daily":
            days += range(7)
            continue
        if first not in DAY_NAMES or (dash and last not in DAY_NAMES):
            raise ValueError(f"unknown day {part.strip()!r}; use {', '.join(DAY_NAMES)}, mon-fri, mon,wed or daily")
        start = DAY_NAMES.index(first)
        count = (DAY_NAMES.index(last) - start) % 7 + 1 if dash else 1
        days += [(start + n) % 7 for n in range(count)]
    return days


def _interval(item: Any) -> Interval:
    return item if isinstance(item, Interval) else _read(str(item))


@lru_cache(maxsize=4096)
def _read(item: str) -> Interval:
    """Thousands of clients share a few dozen intervals."""
    found = re.fullmatch(_INTERVAL, item.strip())
    if found is None:
        raise ValueError(f'{item!r} is no interval; write "08:00-12:00", overnight "22:00-06:00"')
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    try:
        return Interval(start, end if end > start else end + DAY)
    except ValueError as error:
        raise ValueError(f"{item!r}: {error}") from error
