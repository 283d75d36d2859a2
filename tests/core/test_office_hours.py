"""Is the office open: the table of cases in which calendars go wrong.

Every row: what the client's file says, a local time (a `*` marks the second time that the clock shows it), the state,
and how the reason begins.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, OTHER_DID, make_client
from vorzimmer.core.client import Client
from vorzimmer.core.office_hours import StateAt, state

Fields = dict[str, Any]

NIGHTS: Fields = {"hours": {"daily": ["22:00-06:00"]}}
LUNCH: Fields = {"lunch": ["12:00-13:00"]}
BAVARIA: Fields = {"holidays": "DE-BY"}
SUMMER: Fields = {"vacations": [{"first": "2026-08-03", "last": "2026-08-14", "name": "Sommerpause"}]}
CHRISTMAS_EVE: Fields = {"special_days": [{"date": "2026-12-24", "name": "Heiligabend", "hours": ["08:00-12:00"]}]}
CLOSED_ON_THE_23RD: Fields = {"special_days": [{"date": "2026-12-23"}]}


def _at(client: Client, local: str, did: int = 0) -> StateAt:
    at = datetime.fromisoformat(local.rstrip("*")).replace(tzinfo=ZoneInfo(client.timezone), fold=local.endswith("*"))
    return state(client, client.dids[did], at.astimezone(UTC))


@pytest.mark.parametrize(
    ("fields", "local", "expected", "reason"),
    [
        ({}, "2026-11-23 07:59:59", "closed", "closed: Monday outside 08:00-18:00"),
        ({}, "2026-11-23 08:00", "open", "open: Monday 08:00-18:00"),
        ({}, "2026-11-23 17:59:59", "open", "open: Monday 08:00-18:00"),
        ({}, "2026-11-23 18:00", "closed", "closed: Monday outside 08:00-18:00"),
        ({}, "2026-11-22 12:00", "closed", "closed: Sunday"),
        ({"hours": {}}, "2026-11-23 12:00", "closed", "closed: Monday"),
        ({"hours": "always"}, "2026-11-22 23:59:59", "open", "open: Sunday 00:00-24:00"),
        ({"hours": "always"}, "2026-11-23 00:00", "open", "open: Monday 00:00-24:00"),
        ({"hours": {"mon": ["08:00-12:00", "13:00-18:00"]}}, "2026-11-23 11:59", "open", "open: Monday 08:00-12:00"),
        (
            {"hours": {"mon": ["08:00-12:00", "13:00-18:00"]}},
            "2026-11-23 12:30",
            "closed",
            "closed: Monday outside 08:",
        ),
        ({"hours": {"mon": ["08:00-12:00", "13:00-18:00"]}}, "2026-11-23 13:00", "open", "open: Monday 13:00-18:00"),
    ],
)
def test_weekly_hours(fields: Fields, local: str, expected: str, reason: str) -> None:
    """Each interval holds its first minute and not its end; a day that is not named is closed."""
    found = _at(make_client(**fields), local)
    assert (found.state, found.reason[: len(reason)]) == (expected, reason)


@pytest.mark.parametrize(
    ("fields", "local", "expected", "reason"),
    [
        (NIGHTS, "2026-11-23 21:59", "closed", "closed: Monday outside 22:00-06:00"),
        (NIGHTS, "2026-11-23 22:00", "open", "open: Monday 22:00-06:00"),
        (NIGHTS, "2026-11-24 05:59", "open", "open: Monday 22:00-06:00"),
        (NIGHTS, "2026-11-24 06:00", "closed", "closed: Tuesday outside 22:00-06:00"),
        (NIGHTS, "2027-01-01 00:30", "open", "open: Thursday 22:00-06:00"),
        (NIGHTS, "2028-02-29 03:00", "open", "open: Monday 22:00-06:00"),
        (NIGHTS, "2028-03-01 03:00", "open", "open: Tuesday 22:00-06:00"),
        ({}, "2028-02-29 12:00", "open", "open: Tuesday 08:00-18:00"),
        ({"special_days": [{"date": "2028-02-29"}]}, "2028-02-29 12:00", "closed", "closed: special day 2028-02-29"),
        ({"hours": {"sun": ["22:00-06:00"]}}, "2026-11-23 03:00", "open", "open: Sunday 22:00-06:00"),
        ({"hours": {"mon": ["08:00-08:00"]}}, "2026-11-24 07:59", "open", "open: Monday 08:00-08:00"),
        ({"hours": {"mon": ["08:00-08:00"]}}, "2026-11-24 08:00", "closed", "closed: Tuesday"),
    ],
)
def test_overnight_and_leap_days(fields: Fields, local: str, expected: str, reason: str) -> None:
    """An overnight interval belongs to the day it begins on, over the ends of weeks, months and years."""
    found = _at(make_client(**fields), local)
    assert (found.state, found.reason[: len(reason)]) == (expected, reason)


@pytest.mark.parametrize(
    ("hours", "local", "expected"),
    [
        # 29 March 2026: the clock jumps from 02:00 to 03:00
        (["22:00-06:00"], "2026-03-29 01:59", "open"),
        (["22:00-06:00"], "2026-03-29 03:00", "open"),
        (["22:00-06:00"], "2026-03-29 06:00", "closed"),
        (["02:30-05:00"], "2026-03-29 01:59", "closed"),
        (["02:30-05:00"], "2026-03-29 03:00", "open"),
        (["00:00-02:30"], "2026-03-29 01:59", "open"),
        (["00:00-02:30"], "2026-03-29 03:00", "closed"),
        (["02:15-02:45"], "2026-03-29 01:59", "closed"),
        (["02:15-02:45"], "2026-03-29 03:00", "closed"),
        # 25 October 2026: the clock goes back from 03:00 to 02:00
        (["22:00-06:00"], "2026-10-25 02:30", "open"),
        (["22:00-06:00"], "2026-10-25 02:30*", "open"),
        (["22:00-06:00"], "2026-10-25 06:00", "closed"),
        (["02:30-05:00"], "2026-10-25 02:15", "closed"),
        (["02:30-05:00"], "2026-10-25 02:30", "open"),
        (["02:30-05:00"], "2026-10-25 02:15*", "open"),
        (["22:00-02:30"], "2026-10-25 02:29", "open"),
        (["22:00-02:30"], "2026-10-25 02:30", "closed"),
        (["22:00-02:30"], "2026-10-25 02:15*", "closed"),
        (["22:00-02:00"], "2026-10-25 01:59", "open"),
        (["22:00-02:00"], "2026-10-25 02:00*", "closed"),
        (["03:00-05:00"], "2026-10-25 02:59*", "closed"),
        (["03:00-05:00"], "2026-10-25 03:00", "open"),
        (["00:00-24:00"], "2026-10-25 02:30*", "open"),
    ],
)
def test_nights_in_which_the_clock_changes(hours: list[str], local: str, expected: str) -> None:
    """A skipped time happens at the jump; of a doubled one the first counts, so nothing closes and opens again."""
    assert _at(make_client(hours={"daily": hours}), local).state == expected


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-03-28 22:00", 7), ("2026-10-24 22:00", 9), ("2026-11-23 22:00", 8)],
)
def test_a_night_shift_lasts_as_long_as_the_night(evening: str, hours: int) -> None:
    """22:00-06:00 is 7 real hours in March, 9 in October and 8 else, without a gap."""
    client = make_client(**NIGHTS)
    start = datetime.fromisoformat(evening).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    minutes = [state(client, client.dids[0], start + timedelta(minutes=n)).state for n in range(-1, 10 * 60)]
    assert minutes == ["closed", *["open"] * (hours * 60), *["closed"] * (600 - hours * 60)]


@pytest.mark.parametrize(
    ("fields", "local", "expected", "reason"),
    [
        (BAVARIA, "2026-06-04 10:00", "holiday", "closed: Fronleichnam (DE-BY)"),
        ({"holidays": "DE-BE"}, "2026-06-04 10:00", "open", "open: Thursday 08:00-18:00"),
        ({}, "2026-06-04 10:00", "open", "open: Thursday 08:00-18:00"),
        (BAVARIA, "2026-01-06 10:00", "holiday", "closed: Heilige Drei Könige (DE-BY)"),
        ({"holidays": "DE-BE"}, "2026-01-06 10:00", "open", "open: Tuesday"),
        ({"holidays": "DE-BE"}, "2026-10-03 10:00", "holiday", "closed: Tag der Deutschen Einheit (DE-BE)"),
        ({"holidays": "US", "timezone": "America/New_York"}, "2026-11-26 10:00", "holiday", "closed: Thanksgiving"),
        ({**BAVARIA, **NIGHTS}, "2026-06-04 03:00", "open", "open: Wednesday 22:00-06:00"),
        ({**BAVARIA, **NIGHTS}, "2026-06-04 23:00", "holiday", "closed: Fronleichnam"),
        ({**BAVARIA, **NIGHTS}, "2026-06-05 03:00", "closed", "closed: Friday outside"),
        (SUMMER, "2026-08-02 23:59", "closed", "closed: Sunday"),
        (SUMMER, "2026-08-03 10:00", "vacation", "closed: Sommerpause (2026-08-03 to 2026-08-14)"),
        (SUMMER, "2026-08-14 23:59", "vacation", "closed: Sommerpause"),
        (SUMMER, "2026-08-17 10:00", "open", "open: Monday"),
        ({**SUMMER, **NIGHTS}, "2026-08-03 05:00", "open", "open: Sunday 22:00-06:00"),
        ({**SUMMER, **NIGHTS}, "2026-08-15 05:00", "closed", "closed: Saturday outside"),
        ({**SUMMER, "holidays": "DE-Augsburg"}, "2026-08-08 10:00", "vacation", "closed: Sommerpause"),
    ],
)
def test_holidays_and_vacations(fields: Fields, local: str, expected: str, reason: str) -> None:
    """Nothing begins on such a day, by the client's own state; a night shift that began before runs to its end."""
    found = _at(make_client(**fields), local)
    assert (found.state, found.reason[: len(reason)]) == (expected, reason)


