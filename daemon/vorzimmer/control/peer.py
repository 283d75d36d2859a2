"""Somebody at the other end of the control socket: lines in, lines out, and nothing that it does can hold us up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

import orjson
import structlog

from vorzimmer.control.commands import Refused

log = structlog.get_logger()

LONGEST_LINE = 64 * 2**10
"""Bytes of a command."""

PATIENCE = 5.0
"""Seconds that a peer may take to read an answer."""

_CREDENTIALS = struct.Struct("3i")
"""pid, uid and gid: the kernel's `struct ucred` (unix(7), SO_PEERCRED)."""


def line_of(value: object) -> bytes:
    """A line of JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)


def refusal(request: str | None, refused: Refused) -> bytes:
    """The answer to a request that has no effect; `request` is its id, as far as it is known."""
    return line_of({"id": request, "ok": False, "error": {"code": refused.code, "text": refused.text}})


class Peer:
    """A connection. `uid`: of the process, as the kernel says; `events`: those not yet sent to one who watches."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.events: asyncio.Queue[bytes] | None = None
        self.uid = _uid(writer.get_extra_info("socket"))

    async def read_line(self) -> bytes:
        """The next line; nothing once the peer sends no more, or has gone.

        Raises:
            Refused: a line was too long, and was passed over.
        """
        try:
            return await self._reader.readuntil()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                await self.write(refusal(None, Refused("bad_request", "half a line: a command ends with a newline")))
            return b""
        except asyncio.LimitOverrunError as error:
            await self._pass_over(error.consumed)
            raise Refused("too_long", f"a command has at most {LONGEST_LINE} bytes") from None
        except OSError:
            return b""

    async def _pass_over(self, seen: int) -> None:
        """Read to the end of the line and keep nothing; `seen` bytes of it are here already."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                await self._reader.readexactly(seen)
                try:
                    await self._reader.readuntil()
                except asyncio.LimitOverrunError as error:
                    seen = error.consumed
                else:
                    return

    async def write(self, line: bytes) -> None:
        """Send an answer, if the peer is still there. One who does not read it is cut off."""
        try:
            async with asyncio.timeout(PATIENCE):
                self._writer.write(line)
                await self._writer.drain()
        except TimeoutError:
            self._cut_off("reads no answers")
        except OSError:
            pass

    def offer(self, line: bytes) -> None:
        """Queue an event for one who watches; where there is no room, the peer is cut off."""
        if self.events is None:
            return
        try:
            self.events.put_nowait(line)
        except asyncio.QueueFull:
            self._cut_off("lags too far behind")

    async def watch(self, first: bytes, most: int) -> None:
        """Send `first` and then events as they are offered, until the peer has gone; `most` may wait for it."""
        self.events = asyncio.Queue(most)
        await self.write(first)
        sending = asyncio.create_task(self._pass_on(self.events))
        try:
            with contextlib.suppress(OSError):
                await self._all_passed_over()  # who watches has no more to say
        finally:
            self.events = None
            sending.cancel()

    async def _pass_on(self, events: asyncio.Queue[bytes]) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._writer.write(await events.get())
                await self._writer.drain()

    async def turn_away(self, last: bytes) -> None:
        """Send a last word and wait a moment for the peer to leave: what it still sends would break what it reads."""
        await self.write(last)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(PATIENCE):
                await self._all_passed_over()

    async def _all_passed_over(self) -> None:
        while await self._reader.read(LONGEST_LINE):
            pass

    def close(self) -> None:
        """Close; what was written is still sent."""
        self._writer.close()

    def _cut_off(self, why: str) -> None:
        log.warning("control.peer_cut_off", uid=self.uid, why=why)
        self.events = None
        self._writer.transport.abort()


def _uid(connection: Any) -> int:
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(packed)[1])
