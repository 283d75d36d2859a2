"""A leg: a channel that we dial for a call, from the request to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Gone, Unavailable
from vorzimmer.asterisk.objects import Channel
from vorzimmer.core.ledger import Kind

Record = Callable[..., None]

NO_ROUTE = 3
"""Q.850: what Asterisk's refusal to dial at all is recorded as."""

ANSWERABLE = 0.1
"""Seconds after which a REFER may be answered. Asterisk 22.10 tells us of it an instant before it is ready for an
answer; one that comes in between meets an unset pointer and ends Asterisk (res_pjsip_refer, `ari_state`)."""

DECLINED = "channel_declined"
"""ARI's word for what a telephone is told that asked for a transfer and does not get it."""


class Leg:
    """One dialled channel.

    `answered` and `ended` are set by events; `ended` holds the Q.850 cause. `digits` are the keys pressed, `transfers`
    what its telephone asked for by REFER. `agent`: the agent whose telephone it is. `dialled`: another process has
    dialled it. `is_moving`: the agent's talk is about to go on at another leg, and ends with this one only if not.
    `instead`: another of the agent's telephones, which rings now in place of this one.
    """

    def __init__(
        self, channel: Channel, target: str, record: Record, *, agent: str = "", dialled: bool = False
    ) -> None:
        self.channel = channel
        self.target = target
        self.agent = agent
        self.is_moving = False
        self.instead: Leg | None = None
        self.answered = asyncio.Event()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.digits: asyncio.Queue[str] = asyncio.Queue(maxsize=64)
        self.transfers: asyncio.Queue[events.TransferAsked] = asyncio.Queue(maxsize=4)
        self._record = record
        self._created = asyncio.Event()
        self._dialled = asyncio.Event()
        if dialled:
            self._dialled.set()
        self._hung_up = False
        channel.on_event(self.hear)

    @property
    def id(self) -> str:
        """The channel's id."""
        return self.channel.id

    @property
    def is_living(self) -> bool:
        """Whether it has not ended."""
        return not self.ended.done()

    @property
    def was_hung_up(self) -> bool:
        """Whether it was us who ended it."""
        return self._hung_up

    def hear(self, event: events.Event) -> None:
        """Asterisk tells something of the channel."""
        match event:
            case events.StasisStart():
                self._created.set()
            case events.ChannelState(state="Up"):
                self.answer()
            case events.ChannelState(state="Ringing"):
                self._record(Kind.LEG_RINGING, leg=self.id, target=self.target)
            case events.Dtmf(digit=digit) if not self.digits.full():
                self.digits.put_nowait(digit)
            case events.TransferAsked() if not self.transfers.full():
                self.transfers.put_nowait(event)
            case events.ChannelDestroyed(cause=cause):
                self.end(cause)

    def answer(self) -> None:
        """The called side has answered."""
        if not self.answered.is_set():
            self._record(Kind.LEG_ANSWERED, leg=self.id, target=self.target)
            self.answered.set()

    def end(self, cause: int) -> None:
        """The channel is gone, or never was."""
        if not self.ended.done():
            self._record(Kind.LEG_ENDED, leg=self.id, target=self.target, cause=cause)
            self.ended.set_result(cause)
            self.channel.forget()

    async def dial(self, endpoint: str, seconds: int, **how: Any) -> None:
        """Dial; a refusal by Asterisk ends the leg instead of raising.

        Raises:
            Unavailable: nobody knows whether it was dialled.
        """
        try:
            await self.channel.create(endpoint, **how)
            if await self._either(self._created):
                await self.channel.dial(seconds)
        except Gone:
            pass  # it has ended at this very moment: its event comes
        except Unavailable:
            raise
        except AriError as error:
            self._record(Kind.PROBLEM, leg=self.id, target=self.target, error=str(error))
            self.end(NO_ROUTE)
        finally:
            self._dialled.set()

    async def outcome(self) -> bool:
        """Wait until it is answered (True) or has ended (False)."""
        return await self._either(self.answered)

    async def _either(self, event: asyncio.Event) -> bool:
        """Wait for the event (True) or the end of the leg (False)."""
        waiting = asyncio.ensure_future(event.wait())
        either: set[asyncio.Future[Any]] = {waiting, self.ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        return not self.ended.done()

    async def decline_transfers(self) -> None:
        """Say no to whatever this telephone asks for by REFER, until cancelled: it is nobody's who may put through."""
        while True:
            await self.transfers.get()
            with contextlib.suppress(AriError):
                await self.tell_transfer(DECLINED)

    async def tell_transfer(self, state: str) -> None:
        """Say how the transfer goes that its telephone asked for by REFER: see `Channel.tell_transfer`.

        Raises:
            AriError: it cannot be told.
        """
        await asyncio.sleep(ANSWERABLE)
        await self.channel.tell_transfer(state)

    async def hang_up(self, *, elsewhere: bool = False) -> None:
        """End it; `elsewhere`: another phone took the call, and this one should not show a missed call."""
        # Asterisk may still be working on the request to dial: hanging up must not overtake it.
        await self._dialled.wait()
        if self.ended.done() or self._hung_up:
            return
        self._hung_up = True
        try:
            await self.channel.hang_up(reason="answered_elsewhere" if elsewhere else "normal")
        except Gone:
            pass
        except AriError:
            self._hung_up = False  # not known to have taken effect: whoever cleans up next tries again
            raise
