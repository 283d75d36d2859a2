"""A call from top to bottom: what the plan says, one step after another, until somebody has served the caller.

Behind a menu the key that the caller has pressed says which step is the next (`core.way`).
"""

from __future__ import annotations

from typing import assert_never

from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.calls.session import Session
from vorzimmer.calls.steps import announce, answer, callback, forward, hangup, machine, menu, queue, ring_group
from vorzimmer.core import plan, way
from vorzimmer.core.ledger import Kind
from vorzimmer.core.menu import OTHERWISE
from vorzimmer.core.resume import NOTHING
from vorzimmer.core.way import Place

TRIES = 3
"""How often a step is begun while Asterisk cannot be reached in its middle."""

Outcome = bool | str
"""Whether the caller has been served, and nothing more is to be done; of a menu the key that was pressed."""


async def follow(call: Session, plan: plan.Plan, place: Place | None = None) -> None:
    """Carry out the plan from this place on, or all of it; the first step that serves the caller ends the call.

    A step that Asterisk refuses is written down and the next one is tried: inside the hours no fault of one phone
    or one announcement may close the line.

    Raises:
        CallerLeft: the caller has gone.
    """
    at = place or way.begin(plan)
    while at is not None:
        outcome = await attempt(call, at, way.deed_at(plan, at))
        if outcome is True:
            return
        at = way.onward(plan, at, outcome or OTHERWISE)
        call.begun = NOTHING


async def attempt(call: Session, place: Place, step: plan.Deed) -> Outcome:
    """One step, begun again where Asterisk could not be reached: nobody knows then what took effect."""
    for _ in range(TRIES):
        call.record(Kind.STEP, **way.told(place), step=type(step).__name__, reason=step.reason)
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


async def carry_out(call: Session, step: plan.Deed) -> Outcome:
    """Do one step."""
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
        case plan.CallBack():
            doing = callback.run(call, step)
        case plan.Machine():
            doing = machine.run(call, step)
        case plan.Hangup():
            doing = hangup.run(call, step)
        case plan.Ask():
            return await menu.run(call, step)
        case _:
            assert_never(step)
    return await doing
