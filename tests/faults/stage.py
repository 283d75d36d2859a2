"""The house as it runs on a server: Asterisk, PostgreSQL, mail server, and the services by their shipped unit files."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import email.parser
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import asyncpg

from tests.e2e.outage import Cable, write_settings
from tests.faults import house
from tests.faults.evidence import Stored, Witnessed
from tests.faults.unit import Unit, UnitFile
from tests.sipp import sound
from vorzimmer.announcements.library import install
from vorzimmer.core.announcement import Sound
from vorzimmer.sandbox import asterisk, mail, postgres, process
from vorzimmer.sandbox.layout import HTTP
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import load
from vorzimmer.store import book as books
from vorzimmer.store import migrate
from vorzimmer.store.outbox import message_id

UNITS = Path(__file__).parents[2] / "systemd"
GREETING_SECONDS = 1.5


class Stage:
    """Everything that faults happen to: `async with Stage(folder) as stage`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox: Sandbox
        self.ari: Cable
        self.ami: Cable
        self.units: dict[str, Unit] = {}
        self._mails: Counter[str] = Counter()
        self._mails_read: set[str] = set()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self.sandbox = await asyncio.to_thread(Sandbox.up, self.folder / "sandbox", agents=house.AGENTS, fsync=True)
            stack.callback(self.sandbox.down)
            house.configure(self.sandbox.etc, *self.ports)
            await self.sandbox.cli("module reload res_pjsip.so")
            await self._import()
            self.ari = await stack.enter_async_context(Cable(self.sandbox.block.port(HTTP)))
            self.ami = await stack.enter_async_context(Cable(self.sandbox.ami_port))
            config = self._write_settings()
            for file in sorted(UNITS.glob("vorzimmer-*.service")):
                life = UnitFile.read(file)
                if not life.oneshot:
                    name = file.stem.removeprefix("vorzimmer-")
                    self.units[name] = Unit(name, life, config, self.folder)
            for unit in self.units.values():
                stack.push_async_callback(unit.stop)
                await unit.start()
            await self.until(self._rendered, 60.0)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _import(self) -> None:
        greeting = sound.write_wav(self.folder / "machine.wav", sound.announcement(34, GREETING_SECONDS))
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            await migrate.migrate(conn)
            for client in house.clients():
                await install(self.sandbox.library, client, {Sound.MACHINE: greeting})
            await books.save_book(conn, house.book())
        finally:
            await conn.close()

    def _write_settings(self) -> Path:
        settings = load(self.sandbox.settings_toml)
        through = {
            "ari": settings.ari.model_copy(update={"url": f"http://127.0.0.1:{self.ari.port}"}),
            "ami": settings.ami.model_copy(update={"port": self.ami.port}),
            # Four clients have all these calls: more mails an hour than any client's pace lets go.
            "pace": settings.pace.model_copy(update={"email": 1_000_000}),
        }
        return write_settings(settings.model_copy(update=through), self.folder / "vorzimmer.toml")

    async def _rendered(self) -> bool:
        """Whether the dialplan has what it needs to answer alone."""
        return len(list((self.sandbox.fallback / "did").glob("*"))) == len(house.clients())

    # What can happen to the parts that are no service of ours

    @property
    def ports(self) -> tuple[int, int]:
        """Where agents answer, and where they let it ring: of the sandbox's own, which nobody else takes."""
        return self.sandbox.agent_port(1), self.sandbox.agent_port(2)

    @property
    def calls(self) -> Unit:
        """The service that takes the calls."""
        return self.units["calls"]

    async def kill_asterisk(self, away: float) -> None:
        """SIGKILL, and start it again after so many seconds; returns when it answers."""
        (running,) = process.find(asterisk.mark(self.sandbox.asterisk.folder))
        running.stop(signal.SIGKILL, 0)
        await asyncio.sleep(away)
        started = self.sandbox.asterisk.start()
        values = (self.sandbox.block.port(HTTP), self.sandbox.ari_user, self.sandbox.ari_password)
        await asyncio.to_thread(self.sandbox.asterisk.wait_ready, started, *values)

    async def stop_postgres(self, away: float) -> None:
        """Stop it as its unit would, and start it again after so many seconds."""
        folder = self.sandbox.folder / "postgres"
        port = self._postgres_port()
        await asyncio.to_thread(postgres.stop, folder)
        await asyncio.sleep(away)
        await asyncio.to_thread(postgres.start, folder, port=port, fsync=True)

    def _postgres_port(self) -> int:
        return next(part.port for part in self.sandbox.parts() if part.name == "postgres")

    async def stop_mail(self, away: float) -> None:
        """Stop the mail server, and start it again after so many seconds."""
        folder = self.sandbox.mail
        for running in process.find(mail.mark(folder)):
            await asyncio.to_thread(running.stop, signal.SIGTERM, 2.0)
        await asyncio.sleep(away)
        await asyncio.to_thread(mail.start, folder, self.sandbox.smtp_port)

    # What can be seen

    async def query(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of the database."""
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            return list(await conn.fetch(sql, *args))
        finally:
            await conn.close()

    async def channels(self) -> list[str]:
        """The channels that Asterisk has now, one line each."""
        return (await self.sandbox.cli("core show channels concise")).split("\n")[:-1]

    async def stored(self, prefix: str) -> list[Stored]:
        """The CDRs of all callers whose number begins so."""
        rows = await self.query(
            "SELECT call_id, client, caller, disposition, reason, talk::float8, recording, recording_seconds::float8"
            " FROM cdr JOIN cdr_person USING (call_id) WHERE caller LIKE $1 || '%'",
            prefix,
        )
        return [self._stored(row) for row in rows]

    def _stored(self, row: asyncpg.Record) -> Stored:
        kept = row["recording"] and (self.sandbox.recordings / row["recording"]).is_file()
        return Stored(
            call_id=row["call_id"],
            caller=row["caller"],
            disposition=row["disposition"],
            reason=row["reason"],
            talk=row["talk"],
            recorded=row["recording_seconds"] if kept else None,
            message_id=message_id(row["call_id"], "email", house.address_of(row["client"]), "sandbox.example"),
        )

    def witnessed(self, prefix: str) -> list[Witnessed]:
        """Asterisk's own record of all callers whose number begins so; legs have no call id of their own."""
        with self.sandbox.cdr.open(newline="", errors="replace") as file:
            rows = [row for row in csv.reader(file) if len(row) == 12]
        return [Witnessed(row[0], row[6], row[11]) for row in rows if row[0] == row[1] and row[6].startswith(prefix)]

    def mails(self) -> Mapping[str, int]:
        """How often each Message-ID has come so far."""
        parser = email.parser.BytesHeaderParser()
        for file in (self.sandbox.mail / "new").glob("*.eml"):
            if file.name not in self._mails_read:
                self._mails_read.add(file.name)
                with file.open("rb") as mailed:
                    self._mails[str(parser.parse(mailed)["Message-ID"])] += 1
        return self._mails

    async def ledger(self, call_id: str) -> Sequence[asyncpg.Record]:
        """What the daemon wrote down of a call."""
        return await self.query("SELECT at, kind, data FROM call_event WHERE call_id = $1 ORDER BY seq", call_id)

    @staticmethod
    async def until(true: Callable[[], Awaitable[bool]], patience: float) -> bool:
        """Look every half second until it is true, for so many seconds at most; tells whether it became so."""
        until = time.monotonic() + patience
        while not await true():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.5)
        return True
