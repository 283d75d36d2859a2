"""A SIPp process: started with a scenario, watched message by message, gone when the block is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tests.sipp.trace import Traced, TracedCall, TraceReader
from tests.sipp.waiting import PATIENCE, Watched

CONTROL_PORT_TAKEN = "Unable to bind remote control socket"
"""What SIPp says of it, and ends: only binding a port makes it one's own, and SIPp does that itself."""


class SippError(Exception):
    """SIPp could not play the scenario; the text is its own."""


def free_port(host: str = "127.0.0.1", port: int = 0) -> int:
    """Find a UDP port that nobody has, or make sure of one.

    Raises:
        OSError: somebody has it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, port))
        found: int = probe.getsockname()[1]
        return found


def _is_bound(port: int) -> bool:
    """Say whether somebody listens on this UDP port, as the kernel's table has it."""
    return f":{port:04X} " in Path("/proc/net/udp").read_text()


class Sipp(Watched, asyncio.Protocol):
    """One SIPp process and the calls it makes or takes: `async with Sipp(scenario, rows, host, port) as sipp`.

    Args:
        scenario: the XML text.
        rows: the injected fields, one row a call, used in turn.
        host: address to bind.
        port: port to bind.
        options: further options (`-m`, `-r`, target …).
        on_message: told of every message as it happens.
        trace: False saves the cost of the message trace; `calls` then stays empty.
    """

    def __init__(
        self,
        scenario: str,
        rows: Sequence[Sequence[object]],
        host: str,
        port: int,
        *options: str,
        on_message: Callable[[Traced, TracedCall], None] | None = None,
        trace: bool = True,
    ) -> None:
        super().__init__()
        if any(mark in str(field) for row in rows for field in row for mark in ";\r\n"):
            raise ValueError("SIPp's fields hold neither semicolons nor line ends: put those into a header")
        self.host, self.port = host, port
        self.calls: list[TracedCall] = []
        self.exit_code: int | None = None
        self.folder = Path()
        self._texts = {
            "scenario.xml": scenario,
            "fields.csv": "\n".join(["SEQUENTIAL", *(";".join(map(str, row)) + ";" for row in rows), ""]),
        }
        self._options, self._on_message, self._trace = options, on_message, trace
        self._reader = TraceReader()
        self._told_all = False
        self._waiter: asyncio.Task[None] | None = None
        self._by_id: dict[str, TracedCall] = {}

    def __repr__(self) -> str:
        return f"<Sipp {self.port} exit={self.exit_code} {self.calls}>"

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sipp-")))
            for name, text in self._texts.items():
                (self.folder / name).write_text(text)
            messages, writing = os.pipe()
            try:
                reading = os.fdopen(messages, "rb", 0)
                transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: self, reading)
                stack.callback(transport.close)
                stack.push_async_callback(self._kill)
                await self._begin(writing)
            finally:
                os.close(writing)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        await asyncio.sleep(0)

    async def _begin(self, messages: int) -> None:
        """Start SIPp, with another control port as long as somebody takes the one that was free a moment ago."""
        while True:
            (self.folder / "errors.log").unlink(missing_ok=True)
            self.exit_code = None
            self._process = await self._start(messages)
            self._waiter = asyncio.create_task(self._wait())
            await self._listening()
            if self.exit_code in (None, 0, 1):
                return
            if CONTROL_PORT_TAKEN not in self.errors:
                raise SippError(self.errors)

    def control_port(self) -> int:
        """A port for SIPp's remote control, which nobody had a moment ago."""
        return free_port(self.host)

    async def _start(self, messages: int) -> asyncio.subprocess.Process:
        command = [
            "setpriv", "--pdeathsig", "KILL",  # SIPp ends with this process even if that is killed
            "sipp", *self._options, "-sf", "scenario.xml", "-inf", "fields.csv",
            "-i", self.host, "-p", str(self.port), "-cp", str(self.control_port()),
            "-nostdin", "-aa", "-trace_err", "-error_file", "errors.log",
        ]  # fmt: skip
        if self._trace:
            command += ["-trace_msg", "-message_file", f"/dev/fd/{messages}"]
        null = asyncio.subprocess.DEVNULL
        with (self.folder / "stderr.log").open("wb") as stderr:
            return await asyncio.create_subprocess_exec(
                *command, cwd=self.folder, stdin=null, stdout=null, stderr=stderr, pass_fds=(messages,),
                start_new_session=True,
            )  # fmt: skip

    async def _listening(self) -> None:
        """Wait until the port is bound. SIPp tells nobody, so the kernel is asked; a trial bind could take the port."""
        async with asyncio.timeout(PATIENCE):
            while self.exit_code is None and not _is_bound(self.port):  # noqa: ASYNC110  # there is no event
                await asyncio.sleep(0.01)

    async def _wait(self) -> None:
        self.exit_code = await self._process.wait()
        self.tell()

    async def _kill(self) -> None:
        if self._waiter is None:
            return
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._waiter

    def place_no_more(self) -> None:
        """Place no further call; those under way go on to their end, and SIPp ends with the last."""
        if self.exit_code is None:
            self._process.send_signal(signal.SIGUSR1)

    async def finished(self, patience: float = PATIENCE) -> int:
        """Wait until SIPp has made all its calls and return its exit code: 0, or 1 if a call failed.

        Raises:
            SippError: it could not play the scenario at all.
            TimeoutError: it went on.
        """
        await self.until("SIPp to end", lambda: self.exit_code is not None and self._told_all, patience)
        if self.exit_code not in (0, 1):
            raise SippError(self.errors)
        return self.exit_code

    @property
    def errors(self) -> str:
        """What SIPp complained of."""
        logs = (self.folder / name for name in ("stderr.log", "errors.log"))
        return "\n".join(log.read_text(errors="replace").strip() for log in logs if log.exists())

    def data_received(self, data: bytes) -> None:
        """Take a piece of the message trace (asyncio calls this)."""
        for traced in self._reader.feed(data):
            call = self._by_id.get(traced.message["Call-ID"])
            if call:
                call.trace.append(traced)
            elif traced.message.method == "INVITE" and not traced.message.status:
                call = self._by_id[traced.message["Call-ID"]] = TracedCall(traced)
                self.calls.append(call)
            if call and self._on_message:
                self._on_message(traced, call)
        self.tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the message trace (asyncio calls this)."""
        del exc
        self._told_all = True
        self.tell()