@pytest.mark.parametrize(
    ("fields", "local", "expected", "reason"),
    [
        (CHRISTMAS_EVE, "2026-12-24 11:59", "open", "open: special day 2026-12-24 (Heiligabend) 08:00-12:00"),
        (
            CHRISTMAS_EVE,
            "2026-12-24 12:00",
            "closed",
            "closed: special day 2026-12-24 (Heiligabend) outside 08:00-12:00",
        ),
        (CLOSED_ON_THE_23RD, "2026-12-23 12:00", "closed", "closed: special day 2026-12-23"),
        ({**CLOSED_ON_THE_23RD, **NIGHTS}, "2026-12-23 01:00", "closed", "closed: special day 2026-12-23"),
        ({**CLOSED_ON_THE_23RD, **NIGHTS}, "2026-12-24 01:00", "closed", "closed: Thursday outside"),
        ({**CHRISTMAS_EVE, **NIGHTS}, "2026-12-24 01:00", "closed", "closed: special day 2026-12-24"),
        ({**CHRISTMAS_EVE, "holidays": "DE"}, "2026-12-25 10:00", "holiday", "closed: Erster Weihnachtstag (DE)"),
        (
            {"holidays": "DE", "special_days": [{"date": "2026-12-25", "hours": ["10:00-11:00"]}]},
            "2026-12-25 10:30",
            "open",
            "open: special day 2026-12-25 10:00-11:00",
        ),
        (
            {**SUMMER, "special_days": [{"date": "2026-08-10", "hours": ["10:00-11:00"]}]},
            "2026-08-10 10:30",
            "open",
            "open: special day 2026-08-10",
        ),
        (
            {"holidays": "DE", "special_days": [{"date": "2026-12-31", "name": "Silvester", "hours": ["20:00-02:00"]}]},
            "2027-01-01 01:59",
            "open",
            "open: special day 2026-12-31 (Silvester) 20:00-02:00",
        ),
    ],
)
def test_special_days(fields: Fields, local: str, expected: str, reason: str) -> None:
    """A special day is stronger than week, holiday and vacation, and cuts what began the evening before."""
    found = _at(make_client(**fields), local)
    assert (found.state, found.reason[: len(reason)]) == (expected, reason)


