"""Attempts to log in, counted in memory; what the counts mean stands in `core.login`."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

from vorzimmer.core.login import (
    ADDRESS,
    PAIR,
    STRANGERS,
    Attempts,
    neighbourhood,
    one_less,
    one_more,
    pause_left,
)
from vorzimmer.core.ports import Clock

MOST = 30_000
"""Counts kept; beyond them the one that was not needed for longest is forgotten."""

MOST_KNOWN = 8
"""Addresses from which a user has logged in that are remembered."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that was begun. `wait`: how long it has to wait instead; if not at all, it is `counted` under these keys."""

    user: str
    here: str
    wait: timedelta
    counted: tuple[_Key, ...]


class Throttle:
    """Who has to wait before the next attempt.

    An attempt counts from its beginning, so that a hundred at once are no way around; a good one is taken back.
    """

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._attempts: OrderedDict[_Key, Attempts] = OrderedDict()
        self._known: dict[str, tuple[str, ...]] = {}

    def begin(self, user: str, address: str) -> Attempt:
        """Count an attempt, unless it has to wait."""
        at, here = self._clock(), neighbourhood(address)
        pair, place, strangers = ("pair", user, here), ("address", here), ("strangers", user)
        allowances = {pair: PAIR, place: ADDRESS}
        if here not in self._known.get(user, ()):
            allowances[strangers] = STRANGERS
        wait = max(pause_left(self._attempts.get(key), allowance, at) for key, allowance in allowances.items())
        if wait:
            return Attempt(user, here, wait, ())
        more = {key: one_more(self._attempts.get(key), at) for key in allowances}
        if more[pair].count > PAIR.free:
            more.pop(strangers, None)
        for key, attempts in more.items():
            self._note(key, attempts)
        return Attempt(user, here, wait, tuple(more))

    def take_back(self, attempt: Attempt) -> None:
        """It was no guess: the password was right, or nobody could look."""
        for key in attempt.counted:
            self._note(key, one_less(self._attempts.get(key)))

    def succeeded(self, attempt: Attempt) -> None:
        """The user is in: what was mistyped here before is forgiven, and the address is known from now on.

        The address's own count goes on: an account of one's own is no means to guess at others'.
        """
        self.take_back(attempt)
        self._note(("pair", attempt.user, attempt.here), None)
        others = tuple(one for one in self._known.get(attempt.user, ()) if one != attempt.here)
        self._known[attempt.user] = (attempt.here, *others)[:MOST_KNOWN]

    def _note(self, key: _Key, attempts: Attempts | None) -> None:
        self._attempts.pop(key, None)
        if attempts is not None:
            self._attempts[key] = attempts
        while len(self._attempts) > self._most:
            self._attempts.popitem(last=False)
