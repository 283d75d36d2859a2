"""What whoever needs the database does while it is away: say why, and come back later."""

from __future__ import annotations

import random

_FIRST = 0.25
_LONGEST = 30.0


def why(error: BaseException) -> str:
    """The error in one line; a database's messages can go on with details over several."""
    return f"{type(error).__name__}: {error}".splitlines()[0].removesuffix(": ")


def pause(failures: int) -> float:
    """Seconds until the next try after so many failures in a row, at least 1: doubling up to half a minute.

    Up to half of it is left to chance, so that daemons that failed together do not come back together.
    """
    longest: float = min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads reconnects, protects nothing
