"""The forwarding watchdog's rounds: what is due is rung, what was seen is kept, and what changed is told.

What is due follows from the clients and from the checks that were made, both in the database, so a worker that was away
goes on where it was. While the calls process or the database is away nothing is lost but time: checks are put off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from pydantic import ValidationError

from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import Refused
from vorzimmer.core.client import Client
from vorzimmer.core.forwarding_watch import Due, Rules, Verdict, due
from vorzimmer.core.model import STORED
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.numbers import checking
from vorzimmer.store import forwarding_checks, outage
from vorzimmer.store.forwarding_checks import Addressees

log = structlog.get_logger()

EVERY = 20.0
"""Seconds between two looks."""

AT_ONCE = 10
"""Checks of one look, each of which takes seconds: what is due is looked at anew behind them."""

ACTOR = "watchdog"

LOOKED_BACK = timedelta(days=7)
"""How old a check may be of which nobody was told yet."""

Connect = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


class Watchdog:
    """See the module.

    Args:
        socket: of the calls process.
        rules: how early, how often.
        to: whom to tell.
    """

    def __init__(self, socket: Path, rules: Rules, to: Addressees, *, clock: Clock, trouble: Trouble) -> None:
        self._socket = socket
        self._rules = rules
        self._to = to
        self._clock = clock
        self._trouble = trouble
        self._clients: dict[str, tuple[int, Client]] = {}
        self._troubles: set[str] = set()

    async def run(self, connect: Connect, every: float = EVERY) -> None:
        """Look now and again until cancelled. `every`: seconds."""
        while True:
            try:
                async with connect() as conn:
                    await self.look(conn)
                self._over("watchdog.database_away")
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                self._say("watchdog.database_away", why=outage.why(error))
            await asyncio.sleep(every)

    async def look(self, conn: asyncpg.Connection) -> None:
        """Ring what is due, and tell what has changed."""
        await self._read_clients(conn)
        now = self._clock()
        today = now.astimezone(ZoneInfo(self._to.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
        made = await forwarding_checks.done(conn, min(today, now - timedelta(days=1)))
        clients = [client for _, client in self._clients.values()]
        # Hundreds of calendars are looked at: the messages go on meanwhile.
        wanted = await asyncio.to_thread(due, clients, made, self._rules, now, today)
        await self._ring(conn, wanted)
        for told in await forwarding_checks.tell(conn, now - LOOKED_BACK, self._client, self._to):
            log.info("watchdog.told", client=told.client, verdict=told.verdict.value)

    async def _ring(self, conn: asyncpg.Connection, wanted: Sequence[Due]) -> None:
        """Ring some of these numbers, one after another, until nothing can be rung any more."""
        rung = refused = 0
        for one in wanted:
            try:
                if await self._check(conn, one):
                    rung += 1
                else:
                    refused += 1
            except Unreachable as why:
                self._say("watchdog.calls_away", why=str(why))
                return
            if rung == AT_ONCE:
                break
        if wanted:
            self._over("watchdog.calls_away")
        if rung and not refused:
            self._over("watchdog.refused")

    async def _check(self, conn: asyncpg.Connection, one: Due) -> bool:
        """Ring a number. False: it was refused; what may be rung later is due again at the next look."""
        now = self._clock()
        try:
            seen = await checking.ask(self._socket, one.client, one.own.number, now, actor=ACTOR, opening=one.opening)
        except Refused as why:
            self._say("watchdog.refused", code=why.code, why=why.text)
            return False
        await forwarding_checks.note(conn, seen)
        if seen.verdict is Verdict.NOT_CHECKED:
            self._trouble("watchdog.not_checked", client=one.client, why=seen.reason)
        return True

    async def _read_clients(self, conn: asyncpg.Connection) -> None:
        """Those with own numbers; only what has changed is read."""
        rows = await conn.fetch("SELECT id, version FROM client WHERE jsonb_array_length(data -> 'own_numbers') > 0")
        versions: Mapping[str, int] = {row["id"]: row["version"] for row in rows}
        new = [name for name, version in versions.items() if self._clients.get(name, (0,))[0] != version]
        self._clients = {name: known for name, known in self._clients.items() if name in versions}
        for row in await conn.fetch("SELECT id, version, data FROM client WHERE id = ANY ($1)", new):
            try:
                client = Client.model_validate_json(row["data"], context=STORED)
            except ValidationError:
                self._trouble("watchdog.client_unreadable", client=row["id"])
                self._clients.pop(row["id"], None)
            else:
                self._clients[row["id"]] = (row["version"], client)

    def _client(self, name: str) -> Client | None:
        known = self._clients.get(name)
        return known[1] if known is not None else None

    def _say(self, what: str, **about: str) -> None:
        """Tell of something that lasts, once."""
        if what not in self._troubles:
            self._troubles.add(what)
            self._trouble(what, **about)

    def _over(self, what: str) -> None:
        """That trouble is over: it is told again when it comes back."""
        self._troubles.discard(what)
