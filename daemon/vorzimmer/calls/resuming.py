"""One call that another process had begun, from what the ledger knows and what Asterisk shows to its next step."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Literal

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.objects import BridgeData
from vorzimmer.calls import agent_leg
from vorzimmer.calls.flow import follow
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outside import take_over_outside
from vorzimmer.calls.recording import recording_of
from vorzimmer.calls.session import Session
from vorzimmer.calls.supervisor import decide_for
from vorzimmer.calls.talk import Ending, Talk
from vorzimmer.core import resume, way
from vorzimmer.core.ledger import Kind, Phase
from vorzimmer.core.plan import Forward, Plan
from vorzimmer.core.targets import AGENT_SECONDS, Attempt

log = structlog.get_logger()

NORMAL = 16
"""Q.850: normal clearing."""


@dataclass(frozen=True, slots=True)
class View:
    """What Asterisk shows at one moment, by id. `dialled`: channels that are "Down" and were dialled all the same."""

    channels: Mapping[str, events.ChannelData]
    bridges: Mapping[str, BridgeData]
    dialled: Collection[str] = ()

    def partner(self, call_id: str) -> events.ChannelData | None:
        """The channel with which the caller is in the call's bridge."""
        bridge = self.bridges.get(f"{call_id}-b")
        if bridge is None or call_id not in bridge.channels:
            return None
        return next((self.channels[one] for one in bridge.channels if one != call_id and one in self.channels), None)


def find_ended(call: Session, view: View, ended_at: datetime | None) -> None:
    """The caller has left meanwhile. `ended_at`: as Asterisk wrote it down; else it is the last time known.

    Legs that have ended too were found so only now: that is not how long anybody talked.
    """
    last = call.last_of_caller
    call.ended_at = max(ended_at, last) if ended_at else last
    _find_legs(call, view)
    plan = decide_for(call.exchange, call.incoming, call.arrived)
    call.client = resume.client_of(call.events, plan, call.exchange.directory())
    call.talk_recording.found()
    recording = recording_of(call)
    if recording.is_there():  # Asterisk may have begun it right after the death, as it was asked to
        call.recording = recording
        recording.finished.set()
    else:
        recording.forget()
    call.vanish()


def find_living(call: Session, view: View) -> Plan:
    """Write down what Asterisk shows and the ledger does not know; returns the plan, decided again."""
    plan = decide_for(call.exchange, call.incoming, call.arrived)
    call.client = resume.client_of(call.events, plan, call.exchange.directory())
    _find_legs(call, view)
    call.talk_recording.found()
    if call.begun.recording:
        call.recording = recording_of(call)  # kept even if the caller hangs up before the step goes on
    if view.channels[call.id].state == "Up":
        call.found_answered()
    _find_talk(call, view, plan)
    begun_here = {dialled.leg for dialled in call.begun.legs}
    held = {leg.target for leg in call.legs if leg.id in begun_here and not leg.ended.done()}
    call.exchange.phones.keep_only(call.id, held)
    call.record(Kind.RECOVERED, phase=call.phase.value)
    log.info("call.recovered", call_id=call.id, phase=call.phase.value)
    return plan


def _find_legs(call: Session, view: View) -> None:
    """The legs as they are now, and the bridge. One that never rang was perhaps never dialled: it is dialled again."""
    silent = {leg.leg for leg in call.begun.legs if not (leg.rang or leg.answered)}
    for leg in call.legs:
        found = view.channels.get(leg.id)
        if found is not None and found.state == "Up":
            leg.answer()
        elif found is None:
            leg.end(NORMAL)
        undialled = found is not None and found.state == "Down" and leg.id not in view.dialled
        if undialled or (found is None and leg.id in silent):
            call.found_undialled(leg)
    if (bridge := view.bridges.get(f"{call.id}-b")) is not None:
        call.room.found(bridge.channels)


