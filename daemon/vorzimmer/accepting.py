"""Connections at a listening socket, none of which outlives the listening without being known to somebody.

`asyncio.Server` forgets whom it is just taking when it is closed (CPython 3.11): such a connection stays open until
the memory is cleaned up, and its peer waits in vain.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial

AT_ONCE = 100
"""Connections taken in one turn of the loop."""

AGAIN = 1.0
"""Seconds until the next try where a connection could not be taken, for there are no file descriptors left."""

OnConnection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


@contextlib.asynccontextmanager
async def accepting(listener: socket.socket, on_connection: OnConnection, *, limit: int) -> AsyncIterator[None]:
    """Take connections while inside; on leaving the socket is closed, and whoever was not taken yet is let go.

    Args:
        listener: a listening stream socket.
        on_connection: is given each connection, and ends it; returns at once.
        limit: bytes of the longest line that a reader takes.
    """
    loop = asyncio.get_running_loop()
    coming: set[asyncio.Task[None]] = set()
    later: asyncio.TimerHandle | None = None

    async def take(connection: socket.socket) -> None:
        on_connection(*await asyncio.open_connection(sock=connection, limit=limit))

    def taken(connection: socket.socket, task: asyncio.Task[None]) -> None:
        coming.discard(task)
        if task.cancelled() or task.exception() is not None:
            connection.close()

    def readable() -> None:
        nonlocal later
        for _ in range(AT_ONCE):
            try:
                connection, _ = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:
                loop.remove_reader(listener)
                later = loop.call_later(AGAIN, loop.add_reader, listener, readable)
                return
            connection.setblocking(False)
            task = asyncio.create_task(take(connection))
            coming.add(task)
            task.add_done_callback(partial(taken, connection))

    listener.setblocking(False)
    loop.add_reader(listener, readable)
    try:
        yield
    finally:
        if later is not None:
            later.cancel()
        loop.remove_reader(listener)
        listener.close()
        for task in (left := list(coming)):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
