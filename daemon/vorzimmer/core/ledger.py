"""What happened on a call, in order, and what follows from it.

Every record of a call is a `CallEvent`; the CDR is computed from the events alone (`core.cdr`), so whoever has
the journal has the bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

MILLI = Decimal("0.001")


class Kind(StrEnum):
    """What can happen. The value is what stands in journal and database: never rename one."""

    ARRIVED = "call.arrived"
    ROUTED = "call.routed"
    ANSWERED = "call.answered"
    STEP = "step.started"
    STEP_ENDED = "step.ended"
    RINGING = "phase.ring"
    ANNOUNCING = "phase.announcement"
    WAITING = "phase.queue"
    TALKING = "phase.talk"
    HELD = "phase.hold"
    """The agent put the caller on hold."""
    PUT_THROUGH = "phase.put_through"
    """The caller talks with whom the agent put through to; the agent has left."""
    FORWARDED = "phase.forwarded"
    RECORDING = "phase.machine"
    QUEUED = "queue.joined"
    OFFERED = "queue.offered"
    OVERFLOWED = "queue.left"
    """Left the line for the next of the chain; `reason` says why."""
    TOLD_PLACE = "queue.told"
    """The caller heard its place and the predicted wait."""
    CALLBACK_ASKED = "queue.callback"
    """The caller keeps the place and is called back (`core.callbacks`, whose fields are the data)."""
    CALLBACK_REFUSED = "queue.callback_refused"
    """The caller asked to be called back and cannot be; `reason`."""
    CALLBACK_ENDED = "callback.ended"
    """The caller will not be called any more; `why`."""
    MENU_MISSED = "menu.missed"
    """Asked for a key in `menu`, the caller pressed none in time, or a wrong `key`."""
    MENU_LEFT = "menu.left"
    """The caller is asked no more in `menu`: for `key`, or without one; `reason`."""
    TRANSFERRING = "transfer.asked"
    CONSULTED = "transfer.reached"
    """Somebody has answered to whom the caller may be put through."""
    WISH_REFUSED = "wish.refused"
    """What an agent asked for by keys or REFER is not allowed, or not possible now."""
    LEG_DIALLED = "leg.dialled"
    LEG_RINGING = "leg.ringing"
    LEG_ANSWERED = "leg.answered"
    LEG_CONFIRMED = "leg.confirmed"
    LEG_ENDED = "leg.ended"
    LEG_REFUSED = "leg.refused"
    RECORDED = "recording.stored"
    CONSENTED = "recording.consent"
    """Everybody allows the talk to be recorded; the proof stands in it (`core.consent`)."""
    TALK_RECORDING = "recording.started"
    RECORDING_PAUSED = "recording.paused"
    RECORDING_RESUMED = "recording.resumed"
    WITHDRAWN = "recording.withdrawn"
    TALK_RECORDED = "recording.kept"
    SUPERVISED = "call.supervised"
    """A supervisor begins to listen, to whisper or to take part, or leaves: `how`."""
    RESULT = "call.result"
    """What an agent says the call was; may come after its end. `result`, `by`."""
    RECOVERED = "call.recovered"
    PROBLEM = "call.problem"
    HANGUP = "call.hangup"
    ENDED = "call.ended"


class Phase(StrEnum):
    """What the caller is in. Exactly one at any instant between arrival and end."""

    RING = "ring"
    ANNOUNCEMENT = "announcement"
    QUEUE = "queue"
    TALK = "talk"
    HOLD = "hold"
    PUT_THROUGH = "put_through"
    FORWARDED = "forwarded"
    MACHINE = "machine"


ENTERS: Mapping[Kind, Phase] = {
    Kind.ARRIVED: Phase.RING,
    Kind.RINGING: Phase.RING,
    Kind.ANNOUNCING: Phase.ANNOUNCEMENT,
    Kind.WAITING: Phase.QUEUE,
    Kind.TALKING: Phase.TALK,
    Kind.HELD: Phase.HOLD,
    Kind.PUT_THROUGH: Phase.PUT_THROUGH,
    Kind.FORWARDED: Phase.FORWARDED,
    Kind.RECORDING: Phase.MACHINE,
}
"""Which event begins which phase; the phase lasts until the next of these or the end."""

OF_LEGS = frozenset({Kind.LEG_DIALLED, Kind.LEG_RINGING, Kind.LEG_ANSWERED, Kind.LEG_ENDED})
"""What is told of the channels that we dial: it may come when the caller has long gone."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One thing that happened. `seq` counts from 0 within the call; `at` is aware; `data` is plain JSON."""

    id: str
    call_id: str
    seq: int
    at: datetime
    kind: Kind
    data: Mapping[str, Any] = field(default_factory=dict)


def phases(events: Sequence[CallEvent], end: datetime) -> dict[Phase, Decimal]:
    """Seconds spent in each phase until `end`, milliseconds exact; their sum is end minus arrival.

    Events are taken in the order of `seq`. A clock set back between two events counts as no time at all.
    """
    spent = dict.fromkeys(Phase, Decimal(0))
    current: Phase | None = None
    since: datetime | None = None
    for event in sorted(events, key=lambda e: e.seq):
        entered = ENTERS.get(event.kind)
        if entered is None:
            continue
        if current is not None and since is not None:
            spent[current] += seconds_between(since, event.at)
            since = max(since, event.at)
        else:
            since = event.at
        current = entered
    if current is not None and since is not None:
        spent[current] += seconds_between(since, end)
    return spent


def seconds_between(start: datetime, end: datetime) -> Decimal:
    """Seconds from start to end, floored to the millisecond of each instant; never negative."""
    return max(_millis(end) - _millis(start), Decimal(0))


def _millis(at: datetime) -> Decimal:
    return Decimal(int(at.timestamp()) * 1000 + at.microsecond // 1000) * MILLI
