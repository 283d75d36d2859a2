"""The bench's Asterisk, PostgreSQL and mail server, and the daemon as two processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import asyncpg

from tests.bench import cpu, ways
from tests.bench.probe import Probe
from tests.sipp.scenario import AGENTS
from tests.sipp.sipp import Sipp, free_port
from tests.systemd.unit import UNITS, last, read
from vorzimmer.core.client import Book
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.store import book as books
from vorzimmer.store import migrate

_PATIENCE = 60.0
"""Seconds that the end of all calls, or the daemon's start, may take."""

_SHIP_PATIENCE = 5.0
"""Seconds that the last CDRs may take to reach the database."""

ROLES = ("calls", "worker")


class BenchError(Exception):
    """The bench cannot go on; the text says why."""


class Stage:
    """Everything that calls go through: `async with Stage(folder) as stage`."""

    def __init__(self, folder: Path, book: Callable[[], Book] = ways.book) -> None:
        self._folder = folder
        self._book = book
        self._daemon: dict[str, asyncio.subprocess.Process] = {}
        self.sandbox: Sandbox
        self.probe: Probe
        self.starts: list[float] = []
        """Seconds from each start of the calls process to its READY."""
        self.placed = 0
        """Calls placed through the daemon so far: as many CDRs there should be."""

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.sandbox = await asyncio.to_thread(
                Sandbox.up, self._folder / "sandbox", agents=ways.LOADED + ways.PROBES, fsync=True
            )
            stack.callback(self.sandbox.down)
            self.probe = await stack.enter_async_context(await Probe.open())
            port = free_port()
            agents = AGENTS["answer"].render(1)
            await stack.enter_async_context(Sipp(agents, [(free_port(),)], "127.0.0.1", port, trace=False))
            await self._configure(port)
            await self._import()
            stack.push_async_callback(self.stop_daemon)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _configure(self, agents_port: int) -> None:
        ways.configure(self.sandbox.etc, agents_port, self.probe.port)
        for command in ("module reload res_pjsip.so", "module reload app_queue.so", "dialplan reload"):
            await self.sandbox.cli(command)

    async def _import(self) -> None:
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            await migrate.migrate(conn)
            await books.save_book(conn, self._book())
        finally:
            await conn.close()

    async def start_daemon(self) -> None:
        """Start `serve` in both roles, and note how long the one for calls took."""
        began = time.monotonic()
        await self._serve("calls")
        self.starts.append(time.monotonic() - began)
        await self._serve("worker")
        # The fallback's folders are written beside the first calls; here that would be counted as theirs.
        if not await _came_true(self._rendered, _PATIENCE):
            raise BenchError(f"the fallback's folders were not written: {self.log('calls')}")

    async def start_pages(self) -> None:
        """Start `serve` for the pages."""
        await self._serve("web")

    async def kill_and_start(self) -> float:
        """SIGKILL to the calls process; the seconds from the start of the next one until it has the calls in hand."""
        process = self._daemon["calls"]
        process.kill()
        await process.wait()
        began = time.monotonic()
        await self._serve("calls")
        return time.monotonic() - began

    async def _rendered(self) -> bool:
        written = await asyncio.to_thread((self._folder / "calls.log").read_text, errors="replace")
        return written.count('"fallback.rendered"') >= len(self.starts)

    async def _serve(self, role: str) -> None:
        """Start one role as nice as its unit says, and wait for its READY, told as systemd would be."""
        nice = last(read(UNITS / f"vorzimmer-{role}.service"), "Nice", "0")
        program = str(Path(sys.executable).with_name("vorzimmer"))
        command = ["nice", "-n", nice, program, "--config", str(self.sandbox.settings_toml)]
        address = self._folder / f"{role}.notify"
        address.unlink(missing_ok=True)
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
            (self._folder / f"{role}.log").open("ab") as log,
        ):
            ear.setblocking(False)
            ear.bind(str(address))
            process = self._daemon[role] = await asyncio.create_subprocess_exec(
                *command, "serve", "--role", role, stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(address)}
            )
            ready = asyncio.ensure_future(asyncio.get_running_loop().sock_recv(ear, 1000))
            ended = asyncio.ensure_future(process.wait())
            await asyncio.wait({ready, ended}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            arrived = ready.done()
            for wait in (ready, ended):
                wait.cancel()
            if not arrived:
                raise BenchError(f"the daemon's {role} process was not ready: {self.log(role)}")

    def log(self, role: str) -> str:
        """The last lines that a process of the daemon wrote."""
        return (self._folder / f"{role}.log").read_text(errors="replace")[-2000:]

    def log_lines(self, role: str) -> list[str]:
        """Every line that a process of the daemon wrote."""
        return (self._folder / f"{role}.log").read_text(errors="replace").splitlines()

    async def stop_daemon(self) -> None:
        """SIGTERM to both roles, and wait for the clean end."""
        for process in self._daemon.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in self._daemon.values():
            await process.wait()
        self._daemon.clear()

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time that each part has used so far."""
        processes = self.sandbox.state.processes
        used = {role: cpu.seconds(process.pid) for role, process in self._daemon.items()}
        return {
            **dict.fromkeys(ROLES, 0.0),
            **used,
            "asterisk": cpu.seconds(processes["asterisk"].pid),
            "postgres": cpu.seconds(processes["postgres"].pid, with_children=True),
        }

    def resident(self) -> dict[str, float]:
        """Megabytes of memory that Asterisk and the process for calls hold now."""
        pids = {"asterisk": self.sandbox.state.processes["asterisk"].pid}
        pids |= {role: process.pid for role, process in self._daemon.items() if role == "calls"}
        return {part: cpu.resident_mb(pid) for part, pid in pids.items()}

    async def channels(self) -> int:
        """How many channels Asterisk has."""
        told = await self.sandbox.cli("core show channels count")
        return int(re.findall(r"^(\d+) active channel", told, re.MULTILINE)[0])

    async def quiet(self) -> None:
        """Wait until no call is left in Asterisk, and with the daemon until its last mail is out.

        A call that Asterisk lost under overload has no CDR; it is waited for a few seconds only.
        """

        async def no_channel() -> bool:
            return await self.channels() == 0

        async def all_shipped() -> bool:
            return bool((await self.query("SELECT count(*) >= $1 FROM cdr", self.placed))[0][0])

        async def no_message() -> bool:
            waiting = "SELECT count(*) = 0 FROM outbox WHERE state IN ('pending', 'leased')"
            return bool((await self.query(waiting))[0][0])

        if not await _came_true(no_channel, _PATIENCE):
            raise BenchError("there are still channels in Asterisk")
        if self._daemon:
            await _came_true(all_shipped, _SHIP_PATIENCE)
            if not await _came_true(no_message, _PATIENCE):
                raise BenchError(f"there are still messages in the outbox: {self.log('worker')}")

    async def query(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of the database."""
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            return list(await conn.fetch(sql, *args))
        finally:
            await conn.close()


async def _came_true(true: Callable[[], Awaitable[bool]], patience: float) -> bool:
    until = time.monotonic() + patience
    while not await true():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.2)
    return True
