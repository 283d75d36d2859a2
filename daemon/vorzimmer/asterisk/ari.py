"""ARI: the event socket and the REST requests, with the object model of ari-py.

`client.channels(id)` is a `Channel`; `channel.create(...)`, `channel.answer()`, `channel.play(...)` and
`channel.on_event(callback)` act on it. The client reconnects for ever under the same application name; channels
and bridges outlive the gap, and so does control: requests go over the event socket while it is up, else over HTTP.

A request that comes too late raises `Gone` (404) or `Conflict` (409, 412, 422): everyday outcomes of a race with
a caller who hangs up. Everything else is an `AriError`, and a lost connection is `Unavailable`.
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import orjson
import structlog
from yarl import URL

from vorzimmer.asterisk import events, gap
from vorzimmer.asterisk.backoff import backoff
from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable
from vorzimmer.asterisk.objects import Bridges, Channels, OnEvent, Playbacks, Recordings
from vorzimmer.asterisk.socket_requests import Answer, SocketRequests

log = structlog.get_logger()

REQUEST_TIMEOUT = 10.0
"""Seconds until a request counts as lost; Asterisk answers in milliseconds or is in trouble."""

HEARTBEAT = 4.0
"""Seconds between pings on the event socket: a half-open one is noticed after one and a half times that."""

REPLACED_PAUSE = 30.0
"""Seconds before the name is taken back from a second process: two that fight for it would tear all calls apart."""

SETTLED = 1.0
"""Seconds after a reconnect in which requests that were under way have had their effect."""

POOL = 16
"""HTTP connections at most: Asterisk's own session limit is 100, the event socket included."""


_ERRORS: Mapping[int, type[AriError]] = {404: Gone, 409: Conflict, 412: Conflict, 422: Conflict}


