"""A SIP socket that knows when the kernel received each datagram: what a busy Python does meanwhile is not counted."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Self

from tests.sipp.wire import Wire

_SO_TIMESTAMPNS = 35
"""Linux: with each datagram comes the instant of its arrival (asm-generic/socket.h; Python has no name for it)."""


class Stamped(Wire):
    """The socket: `async with await Stamped.open() as socket`. `arrived`: of the present datagram, ns since 1970."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = 0

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen, with the kernel's instant of arrival for each datagram."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.bind((host, port))
        stamped = cls()
        stamped.connection_made(_Transport(sock))
        asyncio.get_running_loop().add_reader(sock, stamped._read, sock)
        return stamped

    def _read(self, sock: socket.socket) -> None:
        data, about, _, addr = sock.recvmsg(65535, 64)
        instant = next(value for _, kind, value in about if kind == _SO_TIMESTAMPNS)
        whole, fraction = struct.unpack("qq", instant)
        self.arrived = whole * 1_000_000_000 + fraction
        self.datagram_received(data, addr)


class _Transport(asyncio.DatagramTransport):
    """What a `Wire` needs of asyncio's transport, on a socket of our own."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__({"sockname": sock.getsockname()})
        self._sock = sock

    def sendto(self, data: Any, addr: Any = None) -> None:
        self._sock.sendto(data, addr)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sock)
        self._sock.close()
