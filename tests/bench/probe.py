"""Single calls among the load, timed from outside by the kernel: the same measure for every way.

One socket is the caller and the agents' telephone. It answers at once; the time it takes for that is not counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle

from tests.bench.stamped import Stamped
from tests.sipp import sip
from tests.sipp.sip import Message
from tests.sipp.waiting import PATIENCE
from tests.sipp.wire import Address

_TALK = 0.1
"""Seconds from the answer to the caller's BYE."""


@dataclass
class Timed:
    """One probe call; instants in nanoseconds, 0 where it did not come so far."""

    sent: int = 0
    at_agent: int = 0
    agent_answered: int = 0
    answered: int = 0

    @property
    def ok(self) -> bool:
        """Whether it was answered."""
        return self.answered > 0

    @property
    def ring_ms(self) -> float:
        """From the caller's INVITE to the INVITE at the agent."""
        return (self.at_agent - self.sent) / 1e6

    @property
    def answer_ms(self) -> float:
        """From the caller's INVITE to its 200 OK, without the time the agent's telephone took."""
        return (self.answered - self.sent - (self.agent_answered - self.at_agent)) / 1e6


class Probe(Stamped):
    """The socket: `async with await Probe.open() as probe`."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count(1)
        self._calls: dict[str, Timed] = {}
        self._callers: dict[str, Timed] = {}
        self._legs: dict[str, Message] = {}
        self._tags: dict[str, str] = {}

    async def run(self, target: Address, numbers: Sequence[str], rate: float, calls: int) -> list[Timed]:
        """Place calls at an even rate, each to the next number, and wait until all are over."""
        loop = asyncio.get_running_loop()
        began, made = loop.time(), list[Timed]()
        for n, number in zip(range(calls), cycle(numbers), strict=False):
            await asyncio.sleep(began + n / rate - loop.time())
            made.append(self._call(number, target))
        with contextlib.suppress(TimeoutError):  # what was not answered is a failed call
            await self.until("the probe's calls", lambda: all(timed.ok for timed in made), PATIENCE)
        await asyncio.sleep(2 * _TALK)
        return made

    def _call(self, number: str, target: Address) -> Timed:
        caller = f"+4940{next(self._numbers):07}"
        timed = self._callers[caller] = Timed()
        call_id = secrets.token_hex(8)
        self._calls[call_id] = timed
        self._tags[call_id] = caller
        to = f"sip:{number}@{target[0]}:{target[1]}"
        lines = self._lines(call_id, f"<{to}>", "1 INVITE")
        body = sip.sdp(self.host, self.port)
        invite = Message(f"INVITE {to} SIP/2.0", (*lines, "Content-Type: application/sdp"), body)
        timed.sent = time.time_ns()
        self.send(invite, target)
        self.repeat((call_id, "INVITE"), invite, target)
        return timed

    def _lines(self, call_id: str, to: str, cseq: str) -> tuple[str, ...]:
        caller = f"{sip.party(self._tags[call_id], self.host, self.port)};tag={call_id}"
        return (
            self.via(),
            f"From: {caller}",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq}",
            self.contact,
            "Max-Forwards: 70",
        )

    def take(self, message: Message, addr: Address) -> None:
        """Be the telephone for requests and the caller for responses (the socket calls this)."""
        if message.status:
            self._take_response(message, addr)
        elif message.method == "INVITE":
            self._answer(message, addr)
        elif message.method == "ACK":
            self.stop((message["Call-ID"], "200"))
        else:
            self.reply(message, 200, addr)

    def _answer(self, invite: Message, addr: Address) -> None:
        timed = self._callers.get(sip.user(invite["From"]), Timed())
        timed.at_agent = self.arrived
        to = f"{invite['To']};tag={secrets.token_hex(4)}"
        self.reply(invite, 180, addr, to=to)
        timed.agent_answered = time.time_ns()
        answer = self.reply(invite, 200, addr, to=to, body=sip.sdp(self.host, self.port))
        self.repeat((invite["Call-ID"], "200"), answer, addr)

    def _take_response(self, response: Message, addr: Address) -> None:
        call_id = response["Call-ID"]
        self.stop((call_id, response.method))
        if response.method != "INVITE" or response.status < 200 or call_id not in self._calls:
            return
        uri = sip.uri(response["Contact"]) or sip.uri(response["To"])
        self.send(Message(f"ACK {uri} SIP/2.0", self._lines(call_id, response["To"], "1 ACK")), addr)
        timed = self._calls[call_id]
        if response.status == 200 and not timed.ok:
            timed.answered = self.arrived
            bye = Message(f"BYE {uri} SIP/2.0", self._lines(call_id, response["To"], "2 BYE"))
            asyncio.get_running_loop().call_later(_TALK, self._hang_up, call_id, bye, addr)

    def _hang_up(self, call_id: str, bye: Message, addr: Address) -> None:
        self.send(bye, addr)
        self.repeat((call_id, "BYE"), bye, addr)
