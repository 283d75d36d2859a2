"""A whole house for one test: the daemon in this process, on a real Asterisk, PostgreSQL and mail server."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import asyncpg

from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer import app
from vorzimmer.announcements.library import install
from vorzimmer.control.client import connect
from vorzimmer.control.commands import AgentLogIn, Command, Wall
from vorzimmer.core.client import Book
from vorzimmer.roles.running import now
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import Settings
from vorzimmer.store import book as books

PATIENCE = 15.0
"""Seconds that a wait may take before the test fails; ten times what anything here needs."""

CALLER = "+49301234567"

T = TypeVar("T")


class House:
    """What a test does and sees."""

    def __init__(self, sandbox: Sandbox, settings: Settings, folder: Path) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.folder = folder
        self.address = f"{folder.name}@client.example"
        self.now: datetime | None = None
        self._phones: contextlib.AsyncExitStack = contextlib.AsyncExitStack()
        self._daemon: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    # Setting up

    async def use(
        self,
        *clients: Mapping[str, Any],
        groups: tuple[Mapping[str, Any], ...] = (),
        agents: tuple[Mapping[str, Any], ...] = (),
    ) -> None:
        """Import clients; `mail` is this test's own address unless given."""
        full = [{"mail": [self.address], "hours": "always", **client} for client in clients]
        book = Book.model_validate({"client": full, "group": groups, "agent": agents})
        conn = await asyncpg.connect(self.settings.database.dsn.get_secret_value())
        try:
            await books.save_book(conn, book, prune=True)
        finally:
            await conn.close()

    async def announce(self, client: str, seconds: float = 3.0, **seeds: int) -> None:
        """Give a client announcements, each the sound of a seed (`tests.sipp.sound.announcement`)."""
        files = {
            name: sound.write_wav(self.folder / f"{client}-{name}.wav", sound.announcement(seed, seconds))
            for name, seed in seeds.items()
        }
        await install(self.settings.paths.library, client, files)

    async def start(self) -> None:
        """Start the daemon and wait until it takes calls."""
        self._stop = asyncio.Event()
        ready = asyncio.Event()
        at = self.now
        clock = (lambda: at) if at else now
        serving = app.serve(self.settings, app.Role.ALL, self._stop, clock=clock, ready=ready.set)
        self._daemon = asyncio.create_task(serving)
        waiting = asyncio.create_task(ready.wait())
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({self._daemon, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._daemon.done():
            self._daemon.result()

    async def stop(self) -> None:
        """Stop the daemon as SIGTERM does."""
        self._stop.set()
        if self._daemon is not None:
            async with asyncio.timeout(60):
                await self._daemon
            self._daemon = None

    async def dialplan_ready(self, announcements: int = 1) -> None:
        """Wait until the dialplan could answer alone, so many numbers with their clients' own announcement."""
        folder = self.settings.paths.fallback / "did"

        async def rendered() -> tuple[int, int]:
            return len([*folder.iterdir()]), len([*folder.glob("*/announcement.alaw")])

        await eventually(rendered, lambda found: found[0] > 0 and found[1] == announcements)

    # Whoever sits at the desk

    async def ask(self, command: Command) -> dict[str, Any]:
        """Ask the daemon for something over its control socket."""
        async with connect(self.settings.paths.control) as control:
            return await control.ask(command)

    async def log_in(self, *agents: str) -> None:
        """Log agents in at their first telephones."""
        for agent in agents:
            await self.ask(AgentLogIn(actor="test", agent=agent))

    async def state(self, agent: str) -> tuple[str, str]:
        """An agent's state, and the reason of a pause."""
        wall = await self.ask(Wall(actor="test"))
        seen = next(one for one in wall["agents"] if one["agent"] == agent)
        return seen["state"], seen["reason"]

    async def becomes(self, agent: str, state: str) -> None:
        """Wait until an agent is in a state."""
        await eventually(lambda: self.state(agent), lambda seen: seen[0] == state)

    # People

    async def phone(self, port: int = 0) -> Phone:
        """A telephone at a port, any by default."""
        return await self._phones.enter_async_context(await Phone.open(port=port, lives=self._lives))

    async def _lives(self, sip_call_id: str) -> bool:
        """Whether Asterisk has a channel of that call. It is believed to where it cannot be asked."""
        login = {"Authorization": aiohttp.encode_basic_auth(self.sandbox.ari_user, self.sandbox.ari_password)}
        try:
            async with (
                aiohttp.ClientSession(headers=login, timeout=aiohttp.ClientTimeout(total=2)) as session,
                session.get(f"{self.sandbox.ari_url}/ari/channels") as answer,
            ):
                return any(channel["protocol_id"] == sip_call_id for channel in await answer.json())
        except (aiohttp.ClientError, OSError, TimeoutError):
            return True

    async def agent(self, number: int) -> Phone:
        """The telephone of `agentN`."""
        return await self.phone(self.sandbox.agent_port(number))

    async def trunk(self) -> Phone:
        """The outside world, as the trunk reaches it."""
        return await self.phone(self.sandbox.trunk_port)

    async def call(self, to: str, from_: str = CALLER, headers: tuple[str, ...] = ()) -> Outgoing:
        """A call from outside."""
        phone = await self.phone()
        return await phone.call(to, ("127.0.0.1", self.sandbox.sip_port), from_, headers)

    # What is left behind

    async def query(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of the database."""
        conn = await asyncpg.connect(self.settings.database.dsn.get_secret_value())
        try:
            return list(await conn.fetch(sql, *args))
        finally:
            await conn.close()

    async def cdrs(self, count: int = 1) -> list[asyncpg.Record]:
        """The CDRs with the callers' values, once there are `count`; more are an error."""
        sql = "SELECT * FROM cdr JOIN cdr_person USING (call_id) ORDER BY started_at"
        rows = await eventually(lambda: self.query(sql), lambda rows: len(rows) >= count)
        assert len(rows) == count
        return rows

    async def cdr(self) -> asyncpg.Record:
        """The only CDR."""
        return (await self.cdrs())[0]

    async def mails(self, count: int = 1, to: str = "") -> list[EmailMessage]:
        """The mails to this test's address, or another one, once there are `count`; more are an error."""
        wanted = to or self.address

        async def arrived() -> list[EmailMessage]:
            files = sorted((self.sandbox.mail / "new").glob("*.eml"))
            read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
            return [mail for mail in read if wanted in mail.get_all("Delivered-To", [])]

        found = await eventually(arrived, lambda mails: len(mails) >= count)
        assert len(found) == count
        return found

    async def quiet(self) -> None:
        """Wait until nothing is left in Asterisk: no channel, no bridge.

        A REFER that meets the end of its channel leaves an entry in Asterisk's list that outlives the channel
        (res_pjsip_refer 22.10 hangs its frame hook on it when the hooks have gone): listed, and not known any more.
        """

        async def left() -> list[str]:
            listed = (await self.sandbox.cli("core show channels concise")).splitlines()
            bridges = (await self.sandbox.cli("bridge show all")).splitlines()[1:]
            return [one for one in listed if await self._is_known(one.partition("!")[0])] + bridges

        await eventually(left, lambda found: not found)

    async def _is_known(self, channel: str) -> bool:
        return "is not a known channel" not in await self.sandbox.cli(f"core show channel {channel}")

    async def close(self) -> None:
        """Stop everything."""
        await self._phones.aclose()
        await self.stop()


async def eventually(look: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Look again and again until it is good, and return what was seen."""
    seen = await look()
    try:
        async with asyncio.timeout(PATIENCE):
            while not good(seen):
                await asyncio.sleep(0.05)
                seen = await look()
    except TimeoutError:
        raise AssertionError(f"after {PATIENCE:g} s there is still: {seen!r}") from None
    return seen
