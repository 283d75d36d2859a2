"""The composition root: what is started in which order, how the features meet, and how it all ends.

Two roles: `calls` owns the ARI socket, the journal and its shipper; `worker` empties the outbox. `all` is both in one
process, for a small house and for trying. Features are joined here by passing callables; none imports another.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import asyncpg
import structlog

from vorzimmer import systemd, vital_signs
from vorzimmer.announcements import fallback
from vorzimmer.announcements.away import entries
from vorzimmer.announcements.library import media_uri
from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.asterisk import cdr_file
from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.ari import Ari
from vorzimmer.asterisk.reachability import Reachability
from vorzimmer.calls import takeup
from vorzimmer.calls.exchange import Exchange, Trunk
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.calls.phones import Phones
from vorzimmer.calls.recovery import OpenCalls, Recovery
from vorzimmer.calls.supervisor import Supervisor
from vorzimmer.core import ports
from vorzimmer.core.dialing import Policy
from vorzimmer.core.ports import Clock
from vorzimmer.notify import worker
from vorzimmer.notify.email import Email
from vorzimmer.notify.smtp import Server
from vorzimmer.settings import Settings
from vorzimmer.store import migrate
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.vital_signs import CallsParts, Pulse
from vorzimmer.watching.calls_seen import CallsSeen
from vorzimmer.watching.loop_delay import LoopDelay

log = structlog.get_logger()

SHIP_SECONDS = 0.5
"""How long the journal may take to reach the database at the end; what does not, is shipped at the next start."""


class Role(StrEnum):
    """What a process does."""

    CALLS = "calls"
    WORKER = "worker"
    ALL = "all"


def now() -> datetime:
    """The one reader of the wall clock."""
    return datetime.now(UTC)


def trouble(event: str, /, **about: Any) -> None:
    """What a person should hear of stands in the log as a warning."""
    log.warning(event, **about)


def tell_systemd() -> None:
    """The unit is up."""
    systemd.notify("READY=1")


async def serve(
    settings: Settings,
    role: Role,
    stop: asyncio.Event,
    *,
    clock: Clock = now,
    ready: Callable[[], None] = tell_systemd,
) -> None:
    """Run until `stop` is set, then end cleanly.

    `clock` is what calls are decided and recorded by; `ready` is called once calls can be taken.

    Raises:
        store.migrate.SchemaError: the database's schema is not ours; the message says what to do.
        store.journal.JournalError: another daemon runs on the same folder.
    """
    pulse = Pulse(LoopDelay(), now().timestamp())
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_tasks(pulse.delay.run()))
        if role is not Role.CALLS:
            await stack.enter_async_context(_worker(settings, pulse))
        alive = pulse.alive
        if role is not Role.WORKER:
            alive = await stack.enter_async_context(_calls(settings, clock, stop, pulse))
        if not stop.is_set():
            ready()
            log.info("daemon.ready", role=role.value)
        heart = asyncio.create_task(vital_signs.feed_watchdog(alive))
        await stop.wait()
        heart.cancel()
        systemd.notify("STOPPING=1")
        log.info("daemon.stopping")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


@contextlib.asynccontextmanager
async def _calls(
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
        shipper = Shipper(journal, dsn, domain=_domain(settings), trouble=trouble)
        lost = journal.open_calls()
        seen = CallsSeen(journal, clock)
        seen.take_up(lost.values())
        house = _build(settings, snapshot, seen, lost, clock)
        parts = CallsParts(house.exchange.ari, house.ami, house.recovery.done, journal, shipper, snapshot, clock)
        tree = partial(_render_fallback, settings, snapshot)
        async with (
            vital_signs.show_calls(settings.watch.calls, parts, seen, pulse, trouble),
            _tasks(shipper.run()),
            _tasks(
                house.exchange.ari.run(),
                house.ami.run(),
                house.reachability.run(),
                snapshot.follow(tree),
                takeup.watch(house.exchange, house.supervisor.calls),
            ),
        ):
            await _first(house.recovery.done.wait(), stop.wait())
            # Calls do not wait for this: with many clients and an empty folder it takes seconds.
            settling = asyncio.create_task(_settle(snapshot, tree))
            yield partial(parts.alive, pulse)
            # The next process may take what we let go of at once; meanwhile new callers hear it ring.
            house.supervisor.turn_away()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHIP_SECONDS):
                    await shipper.drained()
            await house.supervisor.let_go()
            settling.cancel()
    finally:
        journal.close()


@dataclass(frozen=True, slots=True)
class _House:
    """What takes the calls."""

    exchange: Exchange
    supervisor: Supervisor
    recovery: Recovery
    ami: Ami
    reachability: Reachability


def _build(settings: Settings, snapshot: Snapshot, journal: ports.Journal, lost: OpenCalls, clock: Clock) -> _House:
    paths, ari = settings.paths, settings.ari
    ami = Ami(settings.ami.host, settings.ami.port, settings.ami.user, settings.ami.password.get_secret_value())
    reachability = Reachability(ami)
    house = Policy(frozenset(settings.gate.countries), settings.gate.parallel, settings.gate.per_day)
    supervisor = Supervisor(lambda: exchange)
    recovery = Recovery(lambda: exchange, supervisor, lost)
    exchange = Exchange(
        ari=Ari(
            ari.url,
            ari.user,
            ari.password.get_secret_value(),
            ari.app,
            on_start=supervisor.on_start,
            on_connect=recovery.connected,
        ),
        app=ari.app,
        journal=journal,
        clock=clock,
        phones=Phones(reachability.unreachable),
        gate=TrunkGate(
            house,
            lambda: snapshot.directory.own_numbers,
            settings.house.timezone,
            paths.state / "trunk-legs.json",
            clock,
        ),
        trunk=Trunk(settings.trunk.endpoint, settings.trunk.show),
        region=settings.house.region,
        directory=lambda: snapshot.directory,
        media_uri=partial(media_uri, paths.library),
        spool=paths.spool,
        recordings=paths.recordings,
        notes=paths.fallback / "calls",
        witness=partial(cdr_file.ended, paths.cdr),
    )
    return _House(exchange, supervisor, recovery, ami, reachability)


async def _settle(snapshot: Snapshot, tree: Callable[[], Awaitable[None]]) -> None:
    await snapshot.validate()
    await tree()


async def _render_fallback(settings: Settings, snapshot: Snapshot) -> None:
    """Let the dialplan's folders follow the clients."""
    paths = settings.paths
    try:
        done = await asyncio.to_thread(
            fallback.render, paths.fallback, list(entries(snapshot.directory, paths.library))
        )
    except (OSError, ValueError) as error:
        trouble("fallback.not_rendered", error=str(error))
        return
    (paths.fallback / "calls").mkdir(exist_ok=True)
    log.info("fallback.rendered", written=done.written, kept=done.kept, removed=done.removed)


