"""A programmable telephone over UDP: calls, is called, and does each thing at the very instant a test asks for it.

SIPp plays fixed scenarios and load (`harness`); this is for tests that hang up exactly when something else happens.
It speaks as much of RFC 3261 as a telephone beside its PBX needs: no routes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

from tests.sipp import sip
from tests.sipp.call import Call, CallEndedError, Ended
from tests.sipp.digest import Login
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.registration import Registration
from tests.sipp.sip import Message
from tests.sipp.waiting import PATIENCE
from tests.sipp.wire import Address, Wire

__all__ = ["Call", "CallEndedError", "Ended", "Incoming", "Login", "Outgoing", "Phone"]


Lives = Callable[[str], Awaitable[bool]]
"""Whether the PBX still has a channel of this SIP Call-ID."""


class Phone(Wire):
    """A telephone on a port: `async with await Phone.open() as phone`. Any number of calls at once.

    `incoming` are all calls received so far, taken by `invited` or not. `lives`: calls that are over are passed over.
    An INVITE that nobody answers is repeated for half a minute (RFC 3261 section 17.1.1.2), even once its call has been
    given up, and so reaches whoever listens at that port next.
    """

    def __init__(self, lives: Lives | None = None) -> None:
        super().__init__()
        self.incoming: list[Incoming] = []
        self._lives = lives
        self._asking: set[asyncio.Task[None]] = set()
        self._taken = 0
        self._calls: dict[str, Call | Registration] = {}

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0, lives: Lives | None = None) -> Self:
        """Listen on an address (on a free port by default).

        Raises:
            OSError: the address cannot be had.
        """
        loop = asyncio.get_running_loop()
        _, phone = await loop.create_datagram_endpoint(lambda: cls(lives), local_addr=(host, port))
        return phone

    def __repr__(self) -> str:
        return f"<Phone {self.port} {list(self._calls.values())}>"

    def close(self) -> None:
        """Go dead at once: nobody is told, as with a pulled plug."""
        for task in self._asking:
            task.cancel()
        for call in self._calls.values():
            call.close()
        super().close()

    async def call(
        self, to: str, target: Address, from_: str, headers: Sequence[str] = (), login: Login | None = None
    ) -> Outgoing:
        """Start a call and return once the INVITE is out; the call's waits tell how it goes on.

        Args:
            to: number in the Request-URI, written as the carrier would.
            target: the PBX.
            from_: the caller's number, or a whole From value.
            headers: further header lines, see `sip.diverted_from` and its neighbours.
            login: what to answer when the PBX asks for a password.
        """
        call = Outgoing(self, f"{secrets.token_hex(8)}@{self.host}", target, f"sip:{to}@{target[0]}:{target[1]}")
        self._calls[call.id] = call
        await call.start(from_, headers, login)
        return call

    async def register(self, server: Address, login: Login) -> None:
        """Make this telephone known under a name, so that it is rung when somebody calls that name.

        Raises:
            RegistrationError: the PBX refused.
            TimeoutError: it did not answer.
        """
        registration = Registration(self, server, login)
        self._calls[registration.id] = registration
        await registration.done()

    async def invited(self, patience: float = PATIENCE) -> Incoming:
        """Wait for the next incoming call; each is given out once.

        Raises:
            TimeoutError: nobody called.
        """
        await self.until("a call", lambda: len(self.incoming) > self._taken, patience)
        self._taken += 1
        return self.incoming[self._taken - 1]

    def take(self, message: Message, addr: Address) -> None:
        """Give a message to its call, or take it as a new one (the socket calls this)."""
        if call := self._calls.get(message["Call-ID"]):
            call.take(message)
        elif message.method == "INVITE" and not message.status:
            self._take_invite(message, addr)
        elif not message.status and message.method != "ACK":
            self.reply(message, 200 if message.method == "OPTIONS" else 481, addr)

    def _take_invite(self, invite: Message, addr: Address) -> None:
        call = Incoming(self, invite["Call-ID"], addr, sip.uri(invite["Contact"]))
        self._calls[call.id] = call
        call.offer(invite)
        if self._lives is None:
            self.incoming.append(call)
        else:
            task = asyncio.create_task(self._show(call, self._lives))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _show(self, call: Incoming, lives: Lives) -> None:
        if await lives(call.id):
            self.incoming.append(call)
            self.tell()
