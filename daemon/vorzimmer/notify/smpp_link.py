"""A kept connection to a carrier's SMPP 3.4 server: bound, watched, and opened again when it is lost.

The PDUs that go out are aiosmpplib's. Its client is not used: it keeps what was to be sent in a queue and sends it
after the next connection, when whoever asked has long been told that it failed; and an answer of a carrier's own
status ends its reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from aiosmpplib.protocol import (
    BindTransceiver,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SmppMessage,
    Unbind,
    UnbindResp,
)
from aiosmpplib.state import SmppCommand, SmppCommandStatus

from vorzimmer.notify.plain import one_line

HEADER = struct.Struct("!IIII")
LONGEST_PDU = 64 * 1024
RESPONSE = 0x80000000

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
QUIET_SECONDS = 30.0
"""After so long without a word the other side is asked whether it is there (SMPP 3.4, 4.11)."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two tries to connect: doubling from the one to the other."""

MOST_DELIVERIES = 100
"""Receipts that may be under way into the database; more are to come again later."""


class NotSent(Exception):
    """There is no connection: nothing was sent."""


class NoAnswer(Exception):
    """It was sent, and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Where:
    """The server and the login. `password`: at most 8 characters (SMPP 3.4, 5.2.2)."""

    host: str
    port: int
    tls: bool
    system_id: str
    password: str
    system_type: str = ""


@dataclass(frozen=True, slots=True)
class Pdu:
    """What came in."""

    command: int
    status: int
    sequence: int
    body: bytes


Deliver = Callable[[bytes], Awaitable[bool]]
"""Takes the body of a deliver_sm. False: not now; the server shall deliver it again."""


class Link:
    """The connection. Inside its context it is kept; `why` says why there is none."""

    def __init__(self, where: Where, deliver: Deliver) -> None:
        self._where = where
        self._deliver = deliver
        self._bound = asyncio.Event()
        self._answers: dict[int, asyncio.Future[Pdu]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._sequence = 0
        self._heard = 0.0
        self._writer: asyncio.StreamWriter | None = None
        self.why = "not connected yet"

    async def __aenter__(self) -> Self:
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(NotSent, NoAnswer):
            await self._ask(Unbind(), seconds=1.0)
        self._keeping.cancel()
        await asyncio.gather(self._keeping, *self._deliveries, return_exceptions=True)

    async def ask(self, pdu: SmppMessage) -> Pdu:
        """Send a request, once there is a connection, and wait for its answer.

        Raises:
            NotSent: there is none.
            NoAnswer: the answer did not come in time, or the connection was lost.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._bound.wait()
        except TimeoutError:
            raise NotSent(self.why) from None
        return await self._ask(pdu, seconds=ANSWER_SECONDS)

    async def _ask(self, pdu: SmppMessage, *, seconds: float) -> Pdu:
        if self._writer is None or self._writer.is_closing():
            raise NotSent(self.why)
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        number = pdu.sequence_num = self._sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            async with asyncio.timeout(seconds):
                self._writer.write(pdu.pdu())
                await self._writer.drain()
                return await answer
        except (TimeoutError, OSError) as error:
            raise NoAnswer(str(error) or f"no answer in {seconds:.0f} s") from None
        finally:
            self._answers.pop(number, None)

    async def _keep(self) -> None:
        """Connect, again and again."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._serve()
            except (OSError, TimeoutError, ValueError, EOFError, NotSent, NoAnswer) as error:
                self.why = one_line(str(error) or type(error).__name__)
            if self._bound.is_set():
                pause = FIRST_PAUSE
            self._let_go()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _serve(self) -> None:
        """One connection, from its beginning to its end."""
        where = self._where
        context = ssl.create_default_context() if where.tls else None
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, self._writer = await asyncio.open_connection(where.host, where.port, ssl=context)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(reader))
                await self._bind()
                group.create_task(self._watch())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            self._writer.transport.abort()

    async def _bind(self) -> None:
        where = self._where
        bind = BindTransceiver(system_id=where.system_id, password=where.password, system_type=where.system_type)
        answer = await self._ask(bind, seconds=CONNECT_SECONDS)
        if answer.status:
            raise ConnectionRefusedError(f"the server refuses the login ({status_name(answer.status)}); see [sms]")
        self._bound.set()

    async def _watch(self) -> None:
        """Ask whether the other side is there when it is quiet; no answer ends the connection."""
        loop = asyncio.get_running_loop()
        while True:
            quiet = loop.time() - self._heard
            if quiet >= QUIET_SECONDS:
                await self._ask(EnquireLink(), seconds=ANSWER_SECONDS)
            else:
                await asyncio.sleep(QUIET_SECONDS - quiet)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Hand each PDU to where it belongs. Ends by an exception."""
        while True:
            length, command, status, sequence = HEADER.unpack(await reader.readexactly(HEADER.size))
            if not HEADER.size <= length <= LONGEST_PDU:
                raise ValueError(f"the server sent a PDU of {length} bytes")
            body = await reader.readexactly(length - HEADER.size)
            self._heard = asyncio.get_running_loop().time()
            self._take(Pdu(command, status, sequence, body))

    def _take(self, pdu: Pdu) -> None:
        match pdu.command:
            case command if command & RESPONSE:
                answer = self._answers.get(pdu.sequence)
                if answer is not None and not answer.done():
                    answer.set_result(pdu)
            case SmppCommand.DELIVER_SM if len(self._deliveries) < MOST_DELIVERIES:
                task = asyncio.create_task(self._delivered(pdu))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)
            case SmppCommand.DELIVER_SM:
                self._write(DeliverSmResp(pdu.sequence, SmppCommandStatus.ESME_RX_T_APPN))
            case SmppCommand.ENQUIRE_LINK:
                self._write(EnquireLinkResp(pdu.sequence))
            case SmppCommand.UNBIND:
                self._write(UnbindResp(pdu.sequence))
                raise ConnectionResetError("the server took its leave")
            case _:
                self._write(GenericNack(pdu.sequence, SmppCommandStatus.ESME_RINVCMDID))

    async def _delivered(self, pdu: Pdu) -> None:
        good = await self._deliver(pdu.body)
        status = SmppCommandStatus.ESME_ROK if good else SmppCommandStatus.ESME_RX_T_APPN
        self._write(DeliverSmResp(pdu.sequence, status))

    def _write(self, pdu: SmppMessage) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pdu.pdu())

    def _let_go(self) -> None:
        """Nobody waits any longer for what this connection would have answered."""
        self._bound.clear()
        self._writer = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError(f"the connection was lost: {self.why}"))


def status_name(status: int) -> str:
    """A command_status as the standard calls it; carriers have some of their own."""
    try:
        name: str = SmppCommandStatus(status).name
    except ValueError:
        return f"0x{status:08X}"
    return name
