"""How late the event loop is: what asks to be woken after a tenth of a second, and when it really is.

All calls of a process share one loop, so what is late here is late in each of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from prometheus_client import Histogram

INTERVAL = 0.1
"""Seconds between two looks."""

FRESH_SECONDS = 3.0
"""The loop counts as frozen, or as only just thawed, if the last look is longer ago."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LoopDelay:
    """Run `run()` beside everything else.

    `clock` tells seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat = clock()
        self.histogram = Histogram(
            "vorzimmer_loop_delay_seconds",
            "How much later than asked the event loop woke a task",
            buckets=BUCKETS,
            registry=None,
        )

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            asked = self._clock()
            await asyncio.sleep(INTERVAL)
            self._beat = self._clock()
            self.histogram.observe(max(0.0, self._beat - asked - INTERVAL))

    @property
    def fresh(self) -> bool:
        """Whether the loop has been turning during the last seconds."""
        return self._clock() - self._beat < FRESH_SECONDS
