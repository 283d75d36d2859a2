"""A service run as systemd would run it from the shipped unit file: restarts, watchdog, patience at the stop."""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.sipp.waiting import Watched

VORZIMMER = Path(sys.executable).with_name("vorzimmer")
READY_PATIENCE = 120.0
"""Seconds that a service may take to be ready; it waits for Asterisk and, the first time, for the database."""


@dataclass(frozen=True)
class UnitFile:
    """What of a unit file decides how it lives. Seconds; `watchdog` 0: nobody watches."""

    command: tuple[str, ...]
    notify: bool
    oneshot: bool
    restart: float
    watchdog: float
    watchdog_signal: signal.Signals
    stop: float

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the shipped file; `ExecStart` without the program's path is what `vorzimmer` is told."""
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the library's documentation says
        parser.read(file)
        service = parser["Service"]
        return cls(
            command=tuple(shlex.split(service["ExecStart"])[1:]),
            notify=service.get("Type", "simple").startswith("notify"),
            oneshot=service.get("Type") == "oneshot",
            restart=_seconds(service.get("RestartSec", "0.1")),
            watchdog=_seconds(service.get("WatchdogSec", "0")),
            watchdog_signal=signal.Signals[service.get("WatchdogSignal", "SIGABRT")],
            stop=_seconds(service.get("TimeoutStopSec", "90")),
        )


_UNITS = {"": 1.0, "s": 1.0, "ms": 0.001, "min": 60.0, "infinity": float("inf")}


def _seconds(text: str) -> float:
    """Read a time as systemd writes it (systemd.time(7)), as far as the shipped units use it."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number or 1) * _UNITS[text.removeprefix(number)]


class Unit(Watched):
    """One service: `await unit.start()`; it is restarted however it ends, until `await unit.stop()`.

    Args:
        name: for its files.
        file: how it lives.
        config: the settings that it reads.
        folder: for its log (`NAME.log`) and its socket.

    `deaths` counts the ends that nobody asked for.
    """

    def __init__(self, name: str, file: UnitFile, config: Path, folder: Path) -> None:
        super().__init__()
        self.name, self.file = name, file
        self.wrap: Sequence[str] = ()
        """A program and its arguments that the service's own command is handed to."""
        self.deaths = 0
        self.log = folder / f"{name}.log"
        self._config, self._address = config, folder / f"{name}.notify"
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._is_ready = False
        self._stopping = self._restarting = False
        self._fed = 0.0

    def __repr__(self) -> str:
        return f"<Unit {self.name} pid={self.pid} ready={self._is_ready}, see {self.log}>"

    @property
    def pid(self) -> int:
        """Its process now, 0 if there is none."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            TimeoutError: it was not.
        """
        self._stopping = False
        self._life = asyncio.create_task(self._live())
        await self.ready()

    async def ready(self) -> None:
        """Wait until it has said that it is ready, for one that says so.

        Raises:
            TimeoutError: it did not.
        """
        await self.until("a service to be ready", lambda: self._is_ready, READY_PATIENCE)

    async def stop(self) -> None:
        """End it as `systemctl stop` does."""
        self._stopping = True
        if self._process and self._process.returncode is None:
            await self._terminate(self._process)
        if self._life:
            await self._life
            self._life = None

    async def restart(self) -> None:
        """End it and start it at once, as `systemctl restart` does; returns when it is ready again."""
        self._restarting = True
        self._is_ready = False
        if self._process and self._process.returncode is None:
            await self._terminate(self._process)
        await self.ready()

    def signal(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        if number == signal.SIGKILL:
            self._is_ready = False
        os.kill(self.pid, number)

    async def _terminate(self, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.file.stop):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _live(self) -> None:
        while not self._stopping:
            self._address.unlink(missing_ok=True)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
                ear.setblocking(False)
                ear.bind(str(self._address))
                await self._one_life(ear)
            if self._stopping:
                return
            if not self._restarting:
                self.deaths += 1
                await asyncio.sleep(self.file.restart)
            self._restarting = False

    async def _one_life(self, ear: socket.socket) -> None:
        self._process = process = await self._spawn()
        self._is_ready = not self.file.notify
        self.tell()
        beside = [asyncio.create_task(self._listen(ear)), asyncio.create_task(self._watch(process))]
        try:
            await process.wait()
        finally:
            self._is_ready = False
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _spawn(self) -> asyncio.subprocess.Process:
        # It ends with this process even if that is killed.
        command = ["setpriv", "--pdeathsig", "KILL", *self.wrap, str(VORZIMMER), "--config", str(self._config)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("VORZIMMER_")}
        environment["NOTIFY_SOCKET"] = str(self._address)
        if self.file.watchdog:
            environment["WATCHDOG_USEC"] = str(round(self.file.watchdog * 1_000_000))
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command, *self.file.command, stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, env=environment
            )

    async def _listen(self, ear: socket.socket) -> None:
        while True:
            told = (await asyncio.get_running_loop().sock_recv(ear, 4096)).split(b"\n")
            if b"READY=1" in told:
                self._is_ready = True
            self._fed = time.monotonic()
            self.tell()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Kill it once it has been silent for too long; systemd counts from the moment it was ready."""
        if not (self.file.watchdog and self.file.notify):
            return
        await self.until("a service to be ready", lambda: self._is_ready, float("inf"))
        while (left := self._fed + self.file.watchdog - time.monotonic()) > 0:  # noqa: ASYNC110 - a deadline that moves
            await asyncio.sleep(left)
        self._is_ready = False
        # systemd wakes what it kills: a stopped process dies of no other signal than SIGKILL.
        for number in (self.file.watchdog_signal, signal.SIGCONT):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
        await asyncio.sleep(self.file.stop)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
