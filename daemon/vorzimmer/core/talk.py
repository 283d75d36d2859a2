"""What may be asked of a talk between a caller and an agent: by keys, by the telephone's own buttons, by the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """The caller waits with music."""


@dataclass(frozen=True, slots=True)
class Retrieve:
    """The caller is back with the agent."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Put the caller through. `to`: see `targets.attempts`. `attended`: the agent asks first, the caller on hold.

    `leaves`: else the agent's telephone ends its call itself, once it has been told (RFC 3515).
    """

    to: str
    attended: bool
    leaves: bool = True


@dataclass(frozen=True, slots=True)
class Complete:
    """The agent leaves the caller to whom was asked, or to the ringing telephone."""


@dataclass(frozen=True, slots=True)
class Back:
    """Whoever was asked, or rings, is let go; the caller is back with the agent."""


@dataclass(frozen=True, slots=True)
class Join:
    """All three talk."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The agent hangs up: whoever was asked, or rings, is left to the caller; else the call is over."""


@dataclass(frozen=True, slots=True)
class Move:
    """The agent talks on at this telephone of the own ones; the one before is let go once this one has answered."""

    endpoint: str


Wish = Hold | Retrieve | Transfer | Complete | Back | Join | HangUp | Move


class NotPossible(ValueError):
    """The talk is not in the state for that; the text says so to a person."""
