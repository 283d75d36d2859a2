"""The daemon's loop while names are not answered: nothing else waits for them, not even the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from vorzimmer import names

AT_ONCE = 5.0
"""Seconds within which happens what waits for nothing, on a loaded machine too."""


class Silence:
    """A DNS that is asked and does not answer, but for `localhost`; `asked` are the names, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()
        self._real = socket.getaddrinfo

    def getaddrinfo(self, host: str, *rest: Any) -> Any:
        """As `socket.getaddrinfo`."""
        self.asked.append(host)
        if host.endswith(".example"):
            self.over.wait()
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self._real(host, *rest)


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    """The DNS is silent; afterwards all look-ups end."""
    silence = Silence()
    monkeypatch.setattr(socket, "getaddrinfo", silence.getaddrinfo)
    yield silence
    silence.over.set()


@contextlib.asynccontextmanager
async def waiting_for(*hosts: str) -> Any:
    """Connections to these names are being tried while inside."""
    loop = asyncio.get_running_loop()
    trying = [asyncio.create_task(loop.create_connection(asyncio.Protocol, host, 1)) for host in hosts]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for one in trying:
            one.cancel()
        await asyncio.wait(trying)


async def reach(host: str) -> None:
    """Open a server and a connection to it."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), host, 0)
    async with server:
        _, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
        writer.close()


async def move_a_file() -> None:
    """What the daemon does with a caller's message."""
    await asyncio.to_thread(threading.active_count)


async def connect_a_socket() -> None:
    """What aiohttp does with the address of Asterisk."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as ours:
        ours.setblocking(False)
        await asyncio.get_running_loop().sock_connect(ours, server.getsockname())


@pytest.mark.parametrize(
    "work", [lambda: reach("127.0.0.1"), lambda: reach("localhost"), connect_a_socket, move_a_file]
)
def test_nothing_else_waits(silence: Silence, work: Callable[[], Awaitable[None]]) -> None:
    """However many names hang: addresses, other names and files are served, and the loop ends at once."""

    async def main() -> None:
        async with asyncio.timeout(AT_ONCE), waiting_for(*(f"host{n}.example" for n in range(40))):
            await work()

    names.run(main())
    assert not silence.over.is_set()


def test_a_name_is_asked_for_once_at_a_time(silence: Silence) -> None:
    """Who tries again while the answer is not there waits for the same one: threads do not pile up."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(20):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await loop.create_connection(asyncio.Protocol, "db.example", 1)
        assert silence.asked == ["db.example"]
        silence.over.set()
        with pytest.raises(socket.gaierror, match="unknown"):
            await loop.create_connection(asyncio.Protocol, "db.example", 1)

    names.run(main())


def test_all_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with a dead address before a living one is reached; with dead ones alone the last refusal is told."""
    with socket.create_server(("127.0.0.1", 0)) as alive, socket.create_server(("127.0.0.1", 0)) as dying:
        ports = dying.getsockname()[1], alive.getsockname()[1]
        dying.close()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(asyncio.Protocol, "db.example", 1)
            assert transport.get_extra_info("peername")[1] == ports[1]
            transport.close()
            found.pop()
            with pytest.raises(ConnectionRefusedError):
                await loop.create_connection(asyncio.Protocol, "db.example", 1)

        names.run(main())
