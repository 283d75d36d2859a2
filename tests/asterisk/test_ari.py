"""The ARI client against a scripted peer that does what a real Asterisk will not do on request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from vorzimmer.asterisk import ari as ari_module
from vorzimmer.asterisk import events, socket_requests
from vorzimmer.asterisk.ari import Ari
from vorzimmer.asterisk.errors import AriError, Conflict, Gone, Unavailable

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Peer:
    """An HTTP server that answers requests as told and lets the test send events and cut the socket."""

    def __init__(self) -> None:
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.requests: list[tuple[str, str]] = []
        self.over_socket: list[tuple[str, str]] = []
        """Those of the requests that came over the event socket."""
        self.ended: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.answers: dict[str, Handler] = {}
        self.silent = False
        """Whether the event socket is half-open: what comes over it is answered no more."""
        self.url = ""

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The event socket."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            await self._take_request(socket, message.json())
        self.ended.put_nowait(socket)
        return socket

    async def _take_request(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        """A REST request over the socket: answered like one over HTTP, one after another as Asterisk does."""
        if self.silent:
            return
        request = make_mocked_request(asked["method"], f"/ari/{asked['uri']}")
        if request.path != "/ari/asterisk/ping":
            self.over_socket.append((request.method, request.path))
        response = await self.rest(request)
        assert isinstance(response, web.Response)
        answer = {"type": "RESTResponse", "request_id": asked["request_id"], "status_code": response.status}
        if not socket.closed:
            await socket.send_json(answer | ({"message_body": response.text} if response.text else {}))

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """Any REST request."""
        self.requests.append((request.method, request.path))
        handler = self.answers.get(request.path)
        return await handler(request) if handler else web.Response(status=204)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """A peer that listens on loopback."""
    peer = Peer()
    app = web.Application()
    app.router.add_get("/ari/events", peer.events)
    app.router.add_route("*", "/ari/{rest:.*}", peer.rest)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield peer
    await runner.cleanup()


@contextlib.asynccontextmanager
async def running(peer: Peer, on_start: Callable[[events.Event], None] = lambda _: None) -> AsyncIterator[Ari]:
    """A connected client."""
    ari = Ari(peer.url, "user", "secret", "vorzimmer", on_start=on_start)
    task = asyncio.create_task(ari.run())
    try:
        async with asyncio.timeout(5):
            await ari.ready()
        yield ari
    finally:
        task.cancel()
        await asyncio.wait({task})


def start(channel_id: str, *args: str) -> dict[str, Any]:
    """The JSON of a StasisStart."""
    channel = {"id": channel_id, "name": "PJSIP/x", "state": "Ring", "caller": {"number": "1", "name": ""}}
    return {"type": "StasisStart", "channel": channel, "args": list(args)}


async def test_reconnects_after_a_cut_socket_and_reads_on(peer: Peer) -> None:
    """A dropped event socket is opened again by itself, and events flow on."""
    seen: asyncio.Queue[events.Event] = asyncio.Queue()
    async with running(peer, seen.put_nowait) as ari, asyncio.timeout(5):
        first = await peer.sockets.get()
        await first.send_json(start("a", "in"))
        assert (await seen.get()).of == "a"
        await first.close()
        second = await peer.sockets.get()
        await ari.ready()
        await second.send_json(start("b", "in"))
        assert (await seen.get()).of == "b"
        assert ari.connects == 2


async def test_a_half_open_socket_is_noticed(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither answers nor events: the socket is given up and opened anew, though nobody has closed it."""
    monkeypatch.setattr(ari_module, "PATIENCE", 0.1)
    peer.silent = True
    async with running(peer) as ari, asyncio.timeout(5):
        await peer.sockets.get()
        await peer.ended.get()
        peer.silent = False
        await peer.sockets.get()
        await ari.ready()
        assert ari.connects >= 2


