"""A voice menu: the caller is asked for a key, while the prompt plays and for some seconds after it."""

from __future__ import annotations

import asyncio

from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.menu import OTHERWISE
from vorzimmer.core.plan import Ask
from vorzimmer.core.way import MOST_ASKED, OUT


async def run(call: Session, ask: Ask) -> str:
    """Ask until one of the menu's keys is pressed. Returns that key, or `OTHERWISE`, or `OUT` where it is too much."""
    if _asked(call) > MOST_ASKED:
        call.record(Kind.MENU_LEFT, menu=ask.menu, key=None, reason=f"asked {MOST_ASKED} times in this call")
        return OUT
    call.forget_keys()
    before: tuple[str, ...] = ()
    for _ in range(ask.repeats + 1):
        key = await _pressed(call, ask, before)
        if key in ask.keys:
            call.record(Kind.MENU_LEFT, menu=ask.menu, key=key, reason=f"key {key}")
            return key
        call.record(Kind.MENU_MISSED, menu=ask.menu, key=key or None)
        call.forget_keys()
        before = ask.wrong if key else ()
    if before:
        await call.hearing.play(*before)
    call.record(Kind.MENU_LEFT, menu=ask.menu, key=None, reason="no key of the menu was pressed")
    return OTHERWISE


async def _pressed(call: Session, ask: Ask, before: tuple[str, ...]) -> str:
    """The first key that is pressed, which stops the prompt at once; empty: none in time."""
    key = asyncio.ensure_future(call.digits.get())
    try:
        await call.hearing.prompt(*before, *ask.prompt, until=key, menu=ask.menu)
        await asyncio.wait({key}, timeout=ask.timeout)
        return key.result() if key.done() else ""
    finally:
        key.cancel()


def _asked(call: Session) -> int:
    """How often a menu was asked in this call, this time counted."""
    return sum(event.kind is Kind.STEP and event.data.get("step") == Ask.__name__ for event in call.events)