@contextlib.asynccontextmanager
async def _worker(settings: Settings, pulse: Pulse) -> AsyncIterator[None]:
    """Send messages while inside; on leaving, finish those under way."""
    dsn = settings.database.dsn.get_secret_value()
    await _require_schema(dsn)
    stop = asyncio.Event()
    smtp = settings.smtp
    email = Email(
        Server(
            host=smtp.host,
            port=smtp.port,
            user=smtp.user,
            password=smtp.password.get_secret_value() if smtp.password else None,
            tls=smtp.tls,
            ca_file=smtp.ca_file,
            timeout=smtp.timeout,
        ),
        sender=smtp.sender,
        house=settings.house.name,
        region=settings.house.region,
        recordings=settings.paths.recordings,
        to_mp3=to_mp3,
        clock=now,
        trouble=trouble,
    )
    tally = worker.Tally()
    async with email, vital_signs.show_worker(settings.watch.worker, tally, pulse, trouble):
        work = worker.run(
            partial(asyncpg.connect, dsn, timeout=10),
            {"email": email},
            stop=stop,
            clock=now,
            jitter=random.random,
            trouble=trouble,
            tally=tally,
        )
        running = asyncio.create_task(work)
        try:
            yield
        finally:
            stop.set()
            await running


async def _require_schema(dsn: str) -> None:
    """Refuse a database of another version; one that is away is waited for by whoever needs it."""
    try:
        conn = await asyncpg.connect(dsn, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        trouble("database.away", error=str(error) or type(error).__name__)
        return
    try:
        await migrate.require_current(conn)
    finally:
        await conn.close()


async def _first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them does."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def _tasks(*work: Any) -> AsyncIterator[None]:
    """Run coroutines beside the body; they are cancelled at its end, and their failure ends it."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(one) for one in work]
        yield
        for task in running:
            task.cancel()


def _domain(settings: Settings) -> str:
    """What Message-IDs end with: the sender's domain."""
    return settings.smtp.sender.rpartition("@")[2] or "vorzimmer"
