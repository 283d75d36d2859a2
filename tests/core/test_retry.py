"""When a message is tried again, and when no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vorzimmer.core.retry import ATTEMPTS, next_attempt

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "jitter", "pause"),
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
def test_pauses_double_up_to_an_hour_and_jitter_shortens_them(attempts: int, jitter: float, pause: float) -> None:
    """The first retry comes soon, a long outage is not hammered at, and jitter never makes the pause longer."""
    assert next_attempt(attempts, AT, jitter) == AT + timedelta(seconds=pause)


@pytest.mark.parametrize("attempts", [ATTEMPTS, ATTEMPTS + 1, 1_000_000])
def test_gives_up_after_the_last_attempt(attempts: int) -> None:
    """A message that nobody takes does not stay for ever, and a huge count overflows nothing."""
    assert next_attempt(attempts, AT, 0.0) is None


@pytest.mark.parametrize(("jitter", "hours"), [(0.0, 48.1), (1.0, 36.0)])
def test_the_attempts_span_about_two_days(jitter: float, hours: float) -> None:
    """A mail server may be away for a weekend's day and night without a message being lost."""
    at, attempts = AT, 1
    while (following := next_attempt(attempts, at, jitter)) is not None:
        at, attempts = following, attempts + 1
    assert attempts == ATTEMPTS
    assert round((at - AT) / timedelta(hours=1), 1) == hours


@pytest.mark.parametrize(("attempts", "jitter"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1)])
def test_refuses_what_is_out_of_range(attempts: int, jitter: float) -> None:
    """A caller that counts from 0 or draws jitter from another range is told, not given a wrong time."""
    with pytest.raises(ValueError, match=r"count from 1|between 0 and 1"):
        next_attempt(attempts, AT, jitter)