class Ari:
    """One application's connection to Asterisk.

    Args:
        url: of Asterisk's HTTP server, for example `http://127.0.0.1:8088`.
        user, password: of ari.conf.
        app: the Stasis application's name; only one process may use it at a time.
        on_start: called for every `StasisStart` of a channel nobody listens to yet: a new call.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        *,
        on_start: OnEvent,
    ) -> None:
        self._base = URL(url) / "ari"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(user, password)}
        self._app = app
        self._on_start = on_start
        self._session: aiohttp.ClientSession | None = None
        self._listeners: dict[str, OnEvent] = {}
        self._up = asyncio.Event()
        self._over_socket = SocketRequests()
        self.connects = 0
        self.channels = Channels(self)
        self.bridges = Bridges(self)
        self.playbacks = Playbacks(self)
        self.recordings = Recordings(self)

    async def run(self) -> None:
        """Hold the event socket, for ever; returns only by cancellation."""
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT)
        connector = aiohttp.TCPConnector(limit=POOL, keepalive_timeout=10)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout, connector=connector) as session:
            self._session = session
            try:
                await self._hold(session)
            finally:
                self._up.clear()
                self._session = None

    async def _hold(self, session: aiohttp.ClientSession) -> None:
        waits = backoff()
        while True:
            try:
                async with self._connect(session) as socket:
                    waits = backoff()
                    await self._begin()
                    self._over_socket.attach(socket)
                    replaced = await self._read_and_catch_up(socket)
                log.warning("ari.closed", code=socket.close_code)
                if replaced:
                    await asyncio.sleep(REPLACED_PAUSE)
            except (aiohttp.ClientError, OSError, TimeoutError, AriError) as error:
                log.warning("ari.unreachable", error=str(error) or type(error).__name__)
            finally:
                self._up.clear()
                self._over_socket.detach()
            await asyncio.sleep(next(waits))

    def _connect(self, session: aiohttp.ClientSession) -> Any:
        url = self._base / "events" % {"app": self._app, "subscribeAll": "false"}
        return session.ws_connect(url, heartbeat=HEARTBEAT, max_msg_size=0)

    async def _begin(self) -> None:
        """Say which events are wanted: all channels' (their end is not sure otherwise), without the noisy types."""
        path = f"/applications/{self._app}"
        disallowed = [{"type": name} for name in events.UNUSED]
        await self.request("PUT", f"{path}/eventFilter", json={"disallowed": disallowed})
        await self.request("POST", f"{path}/subscription", eventSource="channel:")
        self.connects += 1
        self._up.set()
        log.info("ari.connected", connects=self.connects)

    async def _read_and_catch_up(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Read; after a gap, tell beside it what was missed."""
        catching_up = asyncio.create_task(self._catch_up())
        try:
            return await self._read(socket)
        finally:
            catching_up.cancel()

    async def _catch_up(self) -> None:
        """Tell every listener that was there before the socket what it cannot have heard (see `gap`)."""
        ids = set(self._listeners)
        try:
            self._dispatch_all(await gap.still_there(self, ids) if ids else [])
            # What is not there may be about to come: the request for it may just be under way.
            await asyncio.sleep(SETTLED)
            ids &= self._listeners.keys()
            self._dispatch_all(await gap.gone(self, ids) if ids else [])
        except AriError as error:  # the socket will not last either, and the next one begins with this again
            log.warning("ari.not_caught_up", error=str(error))

    def _dispatch_all(self, missed: Iterable[events.Event]) -> None:
        for event in missed:
            if event.of in self._listeners:
                self._dispatch(event)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Read until the socket ends; whether another process took the application's name."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                raw = orjson.loads(message.data)
            except ValueError:
                log.warning("ari.not_json", length=len(message.data))
                continue
            if not isinstance(raw, dict):
                continue
            if raw.get("type") == "ApplicationReplaced":
                log.error("ari.replaced", app=self._app, cure="stop the second daemon that uses this Asterisk")
                self._up.clear()
                return True
            if raw.get("type") == "RESTResponse":
                self._over_socket.take(raw)
                continue
            event = events.parse(raw)
            if event is not None:
                self._dispatch(event)
        return False

    def _dispatch(self, event: events.Event) -> None:
        listener = self._listeners.get(event.of)
        if listener is None and isinstance(event, events.StasisStart):
            listener = self._on_start
        if listener is None:
            return
        try:
            listener(event)
        except Exception:
            # One call's mistake must not stop the events of all others.
            log.exception("ari.listener_failed", type=type(event).__name__, of=event.of)

    async def ready(self) -> None:
        """Wait until events flow."""
        await self._up.wait()

    @property
    def up(self) -> bool:
        """Whether events flow."""
        return self._up.is_set()

    def on_event(self, object_id: str, callback: OnEvent) -> None:
        """Send the events of a channel, playback or recording to `callback`; register before the request."""
        self._listeners[object_id] = callback

    def forget(self, object_id: str) -> None:
        """Stop listening; unknown ids are fine."""
        self._listeners.pop(object_id, None)

    async def request(self, method: str, path: str, json: Any = None, **params: str | int) -> Any:
        """One REST request; returns the decoded answer or None.

        A request once begun is finished, even if the caller of this is cancelled meanwhile: an abandoned one could
        take effect after the clean-up that the cancellation causes, and leave a channel behind.

        Raises:
            Gone, Conflict, AriError: Asterisk refused it.
            Unavailable: no answer; whether it took effect is unknown.
        """
        exchange = asyncio.ensure_future(self._exchange(method, path, json, params))
        try:
            return await asyncio.shield(exchange)
        except asyncio.CancelledError:
            await asyncio.wait({exchange})
            if not exchange.cancelled():
                exchange.exception()  # seen: nobody is left to be told
            raise

    async def _exchange(self, method: str, path: str, json: Any, params: Mapping[str, str | int]) -> Any:
        what = f"{method} {path}"
        try:
            # The answer to a GET may be long, and on the socket events would wait behind it.
            if method != "GET" and self._over_socket.usable:
                status, content = await self._over_socket.ask(method, path, json, params, REQUEST_TIMEOUT)
            else:
                status, content = await self._over_http(method, path, json, params)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"{what}: {error or type(error).__name__}") from error
        if status >= 400:
            raise _ERRORS.get(status, AriError)(status, what)
        return orjson.loads(content) if content else None

    async def _over_http(self, method: str, path: str, json: Any, params: Mapping[str, str | int]) -> Answer:
        if self._session is None:
            raise ConnectionError("not connected")
        body = None if json is None else orjson.dumps(json)
        headers = {"Content-Type": "application/json"} if body is not None else None
        url = self._base.joinpath(path.removeprefix("/")).with_query(params)
        async with self._session.request(method, url, data=body, headers=headers) as response:
            return response.status, await response.read()
