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
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import aiohttp
import orjson
import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.backoff import backoff
from vorzimmer.asterisk.errors import AriError, Unavailable
from vorzimmer.asterisk.http_requests import REQUEST_TIMEOUT, Answer, HttpRequests, decoded
from vorzimmer.asterisk.objects import Bridges, Channels, OnEvent, Playbacks, Recordings
from vorzimmer.asterisk.socket_requests import SocketRequests

log = structlog.get_logger()

HEARTBEAT = 2.0
"""Seconds between two questions to Asterisk on the event socket, each of which must be answered in `PATIENCE`."""

PATIENCE = 3.0
"""Seconds. A half-open socket, or an Asterisk that hangs, is noticed after both together at the latest."""

SECOND_TRY = 1.5
"""Seconds after which a request that may be repeated goes over HTTP too: its socket may be open at our end only."""

AGAIN = 0.1
"""Seconds between two tries of such a request while Asterisk cannot be reached at all."""

_REPEATABLE = re.compile("^DELETE |^POST /bridges/|/(answer|ring|moh)$")
"""Requests that have the same effect when Asterisk gets them twice."""

REPLACED_PAUSE = 30.0
"""Seconds before the name is taken back from a second process: two that fight for it would tear all calls apart."""


async def _nothing() -> None:
    """Nobody wants to know of a connection."""


