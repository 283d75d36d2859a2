"""The page that watchers read: `/metrics` for Prometheus, `/ready` for whoever must act, `/live` for a look.

It listens on loopback only. Nothing on it names a caller or a client.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

from vorzimmer.core.ports import Trouble

HOST = "127.0.0.1"

AGAIN = 1.0
"""Seconds between two tries to get the port: whoever died before us may hold it a moment longer."""

SHUTDOWN = 0.1
"""Seconds that a watcher may take to read its answer at our end."""

WhyNotReady = Callable[[], Sequence[str]]
"""A sentence for each thing without which the role cannot do its work; nothing: it is ready."""


@contextlib.asynccontextmanager
async def serving(
    port: int,
    registry: CollectorRegistry,
    why_not_ready: WhyNotReady,
    trouble: Trouble,
    routes: Sequence[web.RouteDef] = (),
) -> AsyncIterator[None]:
    """Answer on `port` of 127.0.0.1 while inside, further `routes` too; 0: nowhere.

    A port in use is told once to `trouble` and tried for again until it is free; what runs inside goes on meanwhile.
    """
    if not port:
        yield
        return
    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", make_aiohttp_handler(registry)),
            web.get("/ready", _ready(why_not_ready)),
            web.get("/live", _live),
            *routes,
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        refused = await _listen(runner, port)
        if refused is None:
            yield
            return
        trouble("watching.port_refused", port=port, why=refused, effect="/ready and /metrics answer nowhere")
        trying = asyncio.create_task(_listen_later(runner, port))
        try:
            yield
        finally:
            trying.cancel()
            await asyncio.wait({trying})
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> str | None:
    """Listen; what stands in the way is returned."""
    site = web.TCPSite(runner, HOST, port)
    try:
        await site.start()
    except OSError as error:
        await site.stop()
        return str(error.strerror)
    return None


async def _listen_later(runner: web.AppRunner, port: int) -> None:
    while True:
        await asyncio.sleep(AGAIN)
        if await _listen(runner, port) is None:
            return


def _ready(why_not_ready: WhyNotReady) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        reasons = list(why_not_ready())
        return web.json_response(reasons, status=503) if reasons else web.Response(text="ready\n")

    return answer


async def _live(_: web.Request) -> web.Response:
    """That there is an answer is the answer."""
    return web.Response(text="live\n")
