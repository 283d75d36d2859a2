"""Somebody a caller is put through to is reached: one telephone after another, until one is answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls import agent_leg
from vorzimmer.calls.confirming import accepted
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outside import dial_outside
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.presence import Act, NotNow
from vorzimmer.core.targets import Attempt

SLACK = 3
"""Seconds after which a leg that Asterisk should have given up is given up here."""


async def reach(call: Session, attempts: Sequence[Attempt], *, alone: Callable[[], bool]) -> tuple[Attempt, Leg] | None:
    """The first who answers, or None.

    Args:
        call: for whom.
        attempts: in this order.
        alone: whether no agent will speak first. Outside then somebody must press 1, so that no voicemail counts.
    """
    for attempt in attempts:
        leg = await _ring(call, attempt)
        if leg is None:
            continue
        if await answers(call, attempt, leg, alone=alone):
            return attempt, leg
    return None


async def answers(call: Session, attempt: Attempt, leg: Leg, *, alone: Callable[[], bool]) -> bool:
    """Whether this leg is answered; one that is not, or is not waited for any longer, is hung up."""
    taken = False
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(attempt.seconds + SLACK):
                taken = await leg.outcome()
        if taken and attempt.kind == "agent":
            agent_leg.answered(call, leg)
        elif taken and alone():
            taken = await accepted(call, leg)
    finally:
        if not taken:
            with contextlib.suppress(AriError):
                await leg.hang_up()
    return taken


async def _ring(call: Session, attempt: Attempt) -> Leg | None:
    if attempt.kind == "agent":
        try:
            call.exchange.floor.act(attempt.target, Act.RESERVE, call.exchange.clock(), call=call.id)
        except (NotNow, KeyError) as error:
            call.record(Kind.LEG_REFUSED, agent=attempt.target, reason=str(error))
            return None
        return await agent_leg.ring(call, attempt.target, attempt.seconds)
    return await dial_outside(call, attempt.target, attempt.seconds)
