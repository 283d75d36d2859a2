"""Opening hours as people write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.hours import ALWAYS, Interval, Week, parse_day, parse_week, write_day, write_week


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("08:00-12:00", 480, 720),
        ("8:00 - 12:00", 480, 720),
        ("00:00-24:00", 0, 1440),
        ("00:00-00:00", 0, 1440),
        ("22:00-06:00", 1320, 1800),
        ("22:00-30:00", 1320, 1800),
        ("22:00-00:00", 1320, 1440),
        ("22:00-24:00", 1320, 1440),
        ("08:00-08:00", 480, 1920),
    ],
)
def test_an_interval_is_read_overnight_too(written: str, start: int, end: int) -> None:
    """An end not after the start, or written past midnight, is on the next day."""
    assert parse_day([written]) == (Interval(start, end),)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("08:00-12:00", "list"),
        (["8-12"], "no interval"),
        (["08:60-12:00"], "no interval"),
        (["\u0660\u0668:00-12:00"], "no interval"),
        ([480], "no interval"),
        ([None], "no interval"),
        (["24:00-25:00"], "between 00:00 and 23:59"),
        (["10:00-35:00"], "at most 24 hours"),
        (["08:00-12:00", "11:59-13:00"], "overlap: 08:00-12:00 and 11:59-13:00"),
    ],
)
def test_hours_of_a_day_that_cannot_be_meant_are_refused(written: Any, says: str) -> None:
    """A wrong writing is an error that shows it and what is allowed."""
    with pytest.raises(ValueError, match=says):
        parse_day(written)


@pytest.mark.parametrize(
    ("written", "open_days"),
    [
        ({"mon": ["08:00-09:00"]}, [0]),
        ({"mon-fri": ["08:00-09:00"]}, [0, 1, 2, 3, 4]),
        ({"fri-mon": ["08:00-09:00"]}, [0, 4, 5, 6]),
        ({"mon,wed": ["08:00-09:00"]}, [0, 2]),
        ({"Mon , wed - thu": ["08:00-09:00"]}, [0, 2, 3]),
        ({"daily": ["08:00-09:00"]}, [0, 1, 2, 3, 4, 5, 6]),
        ("always", [0, 1, 2, 3, 4, 5, 6]),
        ({}, []),
        ({"sun": []}, []),
    ],
)
def test_days_are_named_alone_in_ranges_and_lists(written: Any, open_days: list[int]) -> None:
    """A key of the table names one or more days; what is not named is closed."""
    week = parse_week(written)
    assert [n for n, day in enumerate(week.days) if day] == open_days


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("never", "always"),
        (["08:00-12:00"], "table"),
        ({"mo": []}, "unknown day 'mo'"),
        ({"mon-": []}, "unknown day"),
        ({"mon-fri": [], "wed": []}, "wed is named twice"),
        ({"daily": [], "sun": []}, "sun is named twice"),
        ({"mon": ["22:00-06:00"], "tue": ["05:59-07:00"]}, "mon 22:00-06:00 and tue 05:59-07:00"),
        ({"sun": ["22:00-06:00"], "mon": ["05:00-07:00"]}, "sun 22:00-06:00 and mon 05:00-07:00"),
        ({"daily": ["00:00-24:00", "08:00-09:00"]}, "overlap"),
    ],
)
def test_a_week_that_cannot_be_meant_is_refused(written: Any, says: str) -> None:
    """Unknown or doubled days, and hours that overlap into the next day (Sunday's into Monday), are errors."""
    with pytest.raises(ValueError, match=says):
        parse_week(written)


def test_hours_may_touch() -> None:
    """The end of an interval is excluded, so the next may begin there, on the next day as well."""
    week = parse_week({"mon": ["08:00-12:00", "12:00-13:00", "22:00-06:00"], "tue": ["06:00-07:00"]})
    assert len(week.days[0]) == 3


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("always", "always"),
        ({"daily": ["00:00-24:00"]}, "always"),
        ({"daily": ["8:00-9:00"]}, {"daily": ["08:00-09:00"]}),
        ({"fri,mon-thu": ["13:00-18:00", "08:00-12:00"]}, {"mon-fri": ["08:00-12:00", "13:00-18:00"]}),
        ({"sat": ["22:00-30:00"], "sun": []}, {"sat": ["22:00-06:00"]}),
        ({"mon,wed": ["08:00-24:00"]}, {"mon": ["08:00-24:00"], "wed": ["08:00-24:00"]}),
    ],
)
def test_a_week_is_written_in_one_way(written: Any, canonical: Any) -> None:
    """Export does not depend on how the hours were first written."""
    assert write_week(parse_week(written)) == canonical


def _days() -> st.SearchStrategy[tuple[Interval, ...]]:
    """Hours of a day without overlap, from cuts in the day; the last may be overnight until 06:00 at most."""
    cuts = st.lists(st.integers(360, 1439), max_size=6, unique=True).map(sorted)

    def intervals(minutes: list[int], overnight: int) -> tuple[Interval, ...]:
        pairs = list(zip(minutes[::2], minutes[1::2], strict=False))
        if len(minutes) % 2:
            pairs.append((minutes[-1], 1440 + overnight))
        return tuple(Interval(start, end) for start, end in pairs)

    return st.builds(intervals, cuts, st.integers(0, 360))


@given(st.lists(_days(), min_size=7, max_size=7))
def test_writing_and_reading_a_week_loses_nothing(days: list[tuple[Interval, ...]]) -> None:
    """Any week survives export and import."""
    week = Week(tuple(days))
    assert parse_week(write_week(week)) == week
    assert all(parse_day(write_day(day)) == day for day in days)


def test_values_that_are_no_hours_cannot_be_built() -> None:
    """Code that builds hours by itself meets the same rules as the file."""
    for start, end in ((-1, 10), (1440, 1500), (10, 10), (0, 1441)):
        with pytest.raises(ValueError, match="interval"):
            Interval(start, end)
    with pytest.raises(ValueError, match="seven"):
        Week(())
    assert parse_week(ALWAYS) is ALWAYS
