"""What a channel is: something that takes a message to its recipient and says how it went.

A new channel is one file with a class that has `send`, one line where the worker's channels are named, and its test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vorzimmer.store.outbox import Leased


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side took it; `detail` is what it said."""

    detail: str


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It did not work now and may work later; `detail` says why."""

    detail: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never work; `detail` says why."""

    detail: str


Outcome = Sent | RetryLater | Dead


class Channel(Protocol):
    """A way to a recipient."""

    async def send(self, message: Leased, /) -> Outcome:
        """Deliver once; what goes wrong on the way is an outcome. May be cancelled at any await.

        Raises:
            RenderError: the message cannot be written, now or later.
        """
