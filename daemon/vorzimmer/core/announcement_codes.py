"""The number by which each of a client's announcements is named on a telephone.

Those with a fixed meaning have fixed numbers, from 1; those with a name of the client's own have theirs from 21 on, by
the alphabet, so that such a number may be another's when a name comes or goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from vorzimmer.core.announcement import Sound
from vorzimmer.core.client import Client, names_played

FIRST_OWN = 21

DIGITS = 3
"""That a number has at most."""

FIXED: Mapping[str, int] = {
    Sound.GREETING: 1,
    Sound.CLOSED: 2,
    Sound.LUNCH: 3,
    Sound.HOLIDAY: 4,
    Sound.VACATION: 5,
    Sound.QUEUE: 6,
    Sound.CALLBACK: 7,
    Sound.MACHINE: 8,
    Sound.BLOCKED: 9,
    Sound.CONSENT: 10,
    Sound.WHISPER: 11,
}


def codes(client: Client) -> Mapping[str, int]:
    """Of each announcement that the client can have or has: by its name, the number."""
    own = sorted({*names_played(dict(client)), *client.announcements, *client.versions} - set(FIXED))
    return {**FIXED, **{name: n for n, name in enumerate(own, FIRST_OWN)}}


def named(client: Client, code: str) -> str | None:
    """The announcement whose number was keyed in; None: none."""
    return next((str(name) for name, number in codes(client).items() if str(number) == code), None)
