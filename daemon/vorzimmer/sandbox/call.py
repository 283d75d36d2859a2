"""A real SIP call into the sandbox without a telephone: Asterisk calls its own SIP port, as the carrier would.

The call leaves through the endpoint `sandbox-caller` and comes in by UDP like any other from outside. What happens is
told line by line. The calling side is an ARI application of its own and not the daemon's business.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from vorzimmer.sandbox.layout import CALLER, Layout

_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_SOUND = "sound:demo-congrats"
_SETUP_SECONDS = 300.0  # a call that nobody ends is ended here
_STATES = {"Ringing": "it rings", "Progress": "early media: something is to be heard before the answer"}
Event = Mapping[str, Any]
Tell = Callable[[str], None]


class CallError(Exception):
    """The call could not be placed; the text says why, for a person."""


async def place(layout: Layout, did: str, caller: str, seconds: float, tell: Tell) -> int:
    """Call `did` and stay on the line.

    Args:
        layout: of the running sandbox.
        did: the number dialled: digits, with or without a plus.
        caller: the number shown.
        seconds: how long to stay after the answer; the caller speaks meanwhile.
        tell: gets a line for each thing that happens.

    Returns:
        The Q.850 cause with which the call ended.

    Raises:
        CallError: Asterisk does not answer or refuses.
    """
    leg = _leg(did, caller)
    channel = leg["channelId"]
    password = aiohttp.encode_basic_auth(layout.ari_user, layout.ari_password)
    try:
        async with (
            aiohttp.ClientSession(f"{layout.ari_url}/ari/", headers={"Authorization": password}) as session,
            session.ws_connect("events", params={"app": channel}) as socket,
        ):
            await _post(session, "channels/create", leg, endpoint=f"PJSIP/{did}@{CALLER}", app=channel)
            return await _follow(session, _events(socket), channel, seconds, tell)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise CallError(f"the call could not be placed: {error or type(error).__name__}") from error


async def _follow(
    session: aiohttp.ClientSession, events: AsyncIterator[Event], channel: str, seconds: float, tell: Tell
) -> int:
    """Tell what happens on the channel until it is gone."""
    began = time.monotonic()
    loop = asyncio.get_running_loop()
    pending: set[asyncio.Task[None]] = set()

    def end() -> None:
        pending.add(asyncio.ensure_future(_delete(session, channel)))

    timer = loop.call_later(_SETUP_SECONDS, end)
    try:
        async for event in events:
            match event["type"]:
                case "StasisStart":
                    await _post(session, f"channels/{channel}/dial", {})
                case "Dial" if event.get("dialstatus") in ("RINGING", "PROGRESS"):
                    line = _STATES[event["dialstatus"].capitalize()]
                    tell(f"{time.monotonic() - began:6.2f} s  {line}")
                case "Dial" if event.get("dialstatus") == "ANSWER":
                    tell(f"{time.monotonic() - began:6.2f} s  answered")
                    timer.cancel()
                    timer = loop.call_later(seconds, end)
                    await _post(session, f"channels/{channel}/play", {}, media=_SOUND)
                case "ChannelDestroyed":
                    cause = int(event["cause"])
                    tell(f"{time.monotonic() - began:6.2f} s  ended: {cause} {event['cause_txt']}")
                    return cause
        raise CallError("Asterisk ended the connection in the middle of the call")
    finally:
        timer.cancel()
        await asyncio.gather(*pending)


def _leg(did: str, caller: str) -> dict[str, Any]:
    """What Asterisk is asked for: a channel under a name of ours that shows the caller's number."""
    for number in (did, caller):
        if _NUMBER.fullmatch(number) is None:
            raise CallError(f"{number!r} is no number: digits, with or without a plus in front")
    shown = {"CONNECTEDLINE(num,i)": caller, "CONNECTEDLINE(num-pres,i)": "allowed"}
    return {"channelId": f"call-{secrets.token_hex(6)}", "variables": shown}


async def _events(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Event]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield message.json()


async def _post(session: aiohttp.ClientSession, path: str, body: dict[str, Any], **parameters: str) -> None:
    async with session.post(path, json=body, params=parameters) as answer:
        # The other side may hang up at any instant: the channel's end is told by its event.
        if answer.status >= 400 and answer.status not in (404, 409, 412):
            raise CallError(f"Asterisk refuses {path}: {answer.status} {(await answer.text()).strip()}")


async def _delete(session: aiohttp.ClientSession, channel: str) -> None:
    with suppress(aiohttp.ClientError):
        async with session.delete(f"channels/{channel}"):
            pass
