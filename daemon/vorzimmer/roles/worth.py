"""The calculator for the page without a login: in a process of its own, so that no page waits for it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from vorzimmer.billing.worth_answer import answered
from vorzimmer.core.worth_asked import Answer, Asked
from vorzimmer.web.worth import Busy

MOST_WAITING = 4
"""Who comes fifth is told to come again: the others take some seconds each."""

POLITENESS = 10
"""How far the process stands back (nice) behind whatever telephones."""


class Calculating:
    """One process that answers one after the other; it begins with the first question."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._asking = 0

    async def __call__(self, asked: Asked) -> Answer:
        """The answer.

        Raises:
            Busy: too many wait, or the process has died; the next question gets a new one.
        """
        if self._asking >= MOST_WAITING:
            raise Busy
        self._asking += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._process(), answered, asked)
        except BrokenProcessPool:
            self.close()
            raise Busy from None
        finally:
            self._asking -= 1

    def close(self) -> None:
        """End the process; what it reckons still is thrown away."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, initializer=os.nice, initargs=(POLITENESS,))
        return self._pool
