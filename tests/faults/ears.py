"""Sockets for the sound of many callers: each notes only when sound came, not what it was."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Self

from tests.faults.evidence import Spans

_PAUSE = 0.2
"""Seconds without a packet after which the sound counts as interrupted; packets come every 20 ms."""


class Ear(asyncio.DatagramProtocol):
    """One socket. `spans` are begin and end of the times with sound, seconds since the epoch."""

    def __init__(self) -> None:
        self.spans: list[list[float]] = []
        self.port = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # UDP gives this
        """Take the socket (asyncio calls this)."""
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note that sound came (asyncio calls this)."""
        del data, addr
        now = time.time()
        if self.spans and now - self.spans[-1][1] < _PAUSE:
            self.spans[-1][1] = now
        else:
            self.spans.append([now, now])


class Ears:
    """So many ears, given out in turn: `async with Ears(100) as ears`."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._ears: list[Ear] = []

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            loop = asyncio.get_running_loop()
            for _ in range(self._count):
                transport, ear = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
                stack.callback(transport.close)
                self._ears.append(ear)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def ports(self) -> Iterator[int]:
        """Every port, over and over."""
        while True:
            yield from (ear.port for ear in self._ears)

    def heard(self, port: int, since: float, until: float) -> Spans:
        """When sound came at a port, from one instant to another."""
        ear = next(ear for ear in self._ears if ear.port == port)
        return [(max(begin, since), min(end, until)) for begin, end in ear.spans if end > since and begin < until]
