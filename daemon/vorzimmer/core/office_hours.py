"""Is the client's office open at this instant, and why.

Precedence, strongest first:

1. the client's override, until its `until`;
2. a special day, which says all about its date: from midnight on only its own hours count, and what began the
   evening before ends there;
3. a vacation, then a public holiday: nothing begins on such a day, but an overnight interval that began the day before
   runs to its end;
4. the weekly hours of the DID if it has its own, else of the client.

Lunch is cut out of whatever hours the calendar leaves open, special days included, but not out of an override.

Hours are wall-clock times in the client's zone: 22:00-06:00 lasts 7 or 9 hours in the nights in which the clock
changes. A time that the change skips happens at the jump (02:30 -> 03:00); of a time that happens twice the first
counts, so that nothing opens, closes and opens again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vorzimmer.core.client import Client, Did
from vorzimmer.core.hours import DAY, Interval, Week
from vorzimmer.core.plan import OfficeState
from vorzimmer.core.public_holidays import holiday_name

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class StateAt:
    """The state at one instant, the sentence that explains it, and the name of the day if it has one."""

    state: OfficeState
    reason: str
    name: str = ""


def state(client: Client, did: Did, at: datetime) -> StateAt:
    """The office's state at `at` (aware) for calls to `did`; the rules are the module's."""
    override = client.override
    if override is not None and (override.until is None or at < override.until):
        until = f" until {override.until:%Y-%m-%d %H:%M %z}" if override.until else ""
        return StateAt(OfficeState(override.state), f"{override.state}: switched by hand{until}")
    week = client.hours if did.hours is None else did.hours
    return _by_calendar(client, week, at.astimezone(ZoneInfo(client.timezone)))


def covers(week: Week, local: datetime) -> bool:
    """Whether a week's plain hours hold an instant of their own zone: no holidays, no special days."""
    yesterday = local.date() - timedelta(days=1)
    return bool(
        _covering(week.days[local.weekday()], 0, local) or _covering(week.days[yesterday.weekday()], DAY, local)
    )


def _by_calendar(client: Client, week: Week, local: datetime) -> StateAt:
    today = _day(client, week, local.date())
    began, interval = today, _covering(today.hours, 0, local)
    if interval is None and not today.special:
        began = _day(client, week, local.date() - timedelta(days=1))
        interval = _covering(began.hours, DAY, local)
    if interval is None:
        return StateAt(today.when_closed, f"closed: {today.label}{_outside(today)}", today.name)
    lunch = _covering(client.lunch, 0, local) or _covering(client.lunch, DAY, local)
    if lunch is not None:
        return StateAt(OfficeState.LUNCH, f"closed for lunch: {lunch}", today.name)
    return StateAt(OfficeState.OPEN, f"open: {began.label} {interval}", began.name)


@dataclass(frozen=True, slots=True)
class _Day:
    """What the calendar says about one date."""

    hours: tuple[Interval, ...]
    when_closed: OfficeState
    label: str
    name: str = ""
    special: bool = False


def _day(client: Client, week: Week, day: date) -> _Day:
    for special in client.special_days:
        if special.date == day:
            label = f"special day {day}" + (f" ({special.name})" if special.name else "")
            return _Day(special.hours, OfficeState.CLOSED, label, special.name, special=True)
    for vacation in client.vacations:
        if vacation.first <= day <= vacation.last:
            label = f"{vacation.name or 'vacation'} ({vacation.first} to {vacation.last})"
            return _Day((), OfficeState.VACATION, label, vacation.name)
    if client.holidays is not None:
        name = holiday_name(client.holidays, day)
        if name is not None:
            return _Day((), OfficeState.HOLIDAY, f"{name} ({client.holidays})", name)
    return _Day(week.days[day.weekday()], OfficeState.CLOSED, WEEKDAYS[day.weekday()])


def _outside(day: _Day) -> str:
    return " outside " + ", ".join(map(str, day.hours)) if day.hours else ""


def _covering(intervals: Iterable[Interval], since: int, local: datetime) -> Interval | None:
    """The interval that holds `local`; the intervals are those of the day that began `since` minutes before today."""
    for interval in intervals:
        if _reached(interval.start, since, local) and not _reached(interval.end, since, local):
            return interval
    return None


def _reached(minute: int, since: int, local: datetime) -> bool:
    """Whether the clock has shown this minute of that day."""
    if minute <= local.hour * 60 + local.minute + since:
        return True
    if not local.fold:
        return False
    # the hour that is repeated: what it shows again has happened
    midnight = datetime.combine(local.date(), time()) - timedelta(minutes=since)
    first = (midnight + timedelta(minutes=minute)).replace(tzinfo=local.tzinfo, fold=0)
    return first.astimezone(UTC) <= local.astimezone(UTC)
