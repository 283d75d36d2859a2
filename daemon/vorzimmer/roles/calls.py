"""The role `calls`: owns the ARI socket, the journal and its shipper."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from vorzimmer import vital_signs
from vorzimmer.announcements import fallback
from vorzimmer.announcements.away import entries
from vorzimmer.announcements.library import media_uri
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
from vorzimmer.roles.running import first, mail_domain, tasks, trouble
from vorzimmer.settings import Settings
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.vital_signs import CallsParts, Pulse
from vorzimmer.watching.calls_seen import CallsSeen

log = structlog.get_logger()

SHIP_SECONDS = 0.5
"""How long the journal may take to reach the database at the end; what does not, is shipped at the next start."""


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
        house = _build(settings, snapshot, seen, lost, clock)
        parts = CallsParts(house.exchange.ari, house.ami, house.recovery.done, journal, shipper, snapshot, clock)
        tree = partial(_render_fallback, settings, snapshot)
        async with (
            vital_signs.show_calls(settings.watch.calls, parts, seen, pulse, trouble),
            tasks(shipper.run()),
            tasks(
                house.exchange.ari.run(),
                house.ami.run(),
                *([house.exchange.recorder.run()] if house.exchange.recorder else []),
                house.reachability.run(),
                snapshot.follow(tree),
                takeup.watch(house.exchange, house.supervisor.calls),
            ),
        ):
            await first(house.recovery.done.wait(), stop.wait())
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
        witness=partial(_ends, paths.cdr),
        recorder=_recorder(settings),
    )
    recovery.prepare()
    return _House(exchange, supervisor, recovery, ami, reachability)


def _recorder(settings: Settings) -> Ami | None:
    """The connection that records talks, apart from the one that only lists telephones."""
    user = settings.recorder
    if user.password is None:
        return None
    return Ami(settings.ami.host, settings.ami.port, user.user, user.password.get_secret_value())


def _ends(file: Path, call_ids: Collection[str], since: datetime) -> Mapping[str, datetime]:
    """When calls ended, from Asterisk's records. Without them the last time known counts: no call waits for a file."""
    try:
        return cdr_file.ended(file, call_ids, since)
    except OSError as error:
        trouble("records.unreadable", file=str(file), error=str(error))
        return {}


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
