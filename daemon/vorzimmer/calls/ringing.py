"""Several telephones ring; the first that is answered counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from vorzimmer.calls.leg import Leg


async def first_answered(legs: Sequence[Leg], seconds: float) -> Leg | None:
    """The first leg that is answered, or None once all have ended or the time is over."""
    outcomes = {asyncio.ensure_future(leg.outcome()): leg for leg in legs}
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
            for outcome, leg in outcomes.items():
                if outcome in done and outcome.result():
                    return leg
    finally:
        for outcome in outcomes:
            outcome.cancel()
    return None
