"""Asking the caller, within a talk, whether it may be recorded: the client's question, answered by a key."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Protocol

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.asterisk.objects import Channel
from vorzimmer.calls.exchange import Exchange
from vorzimmer.core.announcement import Sound
from vorzimmer.core.client import Client
from vorzimmer.core.consent import YES, Consent, by_key
from vorzimmer.core.routing import media

ANSWER_SECONDS = 6.0
"""How long a caller may think about the question, from its end."""

QUESTION_SECONDS = 60.0
"""No question is longer."""


class NotAsked(Exception):
    """The caller could not be asked; the text says why to a person."""


class Asked(Protocol):
    """What is needed of the call. `digits` are the keys that the caller presses."""

    id: str
    exchange: Exchange
    channel: Channel
    client: Client | None
    digits: asyncio.Queue[str]

    @property
    def language(self) -> str:
        """Of Asterisk's own sounds."""

    def now(self) -> datetime:
        """This instant."""

    async def on_caller(self, request: Awaitable[None]) -> None:
        """Do something with the caller's channel; raises `CallerLeft`."""


async def ask(call: Asked) -> Consent | None:
    """Ask by the client's announcement; None: the answer is not yes. The phase of the call stays a talk.

    Raises:
        NotAsked: the client has no such announcement, or it could not be played.
        CallerLeft: the caller has gone.
    """
    question = media(call.client, Sound.CONSENT, call.now()) if call.client is not None else None
    if question is None:
        raise NotAsked("the client has no announcement that asks for consent")
    while not call.digits.empty():  # pressed before, and about something else
        call.digits.get_nowait()
    pressed = asyncio.ensure_future(call.digits.get())
    try:
        await _play(call, question, pressed)
        async with asyncio.timeout(ANSWER_SECONDS):
            key = await pressed
    except TimeoutError:
        return None
    except AriError as error:
        raise NotAsked(f"the question could not be played: {error}") from None
    finally:
        pressed.cancel()
    return by_key(key, question, call.now()) if key == YES else None


async def _play(call: Asked, question: str, pressed: asyncio.Future[str]) -> None:
    """Let the caller alone hear it, to its end or until a key is pressed."""
    ari = call.exchange.ari
    playback = f"{call.id}-consent-{secrets.token_hex(4)}"  # Asterisk may still be at the one before
    over: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def on_event(event: events.Event) -> None:
        if isinstance(event, events.PlaybackFinished) and not over.done():
            over.set_result(event.failed)

    ari.on_event(playback, on_event)
    try:
        await call.on_caller(call.channel.play(playback, call.exchange.media_uri(question), call.language))
        either: set[asyncio.Future[Any]] = {over, pressed}
        await asyncio.wait(either, timeout=QUESTION_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if over.done() and over.result() and not pressed.done():
            raise NotAsked(f"the question could not be played: {question}")
        if not over.done():
            with contextlib.suppress(AriError):
                await ari.playbacks.stop(playback)
    finally:
        ari.forget(playback)
