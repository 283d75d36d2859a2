"""The pages' web server while the role runs: uvicorn on a socket of our own; its end waits for no open page."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from vorzimmer.core.ports import Trouble

AGAIN = 1.0
"""Seconds between two tries to get the port: whoever died before us may hold it a moment longer."""

SHUTDOWN = 2
"""Seconds that answers under way may take at the end."""


class _Server(uvicorn.Server):
    """Signals are the daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, trouble: Trouble) -> AsyncIterator[None]:
    """Answer at this address while inside. A port in use is told once to `trouble`, and tried for again."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        timeout_graceful_shutdown=SHUTDOWN,
        ws="none",
    )
    server = _Server(config)
    running = asyncio.create_task(_run(server, host, port, trouble))
    try:
        await _begun(server, running)
        yield
    finally:
        server.should_exit = True
        if server.started:
            await running
        else:
            running.cancel()
            await asyncio.wait({running})


async def _begun(server: _Server, running: asyncio.Task[None]) -> None:
    """Wait for the first answerable moment, but not for a port that somebody else has."""
    for _ in range(100):
        if server.started or running.done():
            return
        await asyncio.sleep(0.01)


async def _run(server: _Server, host: str, port: int, trouble: Trouble) -> None:
    told = False
    while True:
        try:
            listening = _bound(host, port)
        except OSError as error:
            if not told:
                trouble("web.port_refused", host=host, port=port, why=error.strerror or str(error))
            told = True
            await asyncio.sleep(AGAIN)
        else:
            await server.serve([listening])
            return


def _bound(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening
