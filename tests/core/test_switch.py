"""The switch reachable / not reachable: until when it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.examples import make_client
from vorzimmer.core.client import Client
from vorzimmer.core.switch import is_reachable, not_reachable, reachable

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = {"mon-fri": ["08:00-18:00"]}
THURSDAY = datetime(2026, 11, 19, 10, 0, tzinfo=BERLIN)


def office(**more: Any) -> Client:
    """Open from eight to six, lunch at twelve."""
    return make_client(**{"hours": HOURS, "lunch": ["12:00-13:00"], **more})


def at(day: int, hour: int) -> datetime:
    """In November."""
    return datetime(2026, 11, day, hour, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("when", "until"),
    [(at(19, 10), at(20, 8)), (at(19, 12), at(20, 8)), (at(20, 10), at(23, 8)), (at(21, 10), at(23, 8))],
    ids=["in the hours", "at lunch", "on Friday", "on Saturday"],
)
def test_not_reachable_holds_until_the_office_opens_next(when: datetime, until: datetime) -> None:
    """Who forgets to switch back is reachable again on the next working day, and not earlier by lunch being over."""
    away = not_reachable(office(), when)
    assert away.override is not None
    assert (away.override.state, away.override.until) == ("closed", until)
    assert not is_reachable(away, when)
    assert is_reachable(away, until)


def test_an_office_that_never_closes_is_away_until_taken_back() -> None:
    """There is no next opening, so none is made up."""
    away = not_reachable(make_client(hours="always"), THURSDAY)
    assert away.override is not None
    assert away.override.until is None


@pytest.mark.parametrize("before", [None, {"state": "closed"}, {"state": "open", "until": at(19, 11)}])
def test_reachable_in_the_hours_is_no_override_at_all(before: dict[str, Any] | None) -> None:
    """What the calendar says anyway is left to it, so that the evening closes the office."""
    back = reachable(office(override=before), THURSDAY)
    assert back.override is None
    assert is_reachable(back, THURSDAY)


@pytest.mark.parametrize(("when", "until"), [(at(19, 20), at(20, 8)), (at(19, 12), at(19, 13)), (at(21, 9), at(23, 8))])
def test_reachable_outside_the_hours_holds_until_they_begin(when: datetime, until: datetime) -> None:
    """From then on the calendar counts again, and closes in the evening."""
    back = reachable(office(override={"state": "closed"}), when)
    assert back.override is not None
    assert (back.override.state, back.override.until) == ("open", until)
    assert is_reachable(back, when)
