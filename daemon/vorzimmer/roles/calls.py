"""The role `calls`: owns the ARI socket, the journal and its shipper."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import asyncpg
import structlog

from vorzimmer import vital_signs
from vorzimmer.announcements import fallback
from vorzimmer.announcements.away import any_begins, entries
from vorzimmer.calls import takeup
from vorzimmer.control.commands import Command
from vorzimmer.control.server import Server
from vorzimmer.control.telling import Telling
from vorzimmer.core.ports import Clock
from vorzimmer.roles.commands import handlers
from vorzimmer.roles.house import build
from vorzimmer.roles.running import first, mail_domain, tasks, trouble
from vorzimmer.settings import Settings
from vorzimmer.store import journal_keeping
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.vital_signs import CallsParts, Pulse
from vorzimmer.watching.calls_seen import CallsSeen

log = structlog.get_logger()

SHIP_SECONDS = 0.5
"""How long the journal may take to reach the database at the end; what does not, is shipped at the next start."""

KEEP_UP_SECONDS = 30.0
"""How late the dialplan's own answer may follow a version of an announcement that begins to be heard."""

CONNECT_SECONDS = 5.0
"""How long a person who asks for something waits for a connection with the database."""


@contextlib.asynccontextmanager
async def calls(
    settings: Settings, clock: Clock, stop: asyncio.Event, pulse: Pulse
) -> AsyncIterator[Callable[[], bool]]:
    """Take calls while inside; on leaving, let go of them: they live on. `stop` ends the wait for Asterisk.

    Yields what says whether it is alive.
    """
    dsn = settings.database.dsn.get_secret_value()
    paths = settings.paths
    snapshot = Snapshot(dsn, paths.state / "book.json", trouble)
    await snapshot.load()
    journal = Journal(paths.state / "journal", trouble)
    try:
        shipper = Shipper(journal, dsn, domain=mail_domain(settings), trouble=trouble)
        lost = journal.open_calls()
        seen = CallsSeen(journal, clock)
        seen.take_up(lost.values())
        can_do: dict[type[Command], Callable[[Any], Awaitable[Mapping[str, Any]]]] = {}
        control = Server(paths.control, can_do, clock, trouble)
        house = build(settings, snapshot, Telling(seen, control.tell), lost, clock)
        can_do.update(handlers(house, partial(_connect, dsn)))
        parts = CallsParts(house.exchange.ari, house.ami, house.recovery.done, journal, shipper, snapshot, clock)
        tree = partial(_render_fallback, settings, snapshot, clock)
        await house.staff.start(snapshot.directory.agents)
        await house.callbacks.start(lost)

        async def use_book() -> None:
            house.staff.use(snapshot.directory.agents)
            await tree()

        async with (
            vital_signs.show_calls(settings.watch.calls, parts, seen, pulse, trouble),
            tasks(shipper.run()),
            house.agi,
            tasks(
                house.exchange.ari.run(),
                house.ami.run(),
                *([house.exchange.recorder.run()] if house.exchange.recorder else []),
                house.reachability.run(),
                snapshot.follow(use_book),
                _keep_up(snapshot, clock, tree),
                house.staff.keep(),
                house.callbacks.run(),
                control.run(),
                takeup.watch(house.exchange, house.supervisor.calls, house.recovery.done),
                journal_keeping.run(
                    journal,
                    paths.fallback / "calls",
                    settings.privacy.numbers,
                    clock=clock,
                    trouble=trouble,
                    every=journal_keeping.EVERY,
                ),
            ),
        ):
            await first(house.recovery.done.wait(), stop.wait())
            if house.recovery.done.is_set():  # else nobody knows who talks, and the next process shall find them so
                house.staff.settle(house.supervisor.calls)
                house.callbacks.begin()
            # Calls do not wait for this: with many clients and an empty folder it takes seconds.
            settling = asyncio.create_task(_settle(snapshot, tree))
            yield partial(parts.alive, pulse)
            # The next process may take what we let go of at once; meanwhile new callers hear it ring.
            house.supervisor.turn_away()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHIP_SECONDS):
                    await shipper.drained()
            await house.checks.give_up()
            await house.supervisor.let_go()
            settling.cancel()
    finally:
        journal.close()


async def _connect(dsn: str) -> asyncpg.Connection:
    return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)


async def _settle(snapshot: Snapshot, tree: Callable[[], Awaitable[None]]) -> None:
    await snapshot.validate()
    await tree()


async def _keep_up(snapshot: Snapshot, clock: Clock, tree: Callable[[], Awaitable[None]]) -> None:
    """Let the dialplan's folders follow the time too: versions of announcements begin to be heard."""
    seen = clock()
    while True:
        await asyncio.sleep(KEEP_UP_SECONDS)
        since, seen = seen, clock()
        if await asyncio.to_thread(any_begins, snapshot.directory, since, seen):
            await tree()


async def _render_fallback(settings: Settings, snapshot: Snapshot, clock: Clock) -> None:
    """Let the dialplan's folders follow the clients."""
    paths = settings.paths
    try:
        done = await asyncio.to_thread(
            fallback.render, paths.fallback, list(entries(snapshot.directory, paths.library, clock()))
        )
    except (OSError, ValueError) as error:
        trouble("fallback.not_rendered", error=str(error))
        return
    (paths.fallback / "calls").mkdir(exist_ok=True)
    log.info("fallback.rendered", written=done.written, kept=done.kept, removed=done.removed)
