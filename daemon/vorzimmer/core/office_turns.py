"""When the office's state changes next: until when it is open, when it opens again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vorzimmer.core.client import Client, Did
from vorzimmer.core.hours import DAY
from vorzimmer.core.office_hours import state
from vorzimmer.core.plan import OfficeState

DAYS_AHEAD = 40
"""How far is looked: beyond a long vacation nobody asks for the hour."""


def next_turn(client: Client, did: Did, at: datetime) -> datetime | None:
    """The first instant after `at` (aware) at which the state for calls to `did` is another one; UTC.

    None: it does not change within `DAYS_AHEAD` days.
    """
    now = state(client, did, at).state
    return next((turn for turn in _turns(client, did, at) if state(client, did, turn).state is not now), None)


def next_opening(client: Client, did: Did, at: datetime, days: int = DAYS_AHEAD) -> datetime | None:
    """The first instant after `at` (aware) at which the office is open for calls to `did`; UTC.

    None: it is open at `at` already, or does not open within so many days.
    """
    if state(client, did, at).state is OfficeState.OPEN:
        return None
    turns = _turns(client, did, at, days)
    return next((turn for turn in turns if state(client, did, turn).state is OfficeState.OPEN), None)


def _turns(client: Client, did: Did, at: datetime, days: int = DAYS_AHEAD) -> list[datetime]:
    return sorted({turn for turn in _candidates(client, did, at, days) if turn > at})


def _candidates(client: Client, did: Did, at: datetime, days: int) -> Iterator[datetime]:
    """Every instant at which it could: where an interval begins or ends, at midnights, at the end of an override."""
    if client.override is not None and client.override.until is not None:
        yield client.override.until.astimezone(UTC)
    zone = ZoneInfo(client.timezone)
    week = client.hours if did.hours is None else did.hours
    special = {day.date: day.hours for day in client.special_days}
    today = at.astimezone(zone).date()
    for ahead in range(-1, days + 1):
        day = today + timedelta(days=ahead)
        intervals = (*special.get(day, week.days[day.weekday()]), *client.lunch)
        for minute in {0, *(edge for interval in intervals for edge in (interval.start, interval.end))}:
            yield from _instants(day + timedelta(days=minute // DAY), minute % DAY, zone)


def _instants(day: date, minute: int, zone: ZoneInfo) -> Iterator[datetime]:
    """When the clock shows this minute: of one that it shows twice both, of one that it skips the jump."""
    shown = datetime.combine(day, time(minute // 60, minute % 60), zone)
    for fold in (0, 1):
        instant = shown.replace(fold=fold).astimezone(UTC)
        yield instant
        if instant.astimezone(zone).replace(tzinfo=None) != shown.replace(tzinfo=None):
            # Skipped: the state turns where the hour was cut out.
            yield shown.replace(minute=0, fold=1).astimezone(UTC)
            yield (shown.replace(minute=0, fold=1) + timedelta(hours=1)).astimezone(UTC)
