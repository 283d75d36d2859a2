"""Answer the call."""

from __future__ import annotations

from vorzimmer.calls.session import Session


async def run(call: Session) -> bool:
    """Answer, and go on."""
    await call.answer()
    return False
