"""The state of an agent: a table of what may follow what, with nothing else beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    MOVE = "move"
    """The talk goes on at another telephone, and so do the next ones."""


NO_ANSWER = "no answer"
"""The reason of a pause that a missed call causes."""


@dataclass(frozen=True, slots=True)
class Presence:
    """An agent at one instant.

    `since`: of the state. `idle_since`: since when ready for a call, for "longest idle"; a call that came to nothing
    does not count. `phone`: the endpoint at which the agent is logged in. `reason`: of the pause. `call`: the one it is
    about, in wrap-up the one before. `then`: what was asked for during the call and takes effect after it, LOG_OUT or
    PAUSE, with its `then_reason`.
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


Change = Callable[["Presence", "_Asked"], "Presence"]


@dataclass(frozen=True, slots=True)
class _Asked:
    act: Act
    at: datetime
    phone: str
    reason: str
    call: str
    wrap_up: int


def after(
    presence: Presence,
    act: Act,
    at: datetime,
    *,
    phone: str = "",
    reason: str = "",
    call: str = "",
    wrap_up: int = 0,
) -> Presence:
    """The presence that `act` leads to; the same one where nothing is left to do.

    `phone`: of LOG_IN and MOVE. `reason`: of PAUSE. `call`: of RESERVE; with RING to HANG_UP it must be the agent's
    call, if given. `wrap_up`: seconds, of HANG_UP; its end is the caller's to watch.

    Raises:
        NotNow: the act does not fit the state, or is about another call.

    """
    change = _TABLE.get((presence.state, act))
    if change is None:
        raise _refusal(presence, act)
    if call and presence.call and act in _ABOUT_ITS_CALL and call != presence.call:
        raise NotNow(f"{presence.agent} cannot {_WORDS[act]} call {call}: it is call {presence.call} that is here")
    return change(presence, _Asked(act, at, phone, reason, call, wrap_up))


def _refusal(presence: Presence, act: Act) -> NotNow:
    return NotNow(f"{presence.agent} cannot {_WORDS[act]} now: {presence.state.replace('_', ' ')}")


def _stay(presence: Presence, _: _Asked) -> Presence:
    return presence


def _available(presence: Presence, asked: _Asked) -> Presence:
    return Presence(presence.agent, State.AVAILABLE, asked.at, asked.at, presence.phone)


def _log_in(presence: Presence, asked: _Asked) -> Presence:
    return _available(replace(presence, phone=asked.phone), asked)


def _move(presence: Presence, asked: _Asked) -> Presence:
    """Nothing but the telephone changes: a pause stays a pause."""
    return replace(presence, phone=asked.phone)


def _log_in_again(presence: Presence, asked: _Asked) -> Presence:
    """In a call: takes back a log-out that waits for its end, at the same telephone only."""
    if asked.phone != presence.phone:
        raise NotNow(f"{presence.agent} cannot change telephones during a call")
    return _take_back(presence, asked)


def _log_out(presence: Presence, asked: _Asked) -> Presence:
    return Presence(presence.agent, State.LOGGED_OUT, asked.at)


def _pause(presence: Presence, asked: _Asked) -> Presence:
    if presence.state is State.PAUSED and presence.reason == asked.reason:
        return presence
    return Presence(presence.agent, State.PAUSED, asked.at, phone=presence.phone, reason=asked.reason)


def _later(presence: Presence, asked: _Asked) -> Presence:
    return replace(presence, then=asked.act, then_reason=asked.reason)


def _take_back(presence: Presence, asked: _Asked) -> Presence:
    if presence.then is None:
        raise _refusal(presence, asked.act)
    return replace(presence, then=None, then_reason="")


def _reserve(presence: Presence, asked: _Asked) -> Presence:
    return replace(presence, state=State.RESERVED, since=asked.at, call=asked.call)


def _ring(presence: Presence, asked: _Asked) -> Presence:
    return replace(presence, state=State.RINGING, since=asked.at)


def _answer(presence: Presence, asked: _Asked) -> Presence:
    return replace(presence, state=State.TALKING, since=asked.at, idle_since=None)


