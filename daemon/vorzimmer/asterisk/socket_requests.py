"""REST requests over the event socket: a call costs this process a third less than with HTTP (docs/bench.md).

Asterisk serves the requests of one socket one after another, so one that takes long holds up those behind it. That is
why `usable` turns false while one has been waiting for long: further requests then go over HTTP.
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/ARI-REST-over-WebSocket
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any

import aiohttp
import orjson

from vorzimmer.asterisk.http_requests import Answer

SLOW = 0.25
"""Seconds after which a request without an answer counts as holding up the others; usual are milliseconds."""


class SocketRequests:
    """The requests under way on an application's event socket, through all its reconnects."""

    def __init__(self) -> None:
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._numbers = count(1)
        self._waiting: dict[str, tuple[float, asyncio.Future[Answer]]] = {}

    def attach(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """From now on somebody reads this socket and hands its responses to `take`."""
        self._socket = socket

    def detach(self) -> None:
        """The socket is gone, and with it every answer that is still out."""
        self._socket = None
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the event socket went down"))

    @property
    def usable(self) -> bool:
        """Whether a request would be served at once."""
        if self._socket is None:
            return False
        oldest = next(iter(self._waiting.values()), None)
        return oldest is None or asyncio.get_running_loop().time() - oldest[0] < SLOW

    async def ask(self, method: str, path: str, json: Any, params: Mapping[str, str | int], seconds: float) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            OSError: the socket is down, or went down before the answer.
            TimeoutError: no answer in that many seconds.
        """
        if self._socket is None:
            raise ConnectionError("the event socket is down")
        loop = asyncio.get_running_loop()
        number = str(next(self._numbers))
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting[number] = loop.time(), answer
        try:
            async with asyncio.timeout(seconds):
                await self._socket.send_frame(_request(number, method, path, json, params), aiohttp.WSMsgType.TEXT)
                return await answer
        finally:
            del self._waiting[number]

    def take(self, raw: Mapping[str, Any]) -> None:
        """A `RESTResponse` came; one that nobody waits for is dropped."""
        waiting = self._waiting.get(str(raw.get("request_id")))
        status, body = raw.get("status_code"), raw.get("message_body")
        if waiting is not None and not waiting[1].done() and isinstance(status, int):
            waiting[1].set_result((status, body if isinstance(body, str) else None))


def _request(number: str, method: str, path: str, json: Any, params: Mapping[str, str | int]) -> bytes:
    request: dict[str, Any] = {
        "type": "RESTRequest",
        "transaction_id": number,
        "request_id": number,
        "method": method,
        "uri": path.removeprefix("/"),
    }
    if params:
        request["query_strings"] = [{"name": name, "value": str(value)} for name, value in params.items()]
    if json is not None:
        request["content_type"] = "application/json"
        request["message_body"] = orjson.dumps(json).decode()
    return orjson.dumps(request)
