"""A carrier's SMPP 3.4 server on loopback, in the test's own event loop, that answers as it is told.

What it reads it reads with aiosmpplib's decoder, so that what is sent is understood by other code than that which
wrote it.
"""

from __future__ import annotations

import asyncio
import struct
from datetime import datetime
from typing import Self

from aiosmpplib.protocol import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLinkResp,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from aiosmpplib.state import NPI, TON, PhoneNumber, SmppCommand, SmppCommandStatus

HEADER = struct.Struct("!IIII")
OK = SmppCommandStatus.ESME_ROK
HANG_UP = "hang up"
SILENCE = "silence"
PASSWORD = "secret"


class Carrier:
    """Keeps what arrives.

    `statuses`: answers to submit_sm, used up one by one (a status, HANG_UP or SILENCE); then all is taken. `parts` are
    what was taken, `raw` the bytes of all. `deliveries` are the statuses with which receipts were answered, by number.
    """

    def __init__(self) -> None:
        self.statuses: list[int | str] = []
        self.binds: list[BindTransceiver] = []
        self.parts: list[SubmitSm] = []
        self.raw: list[bytes] = []
        self.deliveries: dict[int, int] = {}
        self.asked = 0
        self.goodbyes = 0
        self.changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._number = 0

    async def __aenter__(self) -> Self:
        await self.open(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, port: int) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and hang up."""
        self._server.close()
        self.hang_up()
        await asyncio.gather(*self._serving)
        await self._server.wait_closed()

    def hang_up(self) -> None:
        """Cut all connections."""
        for writer in self._writers:
            writer.transport.abort()

    async def until(self, what: str) -> None:
        """Wait until an expression about this server, such as `len(binds) == 2`, is true."""
        async with asyncio.timeout(20):
            while not eval(what, {}, vars(self)):  # noqa: S307 - the test's own words
                self.changed.clear()
                await self.changed.wait()

    def receipt(self, message_id: str, stat: str, text: str | None = None) -> int:
        """Deliver a receipt to whoever is bound; returns its number."""
        self._number += 1
        told = {"id": message_id, "stat": stat, "sub": 1, "dlvrd": 1, "submit date": datetime(2026, 11, 22, 13, 5)}  # noqa: DTZ001 - SMPP's have none
        words = DeliverSm.encode_receipt({**told, "done date": told["submit date"]}) if text is None else text
        return self._deliver(words, 0b00000100)

    def incoming(self, text: str) -> int:
        """Deliver a message from a telephone; returns its number."""
        self._number += 1
        return self._deliver(text, 0)

    def send_raw(self, pdu: bytes) -> None:
        """Send these bytes to whoever is bound."""
        for writer in self._writers:
            writer.write(pdu)

    def leave(self) -> None:
        """Say good-bye."""
        self._number += 1
        self.send_raw(Unbind(self._number).pdu())

    def _deliver(self, words: str, esm_class: int) -> int:
        pdu = DeliverSm(
            self._number,
            short_message=words,
            source=PhoneNumber("4915112345678", TON.INTERNATIONAL, NPI.ISDN),
            destination=PhoneNumber("Kanzlei", TON.ALPHANUMERIC, NPI.UNKNOWN),
            esm_class=esm_class,
            registered_delivery=0,
        )
        pdu.set_encoding_info("gsm0338", None)
        pdu.set_encoded_message(words.encode())
        self.send_raw(pdu.pdu())
        return self._number

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while True:
                head = await reader.readexactly(HEADER.size)
                length, command, status, number = HEADER.unpack(head)
                body = await reader.readexactly(length - HEADER.size)
                answer = self._answer(head + body, command, status, number)
                if answer is None:
                    return
                if answer:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self.changed.set()

    def _answer(self, pdu: bytes, command: int, status: int, number: int) -> bytes | None:
        """What to send; nothing; None: hang up."""
        self.changed.set()
        answer: SmppMessage
        match command:
            case SmppCommand.BIND_TRANSCEIVER:
                bind = BindTransceiver.from_pdu(pdu, SmppMessage.parse_header(pdu))
                assert isinstance(bind, BindTransceiver)
                good = bind.password == PASSWORD
                self.binds += [bind] if good else []
                answer = BindTransceiverResp(number, OK if good else SmppCommandStatus.ESME_RINVPASWD, "carrier")
            case SmppCommand.SUBMIT_SM:
                return self._submitted(pdu, number)
            case SmppCommand.ENQUIRE_LINK:
                self.asked += 1
                answer = EnquireLinkResp(number)
            case SmppCommand.UNBIND:
                self.goodbyes += 1
                answer = UnbindResp(number)
            case SmppCommand.DELIVER_SM_RESP:
                self.deliveries[number] = status
                return b""
            case _:
                return b""
        answered: bytes = answer.pdu()
        return answered

    def _submitted(self, pdu: bytes, number: int) -> bytes | None:
        self.raw.append(pdu)
        status = self.statuses.pop(0) if self.statuses else OK
        if isinstance(status, str):
            return None if status == HANG_UP else b""
        if status:
            return HEADER.pack(HEADER.size, SmppCommand.SUBMIT_SM_RESP, status, number)
        part = SubmitSm.from_pdu(pdu, SmppMessage.parse_header(pdu), "gsm0338")
        assert isinstance(part, SubmitSm)
        self.parts.append(part)
        answered: bytes = SubmitSmResp(number, message_id=f"m{len(self.parts)}").pdu()
        return answered
