"""What a call was in the middle of when its daemon died, from its ledger; and a ledger made up where there is none.

A call is resumed by doing the step again in which it was. What the step had begun (an announcement, legs, a message
being recorded, a talk) is taken over instead of begun a second time; what it had finished is not done again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from vorzimmer.core import way
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Announce, Answer, Deed, Forward, Incoming, Machine, Plan, Queue, RingGroup
from vorzimmer.core.way import Place


@dataclass(frozen=True, slots=True)
class Dialled:
    """A leg that the step had dialled: its channel, the endpoint or number, and how far it had come.

    `agent`: whose telephone it is, if an agent's.
    """

    leg: str
    target: str
    agent: str = ""
    rang: bool = False
    answered: bool = False
    confirmed: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """What a step had begun. `place`: the step's in the plan, None before the first; `since`: when it began.

    `announced`: the media whose playing it had begun, in order. `talk`: the leg the caller talks with, or would if it
    were not on hold. `asked`: the legs to whom it was to be put through.
    """

    place: Place | None = None
    since: datetime | None = None
    announced: tuple[str, ...] = ()
    recording: bool = False
    legs: tuple[Dialled, ...] = ()
    talk: str | None = None
    asked: frozenset[str] = frozenset()

    @property
    def tried(self) -> frozenset[str]:
        """The endpoints and numbers that it had dialled."""
        return frozenset(leg.target for leg in self.legs)


NOTHING = Begun()
"""A step that is done for the first time."""


def begun(events: Sequence[CallEvent]) -> Begun:
    """What the last step had begun."""
    first = _beginning(events)
    if first is None:
        return NOTHING
    within = [event for event in events if event.seq >= first.seq]
    talks = [event for event in within if event.kind in _TALKS]
    asking = [event for event in within if event.kind is Kind.TRANSFERRING]
    asked = [event for event in within if asking and event.seq > asking[-1].seq and event.kind is Kind.LEG_DIALLED]
    if asking and (own := asking[-1].data.get("agent")):
        # A telephone of the agent's own, to which the talk moves, was dialled too.
        asked = [event for event in asked if event.data.get("agent") != own]
    return Begun(
        place=way.read(first.data),
        since=first.at,
        announced=tuple(str(event.data["media"]) for event in within if event.kind is Kind.ANNOUNCING),
        recording=any(event.kind is Kind.RECORDING for event in within),
        legs=legs_of(within),
        talk=str(talks[-1].data["leg"]) if talks else None,
        asked=frozenset(str(event.data["leg"]) for event in asked),
    )


_TALKS = frozenset({Kind.TALKING, Kind.HELD, Kind.FORWARDED, Kind.PUT_THROUGH})


def _beginning(events: Sequence[CallEvent]) -> CallEvent | None:
    """The event with which the last step began: if it was resumed, the one before that.

    One that was begun anew because Asterisk could not be reached, or by another plan, began there.
    """
    first: CallEvent | None = None
    resumed = False
    for event in events:
        if event.kind is Kind.RECOVERED:
            resumed = True
        elif event.kind is Kind.ROUTED:
            resumed = False
        elif event.kind is Kind.STEP:
            if first is None or not resumed or way.read(event.data) != way.read(first.data):
                first = event
            resumed = False
    return first


def legs_of(events: Sequence[CallEvent]) -> tuple[Dialled, ...]:
    """The legs that these events tell of."""
    told: dict[Kind, set[str]] = {}
    for event in events:
        if "leg" in event.data:
            told.setdefault(event.kind, set()).add(str(event.data["leg"]))

    def came_to(kind: Kind, leg: str) -> bool:
        return leg in told.get(kind, ())

    return tuple(
        Dialled(
            leg := str(event.data["leg"]),
            str(event.data.get("target", "")),
            str(event.data.get("agent", "")),
            rang=came_to(Kind.LEG_RINGING, leg),
            answered=came_to(Kind.LEG_ANSWERED, leg),
            confirmed=came_to(Kind.LEG_CONFIRMED, leg),
            ended=came_to(Kind.LEG_ENDED, leg),
        )
        for event in events
        if event.kind is Kind.LEG_DIALLED
    )


def place_in(plan: Plan, events: Sequence[CallEvent]) -> Place:
    """Where to go on in a plan that was decided again.

    The same steps as before: with the one it was in, or in the same menu, if there still is such a one. Others, because
    the client's data were changed meanwhile: with the first that is more than a greeting, for that was heard; whoever
    leaves a message stays with the machine.
    """
    found = begun(events)
    if found.place is not None and is_planned(plan, events):
        kept = way.still(plan, found.place)
        if kept is not None:
            return kept
    begin = way.begin(plan) or Place(0)
    if found.place is None:
        return begin
    machines = [place for place, deed in way.places(plan) if isinstance(deed, Machine)]
    if found.recording and machines:
        return machines[0]
    more = next((n for n, step in enumerate(plan.steps) if not isinstance(step, Answer | Announce)), 0)
    return way.begin(plan, more) or begin


def is_routed(events: Sequence[CallEvent]) -> bool:
    """Whether it was decided at all whose call it is."""
    return any(event.kind is Kind.ROUTED for event in events)


def is_planned(plan: Plan, events: Sequence[CallEvent]) -> bool:
    """Whether these are the steps by which the call went last."""
    before = next((event.data.get("steps") for event in reversed(events) if event.kind is Kind.ROUTED), None)
    return before == [type(step).__name__ for step in plan.steps]


def wanted(begun: Begun, step: Deed) -> frozenset[str]:
    """The legs with which this step goes on; all others are of no use any more."""
    if begun.talk is not None:
        return begun.asked | {begun.talk}
    if isinstance(step, Queue):
        return frozenset(dialled.leg for dialled in begun.legs if dialled.agent)
    targets: Collection[str] = ()
    if isinstance(step, RingGroup):
        targets = step.endpoints
    elif isinstance(step, Forward):
        targets = (step.number,)
    return frozenset(dialled.leg for dialled in begun.legs if dialled.target in targets)


def client_of(events: Sequence[CallEvent], plan: Plan, directory: Directory) -> Client | None:
    """Whose call it is: what was decided at first stands. If that client is gone, nobody else learns of the call."""
    first = next((event for event in events if event.kind is Kind.ROUTED), None)
    return plan.client if first is None else directory.clients.get(str(first.data.get("client") or ""))


def incoming_of(arrived: CallEvent) -> Incoming:
    """The call as it had arrived."""
    data = arrived.data
    return Incoming(
        dialled=str(data["dialled"]),
        caller=data.get("caller"),
        caller_name=data.get("caller_name"),
        withheld=bool(data.get("withheld", False)),
        diverted_from=data.get("diverted_from"),
        looped=bool(data.get("looped", False)),
    )


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk that is going on, as Asterisk shows it."""

    leg: str
    target: str
    since: datetime


