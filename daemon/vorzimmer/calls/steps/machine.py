"""The answering machine: greeting, beep, a message until `#`, silence, the limit or the caller's end."""

from __future__ import annotations

import asyncio

from vorzimmer.calls.recording import recording_of
from vorzimmer.calls.session import Session
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Machine

SLACK = 10
"""Seconds over the longest message in which Asterisk must have ended the recording."""


async def run(call: Session, step: Machine) -> bool:
    """Take a message, then hang up."""
    if not call.begun.recording:
        await call.hearing.play(step.greeting)
        call.record(Kind.RECORDING)
    call.recording = recording = recording_of(call)
    if not (call.begun.recording and await recording.found()):
        await call.channel.record(recording.name, max_seconds=step.max_seconds, silence=step.silence, terminate_on="#")
    async with asyncio.timeout(step.max_seconds + step.silence + SLACK):
        await recording.finished.wait()
    await recording.settle()
    await call.hang_up(16, by="system")
    return True
