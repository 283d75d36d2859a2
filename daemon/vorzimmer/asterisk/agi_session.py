"""One channel in the dialplan's `AGI()`: what Asterisk says of it, and the commands it takes, one after another.

A command is a line, and so is its answer; `HANGUP` may stand between them.
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Gateway-Interface-AGI/
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

LONGEST_COMMAND = 2000
"""Bytes; Asterisk's buffer holds 2048."""

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

    async def record_file(self, path: str, form: str, keys: str, milliseconds: int) -> str:
        """Record behind a beep into `path` (without its extension, which is `form`) until one of `keys` is pressed.

        Returns:
            The key; nothing if the longest time was over first.
        """
        return _digit(await self._ask("RECORD FILE", path, form, keys, str(milliseconds), "BEEP"))

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


async def read_header(reader: asyncio.StreamReader, most: int) -> dict[str, str]:
    """What Asterisk sends first, by name; of `most` lines at most.

    Raises:
        AgiError: it is none. Values are printed as the network sent them: a name that stands twice may be forged.
        HungUp: the connection ended.
    """
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


def _quoted(argument: str) -> str:
    """An argument as Asterisk reads it back whole; a line break would begin a command of its own."""
    if not argument.isprintable():
        raise ValueError(f"an argument of a command holds control characters: {argument!r}")
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _digit(answer: _Answer) -> str:
    return chr(answer.result) if 0 < answer.result < 128 else ""
