"""A real SMTP server on loopback, in the test's own event loop, that answers as it is told."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

OK = "250 OK"


class PostOffice:
    """Keeps what arrives.

    `answers`, `data_answers` and `mail_answers` hold replies to RCPT, DATA and MAIL, used up one by one; then all is
    taken. `offered` are the Message-IDs of all mails, the refused too; `opened` counts the connections; `arrived`
    and `closed` are set when a mail came or a connection ended; `hold` keeps the answer to a mail back.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        implicit: bool = False,
        password: str | None = None,
        utf8: bool = False,
    ) -> None:
        self._tls, self._implicit, self._password = tls, implicit, password
        self._utf8 = utf8
        self.answers: list[str] = []
        self.data_answers: list[str] = []
        self.mail_answers: list[str] = []
        self.envelopes: list[Envelope] = []
        self.offered: list[str] = []
        self.opened = 0
        self.logins: list[str] = []
        self.arrived = asyncio.Event()
        self.closed = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self._live: set[_Counted] = set()

    async def __aenter__(self) -> Self:
        await self.open(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, port: int) -> None:
        """Listen; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        tls = self._tls if self._implicit else None
        self._server = await loop.create_server(self._protocol, "127.0.0.1", port, ssl=tls)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        """Cut all connections."""
        for protocol in list(self._live):
            # One that is closing already cannot be aborted again before Python 3.11.3.
            if isinstance(protocol.transport, asyncio.WriteTransport) and not protocol.transport.is_closing():
                protocol.transport.abort()

    def mails(self) -> list[EmailMessage]:
        """What arrived, parsed."""
        return [self.parsed(envelope) for envelope in self.envelopes]

    @staticmethod
    def parsed(envelope: Envelope) -> EmailMessage:
        """One mail as a mail program reads it."""
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def _protocol(self) -> SMTP:
        self.opened += 1
        options: dict[str, Any] = {"hostname": "localhost", "enable_SMTPUTF8": self._utf8}
        if self._tls is not None and not self._implicit:
            options |= {"tls_context": self._tls, "require_starttls": True}
        if self._password is not None:
            # aiosmtpd sees only the TLS of STARTTLS, and warns of logins that are required without it.
            options |= {"authenticator": self._login, "auth_required": not self._implicit}
            options |= {"auth_require_tls": not self._implicit}
        return _Counted(self, self._live, self._ended, **options)

    def _ended(self) -> None:
        self.closed.set()

    def _login(self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append(mechanism)
        return AuthResult(success=data.password == (self._password or "").encode(), handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer MAIL."""
        answer = self.mail_answers.pop(0) if self.mail_answers else OK
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer RCPT."""
        answer = self.answers.pop(0) if self.answers else OK
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the mail, or not; `hold` keeps the answer back."""
        self.offered.append(self.parsed(envelope)["Message-ID"])
        if self.hold is not None:
            self.arrived.set()
            await self.hold.wait()
        answer = self.data_answers.pop(0) if self.data_answers else OK
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        self.arrived.set()
        return answer


class _Counted(SMTP):
    """aiosmtpd's protocol, which tells the office when it ends."""

    def __init__(self, handler: PostOffice, live: set[_Counted], ended: Callable[[], None], **options: Any) -> None:
        super().__init__(handler, **options)
        self._live, self._on_end = live, ended
        live.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(error)
        self._live.discard(self)
        self._on_end()
