"""While a caller waits for an agent: place and predicted wait are said, and a key is listened for."""

from __future__ import annotations

import asyncio
import math
from enum import Enum, auto

from vorzimmer.calls.session import Session
from vorzimmer.calls.steps import callback
from vorzimmer.core.announcement import Sound
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Queue
from vorzimmer.core.routing import media


class Asked(Enum):
    """What a waiting caller asks for."""

    CALLBACK = auto()


async def keep_company(call: Session, step: Queue) -> Asked:
    """Speak at the set intervals until cancelled, or until the caller asks for something."""
    call.forget_keys()
    speaking = asyncio.create_task(_speak(call, step))
    try:
        while True:
            key = await call.digits.get()
            if not step.callback or key != callback.KEY:
                continue
            why = callback.refusal(call)
            if why is None:
                return Asked.CALLBACK
            call.record(Kind.CALLBACK_REFUSED, reason=why)
            await _stop(speaking)
            await call.hearing.interject(call.exchange.media_uri(callback.REFUSED))
            speaking = asyncio.create_task(_speak(call, step))
    finally:
        await _stop(speaking)


async def _stop(speaking: asyncio.Task[None]) -> None:
    speaking.cancel()
    await asyncio.wait({speaking})


async def _speak(call: Session, step: Queue) -> None:
    """To callers who were answered; one who hears it ring is told nothing."""
    await call.hearing.wait_for_person(music=step.music)
    while step.announce_every and call.answered:
        await asyncio.sleep(step.announce_every)
        line = call.exchange.line
        place = line.place_of(call.id)
        predicted = line.predicted(step.needs, place, call.exchange.clock()) if place else None
        if not place:
            continue
        call.record(Kind.TOLD_PLACE, place=place, predicted=round(predicted) if predicted is not None else None)
        await call.hearing.interject(*_words(call, step, place, predicted))


def _words(call: Session, step: Queue, place: int, predicted: float | None) -> list[str]:
    words = ["sound:queue-youarenext"] if place == 1 else _place(place)
    if predicted is not None:
        minutes = max(math.ceil(predicted / 60), 1)
        unit = "minute" if minutes == 1 else "minutes"
        words += ["sound:queue-holdtime", f"number:{minutes}", f"sound:queue-{unit}"]
    client = call.client
    offered = step.callback and callback.refusal(call) is None
    own = (
        [media(client, one, call.now()) for one in (Sound.QUEUE, *([Sound.CALLBACK] if offered else []))]
        if client
        else []
    )
    return [*words, *(name for name in own if name is not None)]


def _place(place: int) -> list[str]:
    return ["sound:queue-thereare", f"number:{place}", "sound:queue-callswaiting"]
