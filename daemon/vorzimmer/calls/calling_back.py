"""A caller is called back: an agent's telephone first, then the caller's, then they talk as in every call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Gone
from vorzimmer.calls import agent_leg, resuming
from vorzimmer.calls.flow import follow
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outgoing import OutgoingCall, place_of_queue
from vorzimmer.calls.outside import dial_caller, take_over_outside
from vorzimmer.calls.ringing import first_answered, latest
from vorzimmer.calls.talk import Ending, Talk
from vorzimmer.calls.whisper import whisper
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Plan

RING_SECONDS = 30
"""How long the caller's telephone rings: six times, mostly; a mobile's mailbox answers about then."""

SLACK = 3
"""Seconds after which a telephone that Asterisk should have stopped ringing is given up."""

NOBODY_THERE = "sound:vm-nobodyavail"
"""What the agent hears when the caller does not answer."""

SAY_SECONDS = 8.0
"""No longer than that."""

NO_ANSWER = 19
"""Q.850: no answer from the user."""


async def run(call: OutgoingCall, plan: Plan, agents: Sequence[str], seconds: int) -> None:
    """Ring these agents, who are reserved for the call; whoever answers first speaks with the caller."""
    try:
        rung = await asyncio.gather(*(agent_leg.ring(call, agent, seconds) for agent in agents))
        legs = [leg for leg in rung if leg is not None]
        winner = await first_answered(legs, seconds + SLACK)
        if winner is None:
            return
        agent_leg.answered(call, winner)
        losers = [leg for leg in map(latest, legs) if leg is not winner]
        await asyncio.gather(*(leg.hang_up(elsewhere=True) for leg in losers), return_exceptions=True)
        await whisper(call, winner)
        if winner.is_living:
            call.write_down()
            await dial_caller(call, RING_SECONDS)
            await _bring_together(call, plan, winner)
    finally:
        await asyncio.gather(*(leg.hang_up() for leg in call.legs if leg.agent in agents), return_exceptions=True)
        for agent in agents:
            agent_leg.let_be(call, agent)


async def go_on(call: OutgoingCall, plan: Plan) -> None:
    """What a daemon that died had begun: the caller's channel is there."""
    callee = call.callee
    agent = next((leg for leg in call.legs if leg.agent and leg.answered.is_set() and leg.is_living), None)
    if callee is not None:
        take_over_outside(call, callee)
    if call.answered:
        call.exchange.callbacks.reached(call.id)
    if call.has_talked or call.is_ending:
        await resuming.go_on(call, plan)
        return
    if agent is not None:
        agent_leg.take_over(call, agent)
    await asyncio.gather(*(leg.hang_up() for leg in call.legs if leg is not agent), return_exceptions=True)
    try:
        with contextlib.suppress(Gone):
            if callee is not None and not call.answered and not await callee.channel.heard_of():
                await callee.hang_up()  # made, and never dialled
        await _bring_together(call, plan, agent)
    finally:
        if agent is not None:
            with contextlib.suppress(AriError):
                await agent.hang_up()


async def _bring_together(call: OutgoingCall, plan: Plan, agent: Leg | None) -> None:
    """The caller's telephone rings, or was not allowed to be rung; the agent waits for it."""
    if not await _is_there(call, agent):
        _note_unreached(call)
        if agent is not None and agent.is_living:
            await _say_nobody(call, agent)
        return
    if agent is None or not await _talk_to_the_end(call, agent):
        await _wait_for_agent(call, plan)


async def _talk_to_the_end(call: OutgoingCall, agent: Leg) -> bool:
    """False: the agent has left, and the caller has not."""
    return await call.join(agent, Kind.TALKING, by=agent.agent) and await Talk(call, agent).run() is Ending.OVER


async def _is_there(call: OutgoingCall, agent: Leg | None) -> bool:
    """Whether the caller answers while the agent waits; if one of them does not, the caller is rung no longer."""
    callee = call.callee
    if callee is None:
        return False
    if call.answered:
        return True
    if agent is None or not agent.is_living:
        await callee.hang_up()
        return False
    with contextlib.suppress(AriError):
        await agent.channel.ring()
    outcome = asyncio.ensure_future(callee.outcome())
    try:
        either: set[asyncio.Future[Any]] = {outcome, agent.ended}
        await asyncio.wait(either, timeout=RING_SECONDS + SLACK, return_when=asyncio.FIRST_COMPLETED)
    finally:
        outcome.cancel()
        if not call.answered:
            with contextlib.suppress(AriError):  # if it does not take effect, the end of the call asks again
                await callee.hang_up()
    with contextlib.suppress(AriError):
        await agent.channel.stop_ringing()
    return call.answered


def _note_unreached(call: OutgoingCall) -> None:
    ended = call.callee.ended if call.callee is not None else None
    cause = ended.result() if ended is not None and ended.done() else 0
    call.record_hangup("system", cause or NO_ANSWER)


async def _say_nobody(call: OutgoingCall, agent: Leg) -> None:
    """Let the agent hear that the caller is not there."""
    ari, playback = call.exchange.ari, f"{agent.id}-n"
    over = asyncio.Event()

    def on_event(event: events.Event) -> None:
        if isinstance(event, events.PlaybackFinished):
            over.set()

    ari.on_event(playback, on_event)
    try:
        with contextlib.suppress(AriError, TimeoutError):
            async with asyncio.timeout(SAY_SECONDS):
                await agent.channel.play(playback, NOBODY_THERE, call.language)
                await over.wait()
    finally:
        ari.forget(playback)


async def _wait_for_agent(call: OutgoingCall, plan: Plan) -> None:
    """The caller is there and the agent is not any more: as anybody who waits in the line."""
    place = place_of_queue(plan)
    if place is not None:
        await follow(call, plan, place)
    await call.hang_up(16, by="system")
