"""Whoever reaches Asterisk's WebSocket without an account of his own gets nothing there."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.e2e.house import House, eventually
from tests.sipp.digest import Login, authorization
from tests.sipp.sip import Message
from vorzimmer.asterisk import phones
from vorzimmer.asterisk.phones import Listening, Phone
from vorzimmer.core.agent import Transport

pytestmark = pytest.mark.xdist_group("browser")  # one browser at a time: they would slow each other

ELSEWHERE = "127.0.0.9"
"""Not the trunk's address. The web server in front connects from such a one too, see docs/browser-phone.md."""
ANNA = Login("anna-web", "secret")
NUMBERS = "*10", "4989123456", "anna-web"


class Stranger:
    """A SIP peer over a WebSocket, which says what it likes."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def ask(self, method: str, user: str, to: str, login: Login | None = None) -> Message:
        """Ask for something, with an answer to the challenge if there is a login, and return what comes back."""
        uri = f"sip:{to}@{phones.REALM}"
        lines = (
            f"Via: SIP/2.0/WS there.invalid;branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: <sip:{user}@{phones.REALM}>;tag={secrets.token_hex(4)}",
            f"To: <{uri}>",
            f"Call-ID: {secrets.token_hex(8)}",
            f"CSeq: 1 {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:{user}@there.invalid;transport=ws>",
        )
        answer = await self._say(Message(f"{method} {uri} SIP/2.0", lines))
        if login is None:
            return answer
        proof = authorization(answer.all("WWW-Authenticate"), method, uri, login)
        again = tuple(line.replace("CSeq: 1", "CSeq: 2").replace("z9hG4bK", "z9hG4bKx") for line in lines)
        return await self._say(Message(f"{method} {uri} SIP/2.0", (*again, proof)))

    async def _say(self, request: Message) -> Message:
        await self._socket.send_str(request.encode().decode())
        said = await self._heard()
        while said.status == 0:  # Asterisk asks whether the telephone is there, as soon as it is registered
            said = await self._heard()
        if request.method == "INVITE":  # or Asterisk would wait for it until it is stopped
            lines = (f"To: {said['To']}" if line.startswith("To:") else line for line in request.lines)
            taken = Message(
                request.first.replace("INVITE", "ACK"), tuple(line.replace(" INVITE", " ACK") for line in lines)
            )
            await self._socket.send_str(taken.encode().decode())
        return said

    async def _heard(self) -> Message:
        answer = await self._socket.receive(timeout=5)
        return Message.parse(answer.data.encode() if isinstance(answer.data, str) else answer.data)


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[Stranger]:
    """Somebody at the WebSocket of a house in which Anna has a telephone for the browser."""
    file = house.settings.phones.file
    anna = Phone(ANNA.user, Transport.WEBRTC, phones.digest(*ANNA))
    file.write_text(phones.text([anna], Listening("", "")))
    await house.sandbox.cli("module reload res_pjsip.so")
    await eventually(lambda: house.sandbox.cli("pjsip show auth anna-web"), lambda shown: "anna-web/anna-web" in shown)
    url = house.sandbox.ari_url.replace("http", "ws") + "/ws"
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(ELSEWHERE, 0))) as session,
            session.ws_connect(url, protocols=["sip"], timeout=aiohttp.ClientWSTimeout(ws_close=0.1)) as socket,
        ):
            yield Stranger(socket)
    finally:
        file.unlink()
        await house.sandbox.cli("module reload res_pjsip.so")


async def channels_ever(house: House) -> str:
    """How many channels, and how many calls there were since Asterisk's start."""
    return await house.sandbox.cli("core show channels count")


async def test_without_a_password_nothing_is_had(house: House, stranger: Stranger) -> None:
    """Whatever is asked in whoever's name: 401, the same for names that exist and those that do not; no channel."""
    before = await channels_ever(house)
    for user in ("anna-web", "nobody", "trunk", "agent1"):
        for method in ("REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE", "OPTIONS"):
            for to in NUMBERS:
                answer = await stranger.ask(method, user, to)
                assert answer.status == 401, (method, user, to)
    assert await channels_ever(house) == before


async def test_a_wrong_password_is_none(house: House, stranger: Stranger) -> None:
    """A guess gets the same answer as none; the right one is taken, so that the refusal was about the password."""
    before = await channels_ever(house)
    for method in ("REGISTER", "INVITE"):
        guess = await stranger.ask(method, "anna-web", "anna-web", Login("anna-web", "guess"))
        assert guess.status == 401
        other = await stranger.ask(method, "anna-web", "anna-web", Login("nobody", "secret"))
        assert other.status == 401
    assert (await stranger.ask("REGISTER", "anna-web", "anna-web", ANNA)).status == 200
    assert await channels_ever(house) == before
