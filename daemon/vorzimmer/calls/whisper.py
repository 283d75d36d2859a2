"""What an agent hears before the caller is heard: for whom to answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.announcement import Sound
from vorzimmer.core.routing import media

LONGEST = 10.0
"""Seconds; the caller waits meanwhile."""


async def whisper(call: Session, leg: Leg) -> None:
    """Play the client's whisper to the agent alone, if there is one; whatever goes wrong costs no call."""
    name = media(call.client, Sound.WHISPER, call.now()) if call.client is not None else None
    if name is None:
        return
    ari, playback = call.exchange.ari, f"{leg.id}-w"
    finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_event(event: events.Event) -> None:
        if isinstance(event, events.PlaybackFinished) and not finished.done():
            finished.set_result(None)

    ari.on_event(playback, on_event)
    try:
        with contextlib.suppress(AriError):
            await leg.channel.play(playback, call.exchange.media_uri(name), call.language)
            either: set[asyncio.Future[Any]] = {finished, leg.ended}
            await asyncio.wait(either, timeout=LONGEST, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ari.forget(playback)
