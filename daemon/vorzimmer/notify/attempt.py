"""One attempt at one message: whatever goes wrong at it is an outcome."""

from __future__ import annotations

import asyncio
from typing import Any

from vorzimmer.core.ports import Trouble
from vorzimmer.core.retry import ATTEMPTS
from vorzimmer.notify.channel import Asking, Channel, Dead, Lane, Outcome, RetryLater
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import RenderError
from vorzimmer.store.outbox import Leased


async def attempt(lane: Lane | None, message: Leased, trouble: Trouble) -> Outcome:
    """Send it within its lane's time. None: there is no such channel. `trouble` hears of faults of ours."""
    if message.tries > ATTEMPTS:
        return Dead("given up: every attempt ended without an outcome")
    if lane is None:
        return Dead(f"there is no channel {one_line(message.channel, 40)!r}")
    asking = isinstance(lane.channel, Asking)
    try:
        async with asyncio.timeout(lane.seconds):
            return await _sent(lane.channel, message)
    except TimeoutError:
        return RetryLater(f"took longer than {lane.seconds:.0f} s", away=True, unclear=asking)
    except RenderError as error:
        return Dead(one_line(f"cannot be written: {error}"))
    except Exception as error:  # noqa: BLE001 - a fault at one message must not stop the others
        words = one_line(f"{type(error).__name__}: {error}")
        trouble("outbox.fault", **about(message), error=words)
        return RetryLater(words, unclear=asking)


async def _sent(channel: Channel, message: Leased) -> Outcome:
    """Send it; where a repetition costs, ask first what became of an attempt whose outcome nobody knows."""
    if message.unclear and isinstance(channel, Asking):
        found = await channel.look(message)
        if found is not None:
            return found
    return await channel.send(message)


def about(message: Leased) -> dict[str, Any]:
    """Which message it is, for those who are told of it."""
    return {
        "message": message.id,
        "call_id": message.call_id,
        "client": message.client_id,
        "channel": message.channel,
    }
