"""Where wishes for a talk wait for their turn, and whoever asked waits for what becomes of them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from vorzimmer.core.talk import NotPossible, Wish


@dataclass(eq=False, slots=True)
class Asked:
    """A wish. `done` is fulfilled once it has been, or refused."""

    wish: Wish
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def say(self, error: Exception | None = None) -> None:
        """It is done, or why not."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class WishBox:
    """Wishes, first come first served."""

    def __init__(self) -> None:
        self._asked: deque[Asked] = deque()
        self._news = asyncio.Event()

    async def put(self, wish: Wish) -> None:
        """Ask, and wait until it is done; raises what it is refused with. Who stops waiting takes nothing back."""
        asked = Asked(wish)
        self._asked.append(asked)
        self._news.set()
        await asyncio.shield(asked.done)

    async def filled(self) -> None:
        """Wait until there is one."""
        await self._news.wait()

    def take(self) -> Asked | None:
        """The next one, if there is any."""
        asked = self._asked.popleft() if self._asked else None
        if not self._asked:
            self._news.clear()
        return asked

    def refuse_all(self, why: str) -> None:
        """Nobody will do them any more."""
        while (asked := self.take()) is not None:
            asked.say(NotPossible(why))
