"""The demo's stage: sandbox, daemon, telephones, and one printed line for each thing that happens."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import os
import shutil
import sys
import time
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import asyncpg

from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
AT = "2026-12-25T12:30:00+01:00"
PATIENCE = 30.0
"""Seconds that any wait of the demo may take before it counts as failed."""

SOUNDS = {"holiday": 31, "closed": 32, "lunch": 33, "machine": 34}
"""The announcements, made as distinct sounds by their seeds."""


class DemoError(Exception):
    """Something did not happen as it should."""


class Stage:
    """Everything that the acts of the demo need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox: Sandbox
        self.pbx = ("127.0.0.1", 0)
        self.agents: list[Phone]
        self.outside: Phone
        self._began = time.monotonic()
        self._daemon: asyncio.subprocess.Process | None = None
        self._phones = contextlib.AsyncExitStack()

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    async def build(self) -> None:
        """Sandbox, schema, clients, daemon."""
        self.say("starting a private Asterisk, PostgreSQL and mail server …")
        self.sandbox = await asyncio.to_thread(Sandbox.up, self.folder, agents=4)
        self.pbx = ("127.0.0.1", self.sandbox.sip_port)
        self.agents = [await self.phone(self.sandbox.agent_port(number)) for number in (1, 2, 3)]
        self.outside = await self.phone(self.sandbox.trunk_port)
        await self.vorzimmer("migrate")
        await asyncio.to_thread(self._lay_out_clients)
        await self.vorzimmer("import", str(self.folder / "clients.toml"))
        await self.start_daemon()

    def _lay_out_clients(self) -> None:
        """The client file, and beside it a folder of announcements for each client."""
        shutil.copy(Path(__file__).with_name("clients.toml"), self.folder)
        for client in ("mueller", "praxis", "laden"):
            (self.folder / client).mkdir(exist_ok=True)
            for name, seed in SOUNDS.items():
                sound.write_wav(self.folder / client / f"{name}.wav", sound.announcement(seed))

    async def vorzimmer(self, *args: str) -> str:
        """Run a command as a person would, and show it."""
        self.say(f"$ vorzimmer {' '.join(args)}")
        running = await asyncio.create_subprocess_exec(
            *self.command(*args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output = (await running.communicate())[0].decode()
        if running.returncode:
            raise DemoError(f"vorzimmer {args[0]} failed: {output}")
        return output

    def command(self, *args: str) -> list[str]:
        """The command line of `vorzimmer` in this sandbox."""
        return [str(Path(sys.executable).with_name("vorzimmer")), "--config", str(self.sandbox.settings_toml), *args]

    async def leave_running(self) -> int:
        """Start the daemon with today's clock, detached; returns its process number."""
        with (self.folder / "daemon.log").open("ab") as log:
            daemon = await asyncio.create_subprocess_exec(
                *self.command("serve"), stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
            )
        return daemon.pid

    async def start_daemon(self) -> None:
        """Start it and wait until it takes calls."""
        self.say("$ vorzimmer serve   (for its calls it is Friday, 25 December 2026, 12:30 in Berlin)")
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.demo.daemon",
                str(self.sandbox.settings_toml),
                (datetime.fromisoformat(AT) + timedelta(seconds=time.monotonic() - self._began)).isoformat(),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        assert self._daemon.stdout is not None
        async with asyncio.timeout(PATIENCE):
            if await self._daemon.stdout.readline() != b"ready\n":
                raise DemoError(f"the daemon did not start; see {self.folder / 'daemon.log'}")

    async def kill_daemon(self) -> None:
        """SIGKILL."""
        if self._daemon is not None:
            self._daemon.kill()
            await self._daemon.wait()
            self._daemon = None

    async def stop_daemon(self) -> None:
        """SIGTERM, and wait for the clean end."""
        if self._daemon is not None:
            self._daemon.terminate()
            async with asyncio.timeout(PATIENCE):
                await self._daemon.wait()
            self._daemon = None

    async def phone(self, port: int = 0) -> Phone:
        """A telephone."""
        return await self._phones.enter_async_context(await Phone.open(port=port))

    async def call(self, to: str, from_: str) -> Outgoing:
        """A call from outside."""
        return await (await self.phone()).call(to, self.pbx, from_)

    async def cdrs(self, count: int) -> list[asyncpg.Record]:
        """The CDRs from PostgreSQL, once there are `count` or the patience is over."""
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            until = time.monotonic() + PATIENCE
            while True:
                rows = await conn.fetch("SELECT * FROM cdr JOIN cdr_person USING (call_id) ORDER BY stored_at, call_id")
                if len(rows) >= count or time.monotonic() > until:
                    return list(rows)
                await asyncio.sleep(0.1)
        finally:
            await conn.close()

    async def mails(self, count: int) -> list[EmailMessage]:
        """The mails from the mail server, once there are `count` or the patience is over."""
        until = time.monotonic() + PATIENCE
        while True:
            files = sorted((self.sandbox.mail / "new").glob("*.eml"))
            if len(files) >= count or time.monotonic() > until:
                return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
            await asyncio.sleep(0.1)

    async def clear(self, *, keep: bool) -> None:
        """Stop everything, the sandbox too unless it is to be kept."""
        await self._phones.aclose()
        await self.stop_daemon()
        if not keep and hasattr(self, "sandbox"):
            await asyncio.to_thread(self.sandbox.down)
