"""A call as somebody beside it sees it now: who calls, what the caller is in, what is asked for.

Computed from the ledger so far, whatever its length; the pages show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vorzimmer.core.ledger import ENTERS, CallEvent, Kind, Phase
from vorzimmer.core.supervision import LEFT, Stage


class Recording(StrEnum):
    """Whether the talk is recorded."""

    NONE = "none"
    ON = "on"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody whom the caller may be put through to.

    `to`: as it was asked for. `reached`: has answered, `by` says who. `three`: all three talk.
    """

    to: str
    attended: bool
    reached: bool = False
    by: str | None = None
    three: bool = False


@dataclass(frozen=True, slots=True)
class Supervised:
    """A supervisor (id of the agent who is one) in the talk of this agent."""

    supervisor: str
    agent: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class CallView:
    """A call. `since`: of the phase. `agents`: whose telephones belong to it, in the order in which they were dialled.

    `talking`: the agent who has the talk. `waiting`: in the line, for nobody rings. `refused`: why what an agent asked
    for last was not done. `over`: it has ended. `queued`: since when it has been in the line, or was there last.
    """

    call: str
    client: str | None
    did: str
    caller: str | None
    caller_name: str | None
    withheld: bool
    direction: str
    treatment: str | None
    arrived: datetime
    phase: Phase
    since: datetime
    agents: tuple[str, ...]
    talking: str | None
    waiting: bool
    asking: Asking | None
    recording: Recording
    refused: str | None
    over: bool
    queued: datetime | None = None
    supervised: tuple[Supervised, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the caller hears music."""
        return self.phase is Phase.HOLD


def view_of(events: Sequence[CallEvent]) -> CallView:
    """The call whose ledger this is; the first event is the arrival."""
    first = events[0]
    entered = next(event for event in reversed(events) if event.kind in ENTERS)
    routed = next((event for event in events if event.kind is Kind.ROUTED), None)
    agents = agents_of(events)
    kinds = {event.kind for event in events}
    return CallView(
        call=first.call_id,
        client=routed.data.get("client") if routed else None,
        did=str(first.data.get("dialled") or ""),
        caller=first.data.get("caller"),
        caller_name=first.data.get("caller_name"),
        withheld=bool(first.data.get("withheld")),
        direction=str(first.data.get("direction") or "in"),
        treatment=routed.data.get("treatment") if routed else None,
        arrived=first.at,
        phase=ENTERS[entered.kind],
        since=entered.at,
        agents=agents,
        talking=_talking(events),
        waiting=_waits(events) and not agents,
        asking=_asking(events),
        recording=_recording(events),
        refused=_refused(events),
        over=bool(kinds & {Kind.ENDED, Kind.HANGUP}),
        queued=_queued(events),
        supervised=_supervised(events),
    )


def agents_of(events: Sequence[CallEvent]) -> tuple[str, ...]:
    """The agents whose telephones belong to the call now, in the order in which they were dialled."""
    legs: dict[str, str] = {}
    for event in events:
        leg = str(event.data.get("leg"))
        if event.kind is Kind.LEG_DIALLED and event.data.get("agent"):
            legs[leg] = str(event.data["agent"])
        elif event.kind is Kind.LEG_ENDED:
            legs.pop(leg, None)
    return tuple(dict.fromkeys(legs.values()))


def _talking(events: Sequence[CallEvent]) -> str | None:
    """Who talks with the caller, or has it on hold: the agent of the last talk, until the caller is put through."""
    for event in reversed(events):
        if event.kind is Kind.PUT_THROUGH:
            return None
        if event.kind is Kind.TALKING:
            return str(event.data.get("by") or "") or None
    return None


def _waits(events: Sequence[CallEvent]) -> bool:
    for event in reversed(events):
        if event.kind is Kind.QUEUED:
            return True
        if event.kind in (Kind.OVERFLOWED, Kind.TALKING, Kind.STEP, Kind.ENDED, Kind.HANGUP, Kind.CALLBACK_ASKED):
            return False
    return False


def _queued(events: Sequence[CallEvent]) -> datetime | None:
    return next((event.at for event in reversed(events) if event.kind is Kind.QUEUED), None)


def _supervised(events: Sequence[CallEvent]) -> tuple[Supervised, ...]:
    """Who is in the talk. A calls process that took the call up from another has taken everybody out first."""
    found: dict[str, Supervised] = {}
    for event in events:
        if event.kind is Kind.RECOVERED:
            found.clear()
        elif event.kind is Kind.SUPERVISED:
            supervisor, how = str(event.data.get("supervisor")), str(event.data.get("how"))
            if how == LEFT:
                found.pop(supervisor, None)
            elif how in list(Stage):  # a later version may know more of them
                found[supervisor] = Supervised(supervisor, str(event.data.get("agent")), Stage(how))
    return tuple(found.values())


def _asking(events: Sequence[CallEvent]) -> Asking | None:
    asking: Asking | None = None
    leg: str | None = None
    for event in events:
        data = event.data
        if event.kind is Kind.TRANSFERRING:
            asking, leg = Asking(str(data.get("to")), bool(data.get("attended"))), None
        elif event.kind is Kind.CONSULTED and asking is not None:
            asking, leg = Asking(asking.to, asking.attended, reached=True, by=data.get("by")), data.get("leg")
        elif event.kind is Kind.LEG_ENDED and leg is not None and data.get("leg") == leg:
            asking = None  # of three who talk, that one has left
        elif event.kind is Kind.TALKING and asking is not None and data.get("three"):
            asking = Asking(asking.to, asking.attended, asking.reached, asking.by, three=True)
        elif event.kind is Kind.TALKING and not data.get("moved"):
            asking = None
    return asking


def _recording(events: Sequence[CallEvent]) -> Recording:
    found = Recording.NONE
    for event in events:
        if event.kind in (Kind.TALK_RECORDING, Kind.RECORDING_RESUMED):
            found = Recording.ON
        elif event.kind is Kind.RECORDING_PAUSED:
            found = Recording.PAUSED
        elif event.kind in (Kind.WITHDRAWN, Kind.TALK_RECORDED):
            found = Recording.NONE
    return found


def _refused(events: Sequence[CallEvent]) -> str | None:
    last = next((event for event in reversed(events) if event.kind in _ANSWERS), None)
    return str(last.data.get("reason")) if last is not None and last.kind is Kind.WISH_REFUSED else None


_ANSWERS = {Kind.WISH_REFUSED, Kind.TALKING, Kind.HELD, Kind.TRANSFERRING, Kind.CONSULTED, Kind.PUT_THROUGH}