def arrival(incoming: Incoming) -> dict[str, Any]:
    """What the ledger says of an arrival."""
    return {
        "dialled": incoming.dialled,
        "caller": incoming.caller,
        "caller_name": incoming.caller_name,
        "withheld": incoming.withheld,
        "diverted_from": incoming.diverted_from,
        "looped": incoming.looped,
    }


def is_outgoing(arrived: CallEvent) -> bool:
    """Whether we made the call, by its first event."""
    return arrived.data.get("direction") == "out"


def routed(plan: Plan) -> dict[str, Any]:
    """What the ledger says of a decision."""
    return {
        "client": plan.client.id if plan.client else None,
        "state": plan.state.value if plan.state else None,
        "reason": plan.reason,
        "steps": [type(step).__name__ for step in plan.steps],
        "skipped": [f"{skip.what}: {skip.reason}" for skip in plan.skipped],
        "treatment": plan.treatment.value if plan.treatment else None,
    }


def rebuilt(
    call_id: str, incoming: Incoming, plan: Plan, arrived: datetime, talk: Talk, *, outgoing: bool = False
) -> list[CallEvent]:
    """The ledger of a talking call of which no record is left, from what Asterisk shows. `outgoing`: we made it.

    Its ids follow from the call's, so rebuilding it again after the next death gives the same events.
    """
    place = place_of_target(plan, talk.target)
    step = way.deed_at(plan, place) if place is not None else None
    forwarded = isinstance(step, Forward)
    own = {"leg": call_id, "target": incoming.caller}
    made: list[tuple[Kind, datetime, Mapping[str, Any]]] = [
        (Kind.ARRIVED, arrived, {**arrival(incoming), **({"direction": "out"} if outgoing else {})}),
        (Kind.ROUTED, arrived, routed(plan)),
        (Kind.PROBLEM, arrived, {"what": "the call's records were lost; these were made from what Asterisk showed"}),
        (Kind.STEP, arrived, {**way.told(place or Place(0)), "step": type(step).__name__, "reason": "found in it"}),
        (Kind.LEG_DIALLED, arrived, {"leg": talk.leg, "target": talk.target}),
        *([(Kind.LEG_DIALLED, arrived, own), (Kind.LEG_ANSWERED, talk.since, own)] if outgoing else []),
        (Kind.ANSWERED, talk.since, {}),
        (Kind.LEG_ANSWERED, talk.since, {"leg": talk.leg, "target": talk.target}),
        (
            Kind.FORWARDED if forwarded else Kind.TALKING,
            talk.since,
            {"leg": talk.leg, "by": step.kind, "number": talk.target}
            if isinstance(step, Forward)
            else {"leg": talk.leg, "by": talk.target},
        ),
    ]
    return [made_up(call_id, seq, at, kind, data) for seq, (kind, at, data) in enumerate(made)]


def place_of_target(plan: Plan, target: str) -> Place | None:
    """Where this endpoint or number is dialled."""
    for place, deed in way.places(plan):
        if isinstance(deed, RingGroup) and target in deed.endpoints:
            return place
        if isinstance(deed, Forward) and target == deed.number:
            return place
    return None


def made_up(call_id: str, seq: int, at: datetime, kind: Kind, data: Mapping[str, Any]) -> CallEvent:
    """An event whose id follows from the call and its place there: written twice, it is stored once."""
    return CallEvent(str(uuid5(NAMESPACE_URL, f"{call_id}/{seq}")), call_id, seq, at, kind, data)
