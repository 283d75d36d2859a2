"""The demo's stage: sandbox, daemon, telephones, and one printed line for each thing that happens."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg

from tests.demo.people import Anna, Ben, anna_at_home
from tests.demo.receivers import Receivers
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Login, Phone
from tests.sipp.sound import Samples
from vorzimmer.control.client import connect
from vorzimmer.control.commands import Command, Wall
from vorzimmer.control.wall import AgentSeen, View
from vorzimmer.core.ledger import Phase
from vorzimmer.core.presence import State
from vorzimmer.sandbox.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
AT = "2026-12-25T12:30:00+01:00"
PATIENCE = 30.0
"""Seconds that any wait of the demo may take before it counts as failed."""

SOUNDS = {
    name: sound.announcement(seed, 1.5)
    for name, seed in {"holiday": 31, "closed": 32, "lunch": 33, "machine": 34, "auswahl": 36}.items()
} | {"whisper": sound.announcement(35, 0.7)}
"""The clients' announcements, each a sound unlike all others. The whisper is what agents hear before a caller."""

SET_UP_BY = """
[setup]
it = ["it@house.example"]
lead = ["lead@house.example"]
sales = ["sales@house.example"]

[watchdog]
caller = "+4989100099"
"""
"""Who sets clients up here, and the number that rings the clients' own."""

CALLS_MAIL = "@client.example"
"""Where the clients' mails about calls go; letters go elsewhere."""

