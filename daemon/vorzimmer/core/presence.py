"""The state of an agent: a table of what may follow what, with nothing else beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """What an agent is doing."""

    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    PAUSED = "paused"
    RESERVED = "reserved"
    """Chosen for a call; the telephone is about to ring."""
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Act(StrEnum):
    """What changes a state."""

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    PAUSE = "pause"
    READY = "ready"
    """End of a pause or of wrap-up, by the agent."""
    RESERVE = "reserve"
    RING = "ring"
    ANSWER = "answer"
    MISS = "miss"
    """The telephone rang and nobody answered: paused, with that reason."""
    RELEASE = "release"
    """The call went elsewhere: nothing is held against the agent."""
    HANG_UP = "hang_up"
    """The talk is over: wrap-up, where there is any."""
    WRAPPED = "wrapped"
    """The time for wrap-up is over."""


NO_ANSWER = "no answer"
"""The reason of a pause that a missed call causes."""


@dataclass(frozen=True, slots=True)
class Presence:
    """An agent at one instant.

    `since`: of the state. `idle_since`: since when without a call, for "longest idle". `phone`: the endpoint at which
    the agent is logged in. `reason`: of the pause. `call`: the one it is about. `then`: what was asked for during the
    call and takes effect after it, LOG_OUT or PAUSE, with its `then_reason`.
    """

    agent: str
    state: State
    since: datetime
    idle_since: datetime | None = None
    phone: str = ""
    reason: str = ""
    call: str = ""
    then: Act | None = None
    then_reason: str = ""


class NotNow(ValueError):
    """An act does not fit the state; the text says so to a person."""
