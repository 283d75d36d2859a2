"""The control API over its socket: commands, their repetition, events, and everything a peer can do wrong."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.records import Troubles
from vorzimmer.control import client as control
from vorzimmer.control import peer, server
from vorzimmer.control.commands import AgentLogIn, AgentPause, AgentReady, Calls, Hold, Refused, Wall, Watch
from vorzimmer.control.server import Limits, Server
from vorzimmer.core.presence import NotNow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATIENCE = 20
"""Seconds after which a test fails instead of hanging."""


class House:
    """What the commands act on: it counts, and can be told to wait or to fail."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.troubles = Troubles()
        self.seen: list[Any] = []
        self.go = asyncio.Event()
        self.go.set()
        self.began = asyncio.Semaphore(0)
        handlers: dict[Any, Callable[[Any], Awaitable[dict[str, Any]]]] = {
            AgentPause: self.pause,
            AgentReady: self.not_now,
            AgentLogIn: self.refuse,
            Wall: self.wall,
            Hold: self.break_down,
        }
        self.server = Server(path, handlers, lambda: NOW, self.troubles, limits)

    async def pause(self, command: AgentPause) -> dict[str, Any]:
        """Note it, wait if told to, and number the effects."""
        self.seen.append(command)
        number = len(self.seen)
        self.began.release()
        await self.go.wait()
        return {"effect": number, "since": NOW}

    async def not_now(self, _: AgentReady) -> dict[str, Any]:
        """Something does not fit."""
        raise NotNow("alice is not paused")

    async def refuse(self, command: AgentLogIn) -> dict[str, Any]:
        """Something is unknown."""
        raise Refused("unknown_agent", f"there is no agent {command.agent!r}")

    async def wall(self, _: Wall) -> dict[str, Any]:
        """Count."""
        self.seen.append("wall")
        return {"n": len(self.seen), "much": "x" * 200_000}

    async def break_down(self, _: Hold) -> dict[str, Any]:
        """A mistake of ours."""
        raise ZeroDivisionError("secret")


@asynccontextmanager
async def serving(path: Path, limits: Limits | None = None) -> AsyncIterator[House]:
    """A server, listening."""
    house = House(path, limits)
    task = asyncio.create_task(house.server.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await house.server.listening.wait()
            yield house
    finally:
        house.go.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A server at a socket of the test's own."""
    async with serving(tmp_path / "control.sock") as made:
        yield made


def pause(**fields: Any) -> AgentPause:
    """A command with an effect."""
    return AgentPause(**{"actor": "test", "agent": "alice", "reason": "lunch", **fields})


@asynccontextmanager
async def raw(house: House) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection for whoever does not keep to the rules."""
    reader, writer = await asyncio.open_unix_connection(house.path)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next line that comes back."""
    told: dict[str, Any] = json.loads(await reader.readline())
    return told


def watching(house: House) -> int:
    """How many are told events."""
    return sum(one.events is not None for one in house.server._peers)


async def works(house: House) -> None:
    """Somebody else is served as if nothing had happened."""
    async with control.connect(house.path) as c:
        assert "effect" in await c.ask(pause())


async def test_a_command_is_carried_out_and_answered(house: House) -> None:
    """The handler gets the command with its actor, and what it returns is the result, times as text."""
    async with control.connect(house.path) as c:
        assert await c.ask(pause(actor="cli:root")) == {"effect": 1, "since": "2026-11-23T09:00:00+00:00"}
        assert (await c.ask(Wall(actor="test")))["much"] == "x" * 200_000
    assert (house.seen[0].agent, house.seen[0].reason) == ("alice", "lunch")


async def test_the_kernel_says_who_asks(house: House) -> None:
    """What a peer says of itself is not all that is written down: its user id stands beside it."""
    async with control.connect(house.path) as c:
        await c.ask(pause(actor="page:boss"))
    assert house.seen[0].actor == f"page:boss (uid {os.getuid()})"


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        (AgentLogIn(actor="t", agent="nobody"), "unknown_agent", "there is no agent 'nobody'"),
        (AgentReady(actor="t", agent="alice"), "not_now", "alice is not paused"),
        (Calls(actor="t"), "not_available", "calls cannot be done here"),
        (Hold(actor="t", call="1.2"), "failed", "a mistake of the daemon's: see its log"),
        (pause(deadline=NOW - timedelta(milliseconds=1)), "too_late", "has passed"),
    ],
)
async def test_what_cannot_be_done_has_no_effect(house: House, command: Any, code: str, text: str) -> None:
    """Each refusal has a code for programs and a sentence for people, and the connection goes on."""
    async with control.connect(house.path) as c:
        with pytest.raises(Refused, match=text.replace("(", r"\(")) as caught:
            await c.ask(command)
        assert caught.value.code == code
        assert house.seen == []
        assert (await c.ask(pause(deadline=NOW)))["effect"] == 1
    assert house.troubles.events == (["control.failed"] if code == "failed" else [])