@pytest.mark.parametrize(
    ("fields", "local", "expected"),
    [
        (LUNCH, "2026-11-23 11:59", "open"),
        (LUNCH, "2026-11-23 12:00", "lunch"),
        (LUNCH, "2026-11-23 13:00", "open"),
        (LUNCH, "2026-11-22 12:30", "closed"),
        ({**LUNCH, **BAVARIA}, "2026-06-04 12:30", "holiday"),
        ({**LUNCH, "special_days": [{"date": "2026-12-24", "hours": ["10:00-14:00"]}]}, "2026-12-24 12:30", "lunch"),
        ({**LUNCH, "override": {"state": "open"}}, "2026-11-23 12:30", "open"),
        ({**NIGHTS, "lunch": ["23:45-00:15"]}, "2026-11-24 00:10", "lunch"),
        ({**NIGHTS, "lunch": ["23:45-00:15"]}, "2026-11-24 00:15", "open"),
    ],
)
def test_lunch(fields: Fields, local: str, expected: str) -> None:
    """Lunch is cut out of open hours only, and not out of an override."""
    assert _at(make_client(**fields), local).state == expected


@pytest.mark.parametrize(
    ("override", "local", "expected", "reason"),
    [
        ({"state": "closed"}, "2026-11-23 10:00", "closed", "closed: switched by hand"),
        ({"state": "open"}, "2026-06-04 03:00", "open", "open: switched by hand"),
        (
            {"state": "open", "until": "2026-06-04T12:00:00+02:00"},
            "2026-06-04 11:59:59",
            "open",
            "open: switched by hand",
        ),
        (
            {"state": "open", "until": "2026-06-04T12:00:00+02:00"},
            "2026-06-04 12:00",
            "holiday",
            "closed: Fronleichnam",
        ),
        (
            {"state": "closed", "until": "2026-11-23T10:00:00Z"},
            "2026-11-23 10:59",
            "closed",
            "closed: switched by hand",
        ),
        ({"state": "closed", "until": "2026-11-23T10:00:00Z"}, "2026-11-23 11:00", "open", "open: Monday"),
    ],
)
def test_the_switch_is_stronger_than_every_calendar(override: Fields, local: str, expected: str, reason: str) -> None:
    """The override holds over holidays and hours, until its time has come; then the calendar is back by itself."""
    found = _at(make_client(**BAVARIA, override=override), local)
    assert (found.state, found.reason[: len(reason)]) == (expected, reason)


