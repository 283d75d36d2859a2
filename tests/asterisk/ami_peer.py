"""A manager interface on loopback that behaves as badly as a test asks it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"

Request = dict[str, str]
Script = Callable[["Session"], Awaitable[None]]


class Session:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.number = number
        self.seen: list[Request] = []
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes as they are, and give the other side a chance to read them before the next."""
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)

    async def request(self) -> Request:
        """Wait for the next action, and keep it in `seen`."""
        block = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        request = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
        self.seen.append(request)
        return request

    async def answer(self, request: Request, *lines: str, response: str = "Success") -> None:
        """Answer an action."""
        head = (f"Response: {response}", f"ActionID: {request['ActionID']}", *lines)
        await self.send("".join(f"{line}\r\n" for line in head).encode() + b"\r\n")

    async def login(self) -> None:
        """Greet, accept the login, and be fully booted."""
        await self.send(BANNER)
        await self.answer(await self.request(), "Message: Authentication accepted")
        await self.send(BOOTED)

    async def serve(self) -> None:
        """Answer every further action with a plain success, until the other side leaves."""
        while True:
            await self.answer(await self.request())

    async def closed(self) -> None:
        """Wait, reading and answering nothing, until the other side leaves."""
        while await self._reader.read(65536):
            pass


@asynccontextmanager
async def peer(script: Script) -> AsyncIterator[int]:
    """Listen on a free port and run `script` for each connection; yields the port."""
    tasks: set[asyncio.Task[None]] = set()
    count = 0

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(Session(reader, writer, count))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a state that nothing announces; the caller sets the limit."""
    while not condition():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.005)
