"""How late the event loop is."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import CollectorRegistry

from tests.e2e.house import eventually
from tests.watching.scrape import scrape
from vorzimmer.watching import loop_delay
from vorzimmer.watching.loop_delay import LoopDelay


async def test_a_blocked_loop_is_seen() -> None:
    """A task that keeps the loop for a third of a second stands in the histogram as a delay of about that."""
    registry = CollectorRegistry()
    delay = LoopDelay()
    registry.register(delay.histogram)
    task = asyncio.create_task(delay.run())

    async def looks() -> float:
        return scrape(registry)["vorzimmer_loop_delay_seconds_count", ()]

    await eventually(looks, lambda count: count >= 1)
    time.sleep(0.35)  # noqa: ASYNC251 - blocking is the point
    before = await looks()
    await eventually(looks, lambda count: count > before)
    samples = scrape(registry)
    name = "vorzimmer_loop_delay_seconds_bucket"
    assert samples[name, ("+Inf",)] - samples[name, ("0.1",)] >= 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_frozen_loop_is_not_fresh() -> None:
    """Until the loop has turned again after a long pause, it does not count as fresh."""
    now = 0.0
    delay = LoopDelay(lambda: now)
    assert delay.fresh
    now += loop_delay.FRESH_SECONDS
    assert not delay.fresh
    task = asyncio.create_task(delay.run())

    async def fresh() -> bool:
        return delay.fresh

    await eventually(fresh, bool)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
