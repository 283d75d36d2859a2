"""What is said and how long is waited while the database is away."""

from __future__ import annotations

from vorzimmer.store import outage


def test_the_pause_doubles_up_to_half_a_minute() -> None:
    """A short outage is over soon, a long one costs little, and however long it lasts nothing overflows."""
    for failures, longest in ((1, 0.25), (2, 0.5), (3, 1.0), (8, 30.0), (10_000, 30.0)):
        assert longest / 2 <= outage.pause(failures) <= longest


def test_the_reason_is_one_line() -> None:
    """A reason fits a log line: no details over several lines, no empty remainder."""
    assert outage.why(ValueError("first\nsecond")) == "ValueError: first"
    assert outage.why(TimeoutError()) == "TimeoutError"
