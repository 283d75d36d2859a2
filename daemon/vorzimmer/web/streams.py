"""How many streams of events are open: each costs a place in this process and in the web server in front of it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from vorzimmer.web.problems import Problem

MOST = 30
"""Open streams of one user: pages, and screens that share a token."""


class Streams:
    """Those that are open, by user."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextlib.contextmanager
    def one_more(self, user: str) -> Iterator[None]:
        """Count one while inside.

        Raises:
            Problem: 429 `too_many`: the user has `MOST`.
        """
        if self._open[user] >= MOST:
            text = f"{MOST} pages of yours are open; close one"
            raise Problem(429, "too_many", text, headers={"Retry-After": "10"})
        self._open[user] += 1
        try:
            yield
        finally:
            self._open[user] -= 1
            if not self._open[user]:
                del self._open[user]
