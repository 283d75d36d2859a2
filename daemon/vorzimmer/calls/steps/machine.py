"""The answering machine: greeting, beep, a message until `#`, silence, the limit or the caller's end."""

from __future__ import annotations

import asyncio

from vorzimmer.asterisk.errors import Conflict
from vorzimmer.calls.recording import recording_of
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Machine
from vorzimmer.core.resume import NOTHING

SLACK = 10
"""Seconds over the longest message in which Asterisk must have ended the recording."""


async def run(call: Session, step: Machine) -> bool:
    """Take a message, then hang up."""
    call.recording = recording = recording_of(call)
    resumed = call.begun is not NOTHING

    async def ask() -> None:
        try:
            await call.channel.record(
                recording.name, max_seconds=step.max_seconds, silence=step.silence, terminate_on="#"
            )
        except Conflict:
            if not await recording.found():  # asked for before, by whoever never heard the answer
                raise

    if not call.begun.recording:
        # Asked for while the greeting plays: Asterisk begins right behind it, whether a daemon lives then or not.
        await call.hearing.play(step.greeting, behind=ask)
        call.record(Kind.RECORDING)
    if resumed and not await recording.found():
        await ask()
    async with asyncio.timeout(step.max_seconds + step.silence + SLACK):
        await recording.finished.wait()
    await recording.settle()
    await call.hang_up(16, by="system")
    return True
