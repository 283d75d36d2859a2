"""How names become addresses: beside everything else, however long the answer takes.

A look-up by the C library blocks a thread and cannot be called off. uvloop makes all of them in the same few threads,
two at a time, and even addresses in digits wait in that line: two names that a DNS does not answer would keep the
daemon from Asterisk at 127.0.0.1. asyncio makes them in the threads in which callers' messages are moved. Here a name
has a thread of its own, and whoever asks for it meanwhile waits for the same answer; the end of the process waits for
none.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

_Question = tuple[str, Any, int, int, int, int]
"""What `socket.getaddrinfo` takes."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program's main coroutine, as `asyncio.run`, on a loop of this kind."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(main)


class Loop(uvloop.Loop):
    """uvloop, but for its look-ups."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[_Question, asyncio.Future[Any]] = {}

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name for it
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """As `socket.getaddrinfo`."""
        if not _is_name(host):
            return await super().getaddrinfo(host, port, family=family, type=type, proto=proto, flags=flags)
        question = (host, port, family, type, proto, flags)
        if question not in self._asked:
            self._asked[question] = self.create_future()
            threading.Thread(target=self._ask, args=(question,), name=f"name-{host}", daemon=True).start()
        return await asyncio.shield(self._asked[question])

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """As asyncio's; the addresses of a name are tried in turn."""
        if not _is_name(host):
            return await super().create_connection(protocol_factory, host, port, **options)
        if options.get("ssl"):
            options["server_hostname"] = options.get("server_hostname") or host
        how = {key: options.pop(key, 0) for key in ("family", "proto", "flags")}
        failed: OSError = ConnectionError(f"{host} has no address")
        for *_, address in await self.getaddrinfo(host, port, type=socket.SOCK_STREAM, **how):
            try:
                return await super().create_connection(protocol_factory, *address[:2], **options)
            except OSError as error:
                failed = error
        raise failed

    def _ask(self, question: _Question) -> None:
        try:
            found: Any = socket.getaddrinfo(*question)
        except (OSError, UnicodeError) as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            self.call_soon_threadsafe(self._answer, question, found)

    def _answer(self, question: _Question, found: Any) -> None:
        waiting = self._asked.pop(question)
        if isinstance(found, Exception):
            waiting.set_exception(found)
            waiting.exception()  # seen, also where everybody has given up waiting
        else:
            waiting.set_result(found)


def _is_name(host: Any) -> bool:
    """Whether it is to be looked up; an address in digits is not, with or without a zone (RFC 4007)."""
    if not isinstance(host, str) or not host:
        return False
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False
