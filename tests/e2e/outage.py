"""Two things that a test of outages needs: a line to Asterisk that can be cut, and the daemon as a real process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Self

import tomli_w

from tests.sipp.waiting import Watched
from vorzimmer.settings import Settings

VORZIMMER = Path(sys.executable).with_name("vorzimmer")


class Cable(Watched):
    """A TCP line to another port: `async with Cable(port) as cable`. Cut, it takes no connection and ends all.

    Frozen, what is connected stays so and no byte passes any more, as when a router forgets its connections; new
    ones are taken. `refused` counts the connections that were tried while it was cut.
    """

    def __init__(self, target: int, *, cut: bool = False) -> None:
        super().__init__()
        self.refused = 0
        self._target = target
        self._cut = cut
        self._passing: set[asyncio.Task[None]] = set()
        self._flowing = _flowing()
        self._frozen: list[asyncio.Event] = []

    def __repr__(self) -> str:
        return f"<Cable {'cut' if self._cut else 'whole'}, {len(self._passing)} connections, {self.refused} refused>"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.thaw()
        await self.cut()

    async def cut(self) -> None:
        """End every connection, and take none until `mend`."""
        self._cut = True
        for passing in self._passing:
            passing.cancel()
        if self._passing:
            await asyncio.wait(self._passing)

    def mend(self) -> None:
        """Take connections again."""
        self._cut = False

    def freeze(self) -> None:
        """Let no byte pass on the connections that there are now; nobody is told."""
        self._flowing.clear()
        self._frozen.append(self._flowing)
        self._flowing = _flowing()

    def thaw(self) -> None:
        """Let everything pass again, what was held back first."""
        for flowing in self._frozen:
            flowing.set()
        self._frozen.clear()

    async def tried(self, times: int) -> None:
        """Wait until so many connections have been refused."""
        await self.until(f"{times} connections", lambda: self.refused >= times)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            if self._cut:
                self.refused += 1
                self.tell()
                return
            task = asyncio.ensure_future(self._pass_on(reader, writer))
            self._passing.add(task)
            await asyncio.wait({task})
            self._passing.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flowing = self._flowing
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:  # nobody is there: our end is closed, which says so
            return
        with contextlib.closing(far_writer):
            ways = [
                asyncio.ensure_future(_pump(reader, far_writer, flowing)),
                asyncio.ensure_future(_pump(far_reader, writer, flowing)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)


def _flowing() -> asyncio.Event:
    """Set while bytes may pass."""
    event = asyncio.Event()
    event.set()
    return event


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            await flowing.wait()
            writer.write(data)
            await writer.drain()


class Process:
    """`vorzimmer --config FILE serve` as systemd would run it."""

    def __init__(self, process: asyncio.subprocess.Process, told: socket.socket, log: Path) -> None:
        self._process = process
        self._told = told
        self._log = log

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything it has written to stderr."""
        return self._log.read_text()

    async def ready(self) -> None:
        """Wait for READY=1.

        Raises:
            TimeoutError: it did not come in half a minute.
        """
        async with asyncio.timeout(30):
            while b"READY=1" not in await asyncio.get_running_loop().sock_recv(self._told, 4096):
                pass

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def freeze(self) -> None:
        """SIGSTOP: it is there, its kernel takes connections, and it does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    async def exit_status(self) -> int:
        """Wait for its end, and give its exit status (a signal's as a negative number).

        Raises:
            TimeoutError: it did not end in half a minute.
        """
        async with asyncio.timeout(30):
            return await self._process.wait()


def write_settings(settings: Settings, file: Path) -> Path:
    """The settings as a file, secrets and all, readable by its owner only."""
    told = settings.model_dump(mode="json", exclude_none=True)
    for section, key in (("ari", "password"), ("ami", "password"), ("database", "dsn"), ("smtp", "password")):
        if secret := getattr(getattr(settings, section), key):
            told[section][key] = secret.get_secret_value()
    file.touch(mode=0o600)
    file.write_text(tomli_w.dumps(told))
    return file


@contextlib.asynccontextmanager
async def serving(settings: Settings, folder: Path, *options: str, wrap: Sequence[str] = ()) -> AsyncIterator[Process]:
    """Run the daemon, its command handed to `wrap` if that is given; at the end it is killed if it still runs."""
    config = write_settings(settings, folder / "vorzimmer.toml")
    address = folder / "notify"
    address.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VORZIMMER_")}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (folder / "log").open("ab") as log:
        told.bind(str(address))
        told.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *wrap,
            VORZIMMER,
            "--config",
            config,
            "serve",
            *options,
            stderr=log,
            env={**environment, "NOTIFY_SOCKET": str(address)},
        )
        try:
            yield Process(process, told, folder / "log")
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
