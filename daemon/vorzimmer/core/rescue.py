"""What to do with calls that stand in Asterisk while no daemon steers them, from Asterisk's own lists alone.

Who talks, or is leaving a message, goes on and notices nothing. Who waits goes to the dialplan, which answers with the
client's announcement. What nobody listens to any more is hung up. Nothing is touched that is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

_BRIDGE = re.compile(r"(?P<call>(?:.+-)?[0-9]+\.[0-9]+(?:-back[0-9]+)*)-b")
"""A call's bridge is named after it, and a call is named by Asterisk: seconds, a count, the system's name before. One
that calls somebody back is named after the call in which that was asked for."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id. `args`: what it was given on entering our application; empty where it is not in there.

    A caller's are `("in", …)`, those of one whom we call back `("back", …)`, those of a leg that was dialled for a call
    `("leg", call id)`.
    """

    id: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """How things stand in Asterisk.

    `bridges` are all bridges with the channels in each. `recording` and `recorded` name the recordings that go on
    and those that lie on the disk (as one that goes on does, too).
    """

    channels: Sequence[Channel]
    bridges: Mapping[str, Collection[str]]
    recording: Collection[str] = ()
    recorded: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class SendAway:
    """Let the caller's channel go on in the dialplan, with the fallback."""

    call: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up a channel of the call, normally. `why` ends the sentence "it was hung up because …"."""

    call: str
    channel: str
    why: str


@dataclass(frozen=True, slots=True)
class DestroyBridge:
    """Take down a bridge of the call that is empty, or will be."""

    call: str
    bridge: str


Action = SendAway | HangUp | DestroyBridge


@dataclass(slots=True)
class Absence:
    """Since when the daemon has not been ready, and when its calls are to be looked after. Times are in seconds.

    It counts from the first answer that was not good, not from the last good one: a machine that slept was not away.

    Args:
        patience: until the first pass over the calls.
        again: from one pass to the next.
    """

    patience: float
    again: float
    began: float | None = None
    last_pass: float | None = None

    def is_due(self, at: float, *, ready: bool) -> bool:
        """Take note of the daemon's answer at `at`; whether it is time for a pass, which is taken to be made then."""
        if ready:
            self.began = self.last_pass = None
            return False
        self.began = at if self.began is None else self.began
        due = self.began + self.patience if self.last_pass is None else self.last_pass + self.again
        if at < due:
            return False
        self.last_pass = at
        return True


def message_of(call: str) -> str:
    """The name of the recording of a caller's message."""
    return f"message-{call}"


def waiting(found: Found) -> list[str]:
    """The callers in our application who are in no bridge: who may be leaving a message, or simply wait."""
    bridged = {member for members in found.bridges.values() for member in members}
    return [channel.id for channel in found.channels if channel.args[:1] == ("in",) and channel.id not in bridged]


def decide(found: Found) -> list[Action]:
    """What to do, callers first."""
    callers = [channel.id for channel in found.channels if channel.args[:1] == ("in",)]
    called = [channel.id for channel in found.channels if channel.args[:1] == ("back",)]
    legs = [channel for channel in found.channels if channel.args[:1] == ("leg",) and len(channel.args) > 1]
    ends: list[Action] = [end for call in callers for end in _end_of_caller(found, call)]
    ends += [HangUp(call, call, "nobody talks with it") for call in called if not {call} < {*_members(found, call)}]
    ends += [
        HangUp(leg.args[1], leg.id, "nobody talks with it")
        for leg in legs
        if not _talk_together(found, leg.args[1], leg.id)
    ]
    return [*ends, *_empty_bridges(found, ends)]


def _end_of_caller(found: Found, call: str) -> Iterator[SendAway | HangUp]:
    bridged = _members(found, call)
    if call in bridged:
        if not any(_is_leg(call, member) for member in bridged):
            yield HangUp(call, call, "the other side has left")
    elif message_of(call) in found.recording:
        return
    elif message_of(call) in found.recorded:
        yield HangUp(call, call, "the message is finished")
    else:
        yield SendAway(call)


def _members(found: Found, call: str) -> Collection[str]:
    return found.bridges.get(f"{call}-b", ())


def _is_leg(call: str, channel: str) -> bool:
    return channel.startswith(f"{call}-l")


def _talk_together(found: Found, call: str, leg: str) -> bool:
    return {call, leg} <= set(_members(found, call))


def _empty_bridges(found: Found, ends: Sequence[Action]) -> Iterator[DestroyBridge]:
    leaving = {end.channel for end in ends if isinstance(end, HangUp)}
    for bridge, members in found.bridges.items():
        ours = _BRIDGE.fullmatch(bridge)
        if ours and leaving.issuperset(members):
            yield DestroyBridge(ours["call"], bridge)
