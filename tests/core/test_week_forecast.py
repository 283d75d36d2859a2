"""The coming week, from weeks that were made up to be told exactly."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, sqrt
from random import Random
from zoneinfo import ZoneInfo

import pytest

from vorzimmer.core.week_forecast import Expected, Past, coming_week, forecast, half_hours, staffed, trend

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 5, 4)
DAY = timedelta(days=1)


def never(_: date) -> bool:
    """No holidays."""
    return False


def past(weeks: int, growth: float = 1.0, holidays: frozenset[date] = frozenset()) -> Past:
    """Up to the Sunday before `MONDAY`: at 9:00, 100 calls on Mondays, 110 on Tuesdays …; on holidays 7."""
    first = MONDAY - weeks * 7 * DAY
    calls = {}
    for n in range(weeks * 7):
        day = first + n * DAY
        whole = round(1000 * (100 + 10 * day.weekday()) * growth ** (n // 7)) / 1000
        calls[day, 18] = 7 if day in holidays else round(whole)
    return Past(first, MONDAY - DAY, calls)


def at_nine(found: tuple[Expected, ...]) -> list[float]:
    """The calls expected at 9:00 of each day."""
    return [round(one.calls, 6) for one in found if (one.at.hour, one.at.minute) == (9, 0)]


def test_a_weekday_is_as_its_weekdays_were() -> None:
    """Steady weeks go on; where nobody ever called nobody is expected."""
    found = forecast(past(8), coming_week(MONDAY - DAY), BERLIN, never)
    assert at_nine(found) == [100, 110, 120, 130, 140, 150, 160]
    assert sum(one.calls for one in found) == pytest.approx(910)
    assert len(found) == 7 * 48


def test_a_trend_goes_on_and_not_too_far() -> None:
    """Five in a hundred more each week; and thirty more each week count as ten."""
    known = past(8, 1.05)
    assert trend(known, list(known.days())) == pytest.approx(1.05, abs=0.002)
    (monday, *_) = at_nine(forecast(known, coming_week(MONDAY - DAY), BERLIN, never))
    assert monday == pytest.approx(100 * 1.05**8, rel=0.01)
    wild = past(8, 1.3)
    assert trend(wild, list(wild.days())) == 1.1


def test_three_weeks_tell_no_trend() -> None:
    """Too few to tell a trend from chance."""
    known = past(3, 1.3)
    assert trend(known, list(known.days())) == 1.0


def test_a_holiday_is_as_the_holidays_were_and_spoils_no_weekday() -> None:
    """Good Friday was quiet, so the holiday on Thursday will be; other Fridays stay as they were."""
    good_friday, coming = date(2026, 4, 3), MONDAY + 3 * DAY
    known = past(8, holidays=frozenset({good_friday}))
    found = forecast(known, coming_week(MONDAY - DAY), BERLIN, lambda day: day in {good_friday, coming})
    assert at_nine(found) == [100, 110, 120, 7, 140, 150, 160]


def test_the_first_holiday_is_as_a_sunday() -> None:
    """No holiday is known yet."""
    found = forecast(past(8), [MONDAY], BERLIN, lambda day: day == MONDAY)
    assert at_nine(found) == [160]


def test_days_of_23_and_25_hours() -> None:
    """The missing hour is not staffed, the one that comes twice is twice; neither day is a pattern for others."""
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert [len(half_hours(day, BERLIN)) for day in (spring, MONDAY, autumn)] == [46, 48, 50]
    known = Past(spring - 7 * DAY, spring, {(spring - 7 * DAY, 18): 4, (spring, 18): 400})
    assert at_nine(forecast(known, [spring + 7 * DAY], BERLIN, never)) == [4]


def test_nothing_known_nothing_expected() -> None:
    """A new house: no calls, no agents."""
    found = forecast(Past(MONDAY, MONDAY - DAY, {}), [MONDAY], BERLIN, never)
    assert {one.calls for one in found} == {0}
    assert {one.agents for one in staffed(found, 180, (0.8, 20))} == {0}


def test_the_week_is_staffed_half_hour_by_half_hour() -> None:
    """100 calls of 180 s take 14 agents for 80 % in 20 s, and fewer where callers give up."""
    nine = tuple(one for one in forecast(past(8), [MONDAY], BERLIN, never) if one.calls)
    (by_c,), (by_a,) = staffed(nine, 180, (0.8, 20)), staffed(nine, 180, (0.8, 20), patience=60)
    assert (by_c.agents, by_a.agents) == (14, 12)
    assert by_c.outlook is not None
    assert by_c.outlook.service_level == pytest.approx(0.8884, abs=5e-5)


def test_the_coming_week_begins_on_a_monday_to_come() -> None:
    """On a Monday it is the next one."""
    assert coming_week(MONDAY)[0] == MONDAY + 7 * DAY
    assert coming_week(MONDAY - DAY) == tuple(MONDAY + n * DAY for n in range(7))


FEASTS = {date(2026, 3, 6), date(2026, 4, 6), MONDAY + 4 * DAY}
"""Two that have been, and one of the week to come."""
WEIGHTS = (26, 22, 20, 20, 18, 4, 1)
"""Calls of each weekday; on a holiday as on a Sunday."""


@pytest.mark.parametrize("growth", [0.97, 1.0, 1.03], ids=["shrinking", "steady", "growing"])
@pytest.mark.parametrize("size", [1, 5], ids=["small", "large"])
def test_weeks_that_were_made_up_come_as_they_were_forecast(size: int, growth: float) -> None:
    """Of 40 houses, known for eight weeks, with a pattern, holidays and a trend.

    Together they are forecast to five in a hundred, and in most of them the week that comes lies as near to its
    forecast as chance (Poisson, nine of ten) and a tenth of doubt allow.
    """
    random = Random(26)  # noqa: S311 - calls, not secrets
    forecasts = []
    for _ in range(40):
        calls = {
            (day, slot): _draw(random, _usual(day, size, growth) / 8)
            for day in past(8).days()
            for slot in range(18, 26)
        }
        week = coming_week(MONDAY - DAY)
        found = forecast(Past(MONDAY - 56 * DAY, MONDAY - DAY, calls), week, BERLIN, FEASTS.__contains__)
        came = sum(_draw(random, _usual(day, size, growth)) for day in week)
        forecasts.append((sum(one.calls for one in found), came))
    expected, came = (sum(one) for one in zip(*forecasts, strict=True))
    assert expected == pytest.approx(came, rel=0.05)
    near = sum(abs(one - other) <= 1.64 * sqrt(one) + 0.1 * one for one, other in forecasts)
    assert near >= 34


def _usual(day: date, size: int, growth: float) -> float:
    return float(size * WEIGHTS[6 if day in FEASTS else day.weekday()] * growth ** ((day - MONDAY).days / 7))


def _draw(random: Random, mean: float) -> int:
    """Of Poisson's distribution."""
    found, product, least = 0, random.random(), exp(-mean)
    while product > least:
        found, product = found + 1, product * random.random()
    return found
