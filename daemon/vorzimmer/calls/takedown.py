"""The end of a call on Asterisk: everything that was made for it goes, and is waited for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

import structlog

from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable
from vorzimmer.asterisk.objects import Channel
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.room import Room
from vorzimmer.core.ledger import Kind

log = structlog.get_logger()

EVENT_LAG = 2.0
"""Seconds that an event may come after the answer to a request that already shows what it says."""

NORMAL = 16
"""Q.850: normal clearing."""

Request = Callable[[], Awaitable[None]]


class Call(Protocol):
    """What is needed of the call."""

    id: str
    exchange: Exchange
    channel: Channel
    room: Room
    legs: list[Leg]
    gone: asyncio.Event
    destroyed: asyncio.Event
    hung_up: bool
    outlived: bool

    def record(self, kind: Kind, **data: Any) -> None:
        """Write to the ledger."""


async def take_down(call: Call) -> None:
    """Take everything down and wait until the last channel is gone. What cannot be reached is waited for."""
    while not await _is_asked_for(call):
        await call.exchange.ari.ready()
    await _all_gone(call)


async def quietly(request: Request) -> bool:
    """Ask for an end. False: it is not known whether it took effect."""
    try:
        await request()
    except (Gone, Conflict):
        pass
    except Unavailable:
        return False
    except AriError as error:
        log.warning("call.close_failed", error=str(error))
    return True


async def _is_asked_for(call: Call) -> bool:
    """Ask for the end of everything. False: for something it is not known whether it took effect."""
    wanted: list[Request] = [leg.hang_up for leg in call.legs]
    # Not twice: a second cause would overtake the first one on its way to the caller.
    if not call.gone.is_set() and not call.hung_up:
        wanted.append(partial(call.channel.hang_up, cause=NORMAL))
    known = await asyncio.gather(*(quietly(one) for one in wanted))
    known.append(await quietly(call.room.close))
    return all(known)


async def _all_gone(call: Call) -> None:
    """Wait for the end of each channel; an event that does not come is replaced by a question."""
    waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(call.destroyed.wait())}
    waits |= {leg.ended for leg in call.legs}
    _, late = await asyncio.wait(waits, timeout=EVENT_LAG)
    if not late:
        return
    with contextlib.suppress(Unavailable):
        for channel_id in [one for one, over in _channels(call) if not over]:
            await _ask_after(call, channel_id)
    for wait in late:
        wait.cancel()
    call.channel.forget()
    for leg in call.legs:
        leg.channel.forget()


async def _ask_after(call: Call, channel_id: str) -> None:
    """A channel whose end was not told: gone all the same, or sent on, or it must be hung up once more."""
    try:
        found = await call.exchange.ari.channels(channel_id).read()
    except Gone:
        return
    call.record(Kind.PROBLEM, what="channel outlived its call", channel=channel_id)
    if found.app != call.exchange.app:
        call.outlived = call.outlived or channel_id == call.id
    else:
        await quietly(partial(call.exchange.ari.channels(channel_id).hang_up, cause=NORMAL))


def _channels(call: Call) -> Sequence[tuple[str, bool]]:
    return [(call.id, call.destroyed.is_set()), *((leg.id, leg.ended.done()) for leg in call.legs)]
