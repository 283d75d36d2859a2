"""What pages ask of the calls process: never so much at once that others find no room there, and nothing too late."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import Command, Refused
from vorzimmer.core.ports import Clock
from vorzimmer.web.problems import Problem

AT_ONCE = 60
"""Commands of all pages: of the 100 connections that the calls process takes, the command line needs some."""

OF_ONE = 6
"""Commands of one user under way."""

OFTEN, WITHIN = 40, 10.0
"""Commands that one user may give within so many seconds: each is kept with its call, and looked at again and again."""


class Asking:
    """A connection for each command, as long as it takes.

    Args:
        socket: of the control API.
        clock: that of the calls process.
    """

    def __init__(self, socket: Path, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._under_way: Counter[str] = Counter()
        self._given: dict[str, deque[float]] = {}

    async def ask(self, command: Command, seconds: float) -> dict[str, Any]:
        """Have it done, within so many seconds.

        What nobody waits for any more has no effect either: who presses again half a minute later means that.

        Raises:
            Problem: 429 `too_often`: this user asks for too much.
            Refused: it had no effect; `busy` where too many are under way.
            Unreachable: nobody knows.
        """
        if not command.asks:
            self._note(command.actor)
            command = command.model_copy(update={"deadline": self._clock() + timedelta(seconds=seconds)})
        try:
            with self._counted(command.actor):
                async with asyncio.timeout(seconds), connect(self._socket) as control:
                    return await control.ask(command)
        except TimeoutError:
            raise Unreachable("the calls process does not answer") from None

    def _note(self, actor: str) -> None:
        now = asyncio.get_running_loop().time()
        given = self._given.setdefault(actor, deque(maxlen=OFTEN))
        if len(given) == OFTEN and now - given[0] < WITHIN:
            raise _too_often()
        given.append(now)

    @contextlib.contextmanager
    def _counted(self, actor: str) -> Iterator[None]:
        if self._under_way[actor] >= OF_ONE:
            raise _too_often()
        if self._under_way.total() >= AT_ONCE:
            raise Refused("busy", "too much is asked for at once; try again")
        self._under_way[actor] += 1
        try:
            yield
        finally:
            self._under_way[actor] -= 1
            if not self._under_way[actor]:
                del self._under_way[actor]


def _too_often() -> Problem:
    return Problem(429, "too_often", "you ask for too much at once; try again", headers={"Retry-After": "5"})
