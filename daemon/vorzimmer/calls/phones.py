"""Which endpoints are ringing or talking: the one owner of "this phone is taken".

Busy is known from our own channels; whether a phone can be reached at all comes from AMI through `unreachable`.
An endpoint is reserved before the first request to ring it, so two calls never ring the same phone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field

from vorzimmer.core.acd import Pool


def _ignore() -> None:
    """Nobody wants to know."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """A call that waits for one of these endpoints. `impatient`: it waits only while one of them rings."""

    endpoints: frozenset[str]
    impatient: bool
    news: asyncio.Event = field(default_factory=asyncio.Event)


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
        self._waiters: dict[_Waiter, None] = {}

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
        for waiter in self._waiters:
            if waiter.impatient and endpoint in waiter.endpoints:
                waiter.news.set()
        self.on_change()

    def free(self, endpoint: str, call_id: str) -> None:
        """The call needs it no more; another call's hold is not touched."""
        if self._holders.get(endpoint) == call_id:
            del self._holders[endpoint]
            self._talking.discard(endpoint)
            self._offer(endpoint)
            self.on_change()

    def keep_only(self, call_id: str, endpoints: Container[str] = ()) -> None:
        """Free everything that the call holds but these."""
        for endpoint in [one for one, holder in self._holders.items() if holder == call_id and one not in endpoints]:
            self.free(endpoint, call_id)

    def _offer(self, endpoint: str) -> None:
        """Let whoever has waited longest for a phone that is free look again, and nobody else."""
        for waiter in self._waiters:
            if endpoint in waiter.endpoints and not waiter.news.is_set():
                waiter.news.set()
                return

    @contextlib.contextmanager
    def waiting(self, endpoints: Collection[str], *, impatient: bool) -> Iterator[Callable[[float], Awaitable[None]]]:
        """Wait in line for one of these phones, first come, first served.

        Yields what waits until it is worth looking again, for so many seconds at most (else TimeoutError). Only the one
        whose turn it is is woken when a phone gets free: with hundreds in line the others would look in vain each time.

        Args:
            endpoints: the phones.
            impatient: it is worth waiting only while one of them rings, so an answer is news too.
        """
        waiter = _Waiter(frozenset(endpoints), impatient)
        self._waiters[waiter] = None

        async def look_again(seconds: float) -> None:
            async with asyncio.timeout(seconds):
                await waiter.news.wait()
            waiter.news.clear()

        try:
            yield look_again
        finally:
            del self._waiters[waiter]
            # It may have been its turn, and it left without one.
            for endpoint in waiter.endpoints:
                if endpoint not in self._holders:
                    self._offer(endpoint)