async def test_a_repeated_command_has_one_effect(house: House) -> None:
    """Asked again under its id, while it is under way or later, on this connection or another: the same answer."""
    house.go.clear()
    command = pause(id="once")
    async with control.connect(house.path) as one, control.connect(house.path) as other:
        asked = [asyncio.create_task(c.ask(command)) for c in (one, other)]
        await house.began.acquire()
        house.go.set()
        answers = [await asking for asking in asked] + [await one.ask(command)]
    assert [told["effect"] for told in answers] == [1, 1, 1]
    assert len(house.seen) == 1


async def test_a_refusal_is_repeated_too(house: House) -> None:
    """A command that came too late does not take effect because it is sent again."""
    late = pause(id="late", deadline=NOW - timedelta(seconds=1))
    async with control.connect(house.path) as c:
        for _ in range(2):
            with pytest.raises(Refused):
                await c.ask(late)
    assert house.seen == []


async def test_an_id_belongs_to_one_command(house: House) -> None:
    """Another command under a used id is neither carried out nor given the first one's answer; questions are free."""
    async with control.connect(house.path) as c:
        await c.ask(pause(id="same"))
        with pytest.raises(Refused) as caught:
            await c.ask(pause(id="same", reason="break"))
        assert caught.value.code == "id_in_use"
        walls = [(await c.ask(Wall(actor="t", id="look")))["n"] for _ in range(2)]
    assert walls == [2, 3]


async def test_a_peer_that_leaves_does_not_leave_a_command_half_done(house: House) -> None:
    """The command goes on; whoever asks again under its id gets the answer that the first one did not wait for."""
    house.go.clear()
    command = pause(id="left")
    async with raw(house) as (_, writer):
        writer.write(command.model_dump_json().encode() + b"\n")
        await house.began.acquire()
    house.go.set()
    async with control.connect(house.path) as c:
        assert (await c.ask(command))["effect"] == 1


async def test_a_slow_command_holds_up_no_other(house: House) -> None:
    """On the same connection, a question is answered while a command is under way."""
    house.go.clear()
    async with raw(house) as (reader, writer):
        writer.write(pause(id="slow").model_dump_json().encode() + b"\n")
        await house.began.acquire()
        writer.write(b'{"do": "agent.ready", "id": "quick", "actor": "t", "agent": "a"}\n')
        assert (await answer(reader))["id"] == "quick"
        house.go.set()
        assert (await answer(reader))["id"] == "slow"


# What a peer can do wrong


@pytest.mark.parametrize(
    ("line", "told", "code"),
    [
        (b"hello\n", None, "bad_request"),
        (b"\n", None, "bad_request"),
        (b"GET / HTTP/1.1\r\n", None, "bad_request"),
        (b"\x00\xff\xfe\n", None, "bad_request"),
        (b'{"do": "wall", "id": "7"}\n', "7", "bad_request"),
        (b'{"do": "fly", "id": "8", "actor": "x"}\n', "8", "unknown_command"),
        (b'{"do": "fly", "id": {"a": 1}, "actor": "x"}\n', None, "unknown_command"),
        (b"[" * 60_000 + b"\n", None, "bad_request"),
    ],
)
async def test_what_is_no_command_is_told_and_the_next_one_served(
    house: House, line: bytes, told: str | None, code: str
) -> None:
    """An error with the request's id as far as there is one; the same connection works on."""
    async with raw(house) as (reader, writer):
        writer.write(line + pause(id="next").model_dump_json().encode() + b"\n")
        first, second = await answer(reader), await answer(reader)
    assert (first["ok"], first["id"], first["error"]["code"]) == (False, told, code)
    assert (second["ok"], second["id"]) == (True, "next")


