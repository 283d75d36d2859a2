"""A gateway for text messages on loopback, which answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

END_OF_LINE = "hang up"


@dataclass(frozen=True)
class Asked:
    """One request. `fields`: of its query, form or JSON."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, Any]


@dataclass
class Reply:
    """One answer. `json` and `text`: its body; `endless`: a body that never ends."""

    status: int = 200
    json: Any = None
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False


class Provider:
    """Keeps what it is asked, and answers with `replies`, used up one by one; then with what `usual` makes.

    A reply of END_OF_LINE hangs up after the request was read. `sent` counts the bytes of endless answers.
    """

    def __init__(self, usual: Callable[[Asked], Reply] | None = None) -> None:
        self.replies: list[Reply | str] = []
        self.asked: list[Asked] = []
        self.arrived = asyncio.Event()
        self.sent = 0
        self._usual = usual or (lambda _: Reply())

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.method, request.path, dict(request.headers), await _fields(request))
        self.asked.append(asked)
        self.arrived.set()
        reply = self.replies.pop(0) if self.replies else self._usual(asked)
        if isinstance(reply, str):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if reply.endless:
            return await self._flood(request, reply)
        if reply.json is not None:
            return web.json_response(reply.json, status=reply.status, headers=reply.headers)
        return web.Response(status=reply.status, text=reply.text or "", headers=reply.headers)

    async def _flood(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Ten gigabytes, if somebody takes them."""
        response = web.StreamResponse(status=reply.status)
        response.content_length = 10 * 1024**3
        await response.prepare(request)
        block = b"x" * 65536
        while True:
            await response.write(block)
            self.sent += len(block)


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        found = await request.json()
        assert isinstance(found, dict)
        return found
    return dict(request.query) | {name: str(value) for name, value in (await request.post()).items()}


def seven(asked: Asked) -> Reply:
    """As seven.io answers to a message that it takes (https://docs.seven.io/en/rest-api/endpoints/sms)."""
    if asked.method == "GET":
        return Reply(json=[])
    message = {
        "id": "77229318510",
        "sender": asked.fields.get("from"),
        "recipient": str(asked.fields.get("to")).removeprefix("+"),
        "text": asked.fields.get("text"),
        "encoding": "gsm",
        "parts": 1,
        "price": 0.075,
        "success": True,
        "error": None,
        "error_text": None,
    }
    return Reply(json={"success": "100", "total_price": 0.075, "balance": 593.994, "messages": [message]})


def sipgate(asked: Asked) -> Reply:
    """As sipgate answers (https://api.sipgate.com/v2/doc)."""
    return Reply(json={"items": [], "totalCount": 0}) if asked.method == "GET" else Reply(204)


def twilio(asked: Asked) -> Reply:
    """As Twilio answers (https://www.twilio.com/docs/messaging/api/message-resource)."""
    if asked.method == "GET":
        return Reply(json={"messages": [], "page": 0})
    made = {"sid": "SM" + "0" * 32, "status": "queued", "to": asked.fields["To"], "body": asked.fields["Body"]}
    return Reply(201, json=made | {"error_code": None, "error_message": None})
