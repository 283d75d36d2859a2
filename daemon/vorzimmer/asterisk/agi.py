"""FastAGI: the dialplan asks over a connection of its own what to do with a channel, and is told command by command.

Asterisk connects, sends what it knows of the channel as `agi_name: value` lines up to an empty one, and then carries
out one command after another; the connection's end sends the channel on in the dialplan. Whoever runs on this machine
can connect, so a peer is believed nothing and may cost little: see `Limits`.
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

log = structlog.get_logger()

AGAIN = 1.0
"""Seconds between two tries to get the port: whoever died before us may hold it a moment longer."""

LONGEST_COMMAND = 2000
"""Bytes; Asterisk's buffer holds 2048."""

REFUSAL = b'VERBOSE "vorzimmer: too many AGI sessions at once" 1\n'
"""What a connection too many is told before it is closed; Asterisk writes it into its log."""

_ANSWER = re.compile(r"([0-9]{3})([ -])(.*)")
_RESULT = re.compile(r"result=(-?[0-9]+)(?: \((.*)\))?(?: endpos=([0-9]+))?")
_SCRIPT = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")
_DEAD = 511
_USAGE = 520


class AgiError(Exception):
    """The peer does not speak AGI, or Asterisk refused a command."""


class HungUp(AgiError):
    """The channel was hung up, or the connection is gone: nothing more can be done with it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost: `sessions` at once, `header_lines` and `line_bytes` each; the rest are seconds.

    `header_seconds` until the header is complete and the first answer there, `session_seconds` for everything.
    """

    sessions: int = 200
    header_lines: int = 100
    line_bytes: int = 4096
    header_seconds: float = 5.0
    session_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to a command: its result, the text in brackets, and how far a sound was played, in samples."""

    result: int
    text: str
    played: int


class Session:
    """One channel in the dialplan's `AGI()`, one command at a time.

    `variables` is Asterisk's header by its names (`agi_channel`, `agi_arg_1` …), without control characters. It is no
    proof of anything: Asterisk prints a telephone's own words into it. Whose the channel is, is asked by
    `get_variable`, whose answer cannot be forged from there (see `in_step`).

    Every verb raises `HungUp` once the channel has gone, and `AgiError` where Asterisk refuses.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, variables: Mapping[str, str]
    ) -> None:
        self.variables = variables
        self._reader, self._writer = reader, writer
        self._hung_up = False

    @property
    def script(self) -> str:
        """The path of the URL that the dialplan called."""
        return self.variables["agi_network_script"]

    async def in_step(self) -> None:
        """Make sure that answers are answers: a word nobody can foresee has to come back.

        A caller id with line breaks can end the header early and give answers to questions not yet asked.

        Raises:
            AgiError: something else came.
        """
        word = secrets.token_hex(8)
        if (await self._ask("GET FULL VARIABLE", word)).text != word:
            raise AgiError("the answers are not to our questions")

    async def answer(self) -> None:
        """Answer the channel, unless it is."""
        await self._ask("ANSWER")

    async def stream_file(self, name: str, escape_digits: str = "") -> str:
        """Play a sound (a name without extension, in the channel's language) to its end.

        Returns:
            The one of `escape_digits` that was pressed and ended it, else nothing.
        """
        answer = await self._ask("STREAM FILE", name, escape_digits)
        if not answer.played and not answer.result:
            log.warning("agi.no_sound", name=name)
        return _digit(answer)

    async def say_number(self, number: int, escape_digits: str = "") -> str:
        """Say a whole number in the channel's language; returns the key that ended it, like `stream_file`."""
        return _digit(await self._ask("SAY NUMBER", str(number), escape_digits))

    async def wait_for_digit(self, milliseconds: int) -> str:
        """Wait for a key; nothing if none was pressed in time."""
        return _digit(await self._ask("WAIT FOR DIGIT", str(milliseconds)))

    async def get_variable(self, name: str) -> str | None:
        """Read a variable or a function of the channel; None if it is not set."""
        answer = await self._ask("GET VARIABLE", name)
        return answer.text if answer.result else None

    async def set_variable(self, name: str, value: str) -> None:
        """Set a variable or a function of the channel."""
        await self._ask("SET VARIABLE", name, value)

    async def hangup(self) -> None:
        """Hang the channel up."""
        await self._ask("HANGUP")

    async def _ask(self, command: str, *arguments: str) -> _Answer:
        line = " ".join((command, *map(_quoted, arguments))).encode()
        if len(line) > LONGEST_COMMAND:
            raise ValueError(f"{command}: {len(line)} bytes are too long for a command")
        if self._hung_up:
            raise HungUp(command)
        self._writer.write(line + b"\n")
        await self._writer.drain()
        answer = await self._answer(command)
        if answer.result < 0:
            self._hung_up = True
            raise HungUp(command)
        return answer

    async def _answer(self, command: str) -> _Answer:
        """Read the answer. A line HANGUP may stand before it, once."""
        line = await _line(self._reader)
        if line == "HANGUP" and not self._hung_up:
            self._hung_up = True
            line = await _line(self._reader)
        found = _ANSWER.fullmatch(line)
        if found is None:
            raise AgiError(f"{command}: no answer, but {line[:80]!r}")
        status, more, text = int(found[1]), found[2] == "-", found[3]
        if status == _DEAD:
            self._hung_up = True
            raise HungUp(command)
        if status == _USAGE and more:
            await self._skip_usage()
        result = _RESULT.fullmatch(text)
        if status != 200 or result is None:
            raise AgiError(f"{command}: {status} {text[:80]}")
        return _Answer(int(result[1]), result[2] or "", int(result[3] or 0))

    async def _skip_usage(self) -> None:
        """A command that Asterisk does not understand is answered with its manual, up to a line with the status."""
        while not (await _line(self._reader)).startswith(f"{_USAGE} "):
            pass


