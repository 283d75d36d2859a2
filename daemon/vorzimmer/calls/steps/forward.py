"""Forward over the trunk, through the gate; the called side accepts by pressing 1, so that no voicemail counts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.confirming import accepted
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outside import dial_outside, take_over_outside
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Forward

SLACK = 3
"""Seconds after which a leg that Asterisk should have given up is given up here."""


async def run(call: Session, step: Forward) -> bool:
    """Dial the number. False: refused by the gate, not answered, or not accepted."""
    if step.number in call.begun.tried:
        return await _go_on(call, step)
    before = len(call.legs)
    try:
        leg = await dial_outside(call, step.number, step.seconds)
        if leg is None:
            return False
        await call.hearing.wait_for_person(music=step.music)
        return await _serve(call, step, leg)
    finally:
        await _hang_up(call.legs[before:])


async def _go_on(call: Session, step: Forward) -> bool:
    """Another process had dialled the number: take its leg over, or leave it at that."""
    legs = call.take_over({step.number})
    if not legs:
        call.record(Kind.STEP_ENDED, number=step.number, reason="the leg had ended meanwhile")
        return False
    take_over_outside(call, legs[-1])
    try:
        await call.hearing.wait_for_person(music=step.music)
        return await _serve(call, step, legs[-1])
    finally:
        await _hang_up(legs)


async def _serve(call: Session, step: Forward, leg: Leg) -> bool:
    if not await _answered(call, step, leg) or (step.confirm and not await accepted(call, leg)):
        return False
    talked = await call.connect(leg, Kind.FORWARDED, by=step.kind, number=step.number)
    if talked:
        await call.hang_up(16, by="callee")
    return talked


async def _hang_up(legs: Sequence[Leg]) -> None:
    for leg in legs:
        with contextlib.suppress(AriError):
            await leg.hang_up()


async def _answered(call: Session, step: Forward, leg: Leg) -> bool:
    try:
        async with asyncio.timeout(step.seconds + SLACK):
            answered = await leg.outcome()
    except TimeoutError:
        answered = False
    if not answered:
        call.record(Kind.STEP_ENDED, number=step.number, reason="not answered")
    return answered
