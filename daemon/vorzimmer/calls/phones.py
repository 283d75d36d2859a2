"""Which endpoints are ringing or talking: the one owner of "this phone is taken".

Busy is known from our own channels; whether a phone can be reached at all comes from AMI through `unreachable`.
An endpoint is reserved before the first request to ring it, so two calls never ring the same phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from vorzimmer.core.acd import Pool


class Phones:
    """Reservations of endpoints.

    Args:
        unreachable: the endpoints that have no reachable contact now.
    """

    def __init__(self, unreachable: Callable[[], frozenset[str]]) -> None:
        self._unreachable = unreachable
        self._ringing: set[str] = set()
        self._talking: set[str] = set()
        self._change = asyncio.Event()

    def pool(self) -> Pool:
        """The state of all phones now; one that rings for another call counts as busy."""
        return Pool(unreachable=self._unreachable(), busy=frozenset(self._ringing | self._talking))

    def any_ringing(self, endpoints: Iterable[str]) -> bool:
        """Whether one of them only rings: it will soon talk, or be free again."""
        return not self._ringing.isdisjoint(endpoints)

    def reserve(self, endpoint: str) -> None:
        """It is about to ring for a call."""
        self._ringing.add(endpoint)

    def talk(self, endpoint: str) -> None:
        """It answered."""
        self._ringing.discard(endpoint)
        self._talking.add(endpoint)
        self._changed()

    def free(self, endpoint: str) -> None:
        """It is done with its call."""
        self._ringing.discard(endpoint)
        self._talking.discard(endpoint)
        self._changed()

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def change(self, seconds: float) -> None:
        """Wait until any phone changes its state.

        Raises:
            TimeoutError: none did in that time.
        """
        async with asyncio.timeout(seconds):
            await self._change.wait()
