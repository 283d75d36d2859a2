"""Has a client's own number checked by the calls process, over its control socket."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import NumberCheck
from vorzimmer.store.forwarding_checks import Check, read

PATIENCE = 120.0
"""Seconds for the answer: the longest ringing, and as long again for the check before it."""

BEGINS_WITHIN = timedelta(seconds=30)
"""What is not begun by then is not done any more: a check that nobody waits for."""


async def ask(
    socket: Path, client: str, number: str, at: datetime, *, actor: str, opening: datetime | None = None
) -> Check:
    """Have it checked now (`at`), and say what was seen.

    Raises:
        vorzimmer.control.commands.Refused: it was not dialled.
        Unreachable: the calls process is away, or was lost in the middle: nobody knows.
    """
    command = NumberCheck(actor=actor, client=client, number=number, deadline=at + BEGINS_WITHIN)
    try:
        async with asyncio.timeout(PATIENCE), connect(socket) as control:
            found = await control.ask(command)
    except TimeoutError:
        raise Unreachable(f"the calls process has not answered within {PATIENCE:g} s") from None
    return read(found, at, actor=actor, opening=opening)
