"""Who is called back, when, how often, and when no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.examples import DID, HOUSE, OTHER_DID, START, event, make_client
from vorzimmer.core.callbacks import AGAIN, LIFE, Callback, Standing, is_served_by, match, refusal, standing, unreached
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Incoming

BERLIN = ZoneInfo("Europe/Berlin")
NUMBER = "+4930111111"


def make_callback(**fields: Any) -> Callback:
    """Asked for at START, a Monday at 10:00 in Berlin."""
    known: dict[str, Any] = {
        "asked_in": "c1",
        "client": "kanzlei",
        "did": DID,
        "diverted_from": None,
        "number": NUMBER,
        "name": None,
        "asked_at": START,
        "since": START - timedelta(minutes=3),
        "priority": 5,
        "at_once": 1,
        "seconds": 15,
    }
    return Callback(**{**known, **fields})


def _standing(callback: Callback, at: datetime, *clients: Client) -> Standing:
    return standing(callback, Directory((), clients or (make_client(),)), at)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (_at(23, 10, 1), Standing.NOW),
        (_at(23, 17, 59), Standing.NOW),
        (_at(23, 18, 0), Standing.LATER),
        (_at(24, 7, 59), Standing.LATER),
        (_at(24, 8, 0), Standing.NOW),
    ],
)
def test_only_while_the_client_is_open(at: datetime, expected: Standing) -> None:
    """Nobody is rung in the evening; what was not done today is done tomorrow."""
    assert _standing(make_callback(), at) is expected


@pytest.mark.parametrize(
    ("asked", "at", "expected"),
    [
        (_at(23, 3), _at(23, 3, 59), Standing.NOW),
        (_at(23, 3), _at(23, 4), Standing.LATER),
        (_at(23, 3), _at(23, 8), Standing.NOW),
        (_at(23, 19), _at(23, 21), Standing.LATER),
    ],
)
def test_at_night_only_who_is_awake(asked: datetime, at: datetime, expected: Standing) -> None:
    """A client open around the clock does not wake anybody who asked in the evening."""
    assert _standing(make_callback(asked_at=asked), at, make_client(hours="always")) is expected


def test_a_wish_outlives_easter_and_not_more() -> None:
    """It is neither lost over four closed days nor carried out when everybody has forgotten it."""
    client = make_client(hours="always")
    assert _standing(make_callback(), START + LIFE - timedelta(seconds=1), client) is Standing.NOW
    assert _standing(make_callback(), START + LIFE, client) is Standing.EXPIRED
    assert _standing(make_callback(), _at(27, 18, 0) + timedelta(days=2)) is Standing.EXPIRED


def test_a_number_that_is_not_the_clients_any_more_is_not_shown() -> None:
    """Nobody is called in the name of a client who is gone, nor with a number that is another's."""
    assert _standing(make_callback(), START, make_client(dids=[OTHER_DID])) is Standing.EXPIRED
    other = make_client(id="other")
    assert _standing(make_callback(), START, other) is Standing.EXPIRED
    assert match(make_callback(), Directory((), (other,))) is None


def test_tried_once_more_after_a_while() -> None:
    """Each attempt is a call of its own; after the second there is none."""
    first = make_callback()
    second = unreached(first, START)
    assert second is not None
    assert (first.call_id, second.call_id, second.id) == ("c1-back1", "c1-back2", first.id)
    assert _standing(second, START + AGAIN - timedelta(seconds=1)) is Standing.LATER
    assert _standing(second, START + AGAIN) is Standing.NOW
    assert unreached(second, START) is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (NUMBER, None),
        (None, "no number was given"),
        ("+499001234567", "never dialled"),
        ("+12125550123", "not released"),
        (DID, "one of our own"),
        ("+4315123456", "not released"),
    ],
)
def test_who_cannot_be_called(number: str | None, reason: str | None) -> None:
    """The gate's rules for numbers, the client's own countries included, hold when the key is pressed already."""
    directory = Directory((), (make_client(forwarding={"countries": ["DE"]}),))
    found = directory.find(DID, None)
    assert found is not None
    why = refusal(Incoming(DID, caller=number), found, HOUSE, directory)
    assert (why is None) == (reason is None)
    assert reason is None or reason in str(why)


def _cdr(**arrived: Any) -> Cdr:
    data = {"dialled": DID, "caller": NUMBER, **arrived}
    return build_cdr(
        [
            event(0, Kind.ARRIVED, **data),
            event(1, Kind.ROUTED, client="kanzlei"),
            event(2, Kind.TALKING, 5, by="anna"),
            event(3, Kind.ENDED, 9),
        ]
    )


def test_who_calls_again_and_is_served_is_not_called() -> None:
    """The same number for the same client; a call of ours, another number or another client say nothing."""
    callback = make_callback()
    assert is_served_by(callback, _cdr())
    assert not is_served_by(callback, _cdr(caller="+4930222222"))
    assert not is_served_by(callback, _cdr(direction="out"))
    assert not is_served_by(replace(callback, client="other"), _cdr())
