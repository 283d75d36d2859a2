"""How long a caller will probably wait: what it is told, and what overflow is decided by."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

_DEFAULT_COUNTS = 5
"""The default counts as so many calls: the first long talk of the morning does not send all callers to a partner."""

_AT_MOST = 5
"""A handling time counts at most so many medians. Of exponential times that takes away three in a hundred of the mean;
of a telephone that lay beside its cradle for an hour it takes away what it would have done."""


def predicted_wait(place: int, agents: int, handling: Sequence[float], default: float = 180.0) -> float | None:
    """Seconds until the caller at `place` (1: the next) has an agent; None if nobody is there, however long it waits.

    While callers wait, all `agents` are in calls, and one of them gets free every mean handling time ÷ agents. The
    caller at place n has the nth of them: n · mean ÷ agents. That is exact for exponential handling times, whatever
    the present talks have lasted, and for others as good as the mean is.

    `handling`: seconds of the recent calls, talk and wrap-up, in any order. `default`: what a call takes before any is
    known.
    """
    if agents < 1:
        return None
    return place * mean_handling(handling, default) / agents


def mean_handling(handling: Sequence[float], default: float = 180.0) -> float:
    """Seconds that a call takes on average, not led astray by a single one."""
    limit = _AT_MOST * median([*handling, default])
    return (_DEFAULT_COUNTS * default + sum(min(seconds, limit) for seconds in handling)) / (
        _DEFAULT_COUNTS + len(handling)
    )
