"""One call of a `Phone`, made or received, as an object with verbs and waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from tests.sipp import sip
from tests.sipp.rtp import Line
from tests.sipp.sip import Message
from tests.sipp.waiting import PATIENCE, Watched
from tests.sipp.wire import Address, Wire


class CallEndedError(Exception):
    """The call ended before that which was waited for."""


class Ended(NamedTuple):
    """How a call ended.

    `by` tells which side did it; `status` is the INVITE's final status; `reason` the Reason header that came with the
    end (`Q.850;cause=16`, `SIP;cause=200;text="Call completed elsewhere"`); `at` the event loop's time.
    """

    by: Literal["near", "far"]
    status: int
    reason: str
    at: float


class Call(Watched):
    """A call; near is this phone, far the PBX. Instants are the event loop's time, in seconds.

    `invite` is the INVITE as it came or went, `statuses` what it was answered with, `received` every message that came.
    """

    invite: Message

    def __init__(self, wire: Wire, call_id: str, remote: Address, target: str) -> None:
        super().__init__()
        self.id = call_id
        self.statuses: list[int] = []
        self.received: list[Message] = []
        self.answered_at: float | None = None
        self.ended: Ended | None = None
        self.near = self.far = ""
        self._wire, self._remote, self._target = wire, remote, target
        self._line: Line | None = None
        self._leaving = False
        self._number = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.invite.first} {self.statuses} {self._line} {self.ended}>"

    @property
    def line(self) -> Line:
        """The sound of the call: there from the start of an own call, and from the answer of a received one."""
        if not self._line:
            raise RuntimeError("this call has no sound before it is answered")
        return self._line

    @property
    def final(self) -> int:
        """The final status of the INVITE, 0 while there is none."""
        return self.statuses[-1] if self.statuses and self.statuses[-1] >= 200 else 0

    # waits

    async def finished(self, patience: float = PATIENCE) -> Ended:
        """Wait for the end, whoever makes it.

        Raises:
            TimeoutError: it went on.
        """
        await self.until("the end of the call", lambda: self.ended is not None, patience)
        assert self.ended
        return self.ended

    async def _reached(self, what: str, true: Callable[[], bool], patience: float) -> None:
        await self.until(what, lambda: true() or self.ended is not None, patience)
        if not true():
            raise CallEndedError(f"no {what}: {self!r}")

    # verbs

    async def hang_up(self) -> None:
        """Hang up at once, in whatever state, and wait until the far side has confirmed it (nothing if it is over).

        Raises:
            TimeoutError: the far side did not confirm.
        """
        if not self.ended and not self._leaving:
            self._leaving = True
            self._leave()
        await self.finished()

    def refer(self, to: str) -> None:
        """Press the transfer button: ask the far side to put its partner through to this user (RFC 3515)."""
        self._request("REFER", (f"Refer-To: <sip:{to}@{self._remote[0]}>",))

    def close(self) -> None:
        """Let go of the socket."""
        if self._line:
            self._line.close()

    def _leave(self) -> None:
        raise NotImplementedError

    def _end(self, status: int, reason: str) -> None:
        if not self.ended:
            by: Literal["near", "far"] = "near" if self._leaving else "far"
            self.ended = Ended(by, status, reason, asyncio.get_running_loop().time())
            self.close()

    # the wire

    def _request(self, method: str, headers: Sequence[str] = (), body: str = "") -> Message:
        """Send a request of this dialog, repeated until answered."""
        self._number += 1
        lines = (
            self._wire.via(),
            f"From: {self.near}",
            f"To: {self.far}",
            f"Call-ID: {self.id}",
            f"CSeq: {self._number} {method}",
            self._wire.contact,
            "Max-Forwards: 70",
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
        )
        message = Message(f"{method} {self._target} SIP/2.0", lines, body)
        self._wire.send(message, self._remote)
        self._wire.repeat((self.id, method), message, self._remote)
        return message

    def _listen(self, body: str) -> None:
        """Send sound to where the far side's SDP asks for it."""
        if (address := sip.media_address(body)) and self._line and not self.ended:
            self._line.connect(address)

    def take(self, message: Message) -> None:
        """Understand a message of this call (the phone calls this)."""
        self.received.append(message)
        if message.status:
            self._wire.stop((self.id, message.method))
            self._take_response(message)
        else:
            self._take_request(message)
        self.tell()

    def _take_response(self, response: Message) -> None:
        if response.method == "BYE" and response.status >= 200:
            self._end(200, "")

    def _take_request(self, request: Message) -> None:
        match request.method:
            case "ACK":
                self._wire.stop((self.id, "final"))
                self._listen(request.body)
            case "BYE":
                self._wire.reply(request, 200, self._remote)
                self._end(200, ", ".join(request.all("Reason")))
            case "INVITE" | "UPDATE" if request.body and self._line:
                self._listen(request.body)
                self._wire.reply(request, 200, self._remote, body=sip.sdp(self._wire.host, self._line.port))
            case _:
                self._wire.reply(request, 200, self._remote)
