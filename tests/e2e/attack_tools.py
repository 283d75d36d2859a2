"""What an attacker brings along: a listener at the manager interface, requests by hand, refusals that redirect."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.sipp.incoming import Incoming
from tests.sipp.sip import Message
from tests.sipp.wire import Address, Wire

FORGED = quote(
    "\r\n\r\nEvent: PeerStatus\r\nPrivilege: system,all\r\nPeer: PJSIP/agent1\r\nPeerStatus: Unreachable\r\n\r\n",
    safe="",
)
"""A whole event of the manager interface, as it travels in a SIP URI: agent1's phone has gone."""


class Listener:
    """A second login with the daemon's own name at the manager interface, that asks for every class of events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.heard: list[str] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, port: int, user: str, password: str) -> AsyncIterator[Listener]:
        """Log in with `Events: on`."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        listener = cls(reader, writer)
        try:
            assert "Success" in await listener.ask("Login", Username=user, Secret=password, Events="on")
            await listener.ask("Events", EventMask="all,call,dialplan,user,cdr,agent,reporting,security")
            yield listener
        finally:
            writer.close()
            await writer.wait_closed()

    async def ask(self, action: str, **fields: str) -> str:
        """Do one action; its answer. Everything that was told before stands in `heard` by then."""
        mark = secrets.token_hex(4)
        lines = {"Action": action, "ActionID": mark, **fields}
        self._writer.write(("".join(f"{key}: {value}\r\n" for key, value in lines.items()) + "\r\n").encode())
        async with asyncio.timeout(10):
            while True:
                block = (await self._reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                if f"ActionID: {mark}" in block:
                    return block
                self.heard.append(block)

    async def events(self) -> list[Mapping[str, str]]:
        """Every event told so far."""
        await self.ask("Ping")
        blocks = [dict(line.partition(": ")[::2] for line in block.splitlines()) for block in self.heard]
        return [block for block in blocks if "Event" in block]


class Stranger(Wire):
    """Somebody at an address that Asterisk does not know, who sends single requests."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, int] = {}

    def take(self, message: Message, addr: Address) -> None:
        """Keep the final status of each request; nobody has a reason to ask us."""
        assert message.status, f"{addr} calls a stranger: {message.first}"
        if message.status >= 200:
            self.answers.setdefault(message["Call-ID"], message.status)

    def throw(self, target: Address, method: str, to: str, user: str) -> str:
        """Send one request without waiting; its Call-ID."""
        call_id = secrets.token_hex(8)
        lines = (
            self.via(),
            f"From: <sip:{user}@{target[0]}>;tag={call_id[:8]}",
            f"To: <sip:{to}@{target[0]}>",
            f"Call-ID: {call_id}",
            f"CSeq: 1 {method}",
            self.contact,
            "Max-Forwards: 70",
        )
        self.send(Message(f"{method} sip:{to}@{target[0]}:{target[1]} SIP/2.0", lines), target)
        return call_id

    async def ask(self, target: Address, method: str, to: str, user: str) -> int:
        """Send one request; the final status of its answer."""
        call_id = self.throw(target, method, to, user)
        await self.until(f"an answer to {method}", lambda: call_id in self.answers)
        return self.answers[call_id]

    def throw_garbage(self, target: Address, data: bytes) -> None:
        """Send what is no SIP at all."""
        self._transport.sendto(data, target)


def redirect(call: Incoming, contact: str) -> None:
    """Answer with 302: call there instead."""
    copied = [f"Via: {value}" for value in call.invite.all("Via")]
    copied += [f"{name}: {call.invite[name]}" for name in ("From", "Call-ID", "CSeq")]
    moved = Message("SIP/2.0 302 Moved Temporarily", (*copied, f"To: {call.near}", f"Contact: <{contact}>"))
    call._wire.send(moved, call._remote)
    call._end(302, "")


def raw_mails(folder: Path, address: str) -> list[bytes]:
    """The mails to an address as they came over the wire."""
    mails = [file.read_bytes() for file in sorted((folder / "new").glob("*.eml"))]
    return [mail for mail in mails if f"Delivered-To: {address}".encode() in mail]
