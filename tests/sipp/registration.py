"""How a telephone makes itself known to its PBX, with its password (RFC 3261 section 10)."""

from __future__ import annotations

import secrets

from tests.sipp.digest import Login, authorization
from tests.sipp.sip import Message
from tests.sipp.waiting import Watched
from tests.sipp.wire import Address, Wire

_SECONDS = 3600
"""For which it is asked; nobody here registers for so long that it must be done again."""


class RegistrationError(Exception):
    """The PBX refused; the text is its answer."""


class Registration(Watched):
    """One registration, from the first request to the last answer."""

    def __init__(self, wire: Wire, server: Address, login: Login) -> None:
        super().__init__()
        self.id = f"{secrets.token_hex(8)}@{wire.host}"
        self.answer: Message | None = None
        self._wire, self._server, self._login = wire, server, login
        self._uri = f"sip:{server[0]}:{server[1]}"
        self._number = 0

    def __repr__(self) -> str:
        return f"<Registration of {self._login.user}: {self.answer.first if self.answer else 'no answer'}>"

    async def done(self) -> None:
        """Ask, and wait for what becomes of it.

        Raises:
            RegistrationError: it was refused.
            TimeoutError: there was no answer.
        """
        self._ask()
        await self.until("an answer", lambda: self.answer is not None)
        if self.answer is not None and self.answer.status != 200:
            raise RegistrationError(self.answer.first)

    def take(self, message: Message) -> None:
        """Understand a response (the phone calls this)."""
        if message.status < 200 or message.number < self._number:
            return
        self._wire.stop((self.id, "REGISTER"))
        if message.status == 401 and self._number == 1:
            self._ask(authorization(message.all("WWW-Authenticate"), "REGISTER", self._uri, self._login))
            return
        self.answer = message
        self.tell()

    def close(self) -> None:
        """Nothing is open: the PBX forgets by itself."""

    def _ask(self, *headers: str) -> None:
        self._number += 1
        who = f"<sip:{self._login.user}@{self._server[0]}>"
        lines = (
            self._wire.via(),
            f"From: {who};tag={secrets.token_hex(4)}",
            f"To: {who}",
            f"Call-ID: {self.id}",
            f"CSeq: {self._number} REGISTER",
            self._wire.contact,
            f"Expires: {_SECONDS}",
            "Max-Forwards: 70",
            *headers,
        )
        request = Message(f"REGISTER {self._uri} SIP/2.0", lines)
        self._wire.send(request, self._server)
        self._wire.repeat((self.id, "REGISTER"), request, self._server)
