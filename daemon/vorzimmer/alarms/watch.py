"""Looks at the service every few seconds, and tells the operator what is wrong with it.

What the calls process knows is asked of it (`control`), the rest of the database; that one of them does not answer is
trouble too. Who the clients are is read from the calls process's own copy on disk, which needs neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import asyncpg
import structlog
from pydantic import ValidationError

from vorzimmer.alarms import signs
from vorzimmer.alarms.signs import Limits
from vorzimmer.control import commands
from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import Refused
from vorzimmer.control.wall import View
from vorzimmer.core.directory import Directory
from vorzimmer.core.ports import Clock
from vorzimmer.core.service_alarm import PATIENCE, Alarm, Patience, Seen, Sign, State, What, observe
from vorzimmer.store import outage, service_signs

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between two looks."""

ANSWER_SECONDS = 5.0
"""How long the calls process, or the database, may take for an answer."""

ACTOR = "alarms"

OF_CALLS = frozenset({What.WAITING, What.WAIT, What.TRUNK, What.NOBODY})
"""What only the calls process knows."""

T = TypeVar("T")
Connect = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]
Tell = Callable[[Sequence[Alarm]], Awaitable[None]]


class Watch:
    """See the module.

    Args:
        socket: of the calls process.
        directory: reads who the clients and agents are.
        database: opens a connection.
        limits: from where on it is trouble.
        tell: sends alarms, all in one; does not raise.
        clock: now.
        patience: how long what lasts is waited for.
    """

    def __init__(
        self,
        socket: Path,
        directory: Callable[[], Awaitable[Directory]],
        database: Connect,
        limits: Limits,
        tell: Tell,
        *,
        clock: Clock,
        patience: Mapping[What, Patience] = PATIENCE,
    ) -> None:
        self._socket = socket
        self._directory = directory
        self._database = database
        self._limits = limits
        self._tell = tell
        self._clock = clock
        self._patience = patience
        self._state = State()
        self._looks: service_signs.Looks | None = None

    async def run(self) -> None:
        """Look now and again until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("alarms.fault")  # a mistake in one look must not end the watch
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Look once, and tell what is to be told."""
        at = self._clock()
        calls, database = await asyncio.gather(self._at_calls(), self._at_database(at))
        seen = Seen(
            calls.lasting + database.lasting, calls.happened + database.happened, calls.unknown | database.unknown
        )
        self._state, alarms = observe(self._state, seen, at, self._patience)
        if alarms:
            log.warning("alarms.told", alarms=[f"{alarm.turn.value}: {alarm.texts[0]}" for alarm in alarms])
            await self._tell(alarms)

    async def _at_calls(self) -> Seen:
        """What the calls process shows."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), connect(self._socket) as client:
                view = View.model_validate(await client.ask(commands.Wall(actor=ACTOR)))
        except (Refused, TimeoutError, Unreachable, ValidationError) as error:
            why = str(error) if isinstance(error, Refused | Unreachable) else "its answer cannot be used, or is late"
            return Seen((Sign(What.CALLS, "", f"the calls process is away: {why}"),), (), OF_CALLS)
        directory = await self._directory()
        # Hundreds of calendars are looked at: the messages go on meanwhile.
        people = await asyncio.to_thread(lambda: tuple(signs.of_people(view, directory, view.at)))
        return Seen((*signs.of_line(view.waiting, self._limits, view.at), *signs.of_trunk(view, self._limits), *people))

    async def _at_database(self, at: datetime) -> Seen:
        """What ledger and outbox show."""
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS), self._database() as conn:
                if self._looks is None:
                    self._looks = await service_signs.begin(conn, at)
                happened = await service_signs.happened(conn, self._looks, at, self._limits.abandoned_after)
                return Seen(await service_signs.targets(conn), happened)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            text = f"the database is away: {outage.why(error)}"
            return Seen((Sign(What.DATABASE, "", text),), (), frozenset({What.TARGET}))
