"""When a message is tried again, and when no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vorzimmer.core.retry import ATTEMPTS, LONGEST, pause


@pytest.mark.parametrize(
    ("attempts", "jitter", "seconds"),
    [
        (1, 0.0, 15),
        (2, 0.0, 30),
        (3, 0.0, 60),
        (8, 0.0, 1920),
        (9, 0.0, 3600),
        (40, 0.0, 3600),
        (ATTEMPTS - 1, 0.0, 3600),
        (1, 1.0, 11.25),
        (9, 1.0, 2700),
        (9, 0.5, 3150),
    ],
)
def test_pauses_double_up_to_an_hour_and_jitter_shortens_them(attempts: int, jitter: float, seconds: float) -> None:
    """The first retry comes soon, a long outage is not hammered at, and jitter never makes the pause longer."""
    assert pause(attempts, jitter) == timedelta(seconds=seconds)


@pytest.mark.parametrize("attempts", [ATTEMPTS, ATTEMPTS + 1, 1_000_000])
def test_gives_up_after_the_last_attempt(attempts: int) -> None:
    """A message that nobody takes does not stay for ever, and a huge count overflows nothing."""
    assert pause(attempts, 0.0) is None


@pytest.mark.parametrize(("jitter", "hours"), [(0.0, 48.1), (1.0, 36.0)])
def test_the_attempts_span_about_two_days(jitter: float, hours: float) -> None:
    """A mail server may be away for a weekend's day and night without a message being lost."""
    waited, attempts = timedelta(0), 1
    while (following := pause(attempts, jitter)) is not None:
        waited, attempts = waited + following, attempts + 1
    assert attempts == ATTEMPTS
    assert round(waited / timedelta(hours=1), 1) == hours


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1)])
def test_refuses_what_is_out_of_range(attempts: int, jitter: float) -> None:
    """A caller that counts from 0 or draws jitter from another range is told, not given a wrong time."""
    with pytest.raises(ValueError, match=r"count from 1|between 0 and 1"):
        pause(attempts, jitter)


@pytest.mark.parametrize(
    ("wish", "waits"),
    [
        (timedelta(seconds=1), timedelta(seconds=15)),
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(days=9999), LONGEST),
    ],
)
def test_who_wants_to_be_left_alone_is(wish: timedelta, waits: timedelta) -> None:
    """At least as long as it asks for, but nobody can put a message off for ever."""
    assert pause(1, 0.0, wish) == waits
