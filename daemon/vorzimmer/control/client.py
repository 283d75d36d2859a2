"""The asking end of the control API: for the command line, the pages and whoever else is allowed in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import orjson

from vorzimmer.control.commands import Command, Refused, Watch

LONGEST_ANSWER = 16 * 2**20
"""Bytes; the wall of a house with thousands of callers fits."""


class Unreachable(Exception):
    """There is no calls process at the other end, or no longer; the text says so to a person."""


class Client:
    """An open connection; see `connect`. Commands of one connection are asked one after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()

    async def ask(self, command: Command) -> dict[str, Any]:
        """Have a command carried out, and return its result.

        Raises:
            Refused: it had no effect; the text says why.
            Unreachable: the connection broke: nobody knows. Asking again, on a new one, under the same id is safe.
        """
        async with self._turn:
            await self._send(command)
            while (answer := await self._receive()).get("id") != command.id:
                if not answer.get("ok", True) and answer.get("id") is None:
                    break  # not even our id could be read
            if not answer["ok"]:
                raise Refused(answer["error"]["code"], answer["error"]["text"])
            result: dict[str, Any] = answer["result"]
            return result

    async def watch(self, command: Watch) -> AsyncGenerator[dict[str, Any], None]:
        """Every event from now on; the first `{}` says that from here on nothing is missed.

        Raises:
            Refused: as `ask`.
            Unreachable: the daemon has gone, or this end was too slow.
        """
        yield await self.ask(command)
        while True:
            yield await self._receive()

    async def _send(self, command: Command) -> None:
        try:
            self._writer.write(command.model_dump_json().encode() + b"\n")
            await self._writer.drain()
        except OSError:
            pass  # refused at the door: there is an answer to read, which says why

    async def _receive(self) -> dict[str, Any]:
        try:
            line = await self._reader.readuntil()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            raise Unreachable("the calls process has closed the connection") from None
        answer: dict[str, Any] = orjson.loads(line)
        return answer


@contextlib.asynccontextmanager
async def connect(path: Path) -> AsyncIterator[Client]:
    """A connection to the calls process, closed at the end.

    Raises:
        Unreachable: there is none.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER)
    except PermissionError:
        raise Unreachable(f"{path} may not be opened: be of the daemon's group, or root") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise Unreachable(f"the calls process is not running: nobody listens at {path}") from None
    except OSError as error:
        raise Unreachable(f"{path} cannot be opened: {error.strerror or error}") from None
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