Handler = Callable[[Session], Awaitable[None]]
"""What is done with a channel; at its end the channel goes on in the dialplan."""


class AgiServer:
    """Listens while inside `async with`; each connection is a `Session` in a task of its own, given to `handler`.

    A port in use is logged once and tried for again until it is free. What goes wrong in a session, the handler's own
    mistakes included, is logged and ends that session alone.
    """

    def __init__(self, host: str, port: int, handler: Handler, limits: Limits | None = None) -> None:
        self._host, self._port, self._handler = host, port, handler
        self._limits = limits or Limits()
        self._server: asyncio.Server | None = None
        self._trying: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._sessions: set[asyncio.Task[None]] = set()
        self._full = False

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else 0

    @property
    def sessions(self) -> int:
        """How many there are now."""
        return len(self._sessions)

    async def __aenter__(self) -> Self:
        try:
            await self._listen()
        except OSError as error:
            log.warning("agi.port_refused", port=self._port, why=error.strerror, effect="feature codes do not work")
            self._trying = asyncio.create_task(self._listen_later())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._trying is not None:
            await self._trying
        if self._server is None:
            return
        self._server.close()
        for task in self._sessions:
            task.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)
        await self._server.wait_closed()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, self._host, self._port, limit=self._limits.line_bytes, backlog=4 * self._limits.sessions
        )

    async def _listen_later(self) -> None:
        while self._server is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN):
                    await self._closing.wait()
                return
            with contextlib.suppress(OSError):
                await self._listen()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= self._limits.sessions:
            if not self._full:
                log.warning("agi.full", sessions=len(self._sessions))
            self._full = True
            writer.write(REFUSAL)
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._sessions.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sessions.discard(task)
        self._full = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = ""
        try:
            async with asyncio.timeout(self._limits.session_seconds):
                async with asyncio.timeout(self._limits.header_seconds):
                    session = Session(reader, writer, await _header(reader, self._limits.header_lines))
                    await session.in_step()
                script = session.script
                await self._handler(session)
        except HungUp as gone:
            log.debug("agi.hung_up", script=script, at=str(gone))
        except (AgiError, TimeoutError) as error:
            log.warning("agi.ended", script=script, why=str(error) or "it took too long")
        except OSError as error:
            log.debug("agi.connection_lost", script=script, why=str(error))
        except Exception:
            log.exception("agi.handler_failed", script=script)
        finally:
            # Every command was answered, so there is nothing left to be sent; a peer that does not read cannot stay.
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _line(reader: asyncio.StreamReader) -> str:
    """The next line, without its end and without control characters; bytes that are no UTF-8 are replaced.

    Raises:
        HungUp: the connection ended.
        AgiError: the line is too long.
    """
    try:
        raw = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise HungUp("the connection ended") from error
    except asyncio.LimitOverrunError as error:
        raise AgiError("a line is too long") from error
    return "".join(one for one in raw.decode("utf-8", "replace") if one.isprintable())


async def _header(reader: asyncio.StreamReader, most: int) -> dict[str, str]:
    """Asterisk prints values as they came from the network, so a name that stands twice may be forged."""
    values: dict[str, str] = {}
    while line := await _line(reader):
        name, colon, value = line.partition(":")
        if not colon or not name.startswith("agi_") or name in values:
            raise AgiError(f"no header of AGI: {line[:80]!r}")
        if len(values) == most:
            raise AgiError(f"more than {most} lines of header")
        values[name] = value.strip()
    if _SCRIPT.fullmatch(values.get("agi_network_script", "")) is None:
        raise AgiError("the header names no script")
    return values


def _quoted(argument: str) -> str:
    """An argument as Asterisk reads it back whole; a line break would begin a command of its own."""
    if not argument.isprintable():
        raise ValueError(f"an argument of a command holds control characters: {argument!r}")
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _digit(answer: _Answer) -> str:
    return chr(answer.result) if 0 < answer.result < 128 else ""
