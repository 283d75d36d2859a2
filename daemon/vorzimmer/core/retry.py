"""When to try again what could not be delivered."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=15)
CAP = timedelta(hours=1)
ATTEMPTS = 56
"""Tries of one message: eight pauses that double take an hour together, 47 more an hour each. Two days in all."""

PATIENCE = timedelta(days=2)
"""For how long a message waits for a target that is away, whose probes are no tries of the message."""

LONGEST = timedelta(days=1)
"""The longest pause that another side's wish to be left alone can make."""

SPREAD = 0.25
"""The share of a pause that jitter may take away, so that what failed together does not come back together."""


def pause(attempts: int, jitter: float, at_least: timedelta | None = None) -> timedelta | None:
    """How long to wait for the next try, or None to give up (after two days at most, a day and a half at least).

    Args:
        attempts: tries made so far, the one that just failed included; at least 1.
        jitter: from 0 (the whole pause) to 1 (a quarter less).
        at_least: how long the other side wants to be left alone.

    Raises:
        ValueError: `attempts` or `jitter` is out of range.
    """
    if attempts < 1:
        raise ValueError(f"attempts count from 1, not {attempts}")
    if not 0 <= jitter <= 1:
        raise ValueError(f"jitter lies between 0 and 1, not at {jitter}")
    if attempts >= ATTEMPTS:
        return None
    doubled = min(FIRST * (1 << min(attempts - 1, 10)), CAP)  # ten doublings are past the cap already
    return max(doubled * (1 - SPREAD * jitter), min(at_least or timedelta(0), LONGEST))
