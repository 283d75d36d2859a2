"""Clients' answers that no agent has seen yet, in memory: told by the database at once, shown on agents' pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta

import asyncpg

from vorzimmer.core.agent import Agent
from vorzimmer.core.answer import is_for
from vorzimmer.core.client import Client
from vorzimmer.core.ports import Clock
from vorzimmer.core.presence import State
from vorzimmer.core.serving import may_know, may_serve, needs_of
from vorzimmer.store import answers
from vorzimmer.store.answers import New
from vorzimmer.web.live import Live

EVERY = 5.0
"""Seconds between two looks, for a NOTIFY may be lost; and between two tries to reach the database."""

SHOWN = timedelta(days=14)
"""For which an answer is shown as new."""

MOST = 20
"""Answers on one agent's page."""

Connect = Callable[[], Awaitable[asyncpg.Connection]]


class Answers:
    """The new ones of the house. While the database is away the last ones stay known."""

    def __init__(self) -> None:
        self._new: tuple[New, ...] = ()

    def of(self, agent: Agent, live: Live, clients: Mapping[str, Client], today: date) -> tuple[New, ...]:
        """What this agent is to see, the newest first."""
        if not self._new:
            return ()
        present = {name for name, seen in live.agents().items() if seen.state is not State.LOGGED_OUT}
        found = []
        for one in self._new:
            client = clients.get(one.answer.client)
            if client is None or not may_know(agent, needs_of(client), today):
                continue
            serves = may_serve(agent, needs_of(client), today)
            if is_for(agent.id, authors=one.wrote or one.talked, present=present, serves=serves):
                found.append(one)
        return tuple(found[:MOST])

    async def read(self, conn: asyncpg.Connection, clock: Clock) -> bool:
        """Look. True if something has changed."""
        before, self._new = self._new, tuple(await answers.new(conn, clock() - SHOWN))
        return before != self._new

    async def keep(self, connect: Connect, clock: Clock, changed: Callable[[], None]) -> None:
        """Follow the database until cancelled. `changed` is called when something is new, or is not any more."""
        while True:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._follow(await connect(), clock, changed)
            await asyncio.sleep(EVERY)

    async def _follow(self, conn: asyncpg.Connection, clock: Clock, changed: Callable[[], None]) -> None:
        woken = asyncio.Event()
        conn.add_termination_listener(lambda _: woken.set())
        try:
            await conn.add_listener(answers.WAKE_UP, lambda *_: woken.set())
            while True:
                woken.clear()
                if await self.read(conn, clock):
                    changed()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(EVERY):
                        await woken.wait()
        finally:
            conn.terminate()