def _find_talk(call: Session, view: View, plan: Plan) -> None:
    """Killed right after two were put through, the daemon had no time to write it down."""
    partner = view.partner(call.id)
    leg = next((leg for leg in call.legs if partner is not None and leg.id == partner.id), None)
    if leg is None or call.begun.talk in call.room.found_in:
        return
    answered = [event.at for event in call.events if event.kind is Kind.LEG_ANSWERED and event.data["leg"] == leg.id]
    place = resume.place_of_target(plan, leg.target)
    step = way.deed_at(plan, place) if place is not None else None
    if isinstance(step, Forward):
        call.found_in_talk(leg.id, Kind.FORWARDED, max(answered, default=call.arrived), by=step.kind, number=leg.target)
    elif leg.id in call.begun.asked and not leg.agent:
        call.found_in_talk(leg.id, Kind.PUT_THROUGH, call.events[-1].at, by=leg.target, number=leg.target)
    else:
        by = leg.agent or leg.target
        call.found_in_talk(leg.id, Kind.TALKING, max(answered, default=call.arrived), by=by)


async def go_on(call: Session, plan: Plan) -> None:
    """What the call's task does from here."""
    place = resume.place_in(plan, call.events)
    wanted = resume.wanted(call.begun, way.deed_at(plan, place))
    # Only begun here: whoever has phones takes them before anything is waited for, so that no other call does.
    unwanted = [leg for leg in call.legs if leg.id not in wanted]
    _give_back(call, unwanted)
    others = asyncio.gather(*(leg.hang_up() for leg in unwanted), return_exceptions=True)
    if call.is_ending:
        pass
    elif call.begun.talk is None or not await _talk_on(call):
        if not resume.is_planned(plan, call.events):
            call.record(Kind.ROUTED, **resume.routed(plan))
        await follow(call, plan, place)
    await others


def _give_back(call: Session, unwanted: Collection[Leg]) -> None:
    """The telephones of these legs can be rung again once they have ended, unless another leg of the call is at one."""
    kept = {leg.target for leg in call.legs if leg not in unwanted and leg.is_living}

    def free(target: str, _: object) -> None:
        call.exchange.phones.free(target, call.id)

    for leg in unwanted:
        if leg.target not in kept:
            leg.ended.add_done_callback(partial(free, leg.target))


async def _talk_on(call: Session) -> bool:
    """A talk goes on until the other side leaves; that may have been while nobody watched.

    False: the caller wants an agent again.
    """
    leg = next((leg for leg in call.legs if leg.id == call.begun.talk), None) or _agent_who_left(call)
    if leg is not None and leg.agent:
        if await _talk_with_agent(call, leg) is Ending.UNREACHED:
            call.begun = resume.NOTHING
            return False
        return True
    if leg is not None and call.phase in (Phase.FORWARDED, Phase.PUT_THROUGH):
        take_over_outside(call, leg)
        await asyncio.wait({leg.ended})
    elif leg is not None:
        call.exchange.phones.talk(leg.target, call.id)
        try:
            await asyncio.wait({leg.ended})
        finally:
            call.exchange.phones.free(leg.target, call.id)
    await call.hang_up(NORMAL, by="callee")
    return True


def _agent_who_left(call: Session) -> Leg | None:
    """The leg of the agent who had put the caller through and left, for whoever is to be put through still rings."""
    if not any(leg.id in call.begun.asked for leg in call.legs):
        return None
    told = next((leg for leg in call.begun.legs if leg.leg == call.begun.talk and leg.agent), None)
    if told is None:
        return None
    leg = Leg(call.exchange.ari.channels(told.leg), told.target, call.record, agent=told.agent, dialled=True)
    leg.channel.forget()
    leg.ended.set_result(NORMAL)
    return leg


async def _talk_with_agent(call: Session, leg: Leg) -> Ending:
    """Who is in the room, and who has been asked to come, is how the talk stood."""
    if leg.is_living:
        agent_leg.take_over(call, leg)
    other = next((one for one in call.legs if one.id in call.begun.asked and one.is_living), None)
    third = None
    if other is not None:
        kind: Literal["agent", "contact"] = "agent" if other.agent else "contact"
        third = (Attempt(kind, other.agent or other.target, other.agent or other.target, AGENT_SECONDS), other)
        if other.agent:
            agent_leg.take_over(call, other)
        else:
            take_over_outside(call, other)
    has_answered = other is not None and other.answered.is_set()
    talk = Talk(call, leg, held=call.id not in call.room.found_in, other=third if has_answered else None)
    if third is not None and not has_answered:
        talk.go_on_reaching(*third)
    if not leg.is_living:
        await talk.lose_agent()
    return await talk.run()