class Ari:
    """One application's connection to Asterisk.

    Args:
        url: of Asterisk's HTTP server, for example `http://127.0.0.1:8088`.
        user, password: of ari.conf.
        app: the Stasis application's name; only one process may use it at a time.
        on_start: called for every `StasisStart` of a channel nobody listens to yet: a new call.
        on_connect: run after each connect, while events flow already; cancelled if the socket ends before it does.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        *,
        on_start: OnEvent,
        on_connect: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self._app = app
        self._on_start = on_start
        self._on_connect = on_connect
        self._over_http = HttpRequests(url, user, password)
        self._over_socket = SocketRequests()
        self._listeners: dict[str, OnEvent] = {}
        self._up = asyncio.Event()
        self._severed = False
        self.connects = 0
        self.heard_at = 0.0
        """The loop's time when Asterisk last said anything on the event socket: until then we missed nothing."""
        self.silent_since = 0.0
        """`heard_at` at the last connect: what happened since then may have been missed."""
        self.tried_at = 0.0
        """The loop's time when the connection was last made, tried or proven: the client itself is at work."""
        self.channels = Channels(self)
        self.bridges = Bridges(self)
        self.playbacks = Playbacks(self)
        self.recordings = Recordings(self)

    async def run(self) -> None:
        """Hold the event socket, for ever; returns only by cancellation."""
        async with self._over_http:
            try:
                await self._hold()
            finally:
                self._up.clear()

    async def _hold(self) -> None:
        waits = backoff()
        loop = asyncio.get_running_loop()
        while True:
            try:
                self.tried_at = loop.time()
                async with self._connect() as socket:
                    waits = backoff()
                    await self._begin()
                    self._over_socket.attach(socket)
                    replaced = await self._serve(socket)
                log.warning("ari.closed", code=socket.close_code)
                if replaced:
                    await asyncio.sleep(REPLACED_PAUSE)
            except (aiohttp.ClientError, OSError, TimeoutError, AriError) as error:
                log.warning("ari.unreachable", error=str(error) or type(error).__name__)
            finally:
                self._up.clear()
                self._over_socket.detach()
            await asyncio.sleep(next(waits))

    def _connect(self) -> Any:
        assert self._over_http.session is not None  # noqa: S101 - opened by `run`
        url = self._over_http.base / "events" % {"app": self._app, "subscribeAll": "false"}
        timeout = aiohttp.ClientWSTimeout(ws_close=0.5)
        return self._over_http.session.ws_connect(url, timeout=timeout, max_msg_size=0)

    async def _begin(self) -> None:
        """Say which events are wanted: all channels' (their end is not sure otherwise), without the noisy types."""
        path = f"/applications/{self._app}"
        disallowed = [{"type": name} for name in events.UNUSED]
        await self.request("PUT", f"{path}/eventFilter", json={"disallowed": disallowed})
        await self.request("POST", f"{path}/subscription", eventSource="channel:")
        self.connects += 1
        self.silent_since = self.heard_at
        self._hear()
        self._up.set()
        log.info("ari.connected", connects=self.connects)

    def _hear(self) -> None:
        self.heard_at = self.tried_at = asyncio.get_running_loop().time()

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Read until the socket ends; beside it let whoever wants catch up, and listen to Asterisk's heart."""
        beside = [asyncio.create_task(self._tell_connected()), asyncio.create_task(self._listen_to_heart(socket))]
        try:
            return await self._read(socket)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _tell_connected(self) -> None:
        try:
            await self._on_connect()
        except AriError as error:  # the socket will not last either, and the next one begins with this again
            log.warning("ari.not_caught_up", error=str(error))

    async def _listen_to_heart(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Ask over the socket, now and again; without an answer it is closed, for it may be open at our end only.

        A question of our own and not a WebSocket ping: that is answered by Asterisk's web server even when the part
        that serves requests hangs.
        """
        try:
            while True:
                asked = asyncio.get_running_loop().time()
                with contextlib.suppress(TimeoutError):
                    await self._over_socket.ask("GET", "/asterisk/ping", None, {}, PATIENCE)
                if self.heard_at < asked:  # neither an answer nor an event
                    break
                await asyncio.sleep(HEARTBEAT)
        except (OSError, aiohttp.ClientError):
            return  # the reader has seen it too
        log.warning("ari.silent", seconds=PATIENCE)
        await self._over_http.renew()
        await socket.close()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Read until the socket ends; whether another process took the application's name."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            self._hear()
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

    def tell(self, missed: Iterable[events.Event]) -> None:
        """Hand over events that were made up, to those who still listen to their objects."""
        for event in missed:
            if event.of in self._listeners:
                self._dispatch(event)

    @property
    def listened(self) -> frozenset[str]:
        """The objects that somebody listens to."""
        return frozenset(self._listeners)

    async def ready(self) -> None:
        """Wait until events flow."""
        await self._up.wait()

    @property
    def up(self) -> bool:
        """Whether events flow."""
        return self._up.is_set()

    def sever(self) -> None:
        """Let no further request through: what lives in Asterisk stays as it is. There is no way back."""
        self._severed = True
        self._up.clear()

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
        if self._severed:
            raise Unavailable(f"{what}: this process lets go of its calls")
        try:
            # The answer to a GET may be long, and on the socket events would wait behind it.
            if _REPEATABLE.search(what):
                answer = await self._ask_until_heard(method, path, json, params)
            elif method == "GET" or not self._over_socket.usable:
                answer = await self._over_http.ask(method, path, json, params)
            else:
                answer = await self._over_socket.ask(method, path, json, params, REQUEST_TIMEOUT)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"{what}: {error or type(error).__name__}") from error
        return decoded(what, answer)

    async def _ask_until_heard(self, method: str, path: str, json: Any, params: Mapping[str, str | int]) -> Answer:
        """Over the socket, without an answer over HTTP, and once more when the connection is back.

        So two who are being put through wait for no reconnect, and are not torn apart by a short one.
        """
        until = asyncio.get_running_loop().time() + REQUEST_TIMEOUT
        while True:
            if self._over_socket.usable:
                with contextlib.suppress(OSError, TimeoutError, aiohttp.ClientError):
                    return await self._over_socket.ask(method, path, json, params, SECOND_TRY)
            try:
                return await self._over_http.ask(method, path, json, params)
            except (OSError, aiohttp.ClientError):
                if self._severed or self._over_http.session is None or asyncio.get_running_loop().time() > until:
                    raise
            await asyncio.sleep(AGAIN)
