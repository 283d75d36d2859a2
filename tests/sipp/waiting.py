"""Waiting for something to happen instead of sleeping for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds after which a wait gives up: long for a loaded machine, short for a test that is going to fail."""


class Watched:
    """Something that changes, and whose changes can be waited for."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Wake everybody who waits for a change."""
        self._news.set()

    async def until(self, what: str, true: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until `true()`.

        Args:
            what: completes the sentence "waited for …" of the error.
            true: asked at once and after every change.
            patience: seconds.

        Raises:
            TimeoutError: it did not become true, with the thing itself shown for the reader of a failed test.
        """
        try:
            async with asyncio.timeout(patience):
                while not true():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"waited {patience:g} s for {what}: {self!r}") from None
