"""An agent's telephone on a call: rung, answered, gone; the agent's state follows it, whatever happens to the call."""

from __future__ import annotations

import asyncio

import structlog

from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.presence import Act, NotNow, State

log = structlog.get_logger()


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
    name = call.client.name if call.client else ""
    shown = f'"{name.replace(chr(34), "")}" <{call.incoming.caller or "anonymous"}>'
    before = len(call.legs)
    try:
        leg = await call.dial(endpoint, f"PJSIP/{endpoint}", seconds, shown, agent=agent)
    finally:
        for one in call.legs[before:]:
            if one.agent == agent:
                follow(call, one)
    return leg


def follow(call: Session, leg: Leg) -> None:
    """From now on the agent's state follows the leg."""

    def ended(_: asyncio.Future[int]) -> None:
        call.exchange.phones.free(leg.target, call.id)
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
