"""Hang up with a cause."""

from __future__ import annotations

from vorzimmer.calls.session import Session
from vorzimmer.core.plan import Hangup


async def run(call: Session, step: Hangup) -> bool:
    """Hang up; nothing follows."""
    await call.hang_up(step.cause, by="system")
    return True
