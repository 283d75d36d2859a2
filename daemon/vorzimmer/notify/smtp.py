"""Kept connections to the mail server: opened when needed, used again while there is work, closed when idle."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import aiosmtplib

from vorzimmer.core.ports import Trouble
from vorzimmer.notify.plain import one_line

AWAY = (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError)
"""What goes wrong on a connection; certificates that do not fit are OSErrors, names that are none UnicodeErrors."""

HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
"""A host's name or address; what ends a command is in none."""

OWN_NAME = 2.0
"""Seconds that the DNS may take to tell our own name."""

GOODBYE = 2.0
"""Seconds that a server may take to answer QUIT."""


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server that takes our mail.

    `tls`: none, STARTTLS (refused if the server has none), or TLS from the first byte; the certificate is always
    checked, against `ca_file` alone where one is given, else against the machine's. `timeout` in seconds is that of
    each single command.

    Raises:
        ValueError: `host` is neither a name nor an address.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "none"
    ca_file: Path | None = None
    user: str | None = None
    password: str | None = None
    timeout: float = 20.0

    def __post_init__(self) -> None:
        if not HOST.fullmatch(self.host):
            raise ValueError("the mail server's host is neither a name nor an address")


class Line:
    """One connection that carries one mail at a time. `clean`: the server waits for the next one."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client
        self._used = False
        self.clean = True
        self.idle: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether the server has not hung up, as far as we know."""
        return self._client.is_connected

    def supports(self, extension: str) -> bool:
        """Whether the server offered an SMTP extension."""
        return self._client.supports_extension(extension)

    async def send(self, sender: str, recipient: str, mail: bytes, options: tuple[str, ...] = ()) -> str:
        """Hand over one mail; returns what the server said.

        A server may hang up on a kept connection whenever it likes (421 after so many mails, a restart): then the
        mail goes once more over a new one.

        Raises:
            aiosmtplib.SMTPException, OSError, TimeoutError: refused, or the connection failed.
        """
        used, self._used = self._used, True
        try:
            return await self._transact(sender, recipient, mail, options)
        except aiosmtplib.SMTPException as error:
            if not used or self.open or isinstance(error, aiosmtplib.SMTPTimeoutError):
                raise
        await self._client.connect()
        return await self._transact(sender, recipient, mail, options)

    async def _transact(self, sender: str, recipient: str, mail: bytes, options: tuple[str, ...]) -> str:
        self.clean = False
        try:
            _, words = await self._client.sendmail(sender, [recipient], mail, mail_options=options)
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused):
            self.clean = True  # an answer, after which aiosmtplib has reset the transaction
            raise
        self.clean = True
        return words

    async def quit(self) -> None:
        """Take leave; what goes wrong at it matters no more."""
        with contextlib.suppress(*AWAY):
            await self._client.quit(timeout=GOODBYE)
        self._client.close()

    def drop(self) -> None:
        """Close without a word: the server may be in the middle of something."""
        self._client.close()


class Lines:
    """At most `most` connections at once, each closed after `idle` seconds without a mail.

    Raises:
        OSError: the CA file cannot be read, or holds no certificate.
    """

    def __init__(self, server: Server, trouble: Trouble, *, most: int, idle: float) -> None:
        self._server = server
        self._tls = None if server.tls == "none" else ssl.create_default_context(cafile=server.ca_file)
        self._trouble = trouble
        self._idle = idle
        self._slots = asyncio.Semaphore(most)
        self._kept: list[Line] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._name: str | None = None
        self._reachable = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._kept:
            self._leave(self._kept[0])
        await asyncio.gather(*self._leaving)

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connection for one mail: a kept one, else a new one. It is kept afterwards if it is still in order.

        Raises:
            aiosmtplib.SMTPException, OSError, TimeoutError: the server cannot be reached, or not as it must be.
        """
        async with self._slots:
            line = self._take() or Line(await self._connect())
            try:
                yield line
            finally:
                self._put_back(line)

    async def _connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls == "tls",
            start_tls=self._server.tls == "starttls",
            tls_context=self._tls,
            username=self._server.user,
            password=self._server.password,
            timeout=self._server.timeout,
            local_hostname=self._name or await _own_name(),
        )
        try:
            await client.connect()
            await client.ehlo()
        except AWAY as error:
            client.close()
            if self._reachable:
                self._reachable = False
                self._trouble("email.server_unreachable", host=self._server.host, error=one_line(str(error)))
            raise
        self._reachable = True
        self._name = client.local_hostname  # once is enough
        return client

    def _take(self) -> Line | None:
        while self._kept:
            line = self._kept.pop()
            if line.idle is not None:
                line.idle.cancel()
            if line.open:
                return line
        return None

    def _put_back(self, line: Line) -> None:
        if not line.clean:
            line.drop()
        elif line.open:
            line.idle = asyncio.get_running_loop().call_later(self._idle, self._leave, line)
            self._kept.append(line)

    def _leave(self, line: Line) -> None:
        self._kept.remove(line)
        if line.idle is not None:
            line.idle.cancel()
        task = asyncio.create_task(line.quit())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _own_name() -> str:
    """What we greet a mail server with: this machine's full name; the short one where the DNS does not tell.

    Not left to aiosmtplib, which waits for the DNS as long as that takes, in a thread that others need.
    """
    name = socket.gethostname()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(OWN_NAME):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
            name = found[0][3] or name
    # The DNS says what it likes, and this is written into a command.
    return name if HOST.fullmatch(name) else "localhost"