def test_two_numbers_of_one_client_have_hours_of_their_own() -> None:
    """A DID's hours replace the client's, also when they say that it is never open; the calendar is the client's."""
    emergency = {"number": OTHER_DID, "hours": {"daily": ["18:00-08:00"]}}
    never = {"number": "+498999998300", "hours": {}}
    client = make_client(**BAVARIA, dids=[DID, emergency, never])
    table = {
        "2026-11-23 10:00": ("open", "closed", "closed"),
        "2026-11-23 20:00": ("closed", "open", "closed"),
        "2026-06-04 20:00": ("holiday", "holiday", "holiday"),
    }
    for local, expected in table.items():
        assert tuple(_at(client, local, did).state for did in range(3)) == expected


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("Europe/Berlin", "2026-11-23T13:30:00Z", "open"),
        ("America/New_York", "2026-11-23T12:59:00Z", "closed"),
        ("America/New_York", "2026-11-23T13:00:00Z", "open"),
        ("America/New_York", "2026-11-23T22:59:00Z", "open"),
        ("America/New_York", "2026-03-09T12:00:00Z", "open"),  # their summer time is three weeks ahead of ours
        ("Asia/Shanghai", "2026-11-23T09:59:00Z", "open"),
        ("Asia/Shanghai", "2026-11-23T10:00:00Z", "closed"),
        ("Asia/Shanghai", "2026-11-22T23:59:00Z", "closed"),
        ("Asia/Shanghai", "2026-11-23T00:00:00Z", "open"),  # Monday there, by our clock 01:00
        ("Asia/Kathmandu", "2026-11-23T02:15:00Z", "open"),  # 08:00 at +05:45
    ],
)
def test_hours_are_those_of_the_clients_zone(zone: str, at: str, expected: str) -> None:
    """08:00-18:00 is meant where the client is, whatever zone the caller of the function uses."""
    client = make_client(timezone=zone)
    instant = datetime.fromisoformat(at)
    assert state(client, client.dids[0], instant).state == expected
    assert state(client, client.dids[0], instant.astimezone(ZoneInfo("Pacific/Auckland"))).state == expected


_START_OF_2026 = datetime(2026, 1, 1, tzinfo=UTC)


@given(
    st.integers(0, 3 * 366 * 24 * 60 - 1),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Shanghai"]),
)
def test_an_office_that_is_always_open_is_always_open(minutes: int, zone: str) -> None:
    """No change of a clock, in any zone, opens a gap in a 24-hour service."""
    at = _START_OF_2026 + timedelta(minutes=minutes)
    for hours in ("always", {"daily": ["05:30-05:30"]}, {"daily": ["00:00-02:30", "02:30-24:00"]}):
        client = make_client(timezone=zone, hours=hours)
        assert state(client, client.dids[0], at).state == "open"
