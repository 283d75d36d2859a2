"""Who answers outside accepts by pressing 1, so that no voicemail counts as a person."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind

CONFIRM_SECONDS = 20.0
"""Seconds to press 1, prompts included."""

PROMPT = "sound:followme/options"
"""Asterisk's own "press 1 to accept this call, or 2 to reject it"."""


async def accepted(call: Session, leg: Leg) -> bool:
    """Ask for the key, again and again, until it comes, another comes, the leg ends or the time is over."""
    if any(dialled.leg == leg.id and dialled.confirmed for dialled in call.begun.legs):
        return True
    key = asyncio.ensure_future(leg.digits.get())
    try:
        await _ask(call, leg)
        either: set[asyncio.Future[Any]] = {key, leg.ended}
        done, _ = await asyncio.wait(either, timeout=CONFIRM_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        yes = key in done and key.result() == "1"
    finally:
        key.cancel()
        with contextlib.suppress(AriError):
            await call.exchange.ari.playbacks.stop(f"{leg.id}-ask")
    if yes:
        call.record(Kind.LEG_CONFIRMED, leg=leg.id)
    else:
        call.record(Kind.STEP_ENDED, leg=leg.id, reason="not accepted")
    return yes


async def _ask(call: Session, leg: Leg) -> None:
    """Play the prompt over and over, as one list: Asterisk plays the entries one after another.

    Not beside one that another process had begun: only one of two of the same name can be stopped.
    """
    media, playback = ",".join([PROMPT] * 5), f"{leg.id}-ask"
    with contextlib.suppress(AriError):
        if not await call.exchange.ari.playbacks.live(playback):
            await leg.channel.play(playback, media, call.language)
