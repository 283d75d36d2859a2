"""Callers who speak to the answering machine as people do.

They listen, speak when it is quiet, and begin anew when the machine begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from tests.faults.evidence import Kind, Offered
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import CallEndedError, Phone
from tests.sipp.rtp import Line, LineClosedError
from tests.sipp.wire import Address

WORDS = sound.announcement(77, 3.0)
"""What each caller says."""

_QUIET = 0.6
"""Seconds without sound after which the caller believes that it is its turn."""

_SILENCE = bytes((0xD5, 0x55, 0xD4, 0x54))
"""A-law of the smallest amplitudes."""

_ANSWER_PATIENCE = 60.0
_PATIENCE = 60.0
"""Seconds until a caller hangs up unheard."""


@dataclass
class _Progress:
    spoke: bool = False


async def leave_message(phone: Phone, target: Address, number: str, caller: str) -> Offered:
    """Call, leave a message, hang up, and tell how it went. Never raises for what the far side does."""
    shift = time.time() - asyncio.get_running_loop().time()
    invited = time.time()
    call = await phone.call(number, target, caller)
    progress = _Progress()
    with contextlib.suppress(CallEndedError, LineClosedError, TimeoutError):
        await call.answered(_ANSWER_PATIENCE)
        async with asyncio.timeout(_PATIENCE):
            await _speak(call, progress)
    with contextlib.suppress(TimeoutError):
        await call.hang_up()
    call.close()
    ended = call.ended
    return Offered(
        caller=caller,
        kind=Kind.MESSAGE,
        invited=invited,
        answered=call.answered_at + shift if call.answered_at is not None else None,
        ended=ended.at + shift if ended else None,
        by=None if ended is None else "caller" if ended.by == "near" else "called",
        status=call.final,
        bye=next((message.status for message in call.received if message.status and message.method == "BYE"), 0),
        spoke=progress.spoke and ended is not None and ended.by == "near",
        ladder=f"{call!r}",
    )


async def _speak(call: Outgoing, progress: _Progress) -> None:
    """Wait for the beep and speak, until the words were said without the machine speaking in between."""
    line = call.line
    while call.ended is None:
        await _its_turn(call, line)
        line.speak(WORDS)
        before = _last_sound(line)
        await line.sent()
        if _last_sound(line) == before:
            progress.spoke = True
            return


async def _its_turn(call: Outgoing, line: Line) -> None:
    """Wait until something has been heard and then nothing for a while."""
    loop = asyncio.get_running_loop()
    while call.ended is None and not 0 < _last_sound(line) < loop.time() - _QUIET:  # noqa: ASYNC110 - time is waited for
        await asyncio.sleep(0.05)


def _last_sound(line: Line) -> float:
    """When something was heard for the last time, 0 if never. While Asterisk records it sends silence."""
    return next((packet.arrival for packet in reversed(line._heard) if packet.payload.strip(_SILENCE)), 0.0)
