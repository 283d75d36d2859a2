"""The dialplan's side of a FastAGI connection, that does what a test asks for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HEADER = (
    b"agi_network: yes\nagi_network_script: agents/log_in\nagi_channel: PJSIP/softphone1-00000001\n"
    b"agi_accountcode: \nagi_arg_1: softphone1\n"
)


class Asterisk:
    """The dialplan's side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes as they are; a peer that has closed meanwhile is no mistake."""
        with contextlib.suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def knock(self, header: bytes = HEADER) -> None:
        """Send the header, and the word back that is asked for."""
        await self.send(header + b"\n")
        command, word = (await self._reader.readline()).rsplit(maxsplit=1)
        assert command == b"GET FULL VARIABLE"
        await self.send(b"200 result=1 (%s)\n" % word.strip(b'"'))

    async def asked(self, command: bytes, answer: bytes) -> None:
        """Wait for this very command and answer it."""
        assert await self._reader.readline() == command
        await self.send(answer)

    async def command(self) -> bytes:
        """Wait for the next command."""
        return await self._reader.readline()

    async def rest(self) -> bytes:
        """Everything up to the connection's end."""
        with contextlib.suppress(ConnectionError):
            return await self._reader.read()
        return b""

    def leave(self) -> None:
        """Close without a word."""
        self._writer.close()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Asterisk]:
    """A connection to the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Asterisk(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