async def test_what_may_be_repeated_does_not_wait_for_a_half_open_socket(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer and a bridge go over HTTP when the socket stays silent; what would have two effects waits."""
    monkeypatch.setattr(ari_module, "SECOND_TRY", 0.05)
    async with running(peer) as ari, asyncio.timeout(5):
        peer.silent = True
        await ari.channels("x").answer()
        await ari.bridges("x-b").add("x", "x-l1")
        dialling = asyncio.create_task(ari.channels("x-l1").dial(20))
        await ari.channels("x").hang_up()
        assert ("POST", "/ari/channels/x/answer") in peer.requests
        assert ("POST", "/ari/bridges/x-b/addChannel") in peer.requests
        assert ("POST", "/ari/channels/x-l1/dial") not in peer.requests
        dialling.cancel()
        await (await peer.sockets.get()).close()
        await asyncio.wait({dialling})


async def test_whoever_wants_is_told_of_each_connect(peer: Peer) -> None:
    """What is to be caught up begins when events flow; a failure of it does not end the socket."""
    told: asyncio.Queue[bool] = asyncio.Queue()

    async def connected() -> None:
        told.put_nowait(ari.up)
        raise AriError(500, "it went wrong")

    ari = Ari(peer.url, "user", "secret", "vorzimmer", on_start=lambda _: None, on_connect=connected)
    task = asyncio.create_task(ari.run())
    async with asyncio.timeout(5):
        assert await told.get()
        await (await peer.sockets.get()).close()
        assert await told.get()
    task.cancel()
    await asyncio.wait({task})


async def test_a_severed_client_changes_nothing_more(peer: Peer) -> None:
    """Once the calls are let go of, no request reaches Asterisk, by whatever way."""
    async with running(peer) as ari, asyncio.timeout(5):
        ari.sever()
        with pytest.raises(Unavailable):
            await ari.channels("x").hang_up()
        assert ("DELETE", "/ari/channels/x") not in peer.requests


async def test_events_go_to_the_listener_of_their_object(peer: Peer) -> None:
    """A channel's events reach its own listener, a second StasisStart too; only unknown channels are new calls."""
    new: list[events.Event] = []
    own: asyncio.Queue[events.Event] = asyncio.Queue()
    async with running(peer, new.append) as ari, asyncio.timeout(5):
        socket = await peer.sockets.get()
        ari.channels("leg").on_event(own.put_nowait)
        await socket.send_json(start("leg", "leg"))
        await socket.send_json(start("leg", "leg"))
        assert isinstance(await own.get(), events.StasisStart)
        assert isinstance(await own.get(), events.StasisStart)
        assert new == []


@pytest.mark.parametrize(
    "nonsense",
    [
        "not json",
        "[]",
        "3",
        '{"type": "StasisStart"}',
        '{"type": "StasisStart", "channel": null, "args": 3}',
        '{"type": "ChannelDestroyed", "channel": {"id": "a"}, "cause": "x"}',
        '{"type": 7}',
    ],
)
async def test_malformed_events_are_dropped(peer: Peer, nonsense: str) -> None:
    """Text that is no event, or one of the wrong form, neither ends the reader nor starts a call."""
    seen: asyncio.Queue[events.Event] = asyncio.Queue()
    async with running(peer, seen.put_nowait), asyncio.timeout(5):
        socket = await peer.sockets.get()
        await socket.send_str(nonsense)
        await socket.send_json(start("good", "in"))
        assert (await seen.get()).of == "good"


async def test_a_listener_that_fails_does_not_stop_the_others(peer: Peer) -> None:
    """An exception in one call's listener leaves the event socket open for all others."""
    seen: asyncio.Queue[str] = asyncio.Queue()

    def on_start(event: events.Event) -> None:
        seen.put_nowait(event.of)
        if event.of == "bad":
            raise RuntimeError("a mistake")

    async with running(peer, on_start), asyncio.timeout(5):
        socket = await peer.sockets.get()
        await socket.send_json(start("bad", "in"))
        await socket.send_json(start("good", "in"))
        assert [await seen.get(), await seen.get()] == ["bad", "good"]


@pytest.mark.parametrize(
    ("status", "error"), [(404, Gone), (409, Conflict), (412, Conflict), (422, Conflict), (500, AriError)]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_refusals_have_their_own_types(peer: Peer, method: str, status: int, error: type[AriError]) -> None:
    """The everyday outcomes of a race can be told from real errors, over HTTP (GET) and over the socket alike."""

    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    peer.answers["/ari/channels/x/answer"] = refuse
    async with running(peer) as ari:
        with pytest.raises(error) as caught:
            await ari.request(method, "/channels/x/answer")
        assert caught.value.status == status


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_cancelled_request_is_finished_first(peer: Peer, method: str) -> None:
    """Cancelling a call in the middle of a request waits for its answer, so that clean-up cannot overtake it."""
    arrived, go_on = asyncio.Event(), asyncio.Event()
    answered: list[str] = []

    async def slow(request: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        answered.append(request.path)
        return web.Response(status=204)

    peer.answers["/ari/channels/x/answer"] = slow
    async with running(peer) as ari, asyncio.timeout(5):
        task = asyncio.create_task(ari.request(method, "/channels/x/answer"))
        await arrived.wait()
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert answered


async def test_requests_go_over_the_socket_and_keep_their_form(peer: Peer) -> None:
    """While the socket is up a request goes over it, and its answer comes back decoded; what only asks uses HTTP."""

    async def told(_: web.Request) -> web.StreamResponse:
        return web.json_response({"id": "x"})

    peer.answers["/ari/bridges/x"] = told
    async with running(peer) as ari, asyncio.timeout(5):
        assert await ari.request("POST", "/bridges/x", type="mixing") == {"id": "x"}
        assert await ari.request("GET", "/bridges/x") == {"id": "x"}
        assert peer.over_socket == [("POST", "/ari/bridges/x")]


async def test_a_cut_socket_fails_the_requests_on_it_and_others_use_http(peer: Peer) -> None:
    """Nobody waits for an answer that cannot come any more, and a call can be steered before the socket is back."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return web.Response(status=204)

    peer.answers["/ari/channels/x/dial"] = slow
    async with running(peer) as ari, asyncio.timeout(5):
        socket = await peer.sockets.get()
        task = asyncio.create_task(ari.channels("x").dial(20))
        await arrived.wait()
        await socket.close()
        with pytest.raises(Unavailable):
            await task
        await ari.channels("y").answer()
        assert peer.over_socket == [("POST", "/ari/channels/x/dial")]
        assert ("POST", "/ari/channels/y/answer") in peer.requests
        go_on.set()


async def test_a_slow_request_does_not_hold_up_the_others(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk serves a socket's requests one by one: behind one that takes long, other calls are steered by HTTP."""
    monkeypatch.setattr(socket_requests, "SLOW", 0.0)
    # The heart's own questions are requests on the socket too, and would be waiting at some moments.
    monkeypatch.setattr(Ari, "_listen_to_heart", lambda *_: asyncio.sleep(60))
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return web.Response(status=204)

    peer.answers["/ari/channels/x/answer"] = slow
    async with running(peer) as ari, asyncio.timeout(5):
        task = asyncio.create_task(ari.channels("x").answer())
        await arrived.wait()
        await ari.channels("y").answer()
        assert not task.done()
        go_on.set()
        await task
        await ari.channels("z").answer()
        assert [path for _, path in peer.over_socket] == ["/ari/channels/x/answer", "/ari/channels/z/answer"]


async def test_a_second_daemon_is_not_fought(peer: Peer) -> None:
    """When another process takes the application's name, it is not taken back at once, and we count as down."""
    async with running(peer) as ari, asyncio.timeout(5):
        socket = await peer.sockets.get()
        await socket.send_json({"type": "ApplicationReplaced", "application": "vorzimmer"})
        assert await peer.ended.get() is socket
        assert not ari.up
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await peer.sockets.get()


async def test_a_request_without_asterisk_says_so(peer: Peer) -> None:
    """A request before or after the connection's life raises Unavailable instead of hanging."""
    ari = Ari(peer.url, "user", "secret", "vorzimmer", on_start=lambda _: None)
    with pytest.raises(Unavailable):
        await ari.channels("x").answer()
