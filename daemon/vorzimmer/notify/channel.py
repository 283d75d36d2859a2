"""What a channel is: something that takes a message to its recipient and says how it went.

A new channel is one file with a class that has `send`, one line in `roles.channels`, and its test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from vorzimmer.store.outbox import Copy, Leased


@dataclass(frozen=True, slots=True)
class Sent:
    """The other side took it; `detail` is what it said.

    `provider_id`: by which the provider knows it, where it told one. `copy`: what was sent, to be read later.
    """

    detail: str
    provider_id: str = ""
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It did not work now and may work later; `detail` says why.

    `after`: how long the other side wants to be left alone, at least. `away`: not this message's fault: the target as
    a whole does not work. `unclear`: it may have arrived after all.
    """

    detail: str
    after: timedelta | None = None
    away: bool = False
    unclear: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never work, or a person has to decide; `detail` says why."""

    detail: str


Outcome = Sent | RetryLater | Dead


class Channel(Protocol):
    """A way to a recipient."""

    async def send(self, message: Leased, /) -> Outcome:
        """Deliver once; what goes wrong on the way is an outcome. May be cancelled at any await.

        Raises:
            RenderError: the message cannot be written, now or later.
        """


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel and how much of it may be under way, so that one that hangs holds up no other.

    `places`: messages at once; `per_target`: of these, to one target. `seconds`: the longest that one sending may
    take, waiting for a connection included. `probe`: the longest pause between two tries at a target that is away, in
    seconds.
    """

    channel: Channel
    places: int = 10
    per_target: int = 10
    seconds: float = 120.0
    probe: float = 30.0


@runtime_checkable
class Asking(Protocol):
    """A channel where repeating costs or disturbs, so that it is asked first what became of an unclear attempt."""

    async def look(self, message: Leased, /) -> Outcome | None:
        """What became of the last attempt at it, whose outcome nobody knows. None: nothing was sent; it may be now."""
