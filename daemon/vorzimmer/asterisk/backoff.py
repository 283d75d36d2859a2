"""Waiting times between attempts to reconnect."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count


def backoff(first: float = 0.1, cap: float = 5.0) -> Iterator[float]:
    """Seconds to wait: doubling from `first` to `cap`, each less up to a quarter so that clients spread out."""
    for attempt in count():
        yield min(cap, first * 2 ** min(attempt, 30)) * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
