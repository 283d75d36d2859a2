"""Several telephones ring; the first that is answered counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from vorzimmer.calls.leg import Leg


async def first_answered(legs: Sequence[Leg], seconds: float) -> Leg | None:
    """The first leg that is answered, or None once all have ended or the time is over.

    Where another telephone rings instead of a leg, that one counts.
    """
    outcomes = [asyncio.ensure_future(_answered(leg)) for leg in legs]
    waiting = set(outcomes)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=max(until - loop.time(), 0), return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return None
            for outcome in outcomes:
                if outcome in done and (winner := outcome.result()) is not None:
                    return winner
    finally:
        for outcome in outcomes:
            outcome.cancel()
    return None


def latest(leg: Leg) -> Leg:
    """The leg that rings now instead of this one, or this one."""
    while leg.instead is not None:
        leg = leg.instead
    return leg


async def _answered(leg: Leg) -> Leg | None:
    while not await leg.outcome():
        if leg.instead is None:
            return None
        leg = leg.instead
    return leg
