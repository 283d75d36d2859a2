"""A client's own web server on loopback: checks signatures by the convention's library, and answers as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import orjson
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Got:
    """A request. `valid`: by the receiver's secret; `said`: the JSON."""

    path: str
    headers: dict[str, str]
    content: bytes
    valid: bool

    @property
    def said(self) -> Any:
        """The JSON."""
        return orjson.loads(self.content)


class Receiver:
    """Keeps what arrives, by `secret` valid or not.

    `answers` hold statuses with headers, or functions that answer themselves; they are used up one by one, then all is
    taken with 200. `arrived` is set at each request.
    """

    def __init__(self, secret: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.secret = secret
        self.answers: list[tuple[int, dict[str, str]] | Answer] = []
        self.got: list[Got] = []
        self.connections: set[object] = set()
        self.arrived = asyncio.Event()
        self._tls = tls

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/calls"

    async def _take(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.connections.add(request.transport)
        self.got.append(Got(request.path, dict(request.headers), content, self._valid(content, request)))
        self.arrived.set()
        if not self.answers:
            return web.Response(text="thank you")
        answer = self.answers.pop(0)
        if isinstance(answer, tuple):
            status, headers = answer
            return web.Response(status=status, headers=headers)
        return await answer(request)

    def _valid(self, content: bytes, request: web.Request) -> bool:
        if not self.secret:
            return False
        try:
            Webhook(self.secret).verify(content, dict(request.headers))
        except WebhookVerificationError:
            return False
        return True
