"""Which endpoints are ringing or talking: the one owner of "this phone is taken".

Busy is known from our own channels; whether a phone can be reached at all comes from AMI through `unreachable`.
An endpoint is reserved before the first request to ring it, so two calls never ring the same phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable

from vorzimmer.core.acd import Pool


def _ignore() -> None:
    """Nobody wants to know."""


class Phones:
    """Reservations of endpoints. `on_change` is called when one is freed, or talks.

    Args:
        unreachable: the endpoints that have no reachable contact now.
    """

    def __init__(self, unreachable: Callable[[], frozenset[str]]) -> None:
        self.on_change: Callable[[], None] = _ignore
        self._unreachable = unreachable
        self._holders: dict[str, str] = {}
        self._talking: set[str] = set()
        self._change = asyncio.Event()

    def pool(self) -> Pool:
        """The state of all phones now; one that rings for another call counts as busy."""
        return Pool(unreachable=self._unreachable(), busy=frozenset(self._holders))

    def can_ring(self, endpoint: str) -> bool:
        """Whether it is reachable and not taken."""
        return endpoint not in self._holders and endpoint not in self._unreachable()

    def any_ringing(self, endpoints: Iterable[str]) -> bool:
        """Whether one of them only rings: it will soon talk, or be free again."""
        return any(endpoint in self._holders and endpoint not in self._talking for endpoint in endpoints)

    def reserve(self, endpoint: str, call_id: str) -> None:
        """It is about to ring for this call; a call that holds it already goes on holding it."""
        self._holders.setdefault(endpoint, call_id)

    def talk(self, endpoint: str, call_id: str) -> None:
        """It answered this call."""
        self._holders[endpoint] = call_id
        self._talking.add(endpoint)
        self._changed()

    def free(self, endpoint: str, call_id: str) -> None:
        """The call needs it no more; another call's hold is not touched."""
        if self._holders.get(endpoint) == call_id:
            del self._holders[endpoint]
            self._talking.discard(endpoint)
            self._changed()

    def keep_only(self, call_id: str, endpoints: Container[str] = ()) -> None:
        """Free everything that the call holds but these."""
        for endpoint in [one for one, holder in self._holders.items() if holder == call_id and one not in endpoints]:
            self.free(endpoint, call_id)

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()
        self.on_change()

    async def change(self, seconds: float) -> None:
        """Wait until any phone changes its state.

        Raises:
            TimeoutError: none did in that time.
        """
        async with asyncio.timeout(seconds):
            await self._change.wait()
