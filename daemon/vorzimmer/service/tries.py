"""Codes and PINs keyed in on telephones, counted in memory; what the counts mean stands in `core.login`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from vorzimmer.core.login import Allowance, Attempts, one_less, one_more, pause_left
from vorzimmer.core.ports import Clock

MOST = 10_000
"""Counts kept; beyond them the one that was not needed for longest is forgotten."""

Key = tuple[str, ...]

T = TypeVar("T")


class TooMany(Exception):
    """It has to wait, and was not looked at."""


class Tries:
    """Who has to wait before the next try. One counts from its beginning; a good one is taken back."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._attempts: OrderedDict[Key, Attempts] = OrderedDict()

    async def attempt(self, allowances: Mapping[Key, Allowance], look: Callable[[], Awaitable[T | None]]) -> T | None:
        """What `look` finds; nothing: it stays counted as a guess. Where nobody could look it was none.

        Raises:
            TooMany: it has to wait.
        """
        if not self.begin(allowances):
            raise TooMany
        try:
            found = await look()
        except Exception:
            self.take_back(allowances)
            raise
        if found is not None:
            self.take_back(allowances)
        return found

    def begin(self, allowances: Mapping[Key, Allowance]) -> bool:
        """Count a try under each of these keys. False: it has to wait, and is not counted."""
        at = self._clock()
        if any(pause_left(self._attempts.get(key), allowance, at) for key, allowance in allowances.items()):
            return False
        for key in allowances:
            self._note(key, one_more(self._attempts.get(key), at))
        return True

    def take_back(self, allowances: Mapping[Key, Allowance]) -> None:
        """It was no guess."""
        for key in allowances:
            self._note(key, one_less(self._attempts.get(key)))

    def _note(self, key: Key, attempts: Attempts | None) -> None:
        self._attempts.pop(key, None)
        if attempts is not None:
            self._attempts[key] = attempts
        while len(self._attempts) > self._most:
            self._attempts.popitem(last=False)
