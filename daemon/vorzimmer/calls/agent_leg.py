"""An agent's telephone on a call: rung, answered, gone; the agent's state follows it, whatever happens to the call."""

from __future__ import annotations

import asyncio

import structlog

from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.presence import Act, NotNow, State

log = structlog.get_logger()

SLACK = 3
"""Seconds after which a telephone that Asterisk should have stopped ringing is given up."""


async def ring(call: Session, agent: str, seconds: int) -> Leg | None:
    """Ring an agent who is reserved for this call. None: the agent has no telephone any more.

    The display shows the client's name and the caller's number.
    """
    exchange = call.exchange
    endpoint = exchange.floor.presence(agent).phone
    if not endpoint:
        release(call, agent)
        return None
    exchange.phones.reserve(endpoint, call.id)
    _act(call, agent, Act.RING)
    before = len(call.legs)
    try:
        leg = await dial(call, endpoint, seconds, agent)
    finally:
        for one in call.legs[before:]:
            if one.agent == agent:
                follow(call, one)
    return leg


async def dial(call: Session, endpoint: str, seconds: int, agent: str) -> Leg:
    """Ring one of an agent's telephones, and nothing else."""
    name = call.client.name if call.client else ""
    shown = f'"{name.replace(chr(34), "")}" <{call.incoming.caller or "anonymous"}>'
    return await call.dial(endpoint, f"PJSIP/{endpoint}", seconds, shown, agent=agent)


async def ring_instead(call: Session, before: Leg, endpoint: str, seconds: int) -> bool:
    """Ring this telephone of the agent's in place of the one that rings, or the same one anew.

    False: it cannot be rung, or the agent does not wait for it any more.
    """
    agent, floor = before.agent, call.exchange.floor
    call.exchange.phones.reserve(endpoint, call.id)
    known = len(call.legs)
    try:
        after = await dial(call, endpoint, seconds, agent)
    finally:
        for one in call.legs[known:]:
            if one.agent == agent:
                one.is_moving = True  # as long as the first one rings, nothing follows from its end
                follow(call, one)
    presence = floor.presence(agent)
    rings = presence.state is State.RINGING and presence.call == call.id and not before.answered.is_set()
    if not (rings and before.is_living and after.is_living):
        await after.hang_up()
        return False
    floor.act(agent, Act.MOVE, call.exchange.clock(), phone=endpoint, call=call.id)
    before.instead, before.is_moving, after.is_moving = after, True, False
    before.ended.add_done_callback(
        lambda _: call.exchange.phones.reserve(endpoint, call.id) if after.is_living else None
    )
    await before.hang_up()
    return True


def hand_over(call: Session, before: Leg, after: Leg) -> None:
    """The agent's talk goes on at another leg: the state follows that one, and the old one is nobody's."""
    agent, before.agent = after.agent, ""
    phones = call.exchange.phones

    def take(_: object = None) -> None:
        if after.is_living:
            phones.reserve(after.target, call.id)
            phones.talk(after.target, call.id)

    take()
    follow(call, after)
    before.ended.add_done_callback(take)  # it is the same telephone, perhaps, and is not free now
    try:
        call.exchange.floor.act(agent, Act.MOVE, call.exchange.clock(), phone=after.target, call=call.id)
    except (NotNow, KeyError) as error:
        log.warning("agent.out_of_step", call_id=call.id, agent=agent, act=Act.MOVE.value, why=str(error))


def stay(call: Session, leg: Leg) -> None:
    """The talk does not move after all: it is over if this leg is."""
    if leg.is_moving:
        leg.is_moving = False
        if not leg.is_living:
            _settle(call, leg)


def follow(call: Session, leg: Leg) -> None:
    """From now on the agent's state follows the leg."""

    def ended(_: asyncio.Future[int]) -> None:
        call.exchange.phones.free(leg.target, call.id)
        if not leg.is_moving:
            _settle(call, leg)

    leg.ended.add_done_callback(ended)


def take_over(call: Session, leg: Leg) -> None:
    """A telephone that another process had rung, or whose agent talks."""
    call.exchange.phones.reserve(leg.target, call.id)
    presence = call.exchange.floor.presences().get(leg.agent)
    if presence is not None and presence.call != call.id:
        for act in (Act.RESERVE, Act.RING):
            _act(call, leg.agent, act)
    if leg.answered.is_set():
        call.exchange.phones.talk(leg.target, call.id)
        if presence is None or presence.call != call.id or presence.state is not State.TALKING:
            _act(call, leg.agent, Act.ANSWER)
    follow(call, leg)


def answered(call: Session, leg: Leg) -> None:
    """The agent has taken the call."""
    call.exchange.phones.talk(leg.target, call.id)
    _act(call, leg.agent, Act.ANSWER)
    if call.client is not None:
        call.exchange.line.note_spoken(call.client.id, call.incoming.caller, leg.agent)


def release(call: Session, agent: str) -> None:
    """The call goes elsewhere; nothing is held against the agent."""
    _act(call, agent, Act.RELEASE)


def let_be(call: Session, agent: str) -> None:
    """Release an agent who is still reserved for this call, and was never rung."""
    presence = call.exchange.floor.presences().get(agent)
    if presence is not None and presence.call == call.id and presence.state is State.RESERVED:
        release(call, agent)


def _settle(call: Session, leg: Leg) -> None:
    """The agent's telephone is free: after a talk, after ringing in vain, or because we let it be."""
    presence = call.exchange.floor.presences().get(leg.agent)
    if presence is None or presence.call != call.id:
        return
    if presence.state is State.TALKING and not call.has_talked:
        # The caller was never there: there is nothing to write down, and nothing is held against the agent.
        _act(call, leg.agent, Act.HANG_UP)
        if call.exchange.floor.presence(leg.agent).state is State.WRAP_UP:
            _act(call, leg.agent, Act.WRAPPED)
    elif presence.state is State.TALKING:
        agent = call.exchange.floor.agents.get(leg.agent)
        talked = (call.exchange.clock() - presence.since).total_seconds()
        call.exchange.line.note_handled(talked + (agent.wrap_up if agent else 0))
        _act(call, leg.agent, Act.HANG_UP)
    elif presence.state in (State.RESERVED, State.RINGING):
        _act(call, leg.agent, Act.RELEASE if leg.was_hung_up else Act.MISS)


def _act(call: Session, agent: str, act: Act) -> None:
    try:
        call.exchange.floor.act(agent, act, call.exchange.clock(), call=call.id)
    except (NotNow, KeyError) as error:
        # The agent was taken from the house, or from the call by a person; the call goes on without that state.
        log.warning("agent.out_of_step", call_id=call.id, agent=agent, act=act.value, why=str(error))
