"""What the caller hears: announcements, ringing, music."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Gone
from vorzimmer.asterisk.objects import Channel
from vorzimmer.calls.exchange import Exchange
from vorzimmer.core.ledger import Kind, Phase

LONGEST_PLAYBACK = 900.0
"""Seconds; a playback that says nothing for so long for each of its media is taken for lost."""


Behind = Callable[[], Awaitable[None]]


class CallerLeft(Exception):
    """The caller's channel is gone or going."""


class Caller(Protocol):
    """What is needed of the call."""

    id: str
    exchange: Exchange
    channel: Channel
    answered: bool
    phase: Phase

    @property
    def language(self) -> str:
        """Of Asterisk's own sounds."""

    @property
    def is_ending(self) -> bool:
        """Whether somebody has hung up."""

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        """Write to the ledger."""

    async def answer(self) -> None:
        """Answer, if not done yet."""

    async def on_caller(self, request: Awaitable[None]) -> None:
        """Do something with the caller's channel; raises `CallerLeft`."""


class Hearing:
    """The ear of one caller.

    Args:
        call: whose.
        announced: what another process had begun to play in the step that is being resumed; played on, not again.
        playbacks: how many announcements the call has had.
    """

    def __init__(self, call: Caller, announced: Iterable[str] = (), playbacks: int = 0) -> None:
        self._call = call
        self._announced = deque(announced)
        self._playbacks = playbacks
        self._interjections = playbacks
        self._now: str | None = None
        self._perhaps_music = False
        self._prompting = False

    def forget(self) -> None:
        """The channel was answered: ringing has ended."""
        self._now = None

    def music_may_play(self) -> None:
        """Another process had the call: what it had switched on is not known."""
        self._perhaps_music = True

    async def play(self, *media: str, early: bool = False, behind: Behind | None = None) -> None:
        """Play media in one go to their end, as early media where asked and possible.

        `behind` is asked for while it plays: what Asterisk is to do with the channel next, whoever lives then.
        """
        call = self._call
        if not early:
            await call.answer()
        told = ",".join(media)
        if self._announced and self._announced.popleft() == told:
            await self._hear_out(media)
            return
        self._announced.clear()
        await self.hush()
        self._playbacks += 1
        call.record(Kind.ANNOUNCING, media=told, early=not call.answered)
        with self._end_of(self._playback) as finished:
            uris = ",".join(map(call.exchange.media_uri, media))
            await call.on_caller(call.channel.play(self._playback, uris, call.language))
            if behind is not None:
                await call.on_caller(behind())
            await self._listen(finished, media)

    async def prompt(self, *media: str, until: asyncio.Future[Any], menu: str) -> None:
        """Play media in one go to their end, or until that is done, which stops them at once.

        What another process had begun to play is stopped and played anew: what was answered meanwhile is not known.
        `menu`: whose prompt it is.
        """
        call = self._call
        await call.answer()
        if self._announced or self._prompting:
            self._announced.clear()
            await self._stop(self._playback)
        await self.hush()
        self._playbacks += 1
        self._prompting = True
        call.record(Kind.ANNOUNCING, media=",".join(media), early=False, menu=menu)
        with self._end_of(self._playback) as finished:
            uris = ",".join(map(call.exchange.media_uri, media))
            await call.on_caller(call.channel.play(self._playback, uris, call.language))
            await asyncio.wait(
                {finished, until}, timeout=LONGEST_PLAYBACK * len(media), return_when=asyncio.FIRST_COMPLETED
            )
            if not finished.done():
                await self._stop(self._playback)
            elif finished.result() and not call.is_ending:
                call.record(Kind.PROBLEM, what="playback failed", media=",".join(media))
        self._prompting = False
        if call.is_ending:
            raise CallerLeft

    async def _stop(self, playback: str) -> None:
        with contextlib.suppress(Gone):
            await self._call.exchange.ari.playbacks.stop(playback)

    async def _hear_out(self, media: tuple[str, ...]) -> None:
        """An announcement that another process had begun: only the last of the step can still be playing."""
        if self._announced:
            return
        with self._end_of(self._playback) as finished:
            if await self._call.exchange.ari.playbacks.live(self._playback):
                await self._listen(finished, media)

    @property
    def _playback(self) -> str:
        return f"{self._call.id}-p{self._playbacks}"

    @contextlib.contextmanager
    def _end_of(self, playback: str) -> Iterator[asyncio.Future[bool]]:
        """A future that the end of a playback fulfils; True: it failed."""
        finished: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        ari = self._call.exchange.ari

        def on_event(event: events.Event) -> None:
            if isinstance(event, events.PlaybackFinished) and not finished.done():
                finished.set_result(event.failed)

        ari.on_event(playback, on_event)
        try:
            yield finished
        finally:
            ari.forget(playback)

    async def _listen(self, finished: asyncio.Future[bool], media: tuple[str, ...]) -> None:
        async with asyncio.timeout(LONGEST_PLAYBACK * len(media)):
            failed = await finished
        if self._call.is_ending:  # which ends a playback too, and may be told in the same breath
            raise CallerLeft
        if failed:
            self._call.record(Kind.PROBLEM, what="playback failed", media=",".join(media))

    async def wait_for_person(self, *, music: bool) -> None:
        """Let the caller wait: music once answered, ringing before."""
        call = self._call
        if music:
            await call.answer()
        hears = "music" if music else "ringing"
        if self._now == hears:
            return
        await self.hush()
        await call.on_caller(call.channel.start_moh() if music else call.channel.ring())
        self._now = hears
        call.record(Kind.WAITING if call.answered else Kind.RINGING)

    async def hold(self) -> None:
        """Music, for a caller who had talked already."""
        await self.hush()
        await self._call.on_caller(self._call.channel.start_moh())
        self._now = "music"

    async def interject(self, *media: str) -> None:
        """Say something to a waiting caller in the middle of the music, which goes on behind it.

        Cut short, it falls silent at once: somebody has answered.
        """
        call = self._call
        await self.hush()
        self._interjections += 1
        playback = f"{call.id}-q{self._interjections}"
        uris = ",".join(call.exchange.media_uri(one) if one.startswith("lib:") else one for one in media)
        with self._end_of(playback) as finished:
            await call.on_caller(call.channel.play(playback, uris, call.language))
            try:
                await asyncio.wait({finished}, timeout=LONGEST_PLAYBACK)
            finally:
                if not finished.done():
                    with contextlib.suppress(AriError):
                        await call.exchange.ari.playbacks.stop(playback)
        await self.hold()

    async def hush(self) -> None:
        """Stop the music; ringing stops by itself with the next sound."""
        music = self._now == "music" or self._perhaps_music
        self._now, self._perhaps_music = None, False
        if music:
            await self._call.on_caller(self._call.channel.stop_moh())

    async def hold_the_line(self) -> None:
        """Before this process lets go: what is played goes on to its end, and behind it comes no silence."""
        call = self._call
        if call.phase is Phase.ANNOUNCEMENT:
            with contextlib.suppress(AriError):
                await (call.channel.start_moh() if call.answered else call.channel.ring())