async def test_half_a_line_is_told(house: House) -> None:
    """A peer that stops in the middle and only listens on is told what is missing; nothing of it is carried out."""
    async with raw(house) as (reader, writer):
        writer.write(pause().model_dump_json().encode())
        writer.write_eof()
        told = await answer(reader)
        assert await reader.read() == b""
    assert told["error"] == {"code": "bad_request", "text": "half a line: a command ends with a newline"}
    assert house.seen == []


async def test_a_line_of_ten_megabytes_is_passed_over(house: House) -> None:
    """It is never kept in memory, is refused with the limit, and the next command is served."""
    async with raw(house) as (reader, writer):
        for _ in range(160):
            writer.write(b"x" * 65536)
            await writer.drain()
        writer.write(b"\n" + pause(id="next").model_dump_json().encode() + b"\n")
        first, second = await answer(reader), await answer(reader)
    assert first["error"] == {"code": "too_long", "text": f"a command has at most {peer.LONGEST_LINE} bytes"}
    assert second["id"] == "next"


@pytest.mark.parametrize(
    "sent",
    [b"", b"half", b"x" * 200_000, pause().model_dump_json().encode() + b"\n"],
    ids=["nothing", "half", "much", "whole"],
)
async def test_connect_and_close(house: House, sent: bytes) -> None:
    """However much was sent before: whoever is gone costs nothing, and nobody else is disturbed."""
    for _ in range(20):
        async with raw(house) as (_, writer):
            writer.write(sent)
    await works(house)


async def test_two_hundred_connections(tmp_path: Path) -> None:
    """As many as are allowed are served, the others are told why not, and once there is room it works again."""
    async with serving(tmp_path / "c", Limits(connections=50)) as house:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(control.connect(house.path)) for _ in range(200)]
            outcomes = await asyncio.gather(*(c.ask(Wall(actor="t")) for c in clients), return_exceptions=True)
            served = [one for one in outcomes if isinstance(one, dict)]
            busy = [one for one in outcomes if isinstance(one, Refused) and one.code == "busy"]
            assert (len(served), len(busy)) == (50, 150)
        while True:  # until the server has seen the connections end
            try:
                await works(house)
            except Refused:
                await asyncio.sleep(0)
            else:
                return


