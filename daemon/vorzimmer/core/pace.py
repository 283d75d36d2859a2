"""How many messages a client may have sent in an hour over one channel, so that a fault costs it little.

A bucket of an hour's messages that fills again evenly, kept as one instant (the generic cell rate algorithm of ATM,
ITU-T I.371): until when the past messages' shares of time reach.
"""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


def admit(spent_until: datetime | None, at: datetime, per_hour: int) -> datetime | None:
    """Let one message go at `at`: returns the new `spent_until`, or None where it has to wait.

    Args:
        spent_until: what this returned for the message before; None: there was none.
        at: aware, of the clock that also made `spent_until`; a clock that was set back costs an hour at most.
        per_hour: at least 1.

    Raises:
        ValueError: `per_hour` is out of range.
    """
    spent = _known(spent_until, at)
    share = _share(per_hour)
    return spent + share if spent + share <= at + HOUR else None


def free_at(spent_until: datetime | None, at: datetime, per_hour: int) -> datetime:
    """When the next message may go: `at`, or later.

    Raises:
        ValueError: `per_hour` is out of range.
    """
    return max(at, _known(spent_until, at) + _share(per_hour) - HOUR)


def _known(spent_until: datetime | None, at: datetime) -> datetime:
    return at if spent_until is None else min(max(spent_until, at), at + HOUR)


def _share(per_hour: int) -> timedelta:
    if per_hour < 1:
        raise ValueError(f"a pace is at least 1 an hour, not {per_hour}")
    return HOUR // per_hour
