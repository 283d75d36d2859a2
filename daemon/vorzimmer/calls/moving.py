"""An agent talks on at another of the own telephones, or at the same one after its leg was lost with a page.

While a telephone rings another can ring in its place, or the same one anew.
"""

from __future__ import annotations

import asyncio
import contextlib

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls import agent_leg
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.talk import NotPossible

SECONDS = 25
"""How long the new telephone rings."""


def begin(call: Session, before: Leg, endpoint: str) -> asyncio.Task[Leg | None]:
    """Ring the telephone; the task's result is the leg that was answered, or None.

    Raises:
        NotPossible: it is not one of the agent's, or another call has it.
    """
    if endpoint != before.target:
        _require_free(call, before.agent, endpoint)
    before.is_moving = True
    return asyncio.create_task(_ring(call, before, endpoint))


async def ring_instead(call: Session, agent: str, endpoint: str) -> None:
    """The telephone that rings for this agent falls silent, and that one rings; the same one if its page was lost.

    Raises:
        NotPossible: none rings, that one is not one of the agent's, or it cannot be rung.
    """
    ringing = (leg for leg in call.legs if leg.agent == agent and leg.is_living and not leg.answered.is_set())
    before = next(ringing, None)
    if before is None:
        raise NotPossible("no telephone of the agent's rings")
    if endpoint != before.target:
        _require_free(call, agent, endpoint)
    if not await agent_leg.ring_instead(call, before, endpoint, SECONDS):
        raise NotPossible("that telephone cannot be rung now")


def _require_free(call: Session, agent: str, endpoint: str) -> None:
    known = call.exchange.floor.agents.get(agent)
    if known is None or endpoint not in known.endpoints:
        raise NotPossible("that is not one of the agent's telephones")
    if not call.exchange.phones.can_ring(endpoint):
        raise NotPossible("that telephone cannot be rung now")


async def _ring(call: Session, before: Leg, endpoint: str) -> Leg | None:
    phones = call.exchange.phones
    phones.reserve(endpoint, call.id)
    leg: Leg | None = None
    taken = False
    try:
        leg = await agent_leg.dial(call, endpoint, SECONDS, before.agent)
        async with asyncio.timeout(SECONDS + agent_leg.SLACK):
            taken = await leg.outcome()
    except (AriError, TimeoutError) as error:
        call.record(Kind.PROBLEM, what="moving", error=str(error) or type(error).__name__)
    finally:
        if not taken:
            if leg is not None:
                with contextlib.suppress(AriError):
                    await leg.hang_up()
            if endpoint != before.target or not before.is_living:
                phones.free(endpoint, call.id)
    return leg if taken else None


async def swap(call: Session, before: Leg, after: Leg) -> bool:
    """The agent is at the new leg, and in the room with it; the old one is nobody's.

    False: the new one has gone, or Asterisk does not let it in; the talk stays where it was.
    """
    admitted = False
    with contextlib.suppress(AriError):
        admitted = await call.room.admit(after.id, keys_apart=True)
    if not admitted:
        call.exchange.phones.free(after.target, call.id)
        with contextlib.suppress(AriError):
            await after.hang_up()
        return False
    agent_leg.hand_over(call, before, after)
    return True
