"""The rules of a login."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.login import (
    ADDRESS,
    FORGOTTEN,
    PAIR,
    STEP,
    STRANGERS,
    Allowance,
    Attempts,
    neighbourhood,
    one_less,
    one_more,
    pause_left,
    usable_steps,
    weakness,
    written,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALLOWANCES = [PAIR, ADDRESS, STRANGERS]


@pytest.mark.parametrize(
    ("count", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10**9, 900)]
)
def test_the_pause_doubles_up_to_a_quarter_of_an_hour(count: int, seconds: int) -> None:
    """Slips cost nothing, guessing soon costs a quarter of an hour a try, and nobody is locked out for good."""
    assert pause_left(Attempts(count, AT), PAIR, AT) == seconds * SECOND


@pytest.mark.parametrize("allowance", ALLOWANCES)
@given(count=st.integers(1, 10**6), later=st.timedeltas(-timedelta(days=1), timedelta(days=2)))
def test_whoever_waits_long_enough_gets_in(allowance: Allowance, count: int, later: timedelta) -> None:
    """The pause is never longer than the longest one, even if the clock is set back, and waiting it out is enough."""
    attempts = Attempts(count, AT)
    left = pause_left(attempts, allowance, AT + later)
    assert timedelta(0) <= left <= allowance.longest
    assert pause_left(attempts, allowance, max(AT, AT + later) + left) == timedelta(0)


def test_nobody_waits_before_the_first_attempt_or_after_an_hour() -> None:
    """What nobody has tried, or not for an hour, is not held up, and counts from one again."""
    old = Attempts(1000, AT)
    assert pause_left(None, PAIR, AT) == timedelta(0)
    assert pause_left(old, PAIR, AT + FORGOTTEN) == timedelta(0)
    assert one_more(old, AT + FORGOTTEN) == Attempts(1, AT + FORGOTTEN)
    assert one_more(old, AT + FORGOTTEN - SECOND) == Attempts(1001, AT + FORGOTTEN - SECOND)


@given(count=st.integers(1, 10**6))
def test_an_attempt_taken_back_was_none(count: int) -> None:
    """A good attempt leaves the count as it was."""
    attempts = Attempts(count, AT)
    assert one_less(one_more(attempts, AT)) == attempts
    assert one_less(one_more(None, AT)) is None


@given(seconds=st.integers(0, 12 * 3600))
def test_a_day_of_guessing_yields_few_tries(seconds: int) -> None:
    """Somebody who tries as soon as it is allowed gets some hundred tries in twelve hours, not thousands."""
    at, attempts, tries = AT, None, 0
    while at <= AT + timedelta(seconds=seconds):
        attempts, tries = one_more(attempts, at), tries + 1
        at += max(pause_left(attempts, PAIR, at), SECOND)
    assert tries <= PAIR.free + 10 + seconds // 900 + 1


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_house_is_one_address(address: str, place: str) -> None:
    """Who has a whole IPv6 network does not get a new count with each of its addresses; odd names break nothing."""
    assert neighbourhood(address) == place


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("elf-zeichen", False),
        ("zwölf-zeiche", True),
        ("x" * 256, True),
        ("x" * 257, False),
        ("Anna  Ångström", False),
        ("anna a\u030angstro\u0308m", False),
        ("hauptempfang-1", False),
        ("HAUPTEMPFANG-1", False),
        ("hauptempfang-12", True),
        ("\ufdfa" * 15, False),
    ],
)
def test_which_passwords_are_good_enough(password: str, good: bool) -> None:  # noqa: FBT001 - a table
    """Short ones, the own name and id, however they are typed, and endless ones are refused."""
    assert (weakness(password, "hauptempfang-1", "Anna Ångström") is None) is good


@given(st.text(max_size=40))
def test_a_password_is_the_same_on_every_keyboard(password: str) -> None:
    """Composed and decomposed letters are one password, and what was put in that form stays."""
    assert written(written(password)) == written(password)
    assert written("u\u0308ber") == written("\u00fcber")


NOW = int(AT.timestamp()) // STEP


@pytest.mark.parametrize(
    ("last", "steps"),
    [
        (None, (NOW - 1, NOW, NOW + 1)),
        (NOW - 2, (NOW - 1, NOW, NOW + 1)),
        (NOW - 1, (NOW, NOW + 1)),
        (NOW, (NOW + 1,)),
        (NOW + 1, ()),
        (NOW + 100, ()),
    ],
)
def test_a_code_is_good_once(last: int | None, steps: tuple[int, ...]) -> None:
    """A code that was used, and every one before it, is refused, although it is still being shown."""
    assert usable_steps(AT, last) == steps


@given(st.integers(0, 2**27), st.integers(0, 29))
def test_a_clock_may_be_half_a_minute_off(step: int, second: int) -> None:
    """The step before and the one after are taken, further ones are not."""
    at = datetime.fromtimestamp(step * STEP + second, UTC)
    assert usable_steps(at, None) == (step - 1, step, step + 1)