T = TypeVar("T")


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
        self.receivers: Receivers
        self.anna: Anna
        self.ben: Ben
        self._began = time.monotonic()
        self._daemon: asyncio.subprocess.Process | None = None
        self._phones = contextlib.AsyncExitStack()

    def say(self, text: str) -> None:
        """Print one line with the seconds since the start."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def now(self) -> datetime:
        """By the clock of the demo's house."""
        return datetime.fromisoformat(AT) + timedelta(seconds=time.monotonic() - self._began)

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection to the house's database."""
        conn = await asyncpg.connect(self.sandbox.dsn)
        try:
            yield conn
        finally:
            await conn.close()

    async def build(self) -> None:
        """Sandbox, schema, clients, daemon."""
        self.say("starting a private Asterisk, PostgreSQL and mail server …")
        self.sandbox = await asyncio.to_thread(Sandbox.up, self.folder, agents=3)
        self.pbx = ("127.0.0.1", self.sandbox.sip_port)
        self.agents = [await self.phone(self.sandbox.agent_port(number)) for number in (1, 2, 3)]
        self.outside = await self.phone(self.sandbox.trunk_port)
        self.receivers = await self._phones.enter_async_context(Receivers())
        with self.sandbox.settings_toml.open("a") as settings:
            settings.write(SET_UP_BY + self.receivers.settings)
        await self.vorzimmer("migrate")
        await asyncio.to_thread(self._lay_out_clients)
        await self.vorzimmer("import", str(self.folder / "clients.toml"))
        self.receivers.web.secret = (await self.vorzimmer("webhook", "secret", "sommer")).split()[-1]
        await self._set_up_telephones()
        await self.start_daemon()

    def _lay_out_clients(self) -> None:
        """The client file, and beside it a folder of announcements for each client."""
        written = Path(__file__).with_name("clients.toml").read_text()
        (self.folder / "clients.toml").write_text(written.replace("@webhook@", self.receivers.web.url))
        for client in ("mueller", "praxis", "laden", "tierklinik", "optik"):
            (self.folder / client).mkdir(exist_ok=True)
            for name, samples in SOUNDS.items():
                sound.write_wav(self.folder / client / f"{name}.wav", samples)

    async def _set_up_telephones(self) -> None:
        """The two agents' own: a password for each, told to Asterisk, and typed into the telephone."""
        names = ("anna-home", "ben-desk")
        passwords = await asyncio.gather(*(self.vorzimmer("phone", "password", name) for name in names))
        hers, his = (Login(name, told.strip()) for name, told in zip(names, passwords, strict=True))
        await self.vorzimmer("phone", "password", "clara-web")  # her page gets it by itself
        await self.vorzimmer("phone", "apply")
        self.anna = await self._phones.enter_async_context(anna_at_home(self.folder / "baresip", hers, self.pbx))
        self.ben = Ben(await self.phone(), his, self.pbx, self.asterisk_sound)
        await self.ben.register()
        self.say("   anna-home (baresip) and ben-desk have registered at Asterisk, each with its new password")

    async def vorzimmer(self, *args: str) -> str:
        """Run a command as a person would, and show it; what it prints."""
        self.say(f"$ vorzimmer {' '.join(args)}")
        running = await asyncio.create_subprocess_exec(
            *self.command(*args), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        printed, complained = (stream.decode() for stream in await running.communicate())
        if running.returncode:
            raise DemoError(f"vorzimmer {args[0]} failed: {printed}{complained}")
        return printed

    async def show(self, *args: str) -> None:
        """Run a command and show what it prints."""
        for line in (await self.vorzimmer(*args)).splitlines():
            print(f"          {line.rstrip()}")

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
                self.now().isoformat(),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
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
            with contextlib.suppress(ProcessLookupError):  # it never started
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

    async def wall(self) -> View:
        """Who waits, who talks, what the agents do."""
        return View.model_validate(await self.ask(Wall(actor="demo")))

    async def ask(self, command: Command) -> dict[str, Any]:
        """Ask the daemon over its control socket."""
        async with connect(self.sandbox.control) as control:
            return await control.ask(command)

    async def becomes(self, agent: str, state: State) -> AgentSeen:
        """Wait until an agent is in a state.

        Raises:
            DemoError: it is another one.
        """

        def seen(wall: View) -> AgentSeen:
            return next(one for one in wall.agents if one.agent == agent)

        found = seen(await patiently(self.wall, lambda wall: seen(wall).state is state))
        if found.state is not state:
            raise DemoError(f"{agent} is {found.state}, not {state}")
        return found

    async def comes_to(self, caller: str, phase: Phase) -> None:
        """Wait until a caller's call is in a phase.

        Raises:
            DemoError: it is not.
        """

        def seen(wall: View) -> list[Phase]:
            return [call.phase for call in wall.calls if call.caller == caller]

        found = seen(await patiently(self.wall, lambda wall: seen(wall) == [phase]))
        if found != [phase]:
            raise DemoError(f"{caller} is in {found}, not in {phase}")

    def music(self) -> Samples:
        """How the music begins that waiting callers hear."""
        [file] = (self.folder / "asterisk" / "music").iterdir()
        return sound.load(file)[: sound.RATE // 2]

    def asterisk_sound(self, name: str) -> Samples:
        """One of Asterisk's own sounds, in German where it is there, as for clients and agents who are German."""
        sounds = self.sandbox.asterisk.root.data / "sounds"
        german = sounds / "de" / f"{name}.gsm"
        return sound.load(german if german.exists() else sounds / "en" / f"{name}.gsm")

    async def talk_files(self) -> list[Path]:
        """Every file of a recorded talk, wherever Asterisk or the daemon may write."""
        folders = (self.folder / "asterisk" / "spool", self.sandbox.recordings)
        return sorted(file for folder in folders for file in folder.rglob("talk-*"))

    async def cdrs(self, count: int) -> list[asyncpg.Record]:
        """The CDRs from PostgreSQL, once there are `count` or the patience is over."""
        async with self.database() as conn:

            async def stored() -> list[asyncpg.Record]:
                return list(
                    await conn.fetch("SELECT * FROM cdr JOIN cdr_person USING (call_id) ORDER BY caller, stored_at")
                )

            return await patiently(stored, lambda rows: len(rows) >= count)

    async def stored(self, caller: str) -> None:
        """Wait until a caller's call is in PostgreSQL, where the pages read it.

        Raises:
            DemoError: it does not come.
        """
        async with self.database() as conn:

            async def there() -> bool:
                return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM cdr_person WHERE caller = $1)", caller))

            if not await patiently(there, bool):
                raise DemoError(f"the call of {caller} is not in the database")

    async def mail_of(self, caller: str) -> str | None:
        """How far the mail of a caller's call is: `pending`, `sent` …; None while there is none."""
        sql = "SELECT state FROM outbox JOIN cdr_person USING (call_id) WHERE caller = $1"
        async with self.database() as conn:
            return cast("str | None", await conn.fetchval(sql, caller))

    async def mails(self, count: int) -> list[EmailMessage]:
        """The mails about calls, once there are `count` or the patience is over."""

        async def arrived() -> list[EmailMessage]:
            return [mail for mail in await self._all_mails() if mail["To"].endswith(CALLS_MAIL)]

        return await patiently(arrived, lambda mails: len(mails) >= count)

    async def letter(self, subject: str) -> EmailMessage:
        """The mail whose subject begins so, about no call.

        Raises:
            DemoError: it does not come, or came more than once to somebody.
        """

        async def arrived() -> list[EmailMessage]:
            return [mail for mail in await self._all_mails() if mail["Subject"].startswith(subject)]

        found = await patiently(arrived, bool)
        if len(found) != len({mail["To"] for mail in found}) or not found:
            raise DemoError(f"{len(found)} letters '{subject}'")
        for mail in found:
            self.say(f"   mail to {mail['To']}: {mail['Subject']}")
        return found[0]

    async def _all_mails(self) -> list[EmailMessage]:
        files = sorted((self.sandbox.mail / "new").glob("*.eml"))
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    async def clear(self, *, keep: bool) -> None:
        """Stop everything, the sandbox too unless it is to be kept."""
        await self._phones.aclose()
        await self.stop_daemon()
        if not keep and hasattr(self, "sandbox"):
            await asyncio.to_thread(self.sandbox.down)


async def patiently(look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Look again and again until it is good or the patience is over; what was seen last."""
    seen = await look()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not good(seen):
                await asyncio.sleep(0.1)
                seen = await look()
    return seen
