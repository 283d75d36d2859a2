"""What is written down of an attempt that did not work now and may work later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from vorzimmer.core.retry import PATIENCE, pause
from vorzimmer.notify.channel import RetryLater
from vorzimmer.store import outbox
from vorzimmer.store.outbox import Leased

Mark = Callable[[asyncpg.Connection], Awaitable[bool]]
"""Writes it down; whether it changed anything."""


def of_retry(message: Leased, outcome: RetryLater, jitter: float, *, probe: bool) -> Mark | None:
    """When it is tried again; None: no more.

    A probe of a target that is still away was no attempt at its message, which ends by it only when it is too old.
    """
    if probe and outcome.away and not outcome.unclear:
        if message.age > PATIENCE:
            return None
        return partial(outbox.mark_untried, message=message.id, attempt=message.attempts)
    wait = pause(max(message.tries, 1), jitter, outcome.after)
    if wait is None:
        return None
    return partial(
        outbox.mark_retry,
        message=message.id,
        pause=wait,
        detail=outcome.detail,
        away=outcome.away,
        unclear=outcome.unclear,
        attempt=message.attempts,
    )
