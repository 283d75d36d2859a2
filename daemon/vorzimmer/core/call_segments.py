"""A call cut into segments: who was offered it, who talked, who held, and how each of these ended.

Computed from the events alone, as the CDR is (`core.cdr`), and stored beside it. Segments of the caller's phases
follow one another without a gap, but for ringing: a segment of `ring` is one telephone that was dialled, and several
may ring at once. Wrap-up is no part of the call: it begins when the call is over (`core.agent_ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from vorzimmer.core.cdr import over_at
from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase

_BUSY, _REJECTED, _ELSEWHERE = 17, 21, 26
"""Q.850 causes with which a telephone declines, and with which we end one because another was answered."""

_TALKS = frozenset({Kind.TALKING, Kind.FORWARDED, Kind.PUT_THROUGH})
_WITH_AGENT = frozenset({Phase.TALK, Phase.HOLD, Phase.PUT_THROUGH})


class Outcome(StrEnum):
    """How ringing or waiting ended. The value is what stands in the database: never rename one."""

    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    ELSEWHERE = "elsewhere"
    """Another telephone was faster."""
    CALLER_LEFT = "caller left"
    REFUSED = "refused"
    """Busy, declined, not accepted, or not allowed to be dialled."""
    OVERFLOW = "overflow"
    """The caller left the line for the next of the chain."""
    CALLBACK = "callback"
    """The caller left the line to be called back."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a call. `agent`: id of who rang, talked, held or put through; `target`: endpoint or number.

    `outcome` is told of ringing and waiting only. Times are aware, `ended` is not before `began`.
    """

    kind: Phase
    began: datetime
    ended: datetime
    agent: str | None = None
    target: str | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Ring:
    """A telephone that was dialled. `over`: when its channel was gone; None while it is there."""

    leg: str
    target: str | None
    agent: str | None
    began: datetime
    answered: datetime | None = None
    over: datetime | None = None
    cause: int = 0


def segments_of(events: Sequence[CallEvent]) -> tuple[Segment, ...]:
    """The segments of a finished call, by when they began.

    Raises:
        ValueError: the events hold no end.
    """
    ordered = sorted(events, key=lambda event: event.seq)
    end = over_at(ordered)
    rings = _rings(ordered)
    found = [*_stays(ordered, rings, end), *_offers(ordered, rings, end)]
    return tuple(sorted(found, key=lambda segment: segment.began))


def plain(segments: Iterable[Segment]) -> list[dict[str, Any]]:
    """The segments as plain JSON, for the end-of-call record."""
    return [
        {
            "kind": segment.kind.value,
            "began": segment.began.isoformat(),
            "ended": segment.ended.isoformat(),
            "agent": segment.agent,
            "target": segment.target,
            "outcome": segment.outcome.value if segment.outcome else None,
        }
        for segment in segments
    ]


# The caller's phases


def _stays(events: Sequence[CallEvent], rings: Mapping[str, _Ring], end: datetime) -> list[Segment]:
    """A segment for each phase but ringing, as long as `ledger.phases` counts it; one entered again goes on."""
    entered = [event for event in events if event.kind in ENTERS]
    found: list[Segment] = []
    since = entered[0].at if entered else end
    agent: str | None = None  # who talks is also who holds and who puts through
    for event, following in zip(entered, [*entered[1:], None], strict=True):
        since = max(since, event.at)
        phase = ENTERS[event.kind]
        until = max(following.at if following else end, since)
        who, target = _people(event, rings)
        agent = (who or agent) if phase in _WITH_AGENT else None
        if phase is Phase.RING:
            continue
        outcome = _waited(event, following, events) if phase is Phase.QUEUE else None
        segment = Segment(phase, since, until, agent, target, outcome)
        if found and _goes_on(found[-1], segment):
            found[-1] = replace(found[-1], ended=segment.ended, outcome=segment.outcome)
        else:
            found.append(segment)
    return found


def _people(event: CallEvent, rings: Mapping[str, _Ring]) -> tuple[str | None, str | None]:
    """The agent and the telephone that an event is about, as far as it tells."""
    ring = rings.get(str(event.data.get("leg")))
    agent = event.data.get("agent") or (ring.agent if ring else None)
    target = event.data.get("number") or (ring.target if ring else None) or event.data.get("by")
    return agent, target


def _goes_on(last: Segment, segment: Segment) -> bool:
    same = (last.kind, last.agent, last.target) == (segment.kind, segment.agent, segment.target)
    return same and last.ended == segment.began and last.outcome is not Outcome.OVERFLOW


def _waited(event: CallEvent, following: CallEvent | None, events: Sequence[CallEvent]) -> Outcome | None:
    """How a stretch of waiting ended; None: it went on after something that was said to the caller."""
    until = following.seq if following else events[-1].seq
    meanwhile = {one.kind for one in events if event.seq < one.seq <= until}
    if Kind.OVERFLOWED in meanwhile:
        return Outcome.OVERFLOW
    if Kind.CALLBACK_ASKED in meanwhile:
        return Outcome.CALLBACK
    if following is not None:
        return Outcome.ANSWERED if following.kind in _TALKS else None
    return Outcome.CALLER_LEFT if _caller_left(events) else None


# The telephones that rang


def _rings(events: Sequence[CallEvent]) -> dict[str, _Ring]:
    rings: dict[str, _Ring] = {}
    for event in events:
        leg, data = str(event.data.get("leg")), event.data
        if event.kind is Kind.LEG_DIALLED:
            rings[leg] = _Ring(leg, data.get("target") or None, data.get("agent") or None, event.at)
        ring = rings.get(leg)
        if ring is None:
            continue
        if event.kind is Kind.LEG_ANSWERED:
            ring.answered = max(event.at, ring.began)
        elif event.kind is Kind.LEG_ENDED:
            ring.over = max(event.at, ring.began)
            ring.cause = int(data.get("cause", 0))
    return rings


def _offers(events: Sequence[CallEvent], rings: Mapping[str, _Ring], end: datetime) -> list[Segment]:
    """A segment for each telephone that was dialled, and for each number that was not allowed to be."""
    talks = {str(event.data.get("leg")): event.at for event in reversed(events) if event.kind in _TALKS}
    left = _caller_left(events)
    outgoing = events[0].data.get("direction") == "out"
    found = []
    for ring in rings.values():
        began = min(ring.began, end)
        ended = max(min(ring.answered or ring.over or end, end), began)
        outcome = _outcome(ring, rings, talks, left)
        if outgoing and ring.answered and outcome is not Outcome.ELSEWHERE:
            outcome = Outcome.ANSWERED  # the agent, who waits for the caller then; and the caller, who is dialled too
        found.append(Segment(Phase.RING, began, ended, ring.agent, ring.target, outcome))
    for event in events:
        if event.kind is Kind.LEG_REFUSED:
            at = min(event.at, end)
            found.append(Segment(Phase.RING, at, at, None, event.data.get("number"), Outcome.REFUSED))
    return found


def _outcome(ring: _Ring, rings: Mapping[str, _Ring], talks: Mapping[str, datetime], left: datetime | None) -> Outcome:
    """What became of one telephone; `talks`: since when the caller talked on which leg."""
    if ring.leg in talks:
        return Outcome.ANSWERED
    if ring.cause == _ELSEWHERE or any(_was_faster(rings[leg], ring) for leg in talks if leg in rings):
        return Outcome.ELSEWHERE
    if ring.answered and any(since <= ring.began for since in talks.values()):
        return Outcome.ANSWERED  # asked back while the caller was on hold
    if ring.cause in (_BUSY, _REJECTED):
        return Outcome.REFUSED
    if left is not None and (ring.over is None or left <= ring.over):
        return Outcome.CALLER_LEFT
    return Outcome.REFUSED if ring.answered else Outcome.NO_ANSWER


def _was_faster(winner: _Ring, ring: _Ring) -> bool:
    """Whether the one was answered while the other rang too."""
    if winner.answered is None or ring is winner:
        return False
    return ring.began <= winner.answered and (ring.over is None or winner.answered <= ring.over)


def _caller_left(events: Sequence[CallEvent]) -> datetime | None:
    """When the caller hung up, if it was the caller who did."""
    return next((e.at for e in events if e.kind is Kind.HANGUP and e.data.get("by") == "caller"), None)
