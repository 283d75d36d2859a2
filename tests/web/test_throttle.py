"""Who has to wait before the next attempt to log in."""

from __future__ import annotations

from datetime import timedelta

from tests.web.door import Watch
from vorzimmer.core.login import ADDRESS, PAIR, STRANGERS
from vorzimmer.web.throttle import Throttle

NONE = timedelta(0)


def guess(throttle: Throttle, user: str, address: str, times: int = 1) -> timedelta:
    """Fail so often; how long the last one had to wait."""
    return [throttle.begin(user, address).wait for _ in range(times)][-1]


def test_guessing_at_many_users_is_slowed_down() -> None:
    """One address that tries a password on everybody waits, and an account of its own is no way out."""
    throttle = Throttle(Watch())
    for number in range(ADDRESS.free):
        assert guess(throttle, f"user{number}", "192.0.2.1") == NONE
    assert guess(throttle, "another", "192.0.2.1") > NONE
    assert guess(throttle, "another", "192.0.2.2") == NONE


def test_an_account_of_ones_own_forgives_nothing() -> None:
    """Who logs in between guesses at others waits all the same."""
    throttle = Throttle(Watch())
    for number in range(ADDRESS.free):
        guess(throttle, f"user{number}", "192.0.2.1")
        if not (attempt := throttle.begin("own", "192.0.2.1")).wait:
            throttle.succeeded(attempt)
    assert throttle.begin("own", "192.0.2.1").wait > NONE


def test_a_whole_office_logs_in() -> None:
    """A hundred people behind one address begin their shift without waiting."""
    throttle = Throttle(Watch())
    for number in range(100):
        attempt = throttle.begin(f"user{number}", "192.0.2.1")
        assert attempt.wait == NONE
        throttle.succeeded(attempt)


def test_many_addresses_guessing_at_one_user() -> None:
    """Strangers wait half a minute at most; where the user has logged in before nobody waits."""
    throttle = Throttle(Watch())
    throttle.succeeded(throttle.begin("anna", "192.0.2.1"))
    for number in range(STRANGERS.free):
        assert guess(throttle, "anna", f"203.0.113.{number}") == NONE
    assert NONE < guess(throttle, "anna", "203.0.113.200") <= STRANGERS.longest
    assert guess(throttle, "anna", "192.0.2.1") == NONE
    assert guess(throttle, "ben", "203.0.113.200") == NONE


def test_one_address_never_holds_up_the_users_others() -> None:
    """A guesser who goes on for a day reaches his own pause only, at whichever of his network's addresses."""
    watch = Watch()
    throttle = Throttle(watch)
    for hour in range(24 * 60):
        guess(throttle, "anna", f"2001:db8:1:2::{hour:x}")
        watch.pass_by(minutes=1)
    assert guess(throttle, "anna", "2001:db8:1:2::f") > NONE
    assert guess(throttle, "anna", "192.0.2.1") == NONE
    assert guess(throttle, "anna", "2001:db8:1:3::f") == NONE


def test_what_is_taken_back_did_not_happen() -> None:
    """An outage, or asking for a code, costs nobody an attempt."""
    throttle = Throttle(Watch())
    for _ in range(100):
        attempt = throttle.begin("anna", "192.0.2.1")
        assert attempt.wait == NONE
        throttle.take_back(attempt)
    assert not throttle._attempts


def test_a_refused_attempt_does_not_lengthen_the_pause() -> None:
    """Somebody impatient gets in when the pause that was told is over."""
    watch = Watch()
    throttle = Throttle(watch)
    told = guess(throttle, "anna", "192.0.2.1", PAIR.free + 1)
    assert guess(throttle, "anna", "192.0.2.1", 50) == told
    watch.pass_by(seconds=told.total_seconds())
    assert guess(throttle, "anna", "192.0.2.1") == NONE


def test_the_memory_is_bounded() -> None:
    """A flood of names and addresses fills a fixed room; known addresses of a user are few."""
    throttle = Throttle(Watch(), most=100)
    for number in range(1000):
        guess(throttle, f"user{number}", f"203.0.{number // 250}.{number % 250}")
    assert len(throttle._attempts) == 100
    for number in range(50):
        throttle.succeeded(throttle.begin("anna", f"198.51.100.{number}"))
    assert len(throttle._known["anna"]) == 8
