"""The queue: wait for an agent who may serve the client, and talk; or leave for the next of the chain.

Who is offered which call is decided by `core.line`; the place is kept through rings that nobody answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from vorzimmer.calls import agent_leg
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.ringing import first_answered, latest
from vorzimmer.calls.session import Session
from vorzimmer.calls.steps import callback
from vorzimmer.calls.steps.waiting_room import Asked, keep_company
from vorzimmer.calls.talk import Ending, Talk
from vorzimmer.calls.whisper import whisper
from vorzimmer.core import way
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.line import Offer, Waiting
from vorzimmer.core.overflow import why_not
from vorzimmer.core.plan import Queue
from vorzimmer.core.way import Place

SLACK = 3
"""Seconds after which a telephone that Asterisk should have stopped ringing is given up."""


async def run(call: Session, step: Queue) -> bool:
    """Wait and be served. False: the caller goes on in the chain."""
    if callback.is_promised(call):
        await callback.confirm(call)
        return True
    began = _since(call)
    since = began or call.now()
    waiting = Waiting(
        call=call.id,
        needs=step.needs,
        priority=step.priority,
        since=since,
        at_once=step.at_once,
        last_agent=call.exchange.line.last_agent(step.needs.client, call.incoming.caller),
    )
    reason = _overflow(call, step, waiting, again=began is not None)
    if reason is None:
        call.record(Kind.QUEUED, ahead=call.exchange.line.ahead(waiting), priority=step.priority)
        deadline = since + timedelta(seconds=step.wait)
        reason = await _serve(call, step, waiting, (deadline - call.now()).total_seconds())
    if reason is None:
        return True
    call.record(Kind.OVERFLOWED, reason=reason)
    return False


def _overflow(call: Session, step: Queue, waiting: Waiting, *, again: bool) -> str | None:
    """Why the caller does not even begin to wait. `again`: it had begun to, and keeps its place."""
    outlook = call.exchange.line.outlook(waiting, call.exchange.clock())
    return why_not(replace(step, most_waiting=None, most_wait=None) if again else step, outlook)


def _since(call: Session) -> datetime | None:
    """When the caller began to wait, if this step was begun before: by another process, or before a gap."""
    steps = [event for event in call.events if event.kind is Kind.STEP]
    same = list(takewhile(lambda step: _which(step) == _which(steps[-1]), reversed(steps)))
    return same[-1].at if len(same) > 1 else None


def _which(step: CallEvent) -> tuple[Place, Any]:
    return way.read(step.data), step.data.get("step")


async def _serve(call: Session, step: Queue, waiting: Waiting, seconds: float) -> str | None:
    """None: the caller has been served, or is called back; else why not."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    legs = [leg for leg in call.take_over_agents() if leg.agent]
    while True:
        if legs:
            ending = await _ring_on(call, step, legs)
            legs = []
        else:
            found = await _offered(call, step, waiting, until - loop.time())
            if isinstance(found, str):
                return found
            if found is None:
                callback.ask(call, step, waiting)
                await callback.confirm(call)
                return None
            waiting = replace(waiting, tried=waiting.tried | set(found.agents))
            ending = await _ring(call, step, found)
        if ending is Ending.OVER:
            return None
        if ending is Ending.UNREACHED:
            # The caller has been served once: now before all others who are equal, and with no limit of time.
            until = loop.time() + step.wait
            waiting = replace(waiting, tried=frozenset(), last_agent=_last_agent(call))


def _last_agent(call: Session) -> str | None:
    return next((leg.agent for leg in reversed(call.legs) if leg.agent and leg.answered.is_set()), None)


async def _offered(call: Session, step: Queue, waiting: Waiting, seconds: float) -> Offer | str | None:
    """Wait for agents. A text: why the wait is over without; None: the caller wants to be called back."""
    with call.exchange.line.place_for(waiting) as place:
        company = asyncio.create_task(keep_company(call, step))
        decided = asyncio.create_task(place.decided.wait())
        try:
            done, _ = await asyncio.wait(
                {company, decided}, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (company, decided):
                task.cancel()
            await asyncio.wait({company, decided})
        if company in done and company.result() is Asked.CALLBACK:
            return None
        if not place.decided.is_set():
            return f"waited {step.wait} s"
        offer = place.take()
        if offer is None:
            return "no agent is logged in any more"
        call.record(Kind.OFFERED, agents=list(offer.agents), reason=offer.reason)
        return offer


async def _ring(call: Session, step: Queue, offer: Offer) -> Ending | None:
    """Ring the offered agents; None: nobody answered."""
    before = len(call.legs)
    try:
        waits = call.hearing.wait_for_person(music=step.music)
        _, *legs = await asyncio.gather(waits, *(agent_leg.ring(call, agent, step.seconds) for agent in offer.agents))
        return await _first_to_answer(call, step, [leg for leg in legs if leg is not None])
    finally:
        # Whatever went wrong on the way, nobody's telephone rings for nothing, and nobody stays reserved.
        rung = [leg for leg in call.legs[before:] if leg.agent in offer.agents]
        await asyncio.gather(*(leg.hang_up() for leg in rung), return_exceptions=True)
        for agent in offer.agents:
            agent_leg.let_be(call, agent)


async def _ring_on(call: Session, step: Queue, legs: Sequence[Leg]) -> Ending | None:
    """Telephones that another process had rung go on ringing."""
    for leg in legs:
        agent_leg.take_over(call, leg)
    await call.hearing.wait_for_person(music=step.music)
    return await _first_to_answer(call, step, legs)


async def _first_to_answer(call: Session, step: Queue, legs: Sequence[Leg]) -> Ending | None:
    try:
        winner = await first_answered(legs, step.seconds + SLACK)
        if winner is None:
            return None
        agent_leg.answered(call, winner)
        losers = [leg for leg in map(latest, legs) if leg is not winner]
        await asyncio.gather(*(leg.hang_up(elsewhere=True) for leg in losers), return_exceptions=True)
        await whisper(call, winner)
        if not await call.join(winner, Kind.TALKING, by=winner.agent):
            return None
        return await Talk(call, winner).run()
    finally:
        await asyncio.gather(*(leg.hang_up() for leg in map(latest, legs)), return_exceptions=True)
