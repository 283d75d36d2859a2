"""REST requests over HTTP: the spare way while the event socket is down, and all that a small program needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import aiohttp
import orjson
from yarl import URL

from vorzimmer.asterisk.errors import Unavailable, refusal
from vorzimmer.asterisk.objects import OnEvent

Answer = tuple[int, str | bytes | None]
"""HTTP status and body."""

REQUEST_TIMEOUT = 10.0
"""Seconds until a request counts as lost; Asterisk answers in milliseconds or is in trouble."""

POOL = 16
"""HTTP connections at most: Asterisk's own session limit is 100, the event socket included."""


class HttpRequests:
    """A session with Asterisk's HTTP server: `async with HttpRequests(url, user, password) as rest`.

    Objects (`objects.Channels(rest)` and so on) can be made on it; it hears no events.

    Args:
        url: of Asterisk's HTTP server, for example `http://127.0.0.1:8088`.
        user, password: of ari.conf.
        timeout: seconds until a request counts as lost.
    """

    def __init__(self, url: str, user: str, password: str, *, timeout: float = REQUEST_TIMEOUT) -> None:
        self.base = URL(url) / "ari"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._timeout = timeout
        self.session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self.session = self._open()
        return self

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            connector=aiohttp.TCPConnector(limit=POOL, keepalive_timeout=10),
        )

    async def __aexit__(self, *_: object) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None

    async def renew(self) -> None:
        """Leave the connections that there are: they may be as dead as the event socket, and nobody told us."""
        if self.session is not None:
            left, self.session = self.session, self._open()
            await left.close()

    async def ask(self, method: str, path: str, json: Any, params: Mapping[str, str | int]) -> Answer:
        """Send one request and wait for its answer, whatever its status.

        Raises:
            OSError, aiohttp.ClientError, TimeoutError: there was none.
        """
        if self.session is None:
            raise ConnectionError("not connected")
        body = None if json is None else orjson.dumps(json)
        headers = {"Content-Type": "application/json"} if body is not None else None
        url = self.base.joinpath(path.removeprefix("/")).with_query(params)
        async with self.session.request(method, url, data=body, headers=headers) as response:
            return response.status, await response.read()

    async def request(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """One REST request; returns the decoded answer or None.

        Raises:
            Gone, Conflict, AriError: Asterisk refused it.
            Unavailable: no answer; whether it took effect is unknown.
        """
        what = f"{method} {path}"
        try:
            return decoded(what, await self.ask(method, path, json, params))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"{what}: {error or type(error).__name__}") from error

    def on_event(self, object_id: str, callback: OnEvent) -> None:
        """No events come this way."""

    def forget(self, object_id: str) -> None:
        """Nothing was listened to."""


def decoded(what: str, answer: Answer) -> Any:
    """The value of an answer, or None where it has none.

    Raises:
        Gone, Conflict, AriError: Asterisk refused the request `what`.
    """
    status, content = answer
    if status >= 400:
        raise refusal(status, what)
    return orjson.loads(content) if content else None
