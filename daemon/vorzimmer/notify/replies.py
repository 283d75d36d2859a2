"""Replies of clients by mail: the operator's mail server hands them over by LMTP (RFC 2033), each becomes an answer.

What is taken is kept: the answer to DATA comes after the commit. What comes again, for the mail server did not hear
the answer, is known by its Message-ID and changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from vorzimmer.core.answer import Kind, Via
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.notify import reply_words
from vorzimmer.notify.plain import one_line
from vorzimmer.store import answers
from vorzimmer.store.answers import Said
from vorzimmer.store.reply_addresses import ReplyAddresses, open_reply_addresses

log = structlog.get_logger()

HOST = "127.0.0.1"

LARGEST = 10_000_000
"""Bytes of a mail."""

SECONDS = 60.0
"""For which a mail server may say nothing."""

_AWAY = "451 4.3.0 the database is away; try again later"
_UNKNOWN = "550 5.1.1 nobody replies to this address, or not any more"
_ONE_BY_ONE = "452 4.5.3 one recipient at a time"
_TAKEN = "250 2.0.0 taken"
_DROPPED = "250 2.0.0 taken; no person wrote it, so nobody is told"
_EMPTY = "554 5.6.0 the mail says nothing"
_UNREADABLE = "554 5.6.0 the mail cannot be read"
_REFUSED = {"unknown": _UNKNOWN, "too_many": "552 5.2.2 this call was answered too often"}

_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Replies:
    """What the LMTP server asks: is a recipient one of our addresses, and what becomes of the mail.

    Args:
        connect: to the database.
        domain: of the addresses.
        clock: says when an answer came.
    """

    def __init__(self, connect: Connect, domain: str, clock: Clock) -> None:
        self._connect, self._domain, self._clock = connect, domain, clock

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds it by this name
        self,
        server: LMTP,  # noqa: ARG002 - aiosmtpd passes it
        session: Session,  # noqa: ARG002 - the same
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],  # noqa: ARG002 - the same
    ) -> str:
        """Take one of our addresses. After DATA LMTP wants an answer for each recipient: there is one at a time."""
        if envelope.rcpt_tos:
            return _ONE_BY_ONE
        try:
            async with self._addresses() as (conn, addresses):
                known = await addresses.read(conn, address, self._clock())
        except _LOST:
            return _AWAY
        if known is None:
            return _UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: LMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd calls it so
        """Keep what was written."""
        mail = bytes(envelope.original_content or b"")
        reply = await asyncio.to_thread(reply_words.read, mail)
        if reply.automatic or envelope.mail_from in (None, "", "<>"):  # RFC 3464: a bounce has no sender
            log.info("replies.automatic", sender=reply.sender)
            return _DROPPED
        if not reply.text and not reply.attachments:
            return _EMPTY
        sender = reply.sender or one_line(envelope.mail_from, 254)
        number = reply.id or hashlib.sha256(mail).hexdigest()
        said = Said(Kind.REPLY, reply.text, sender, Via.MAIL, number, reply.attachments)
        try:
            async with self._addresses() as (conn, addresses):
                about = await addresses.read(conn, envelope.rcpt_tos[0], self._clock())
                if about is None:
                    return _UNKNOWN
                await answers.add(conn, about.call_id, about.client, said, self._clock())
        except answers.NotTaken as refused:
            return _REFUSED[refused.code]
        except _LOST:
            return _AWAY
        log.info("replies.taken", call=about.call_id, client=about.client)
        return _TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """A mail that not even the standard library reads is refused, not tried again for days."""
        log.warning("replies.unreadable", error=type(error).__name__)
        return _UNREADABLE

    @contextlib.asynccontextmanager
    async def _addresses(self) -> AsyncIterator[tuple[asyncpg.Connection, ReplyAddresses]]:
        conn = await self._connect()
        try:
            yield conn, await open_reply_addresses(conn, self._domain)
        finally:
            conn.terminate()


@contextlib.asynccontextmanager
async def receiving(replies: Replies, port: int, trouble: Trouble) -> AsyncIterator[None]:
    """Take replies on this port of loopback while inside. A port in use is told to `trouble`; then none are taken."""
    loop = asyncio.get_running_loop()
    open_ones: set[asyncio.BaseTransport] = set()

    def connection() -> Any:
        return _Counted(replies, open_ones, loop)

    try:
        server = await loop.create_server(connection, HOST, port)
    except OSError as error:
        trouble("replies.port_refused", port=port, why=error.strerror or str(error))
        yield
        return
    try:
        yield
    finally:
        server.close()
        for transport in tuple(open_ones):
            transport.close()
        await server.wait_closed()


class _Counted(LMTP):
    """A connection that is ended with the server."""

    def __init__(
        self, replies: Replies, open_ones: set[asyncio.BaseTransport], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            replies, hostname="localhost", data_size_limit=LARGEST, enable_SMTPUTF8=True, timeout=SECONDS, loop=loop
        )
        self._open_ones = open_ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_ones.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._open_ones.discard(self.transport)
        super().connection_lost(error)
