"""One call on Asterisk: what the steps do with the caller's channel, and what is written down about it.

Everything that happens is recorded here, in order. When the caller leaves, `gone` is set and the supervisor
cancels the flow; operations on a caller who has left raise `CallerLeft`, for the request can be faster than the
event.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable
from typing import Any

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.recording import Recording
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming

log = structlog.get_logger()

EVENT_LAG = 2.0
"""Seconds that an event may come after the answer to a request that already shows what it says."""

LONGEST_PLAYBACK = 900.0
"""Seconds; a playback that says nothing for so long is taken for lost."""


class CallerLeft(Exception):
    """The caller's channel is gone or going."""


class Session:
    """One call from its arrival to the end of its last channel."""

    def __init__(self, exchange: Exchange, call_id: str, incoming: Incoming) -> None:
        self.exchange = exchange
        self.id = call_id
        self.incoming = incoming
        self.channel = exchange.ari.channels(call_id)
        self.client: Client | None = None
        self.events: list[CallEvent] = []
        self.legs: list[Leg] = []
        self.gone = asyncio.Event()
        self.destroyed = asyncio.Event()
        self.answered = False
        self.recording: Recording | None = None
        self._bridge = exchange.ari.bridges(f"{call_id}-b")
        self._hears: str | None = None
        self._bridged = False
        self._hangup_recorded = False
        self._hung_up = False
        self._playbacks = 0
        self.channel.on_event(self._on_event)

    # The ledger

    def record(self, kind: Kind, **data: Any) -> None:
        """Append one event, with the time of this instant, to the ledger."""
        event = CallEvent(secrets.token_hex(16), self.id, len(self.events), self.exchange.clock(), kind, data)
        self.events.append(event)
        self.exchange.journal.append(event)

    def _record_hangup(self, by: str, cause: int) -> None:
        if not self._hangup_recorded:
            self._hangup_recorded = True
            self.record(Kind.HANGUP, by=by, cause=cause)

    # The caller's channel

    def _on_event(self, event: events.Event) -> None:
        match event:
            case events.HangupRequest(cause=cause):
                self._left(cause)
            case events.StasisEnd():
                self._left(0)
            case events.ChannelDestroyed(cause=cause):
                self._left(cause)
                self.destroyed.set()
                self.channel.forget()

    def _left(self, cause: int) -> None:
        # Normal clearing is what a BYE without a reason means (RFC 3398).
        self._record_hangup("caller", cause or 16)
        self.gone.set()

    async def _on_caller(self, request: Awaitable[None]) -> None:
        """Do something with the caller's channel, which may be leaving at this very moment."""
        try:
            await request
        except Gone:
            self._left(0)
            raise CallerLeft from None
        except Conflict:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVENT_LAG):
                    await self.gone.wait()
                raise CallerLeft from None
            raise

    async def answer(self) -> None:
        """Answer, if not done yet."""
        if self.answered:
            return
        await self._on_caller(self.channel.answer())
        self.answered = True
        self._hears = None
        self.record(Kind.ANSWERED)

    async def play(self, media: str, *, early: bool = False) -> None:
        """Play one announcement to its end, as early media where asked and possible."""
        if not early:
            await self.answer()
        await self._hush()
        self._playbacks += 1
        playback = f"{self.id}-p{self._playbacks}"
        finished: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.exchange.ari.on_event(playback, lambda event: _finish(finished, event))
        self.record(Kind.ANNOUNCING, media=media, early=not self.answered)
        try:
            uri = self.exchange.media_uri(media)
            await self._on_caller(self.channel.play(playback, uri, self.language))
            async with asyncio.timeout(LONGEST_PLAYBACK):
                failed = await finished
            if failed:
                self.record(Kind.PROBLEM, what="playback failed", media=media)
        finally:
            self.exchange.ari.forget(playback)

    @property
    def language(self) -> str:
        """Of Asterisk's own sounds."""
        return self.client.language.value if self.client else "en"

    async def wait_for_person(self, *, music: bool) -> None:
        """Let the caller wait: music once answered, ringing before."""
        if music:
            await self.answer()
        hears = "music" if music else "ringing"
        if self._hears == hears:
            return
        await self._hush()
        await self._on_caller(self.channel.start_moh() if music else self.channel.ring())
        self._hears = hears
        self.record(Kind.WAITING if self.answered else Kind.RINGING)

    async def _hush(self) -> None:
        """Stop the music; ringing stops by itself with the next sound."""
        if self._hears == "music":
            self._hears = None
            await self._on_caller(self.channel.stop_moh())
        self._hears = None

    async def hang_up(self, cause: int, by: str) -> None:
        """End the caller's channel with a Q.850 cause."""
        self._record_hangup(by, cause)
        with contextlib.suppress(Gone, Conflict):
            await self.channel.hang_up(cause=cause)
        self._hung_up = True

    # Legs

    async def dial(self, target: str, endpoint: str, seconds: int, caller_id: str, **variables: str) -> Leg:
        """Dial a leg; it rings for `seconds` at most. What becomes of it is told by the leg."""
        channel = self.exchange.ari.channels(f"{self.id}-l{len(self.legs) + 1}")
        leg = Leg(channel, target, self.record)
        self.legs.append(leg)
        self.record(Kind.LEG_DIALLED, leg=leg.id, target=target, endpoint=endpoint)
        shown = {"CONNECTEDLINE(num-pres,i)": "allowed", "CONNECTEDLINE(all,i)": caller_id}
        await leg.dial(
            endpoint,
            seconds,
            app=self.exchange.app,
            args=f"leg,{self.id}",
            originator=self.id,
            variables=shown | variables,
            reported={"VZ_TARGET": target},
        )
        return leg

    async def connect(self, leg: Leg, kind: Kind, **data: Any) -> bool:
        """Bridge caller and leg until the leg ends. False: the leg had gone before they could talk."""
        await self._hush()
        await asyncio.gather(self.answer(), self._build_bridge())
        try:
            await self._bridge.add(self.id, leg.id)
        except (Gone, Conflict):
            if self.gone.is_set():
                raise CallerLeft from None
            return False
        self.record(kind, leg=leg.id, **data)
        # Not awaited directly: a cancelled `await` would cancel the leg's own future with it.
        await asyncio.wait({leg.ended})
        return True

    async def _build_bridge(self) -> None:
        if not self._bridged:
            self._bridged = True
            await self._bridge.create()

    # The end

    async def close(self) -> None:
        """Take everything down and wait until the last channel is gone; raises nothing."""
        self._record_hangup("system", 16)
        await asyncio.gather(*(self._quietly(leg.hang_up()) for leg in self.legs))
        # Not twice: a second cause would overtake the first one on its way to the caller.
        if not self.gone.is_set() and not self._hung_up:
            await self._quietly(self.channel.hang_up(cause=16))
        if self._bridged:
            await self._quietly(self._bridge.destroy())
        await self._all_gone()
        if self.recording is not None:
            await self.recording.settle()

    async def _quietly(self, request: Awaitable[None]) -> None:
        try:
            await request
        except (Gone, Conflict):
            pass
        except AriError as error:
            log.warning("call.close_failed", error=str(error))

    async def _all_gone(self) -> None:
        """Wait for the end of each channel; an event that does not come is replaced by a question."""
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self.destroyed.wait())}
        waits |= {leg.ended for leg in self.legs}
        _, late = await asyncio.wait(waits, timeout=EVENT_LAG)
        if not late:
            return
        for channel_id, over in self._channels():
            with contextlib.suppress(Unavailable):
                if not over and await self.exchange.ari.channels.exists(channel_id):
                    self.record(Kind.PROBLEM, what="channel outlived its call", channel=channel_id)
        for wait in late:
            wait.cancel()
        self.channel.forget()
        for leg in self.legs:
            leg.channel.forget()

    def _channels(self) -> list[tuple[str, bool]]:
        return [(self.id, self.destroyed.is_set()), *((leg.id, leg.ended.done()) for leg in self.legs)]


def _finish(finished: asyncio.Future[bool], event: events.Event) -> None:
    if isinstance(event, events.PlaybackFinished) and not finished.done():
        finished.set_result(event.failed)