def _follow(presence: Presence, asked: _Asked) -> Presence | None:
    """What was asked for during the call, once it may happen."""
    if presence.then is Act.LOG_OUT:
        return _log_out(presence, asked)
    if presence.then is Act.PAUSE:
        return _pause(presence, replace(asked, reason=presence.then_reason))
    return None


def _miss(presence: Presence, asked: _Asked) -> Presence:
    return _follow(presence, asked) or _pause(presence, replace(asked, reason=NO_ANSWER))


def _release(presence: Presence, asked: _Asked) -> Presence:
    """The place in "longest idle" is kept: the agent has had no call."""
    return _follow(presence, asked) or replace(presence, state=State.AVAILABLE, since=asked.at, call="")


def _hang_up(presence: Presence, asked: _Asked) -> Presence:
    """A log-out takes effect at once, a pause after wrap-up: what was said is still written down."""
    if asked.wrap_up > 0 and presence.then is not Act.LOG_OUT:
        return replace(presence, state=State.WRAP_UP, since=asked.at)
    return _wrapped(presence, asked)


def _wrapped(presence: Presence, asked: _Asked) -> Presence:
    return _follow(presence, asked) or _available(presence, asked)


_WORDS = {
    Act.LOG_IN: "log in",
    Act.LOG_OUT: "log out",
    Act.PAUSE: "pause",
    Act.READY: "get ready",
    Act.RESERVE: "be reserved",
    Act.RING: "be rung",
    Act.ANSWER: "answer",
    Act.MISS: "miss",
    Act.RELEASE: "be released from",
    Act.HANG_UP: "hang up",
    Act.WRAPPED: "end wrap-up",
    Act.MOVE: "move",
}

_ABOUT_ITS_CALL = {Act.RING, Act.ANSWER, Act.MISS, Act.RELEASE, Act.HANG_UP, Act.MOVE}

IN_CALL = frozenset({State.RESERVED, State.RINGING, State.TALKING})
"""States that belong to a call: only its acts end them."""

_TABLE: dict[tuple[State, Act], Change] = {
    (State.LOGGED_OUT, Act.LOG_IN): _log_in,
    (State.LOGGED_OUT, Act.LOG_OUT): _stay,
    (State.AVAILABLE, Act.LOG_IN): _move,
    (State.AVAILABLE, Act.LOG_OUT): _log_out,
    (State.AVAILABLE, Act.PAUSE): _pause,
    (State.AVAILABLE, Act.READY): _stay,
    (State.AVAILABLE, Act.RESERVE): _reserve,
    (State.PAUSED, Act.LOG_IN): _move,
    (State.PAUSED, Act.LOG_OUT): _log_out,
    (State.PAUSED, Act.PAUSE): _pause,
    (State.PAUSED, Act.READY): _available,
    **{(state, Act.LOG_IN): _log_in_again for state in IN_CALL},
    **{(state, Act.LOG_OUT): _later for state in IN_CALL},
    **{(state, Act.PAUSE): _later for state in IN_CALL},
    **{(state, Act.READY): _take_back for state in IN_CALL},
    (State.RESERVED, Act.RING): _ring,
    (State.RESERVED, Act.ANSWER): _answer,
    (State.RESERVED, Act.MISS): _miss,
    (State.RESERVED, Act.RELEASE): _release,
    (State.RINGING, Act.RING): _stay,
    (State.RINGING, Act.MOVE): _move,
    (State.RINGING, Act.ANSWER): _answer,
    (State.RINGING, Act.MISS): _miss,
    (State.RINGING, Act.RELEASE): _release,
    (State.TALKING, Act.HANG_UP): _hang_up,
    (State.TALKING, Act.MOVE): _move,
    (State.WRAP_UP, Act.LOG_IN): _move,
    (State.WRAP_UP, Act.LOG_OUT): _log_out,
    (State.WRAP_UP, Act.PAUSE): _pause,
    (State.WRAP_UP, Act.READY): _available,
    (State.WRAP_UP, Act.WRAPPED): _wrapped,
}
