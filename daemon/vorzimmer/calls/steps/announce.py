"""Play an announcement to its end."""

from __future__ import annotations

from vorzimmer.calls.session import Session
from vorzimmer.core.plan import Announce


async def run(call: Session, step: Announce) -> bool:
    """Play it, and go on."""
    await call.hearing.play(*step.media, early=step.early)
    return False