async def test_who_reads_no_answers_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that only asks and never reads loses its connection, and others are served meanwhile."""
    monkeypatch.setattr(peer, "PATIENCE", 0.05)
    async with raw(house) as (_, writer):
        with pytest.raises(OSError, match=r"Broken pipe|reset"):  # noqa: PT012 - it is cut somewhere in here
            while True:
                writer.write(b'{"do": "wall", "actor": "t"}\n')
                await writer.drain()
        await works(house)


# Events


async def test_events_reach_whoever_watches(house: House) -> None:
    """From the answer on, each watcher gets every event in order; who does not watch gets none."""
    house.server.tell("too.early")
    async with control.connect(house.path) as one, control.connect(house.path) as other:
        watches = [c.watch(Watch(actor="t")) for c in (one, other)]
        for watch in watches:
            assert await anext(watch) == {}
        for n in range(3):
            house.server.tell("agent.state", agent="alice", n=n)
        for watch in watches:
            told = [await anext(watch) for _ in range(3)]
            assert told[0] == {"event": "agent.state", "at": "2026-11-23T09:00:00+00:00", "agent": "alice", "n": 0}
            assert [event["n"] for event in told] == [0, 1, 2]
            await watch.aclose()
    await works(house)


async def test_a_slow_watcher_is_cut_off_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """Telling never waits: who lags behind by more than the queue loses the connection, who reads gets everything."""
    async with serving(tmp_path / "c", Limits(events=100)) as house:
        async with raw(house) as (reader, slow), control.connect(house.path) as c:
            slow.write(b'{"do": "watch", "actor": "slow"}\n')
            watch = c.watch(Watch(actor="t"))
            await anext(watch)
            assert (await answer(reader))["ok"]
            assert watching(house) == 2
            for n in range(2000):
                house.server.tell("big", n=n, much="x" * 10_000)
                assert (await anext(watch))["n"] == n
            assert watching(house) == 1
            await watch.aclose()
        await works(house)


async def test_a_watcher_may_say_what_it_likes(house: House) -> None:
    """What comes after `watch` is passed over, and its end ends the watching."""
    async with raw(house) as (reader, writer):
        writer.write(b'{"do": "watch", "actor": "t"}\n')
        assert (await answer(reader))["ok"]
        writer.write(b"x" * 500_000 + b"\n")
        house.server.tell("one")
        assert (await answer(reader))["event"] == "one"
        writer.write_eof()
        assert await reader.read() == b""
    house.server.tell("two")


# The socket


async def test_only_owner_and_group_may_open_it(house: House) -> None:
    """Whoever may write to the socket may steer calls."""
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o660


async def test_what_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    """A socket nobody listens at any more is no obstacle, and at the end there is none."""
    path = tmp_path / "c"
    _, unlistened = await asyncio.to_thread(_dead_socket, path)
    async with serving(path) as house:
        await works(house)
    assert not path.exists()
    assert unlistened
    with pytest.raises(control.Unreachable, match="not running"):
        async with control.connect(path):
            pass


def _dead_socket(path: Path) -> tuple[Path, bool]:
    listener = server._listen(path)
    listener.close()
    return path, path.exists()


async def test_the_next_process_keeps_its_socket(tmp_path: Path) -> None:
    """When the old process ends after the new one has begun, it does not take the new one's socket away."""
    path = tmp_path / "c"
    async with AsyncExitStack() as old:
        await old.enter_async_context(serving(path))
        async with serving(path) as new:
            await old.aclose()
            await works(new)


async def test_a_socket_that_cannot_be_had_is_told_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its folder the daemon goes on; once the folder is there the socket is too."""
    monkeypatch.setattr(server, "AGAIN", 0.01)
    house = House(tmp_path / "later" / "c")
    task = asyncio.create_task(house.server.run())
    async with asyncio.timeout(PATIENCE):
        await house.troubles.told.wait()
        (tmp_path / "later").mkdir()
        await house.server.listening.wait()
        await works(house)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert house.troubles.events == ["control.no_socket"]


@pytest.mark.parametrize("name", ["x" * 120, "folder/that/is/not/there"])
async def test_a_client_is_told_why_nobody_answers(tmp_path: Path, name: str) -> None:
    """Path too long, no daemon: a sentence, not a traceback."""
    with pytest.raises(control.Unreachable, match=r"cannot be opened|not running"):
        async with control.connect(tmp_path / name):
            pass


@pytest.mark.parametrize("turns", range(6))
async def test_who_comes_while_it_ends_is_let_go(tmp_path: Path, turns: int) -> None:
    """However many turns of the loop a connection came before the end: it is closed, and does not stay for ever."""
    with socket.socket(socket.AF_UNIX) as comer:
        async with serving(tmp_path / "control.sock") as house:
            comer.setblocking(False)
            comer.connect(str(house.path))
            for _ in range(turns):
                await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionResetError):
                assert await asyncio.get_running_loop().sock_recv(comer, 1) == b""


async def test_a_daemon_that_ends_is_told(tmp_path: Path) -> None:
    """Whoever watches when the daemon goes learns that it has gone, not that nothing happens."""
    async with AsyncExitStack() as stack:
        ending = AsyncExitStack()
        house = await ending.enter_async_context(serving(tmp_path / "c"))
        c = await stack.enter_async_context(control.connect(house.path))
        watch = c.watch(Watch(actor="t"))
        await anext(watch)
        await ending.aclose()
        with pytest.raises(control.Unreachable, match="closed the connection"):
            await anext(watch)
