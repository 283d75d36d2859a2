"""When the operator is told that the service is in trouble, and when that it is over. Pure.

What lasts is told when it has lasted for a while, again every hour, and when it has been over for a while: what comes
and goes is one trouble, not many. What happens is told when it happens the first time; what is of its kind and happens
within the hour is told together at its end. Whatever there is to tell at a time goes together, and no more often than
once a minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum


class What(StrEnum):
    """A kind of trouble."""

    ABANDONED = "abandoned"
    """A caller gave up after a long wait."""
    DEAD = "dead"
    """A message will not reach its client."""
    UNDELIVERED = "undelivered"
    """A provider reports that a message has not arrived."""
    WAITING = "waiting"
    """More callers wait than should."""
    WAIT = "wait"
    """Somebody has been waiting for longer than should be."""
    TRUNK = "trunk"
    """The way outside cannot be reached."""
    NOBODY = "nobody"
    """Nobody is left who could answer, and clients are open."""
    TARGET = "target"
    """A mail server, gateway or client's server takes nothing."""
    CALLS = "calls"
    """The calls process does not answer."""
    DATABASE = "database"
    """The database does not answer."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Something seen: of what kind, which one of them, and in a sentence without a full stop."""

    what: What
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look has shown.

    `lasting`: holds now. `happened`: since the look before. `unknown`: kinds that could not be looked at: they are
    neither there nor over.
    """

    lasting: tuple[Sign, ...] = ()
    happened: tuple[Sign, ...] = ()
    unknown: frozenset[What] = frozenset()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something lasts before it is told, and how long it has been over before that is told."""

    begins: timedelta
    ends: timedelta


def _patience(begins: float, ends: float) -> Patience:
    return Patience(timedelta(seconds=begins), timedelta(seconds=ends))


PATIENCE: Mapping[What, Patience] = {
    What.WAITING: _patience(15, 120),
    What.WAIT: _patience(0, 120),
    What.TRUNK: _patience(30, 60),
    What.NOBODY: _patience(60, 60),
    What.TARGET: _patience(600, 60),
    What.CALLS: _patience(30, 30),
    What.DATABASE: _patience(60, 60),
}
"""A telephone that registers anew is away for seconds, a restart takes some; a queue breathes."""

AGAIN = timedelta(hours=1)
"""After which what lasts, or has happened again, is told again."""

APART = timedelta(minutes=1)
"""The least between two tellings."""

MOST_TEXTS = 10
"""Of things of a kind that happened these many are told each, of the others how many they are."""


class Turn(StrEnum):
    """What is told of a trouble; the most important first."""

    BEGINS = "begins"
    HAPPENED = "happened"
    GOES_ON = "goes_on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something to tell. `texts`: sentences, of what happened several; `count`: how often; `since`: the first time."""

    turn: Turn
    what: What
    about: str
    texts: tuple[str, ...]
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class _Lasting:
    """`since`: when it was first seen; `seen`: the last time; `told`: the last time, None: not yet."""

    sign: Sign
    since: datetime
    seen: datetime
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Heap:
    """What has happened of a kind and was not told yet."""

    texts: tuple[str, ...] = ()
    count: int = 0
    since: datetime | None = None
    told: datetime | None = None


Key = tuple[What, str]


@dataclass(frozen=True, slots=True)
class State:
    """What is known from the looks before. `told`: the last time that anything was."""

    lasting: Mapping[Key, _Lasting] = field(default_factory=dict)
    happened: Mapping[What, _Heap] = field(default_factory=dict)
    told: datetime | None = None


def observe(
    state: State, seen: Seen, at: datetime, patience: Mapping[What, Patience] = PATIENCE
) -> tuple[State, tuple[Alarm, ...]]:
    """Take a look into account; what is told now is returned, to be sent together.

    Args:
        state: from the looks before; `State()` at the first.
        seen: the look.
        at: when it was (aware). A clock that was set back tells too early rather than too late.
        patience: by kind, for all that lasts.
    """
    lasting = _kept(state.lasting, seen, at)
    happened = _heaped(state.happened, seen.happened, at)
    if not _passed(state.told, at, APART):
        return State(lasting, happened, state.told), ()
    alarms, lasting = _of_lasting(lasting, seen.unknown, at, patience)
    more, happened = _of_happened(happened, at)
    alarms = sorted([*alarms, *more], key=lambda alarm: (list(Turn).index(alarm.turn), alarm.what, alarm.about))
    return State(lasting, happened, at if alarms else state.told), tuple(alarms)


def _passed(then: datetime | None, at: datetime, wanted: timedelta) -> bool:
    """Whether so much time lies between; an instant still to come lies before a clock that was set back."""
    return then is None or at < then or at - then >= wanted


def _kept(before: Mapping[Key, _Lasting], seen: Seen, at: datetime) -> dict[Key, _Lasting]:
    """What is there, and what was told and may only pause. What passed untold is forgotten."""
    now = {(sign.what, sign.about): sign for sign in seen.lasting}
    kept: dict[Key, _Lasting] = {}
    for key, known in before.items():
        if key[0] in seen.unknown:
            kept[key] = replace(known, seen=at)
        elif key in now:
            kept[key] = replace(known, sign=now[key], seen=at)
        elif known.told is not None:
            kept[key] = known
    return {**{key: _Lasting(sign, at, at) for key, sign in now.items()}, **kept}


def _of_lasting(
    lasting: Mapping[Key, _Lasting], unknown: frozenset[What], at: datetime, patience: Mapping[What, Patience]
) -> tuple[list[Alarm], dict[Key, _Lasting]]:
    """What is to be told of what lasts, and all that lasts still."""
    alarms, left = [], dict(lasting)
    for key, one in lasting.items():
        turn = None if key[0] in unknown else _turn(one, at, patience[key[0]])
        if turn is None:
            continue
        alarms.append(Alarm(turn, *key, (one.sign.text,), 1, one.since))
        if turn is Turn.OVER:
            del left[key]
        else:
            left[key] = replace(one, told=at)
    return alarms, left


def _turn(one: _Lasting, at: datetime, patience: Patience) -> Turn | None:
    if one.seen != at:
        return Turn.OVER if _passed(one.seen, at, patience.ends) else None
    if one.told is None:
        return Turn.BEGINS if _passed(one.since, at, patience.begins) else None
    return Turn.GOES_ON if _passed(one.told, at, AGAIN) else None


def _heaped(before: Mapping[What, _Heap], signs: Iterable[Sign], at: datetime) -> dict[What, _Heap]:
    heaps = dict(before)
    for sign in signs:
        heap = heaps.get(sign.what, _Heap())
        texts = (*heap.texts, sign.text)[:MOST_TEXTS]
        heaps[sign.what] = replace(heap, texts=texts, count=heap.count + 1, since=heap.since or at)
    return heaps


def _of_happened(heaps: Mapping[What, _Heap], at: datetime) -> tuple[list[Alarm], dict[What, _Heap]]:
    alarms, left = [], dict(heaps)
    for what, heap in heaps.items():
        if not _passed(heap.told, at, AGAIN):
            continue
        if heap.since is None:
            del left[what]
            continue
        alarms.append(Alarm(Turn.HAPPENED, what, "", heap.texts, heap.count, heap.since))
        left[what] = _Heap(told=at)
    return alarms, left
