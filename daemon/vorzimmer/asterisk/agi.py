"""FastAGI: the dialplan asks over a connection of its own what to do with a channel, and is told command by command.

Asterisk connects, sends what it knows of the channel as `agi_name: value` lines up to an empty one, and then carries
out one command after another (`agi_session`); the connection's end sends the channel on in the dialplan. Whoever runs
on this machine can connect, so a peer is believed nothing and may cost little: see `Limits`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from vorzimmer.accepting import accepting
from vorzimmer.asterisk.agi_session import AgiError, HungUp, Session, read_header

log = structlog.get_logger()

AGAIN = 1.0
"""Seconds between two tries to get the port: whoever died before us may hold it a moment longer."""

REFUSAL = b'VERBOSE "vorzimmer: too many AGI sessions at once" 1\n'
"""What a connection too many is told before it is closed; Asterisk writes it into its log."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost: `sessions` at once, `header_lines` and `line_bytes` each; the rest are seconds.

    `header_seconds` until the header is complete and the first answer there, `session_seconds` for what follows;
    `longer`: instead of those, for scripts by the first part of their path.
    """

    sessions: int = 200
    header_lines: int = 100
    line_bytes: int = 4096
    header_seconds: float = 5.0
    session_seconds: float = 120.0
    longer: Mapping[str, float] = field(default_factory=dict)

    def seconds(self, script: str) -> float:
        """How long this script may take."""
        return self.longer.get(script.partition("/")[0], self.session_seconds)


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
        self._listener: socket.socket | None = None
        self._listening = contextlib.AsyncExitStack()
        self._trying: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._sessions: set[asyncio.Task[None]] = set()
        self._full = False

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return int(self._listener.getsockname()[1]) if self._listener is not None else 0

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
        await self._listening.aclose()
        for task in self._sessions:
            task.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)

    async def _listen(self) -> None:
        place = (self._host, self._port)
        self._listener = socket.create_server(place, backlog=4 * self._limits.sessions)
        taking = accepting(self._listener, self._accept, limit=self._limits.line_bytes)
        await self._listening.enter_async_context(taking)

    async def _listen_later(self) -> None:
        while self._listener is None:
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
        task.add_done_callback(partial(self._ended, writer))

    def _ended(self, writer: asyncio.StreamWriter, task: asyncio.Task[None]) -> None:
        writer.transport.abort()  # one that was cancelled before it began has done nothing itself
        self._sessions.discard(task)
        self._full = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = ""
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                session = Session(reader, writer, await read_header(reader, self._limits.header_lines))
                await session.in_step()
            script = session.script
            async with asyncio.timeout(self._limits.seconds(script)):
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
