"""Pages leave the control API room for others, and what they gave up waiting for is not done later."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.records import Troubles
from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import AgentPause, Calls, Command, Refused
from vorzimmer.control.server import Server
from vorzimmer.web.asking import AT_ONCE, OF_ONE, OFTEN, Asking
from vorzimmer.web.live import ASK_SECONDS, Live
from vorzimmer.web.problems import Problem

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATIENCE = 20.0


class Stub:
    """A calls process whose commands wait until they may go."""

    def __init__(self) -> None:
        self.began = asyncio.Semaphore(0)
        self.go = asyncio.Event()
        self.seen: list[AgentPause] = []

    async def pause(self, command: AgentPause) -> dict[str, Any]:
        """Take it, and wait."""
        self.seen.append(command)
        self.began.release()
        await self.go.wait()
        return {}

    async def living(self, _: Calls) -> dict[str, Any]:
        """Answer at once."""
        return {"calls": []}


@asynccontextmanager
async def calls_process(path: Path) -> AsyncIterator[Stub]:
    """While inside it listens there."""
    house = Stub()
    server = Server(path, {AgentPause: house.pause, Calls: house.living}, lambda: NOW, Troubles())
    running = asyncio.create_task(server.run())
    try:
        await server.listening.wait()
        yield house
    finally:
        house.go.set()
        running.cancel()
        await asyncio.wait({running})


def pause(user: str) -> Command:
    """What somebody asks at a page."""
    return AgentPause(actor=f"page:{user}", agent="anna", reason="lunch")


async def test_pages_never_use_up_the_control_api(tmp_path: Path) -> None:
    """One user, and all of them, are told to try again; the command line finds room, and so does everybody later."""
    path = tmp_path / "control.sock"
    async with calls_process(path) as house, AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        asking = Asking(path, lambda: NOW)
        under_way = await stack.enter_async_context(asyncio.TaskGroup())
        asked = [under_way.create_task(asking.ask(pause(f"user-{n // OF_ONE}"), PATIENCE)) for n in range(AT_ONCE)]
        for _ in asked:
            await house.began.acquire()
        with pytest.raises(Refused) as refused:
            await asking.ask(pause("somebody-else"), PATIENCE)
        assert refused.value.code == "busy"
        async with connect(path) as line:
            assert await line.ask(Calls(actor="cli")) == {"calls": []}
        house.go.set()
        await asyncio.gather(*asked)
        await asking.ask(pause("user-0"), PATIENCE)


async def test_one_user_leaves_room_for_the_others(tmp_path: Path) -> None:
    """Who asks for a hundred things at once is refused long before all the others are."""
    path = tmp_path / "control.sock"
    async with calls_process(path) as house, asyncio.timeout(PATIENCE), asyncio.TaskGroup() as under_way:
        asking = Asking(path, lambda: NOW)
        answers = [under_way.create_task(asking.ask(pause("greedy"), PATIENCE)) for _ in range(OF_ONE)]
        for _ in answers:
            await house.began.acquire()
        with pytest.raises(Problem) as refused:
            await asking.ask(pause("greedy"), PATIENCE)
        assert (refused.value.status, refused.value.code) == (429, "too_often")
        other = under_way.create_task(asking.ask(pause("anna"), PATIENCE))
        await house.began.acquire()
        house.go.set()
        assert await other == {}


async def test_a_key_that_is_held_down_fills_no_ledger(tmp_path: Path) -> None:
    """A page that asks again and again is refused after some seconds' worth; others, and questions, are not."""
    path = tmp_path / "control.sock"
    async with calls_process(path) as house, asyncio.timeout(PATIENCE):
        house.go.set()
        asking = Asking(path, lambda: NOW)
        for _ in range(OFTEN):
            await asking.ask(pause("greedy"), PATIENCE)
        with pytest.raises(Problem) as refused:
            await asking.ask(pause("greedy"), PATIENCE)
        assert (refused.value.status, refused.value.code) == (429, "too_often")
        await asking.ask(pause("anna"), PATIENCE)
        await asking.ask(Calls(actor="page:greedy"), PATIENCE)
        assert len(house.seen) == OFTEN + 1


async def test_what_nobody_waits_for_any_more_is_not_done_later(tmp_path: Path) -> None:
    """A command carries the instant until which its page waits: a process that was stuck does not do it after that."""
    path = tmp_path / "control.sock"
    async with calls_process(path) as house, asyncio.timeout(PATIENCE):
        house.go.set()
        await Asking(path, lambda: NOW).ask(pause("anna"), 15)
        assert house.seen[0].deadline == NOW + timedelta(seconds=15)
        with pytest.raises(Refused) as late:
            await Asking(path, lambda: NOW - timedelta(seconds=16)).ask(pause("anna"), 15)
        assert late.value.code == "too_late"


async def test_a_stuck_calls_process_costs_a_page_two_seconds(tmp_path: Path) -> None:
    """Known to be away, it may still take connections: whoever presses a button is told soon that nobody answers."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        live = Live(path, lambda: NOW)
        assert live.away
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unreachable):
            await live.ask(pause("anna"))
        assert asyncio.get_running_loop().time() - began < ASK_SECONDS / 2
