"""For how long things are kept, when a night's erasure is due, and numbers and names in texts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.keeping import (
    ERASED,
    Days,
    Keep,
    beyond,
    blotter_for,
    days_of,
    national_digits,
    night_of,
    numbers_in,
    without_people,
    writings,
)

HOUSE = Days(numbers=180, recordings=90, notes=365, copies=90)
MOST = Days(numbers=210, recordings=365, notes=1095, copies=210)
NUMBER = "+49301234567"


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (Keep(), HOUSE),
        (Keep(numbers=30), Days(30, 90, 365, 30)),
        (Keep(numbers=9, recordings=8, notes=7, copies=6), Days(9, 8, 7, 6)),
        (Keep(numbers=3650, recordings=3650, notes=3650, copies=3650), MOST),
    ],
    ids=["nothing said", "copies hold numbers", "all shorter", "at most the maximum"],
)
def test_a_client_has_its_own_time_within_the_maximum(keep: Keep, expected: Days) -> None:
    """Its wish, else the house's default, never more than the maximum; what was sent goes with the numbers in it."""
    assert days_of(keep, HOUSE, MOST) == expected


def test_what_is_beyond_the_maximum_is_told() -> None:
    """Only the kinds that the client wants kept longer than the house allows."""
    assert beyond(Keep(numbers=211, recordings=365, notes=2000), MOST) == ("numbers", "notes")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 22, 2, 39, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 22, 2, 40, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), date(2026, 11, 22)),
    ],
    ids=["just before", "due", "after midnight in Berlin"],
)
def test_a_night_is_due_by_the_clock_of_the_house(now: datetime, expected: date) -> None:
    """From its time of day on; until then it is still the night before."""
    assert night_of(now, time(3, 40), "Europe/Berlin") == expected


@pytest.mark.parametrize(
    "text",
    [
        "+49301234567",
        "+49 30 1234567",
        "0049301234567",
        "049301234567",
        "49301234567",
        "0301234567",
        "030/123 45 67",
        "(030) 1234567",
        "+49 (0)30 123-4567",
        "301234567",
    ],
)
def test_every_writing_of_a_number_is_found(text: str) -> None:
    """International, national, without any prefix, with blanks, dots, hyphens and brackets."""
    cleaned = blotter_for([NUMBER]).text(f"call back: {text}, please")
    assert not re.search(r"\d", cleaned)
    assert ERASED in cleaned


@pytest.mark.parametrize("text", ["1301234567", "3012345678", "17634567.301234", "+4930123456", "30123456"])
def test_other_digits_stay(text: str) -> None:
    """Ids and longer or shorter numbers are no writing of it."""
    assert blotter_for([NUMBER]).text(text) == text


@given(st.from_regex(r"\+49(30|89|171)[1-9][0-9]{6}", fullmatch=True), st.text(max_size=20))
def test_whatever_stands_around_it_the_number_goes(number: str, around: str) -> None:
    """As long as no digit touches it."""
    around = re.sub(r"\d", "", around)
    assert national_digits(number) not in blotter_for([number]).text(f"{around}{number}{around}")


def test_short_numbers_are_left() -> None:
    """An extension may be anything in a text."""
    assert blotter_for(["101"]).text("room 101") == "room 101"
    assert writings("1234567").sub("", "1234567") == ""


def test_an_event_without_people() -> None:
    """What is about somebody is null; the house's own numbers, agents, endpoints and ids stay."""
    data = {
        "dialled": "+498912345",
        "caller": NUMBER,
        "caller_name": "Jürgen Groß",
        "target": "anna-desk",
        "number": "+491701234567",
        "to": "17",
        "leg": "1763456789.12-l1",
        "reason": f"not dialled: {NUMBER} is a loop, 0170 1234567 too",
        "withheld": False,
        "more": [{"by": "+491701234567", "who": "Jürgen Groß"}, 3],
    }
    assert numbers_in(data) == {NUMBER, "+491701234567"}
    blotter = blotter_for(numbers_in(data), ["Jürgen Groß"])
    assert without_people(data, blotter) == {
        "dialled": "+498912345",
        "caller": None,
        "caller_name": None,
        "target": "anna-desk",
        "number": None,
        "to": "17",
        "leg": "1763456789.12-l1",
        "reason": f"not dialled: {ERASED} is a loop, {ERASED} too",
        "withheld": False,
        "more": [{"by": None, "who": ERASED}, 3],
    }
