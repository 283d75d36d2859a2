"""The day's figures, cut into minutes and quarters of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from vorzimmer.core.cdr import Disposition
from vorzimmer.core.day import bounds
from vorzimmer.core.service_level import Served
from vorzimmer.store.statistics import Begun, Work
from vorzimmer.web.figures import QUARTER, Today, agent_days, history, needed_since, steps

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=BERLIN)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=BERLIN)
SECOND = timedelta(seconds=1)


def call(at: datetime, how: Disposition = Disposition.ANSWERED, wait: int = 5, *, overflowed: bool = False) -> Begun:
    """A call that began at `at`."""
    return Begun(at.astimezone(UTC), Served("mueller", how, overflowed, Decimal(wait), Decimal(60)))


ABANDONED = Disposition.ABANDONED


def test_the_last_hour_is_sixty_minutes_by_the_houses_clock() -> None:
    """The minute that has begun is the last; what began a second before the first, or after now's minute, is not in."""
    at = NOON + 30 * SECOND
    begins = NOON - timedelta(minutes=59)
    calls = [call(begins - SECOND), call(begins), call(NOON, ABANDONED), call(NOON + 29 * SECOND)]
    last_hour = Today.of(at, MIDNIGHT, calls).last_hour
    assert len(last_hour) == 60
    assert (last_hour[0].minute, last_hour[-1].minute) == (begins, NOON)
    assert (last_hour[0].answered, last_hour[0].abandoned, last_hour[0].offered) == (1, 0, 1)
    assert (last_hour[-1].answered, last_hour[-1].abandoned, last_hour[-1].offered) == (1, 1, 2)
    assert sum(minute.offered for minute in last_hour) == 3
    assert last_hour[-1].minute.isoformat() == "2026-03-02T12:00:00+01:00"


def test_after_midnight_the_hour_reaches_into_yesterday_and_the_day_does_not() -> None:
    """At ten past twelve at night the plot has fifty minutes of yesterday, the service level none."""
    at = MIDNIGHT + timedelta(minutes=10)
    calls = [call(MIDNIGHT - SECOND, ABANDONED), call(MIDNIGHT)]
    today = Today.of(at, MIDNIGHT, calls)
    assert sum(minute.offered for minute in today.last_hour) == 2
    assert (today.service_level.offered, today.service_level.percent) == (1, 100.0)
    assert needed_since(at, MIDNIGHT) == MIDNIGHT - timedelta(minutes=49)
    assert needed_since(NOON, MIDNIGHT) == MIDNIGHT


def test_the_last_hour_when_the_clocks_change() -> None:
    """At half past three in the night that has no hour from two to three, the last hour began at half past one."""
    midnight, _ = bounds(date(2026, 3, 29), BERLIN)
    at = datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
    last_hour = Today.of(at, midnight, []).last_hour
    assert last_hour[0].minute.isoformat() == "2026-03-29T01:31:00+01:00"
    assert last_hour[-1].minute.isoformat() == "2026-03-29T03:30:00+02:00"


def test_the_service_level_with_its_formula() -> None:
    """Answered in time, answered late, abandoned, overflowed: as `vorzimmer stats` tells it, in percent."""
    calls = [
        call(NOON),
        call(NOON, wait=31),
        call(NOON, ABANDONED),
        call(NOON, Disposition.FORWARDED, overflowed=True),
        call(NOON, Disposition.MESSAGE),
    ]
    level = Today.of(NOON, MIDNIGHT, calls).service_level
    assert (level.offered, level.answered, level.abandoned, level.percent) == (4, 2, 1, 33.3)
    assert (level.target, level.average_wait) == (20, 18.0)
    assert level.formula == "answered within 20 s of arrival ÷ (answered + abandoned)"
    empty = Today.of(NOON, MIDNIGHT, []).service_level
    assert (empty.percent, empty.average_wait) == (None, None)


@pytest.mark.parametrize(
    ("day", "quarters", "last"),
    [
        (date(2026, 3, 29), 92, "2026-03-29T23:45:00+02:00"),
        (date(2026, 3, 30), 96, "2026-03-30T23:45:00+02:00"),
        (date(2026, 10, 25), 100, "2026-10-25T23:45:00+01:00"),
    ],
)
def test_a_day_has_as_many_quarters_as_it_lasts(day: date, quarters: int, last: str) -> None:
    """23 hours, 24, 25: each call is in exactly one quarter, and the times are the house's."""
    since, until = bounds(day, BERLIN)
    calls = [call(since), call(until - SECOND, ABANDONED), call(until), call(since - SECOND)]
    told = history(NOON, (since, until), calls[:2], ())
    assert len(told.quarters) == quarters
    assert told.quarters[-1].since.isoformat() == last
    assert (told.quarters[0].answered, told.quarters[-1].abandoned) == (1, 1)
    assert (told.quarters[0].percent, told.quarters[1].percent, told.quarters[-1].percent) == (100.0, None, 0.0)
    assert (told.day, told.whole.offered) == (day.isoformat(), 2)
    assert sum(found.offered for _, found in steps(calls, since, until, QUARTER)) == 2


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    """Half past two in the summer's and in the winter's clock are different quarters."""
    since, until = bounds(date(2026, 10, 25), BERLIN)
    twice = [datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=BERLIN) for fold in (0, 1)]
    told = history(NOON, (since, until), [call(at) for at in twice], ())
    found = [quarter.since.isoformat() for quarter in told.quarters if quarter.offered]
    assert found == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


def test_the_agents_of_a_day() -> None:
    """Who worked, in the order given, with the pauses; who did nothing but pause; by id where the name is forgotten."""
    work = [Work("zoe", 3, 1, Decimal("180.04"), Decimal(9), Decimal("61.5")), Work("gone", 1, 0, *[Decimal(1)] * 3)]
    paused = {"zoe": Decimal(600), "anna": Decimal("30.25")}
    told = agent_days(work, paused, {"zoe": "Zoe", "anna": "Anna"})
    assert [(one.name, one.calls, one.talk, one.wrap_up, one.pause) for one in told] == [
        ("Zoe", 3, 180.0, 61.5, 600.0),
        ("gone", 1, 1.0, 1.0, 0.0),
        ("Anna", 0, 0.0, 0.0, 30.2),
    ]
