"""A call from top to bottom: what the plan says, one step after another, until somebody has served the caller."""

from __future__ import annotations

from typing import assert_never

from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.calls.session import Session
from vorzimmer.calls.steps import announce, answer, forward, hangup, machine, queue, ring_group
from vorzimmer.core import plan
from vorzimmer.core.ledger import Kind
from vorzimmer.core.resume import NOTHING

TRIES = 3
"""How often a step is begun while Asterisk cannot be reached in its middle."""


async def follow(call: Session, steps: tuple[plan.Step, ...], first: int = 0) -> None:
    """Carry out the steps in order, from the place `first` on; the first that serves the caller ends the call.

    A step that Asterisk refuses is written down and the next one is tried: inside the hours no fault of one phone
    or one announcement may close the line.

    Raises:
        CallerLeft: the caller has gone.
    """
    for place, step in enumerate(steps[first:], first):
        if await attempt(call, place, step):
            return
        call.begun = NOTHING


async def attempt(call: Session, place: int, step: plan.Step) -> bool:
    """One step, begun again where Asterisk could not be reached: nobody knows then what took effect."""
    for _ in range(TRIES):
        call.record(Kind.STEP, n=place, step=type(step).__name__, reason=step.reason)
        try:
            return await carry_out(call, step)
        except Unavailable as error:
            call.record(Kind.PROBLEM, step=type(step).__name__, error=str(error))
            await call.clear_legs()
            call.begun = NOTHING
        except (AriError, TimeoutError) as error:
            call.record(Kind.PROBLEM, step=type(step).__name__, error=str(error) or type(error).__name__)
            return False
    return False


async def carry_out(call: Session, step: plan.Step) -> bool:
    """Do one step. True: the caller has been served, and nothing more is to be done."""
    match step:
        case plan.Answer():
            doing = answer.run(call)
        case plan.Announce():
            doing = announce.run(call, step)
        case plan.RingGroup():
            doing = ring_group.run(call, step)
        case plan.Queue():
            doing = queue.run(call, step)
        case plan.Forward():
            doing = forward.run(call, step)
        case plan.Machine():
            doing = machine.run(call, step)
        case plan.Hangup():
            doing = hangup.run(call, step)
        case _:
            assert_never(step)
    return await doing
