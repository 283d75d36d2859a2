"""A SIP endpoint's UDP socket: sends, repeats until answered, and answers repetitions with what was said before."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Self

from tests.sipp.sip import Message
from tests.sipp.waiting import Watched

Address = tuple[str, int]
"""IPv4 address and port."""

PHRASES = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    404: "Not Found",
    480: "Temporarily Unavailable",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    503: "Service Unavailable",
    603: "Decline",
}
_T1 = 0.5
"""Seconds before the first repetition, doubled up to 64 times that (RFC 3261 section 17.1.1.1)."""


class Wire(Watched, asyncio.DatagramProtocol):
    """The socket; a subclass says in `take` what a message means."""

    def __init__(self) -> None:
        super().__init__()
        self.host, self.port = "", 0
        self._replies: dict[tuple[str, str, str], bytes] = {}
        self._repeats: dict[tuple[str, str], asyncio.TimerHandle] = {}

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen on an address (on a free port by default).

        Raises:
            OSError: the address cannot be had.
        """
        _, wire = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(host, port))
        return wire

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next round

    def close(self) -> None:
        """Go dead at once: the far side of a call still going on hears nothing of it, as with a pulled plug."""
        for timer in self._repeats.values():
            timer.cancel()
        self._transport.close()

    def take(self, message: Message, addr: Address) -> None:
        """Understand a message that is no repetition of an answered request."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # UDP gives this
        """Take the socket (asyncio calls this)."""
        self._transport = transport
        self.host, self.port = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a datagram (asyncio calls this); what is no SIP is passed over."""
        try:
            message = Message.parse(data)
        except ValueError:
            return
        reply = None if message.status else self._replies.get(_key(message))
        if reply:
            self._transport.sendto(reply, addr)
        else:
            self.take(message, addr)
        self.tell()

    @property
    def contact(self) -> str:
        """The Contact header line."""
        return f"Contact: <sip:phone@{self.host}:{self.port}>"

    def via(self) -> str:
        """Make the Via header line of a new transaction."""
        return f"Via: SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{secrets.token_hex(8)};rport"

    def send(self, message: Message, addr: Address) -> None:
        """Put a message on the wire."""
        self._transport.sendto(message.encode(), addr)

    def reply(self, request: Message, status: int, addr: Address, *, to: str = "", body: str = "") -> Message:
        """Answer a request, now and whenever it is repeated.

        Args:
            request: what to answer.
            status: of SIP.
            addr: where the request came from.
            to: the To value with our tag, where the answer makes a dialog.
            body: SDP.
        """
        typed: Sequence[str] = ["Content-Type: application/sdp"] if body else []
        response = Message(
            f"SIP/2.0 {status} {PHRASES.get(status, 'As Asked')}",
            (
                *(f"Via: {value}" for value in request.all("Via")),
                *(f"Record-Route: {value}" for value in request.all("Record-Route")),
                f"From: {request['From']}",
                f"To: {to or request['To']}",
                f"Call-ID: {request['Call-ID']}",
                f"CSeq: {request['CSeq']}",
                self.contact,
                *typed,
            ),
            body,
        )
        self._replies[_key(request)] = response.encode()
        self.send(response, addr)
        return response

    def repeat(self, key: tuple[str, str], message: Message, addr: Address, after: float = _T1) -> None:
        """Send a message again at doubling intervals, until `stop(key)` or until it has become pointless."""
        self.stop(key)
        if after > 64 * _T1:
            return

        def again() -> None:
            self.send(message, addr)
            self.repeat(key, message, addr, after * 2)

        self._repeats[key] = asyncio.get_running_loop().call_later(after, again)

    def stop(self, key: tuple[str, str]) -> None:
        """End a repetition, if there is one."""
        if timer := self._repeats.pop(key, None):
            timer.cancel()


def _key(request: Message) -> tuple[str, str, str]:
    return request.branch, request.method, request["Call-ID"]
