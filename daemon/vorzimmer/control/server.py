"""The calls process's end of the control API: takes commands, answers them, tells what happens.

Whoever may open the socket may ask anything (mode 0660: the daemon's user and group); what comes is checked all the
same, and neither a slow peer nor one that sends nonsense holds up the others or a call.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from vorzimmer.accepting import accepting
from vorzimmer.control import commands
from vorzimmer.control.answering import Answering, Handlers
from vorzimmer.control.commands import Command, Refused, Watch
from vorzimmer.control.peer import LONGEST_LINE, Peer, line_of, refusal
from vorzimmer.core.ports import Clock, Trouble

AGAIN = 5.0
"""Seconds between two tries to get the socket."""

_QUEUE = 1024
"""Connections that may wait to be taken; where there is no room the kernel refuses them without a word."""

_BUSY = refusal(None, Refused("busy", "too many connections at once; try again later"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost: connections at once, commands under way on one of them, events that a watcher may lag."""

    connections: int = 100
    commands: int = 16
    events: int = 1000


class Server:
    """The control API. `run` serves until cancelled; `tell` may be called at any time.

    Args:
        path: of the socket; one that a dead process left behind is replaced.
        handlers: of every command but `Watch`.
        clock: the wall clock, for deadlines and events.
        trouble: told when the socket cannot be had, and of handlers' mistakes.
        limits: what peers may cost.
    """

    def __init__(
        self, path: Path, handlers: Handlers, clock: Clock, trouble: Trouble, limits: Limits | None = None
    ) -> None:
        self._path = path
        self._clock = clock
        self._trouble = trouble
        self._limits = limits or Limits()
        self._answering = Answering(handlers, clock, trouble)
        self._peers: dict[Peer, asyncio.Task[None]] = {}
        self._turned_away: dict[Peer, asyncio.Task[None]] = {}
        self.listening = asyncio.Event()
        """Set while the socket is there."""

    async def run(self) -> None:
        """Serve until cancelled. Calls go on without it: a socket that cannot be had is told, and tried again."""
        told = False
        while True:
            try:
                listener = _listen(self._path)
            except OSError as error:
                if not told:
                    self._trouble("control.no_socket", path=str(self._path), why=error.strerror or str(error))
                told = True
                await asyncio.sleep(AGAIN)
            else:
                await self._serve(listener)

    async def _serve(self, listener: socket.socket) -> None:
        ours = self._path.stat().st_ino
        try:
            async with accepting(listener, self._on_connection, limit=LONGEST_LINE):
                self.listening.set()
                await asyncio.get_running_loop().create_future()
        finally:
            self.listening.clear()
            with contextlib.suppress(OSError):
                if self._path.stat().st_ino == ours:  # else the next process has its own there already
                    self._path.unlink()
            conversations = [*self._peers.values(), *self._turned_away.values()]
            for conversation in conversations:
                conversation.cancel()
            await asyncio.gather(*conversations, return_exceptions=True)

    def tell(self, event: str, /, **about: Any) -> None:
        """Tell everybody who watches. Waits for nobody: who lags too far behind is cut off."""
        watchers = [peer for peer in self._peers if peer.events is not None]
        if watchers:
            line = line_of({"event": event, "at": self._clock(), **about})
            for peer in watchers:
                peer.offer(line)

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        room = len(self._peers) < self._limits.connections
        conversation = asyncio.create_task(self._converse(peer) if room else peer.turn_away(_BUSY))
        conversations = self._peers if room else self._turned_away
        conversations[peer] = conversation

        def end(_: asyncio.Task[None]) -> None:
            del conversations[peer]
            peer.close()

        conversation.add_done_callback(end)

    async def _converse(self, peer: Peer) -> None:
        """Take commands, several at a time, until the peer sends no more or begins to watch."""
        room = asyncio.Semaphore(self._limits.commands)
        async with asyncio.TaskGroup() as answers:
            watch = None
            while watch is None and (command := await _next(peer)) is not None:
                if isinstance(command, Watch):
                    watch = command
                else:
                    await room.acquire()
                    answers.create_task(self._answer(peer, command, room))
        if watch is not None:
            await peer.watch(line_of({"id": watch.id, "ok": True, "result": {}}), self._limits.events)

    async def _answer(self, peer: Peer, command: Command, room: asyncio.Semaphore) -> None:
        try:
            await peer.write(await self._answering.answer(peer.uid, command))
        finally:
            room.release()


async def _next(peer: Peer) -> Command | None:
    """The next command; what is none is answered on the way. None: there are no more."""
    while True:
        line = b""
        try:
            line = await peer.read_line()
            return commands.parse(line) if line else None
        except Refused as refused:
            await peer.write(refusal(_id_of(line), refused))


def _id_of(line: bytes) -> str | None:
    """The id in a request that could not be read, if it has one."""
    try:
        told = orjson.loads(line)["id"]
    except (ValueError, TypeError, LookupError):
        return None
    return told[:64] if isinstance(told, str) else None


def _listen(path: Path) -> socket.socket:
    """A socket at the path that only owner and group may open, from the first connection on.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        path.chmod(0o660)  # nobody can connect before it listens
        listener.listen(_QUEUE)
    except OSError:
        listener.close()
        raise
    return listener
