"""Ring a group: all at once or one after another; the first to answer talks, the others are told so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence

from vorzimmer.calls.leg import Leg
from vorzimmer.calls.ringing import first_answered
from vorzimmer.calls.session import Session
from vorzimmer.core.acd import Offer, choose
from vorzimmer.core.handling import Strategy
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import RingGroup

SLACK = 3
"""Seconds after which a phone that Asterisk should have stopped ringing is given up."""


async def run(call: Session, step: RingGroup) -> bool:
    """Ring the group's free phones, waiting for one if all are busy. False: nobody answered."""
    if not call.begun.tried.isdisjoint(step.endpoints):
        if await _go_on(call, step):
            return True
        if step.strategy is Strategy.ALL:
            return False
    endpoints = await _free_phones(call, step)
    if not endpoints:
        return False
    if step.strategy is Strategy.ALL:
        return await _ring(call, step, endpoints)
    for endpoint in endpoints:
        if endpoint not in call.begun.tried and await _ring(call, step, (endpoint,)):
            return True
    return False


async def _go_on(call: Session, step: RingGroup) -> bool:
    """Another process had rung phones: take over those that still ring. False: none was answered."""
    phones = call.exchange.phones
    legs = call.take_over(step.endpoints)
    for leg in legs:
        phones.reserve(leg.target, call.id)
    return await _first_to_answer(call, step, [leg.target for leg in legs], _have(legs))


async def _have(legs: list[Leg]) -> list[Leg]:
    return legs


async def _free_phones(call: Session, step: RingGroup) -> tuple[str, ...]:
    """The phones to ring now; empty when nobody can be reached or none got free in time."""
    phones = call.exchange.phones
    loop = asyncio.get_running_loop()
    began = loop.time() - call.waited
    offer = choose(step.endpoints, phones.pool())
    if not offer.endpoints and _patience(call, step, offer, began) > 0:
        with phones.waiting(step.endpoints, impatient=step.wait < step.seconds) as look_again:
            # This takes a moment in which a phone may get free: it is news then.
            await call.hearing.wait_for_person(music=step.music)
            with contextlib.suppress(TimeoutError):
                while not offer.endpoints and (left := _patience(call, step, offer, began)) > 0:
                    await look_again(left)
                    offer = choose(step.endpoints, phones.pool())
    if not offer.endpoints:
        waited = f", waited {loop.time() - began:.0f} s" if offer.state != "unreachable" and step.wait else ""
        call.record(Kind.STEP_ENDED, group=step.group, reason=f"{offer.reason}{waited}")
    return offer.endpoints


def _patience(call: Session, step: RingGroup, offer: Offer, began: float) -> float:
    """Seconds for which it is worth waiting still. One that only rings will talk or be free; talking takes longer."""
    if offer.state == "unreachable":
        return 0
    ringing = call.exchange.phones.any_ringing(step.endpoints)
    return began + max(step.wait, step.seconds if ringing else 0) - asyncio.get_running_loop().time()


async def _ring(call: Session, step: RingGroup, endpoints: tuple[str, ...]) -> bool:
    phones = call.exchange.phones
    free = [endpoint for endpoint in endpoints if endpoint not in phones.pool().busy]
    for endpoint in free:
        phones.reserve(endpoint, call.id)
    legs = asyncio.gather(*(_dial(call, step, endpoint) for endpoint in free))
    return await _first_to_answer(call, step, free, legs)


async def _first_to_answer(
    call: Session, step: RingGroup, endpoints: Sequence[str], dialling: Awaitable[list[Leg]]
) -> bool:
    """Connect the caller with the first of the phones, all reserved, that answers; free them at the end."""
    phones = call.exchange.phones
    before = len(call.legs)
    legs: list[Leg] = []
    try:
        _, legs = await asyncio.gather(call.hearing.wait_for_person(music=step.music), dialling)
        winner = await first_answered(legs, step.seconds + SLACK)
        if winner is None:
            call.record(Kind.STEP_ENDED, group=step.group, reason="nobody answered")
            return False
        phones.talk(winner.target, call.id)
        losers = [leg for leg in legs if leg is not winner]
        hush = asyncio.gather(*(leg.hang_up(elsewhere=True) for leg in losers), return_exceptions=True)
        for loser in losers:
            phones.free(loser.target, call.id)
        talked = await call.connect(winner, Kind.TALKING, by=winner.target)
        await hush
    finally:
        for endpoint in endpoints:
            phones.free(endpoint, call.id)
        await asyncio.gather(*(leg.hang_up() for leg in {*legs, *call.legs[before:]}), return_exceptions=True)
    if talked:
        await call.hang_up(16, by="callee")
    return talked


async def _dial(call: Session, step: RingGroup, endpoint: str) -> Leg:
    """Dial one phone; its display shows the client's name and the caller's number."""
    name = call.client.name if call.client else ""
    number = call.incoming.caller or "anonymous"
    caller_id = f'"{name.replace(chr(34), "")}" <{number}>'
    return await call.dial(endpoint, f"PJSIP/{endpoint}", step.seconds, caller_id)
