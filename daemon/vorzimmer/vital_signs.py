"""How the running roles are: numbers for watchers, whether they are ready, and whether systemd may let them live.

Part of the composition, beside `app`: here what the features tell about themselves is brought to `watching`.

Ready and alive are two things. Not ready, with Asterisk away for example, is told to watchers and to the rescue, and
waited for: a restart would mend nothing, and would lose what waits in memory while the disk is full. Not alive is what
only a restart mends: the event loop is stuck, or a client has stopped trying to reach Asterisk.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vorzimmer import systemd
from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.ari import Ari
from vorzimmer.core.ledger import seconds_between
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper
from vorzimmer.store.snapshot import Snapshot
from vorzimmer.watching.calls_seen import CallsSeen
from vorzimmer.watching.exposition import serving
from vorzimmer.watching.loop_delay import LoopDelay
from vorzimmer.watching.readings import CallsReadings, CallsRole, WorkerReadings, WorkerRole, new_registry

if TYPE_CHECKING:  # calls do not wait for what mails are made of
    from vorzimmer.notify.worker import Tally
    from vorzimmer.store.erasure_night import Nights
    from vorzimmer.store.seals import Rounds

AT_WORK_SECONDS = 60.0
"""Within this time a client has heard from Asterisk or tried to; the longest pause between two tries is half of it."""

LOOK_SECONDS = 1.0
"""Between two looks whether the process is alive."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Of the whole process. `started`: when, in seconds since 1970."""

    delay: LoopDelay
    started: float

    def alive(self) -> bool:
        """Whether the event loop turns."""
        return self.delay.fresh


@dataclass(frozen=True, slots=True)
class CallsParts:
    """What the role `calls` lives by. `recovered` is set once the living calls are in hand."""

    ari: Ari
    ami: Ami
    recovered: asyncio.Event
    journal: Journal
    shipper: Shipper
    snapshot: Snapshot
    clock: Clock

    def why_not_ready(self, pulse: Pulse) -> list[str]:
        """What keeps the role from taking calls. Without AMI and database it does take them."""
        reasons = {
            "the event loop has been stuck": not pulse.alive(),
            "no events come from Asterisk": not self.ari.up,
            "the living calls are not in hand yet": not self.recovered.is_set(),
        }
        return [reason for reason, holds in reasons.items() if holds]

    def alive(self, pulse: Pulse) -> bool:
        """Whether the loop turns and both clients reach Asterisk, or try to."""
        oldest = asyncio.get_running_loop().time() - AT_WORK_SECONDS
        return pulse.alive() and self.ari.tried_at > oldest and self.ami.tried_at > oldest

    def readings(self) -> CallsReadings:
        """The numbers, read where they arise."""
        return CallsReadings(
            ari_connected=lambda: self.ari.up,
            ari_connects=lambda: self.ari.connects,
            ami_connected=lambda: self.ami.connected,
            database_connected=lambda: self.shipper.connected,
            journal_unshipped=lambda: self.journal.lag,
            journal_oldest_age=self._oldest_age,
            journal_waiting=lambda: self.journal.waiting,
            journal_lost=lambda: self.journal.lost,
            shipped=lambda: self.shipper.shipped,
            rejected=lambda: self.shipper.rejected,
            snapshot_version=lambda: self.snapshot.version,
            snapshot_age=lambda: self.snapshot.age,
        )

    def _oldest_age(self) -> float:
        oldest = self.journal.oldest_unshipped()
        return float(seconds_between(oldest, self.clock())) if oldest is not None else 0.0


@contextlib.asynccontextmanager
async def show_calls(
    port: int, parts: CallsParts, seen: CallsSeen, pulse: Pulse, trouble: Trouble
) -> AsyncIterator[None]:
    """Tell on `port` how the role `calls` is, while inside."""

    def why_not_ready() -> list[str]:
        return parts.why_not_ready(pulse)

    registry = new_registry(why_not_ready, pulse.delay, pulse.started)
    registry.register(seen)
    registry.register(CallsRole(parts.readings()))
    async with serving(port, registry, why_not_ready, trouble):
        yield


@contextlib.asynccontextmanager
async def show_worker(
    port: int, tally: Tally, nights: Nights, rounds: Rounds, pulse: Pulse, clock: Clock, trouble: Trouble
) -> AsyncIterator[None]:
    """Tell on `port` how the role `worker` is, while inside."""

    def why_not_ready() -> list[str]:
        reasons = {
            "the event loop has been stuck": not pulse.alive(),
            "the database is away": not tally.connected,
        }
        return [reason for reason, holds in reasons.items() if holds]

    registry = new_registry(why_not_ready, pulse.delay, pulse.started)
    readings = WorkerReadings(
        database_connected=lambda: tally.connected,
        messages=lambda: {
            "pending": tally.backlog.pending,
            "leased": tally.backlog.leased,
            "dead": tally.backlog.dead,
        },
        oldest_due_age=lambda: tally.backlog.oldest_due,
        attempts=lambda: {"sent": tally.sent, "retry": tally.retry, "dead": tally.dead},
        under_way=lambda: tally.under_way,
        targets_away=lambda: tally.away,
        erasure_age=lambda: float(seconds_between(nights.done, clock())) if nights.done is not None else 0.0,
        sealing_age=lambda: float(seconds_between(rounds.done, clock())),
    )
    registry.register(WorkerRole(readings))
    async with serving(port, registry, why_not_ready, trouble):
        yield


async def feed_watchdog(alive: Callable[[], bool]) -> None:
    """Tell systemd's watchdog again and again that all is well, as long as it is. Without a watchdog, nothing."""
    interval = systemd.watchdog_interval()
    while interval is not None:
        if alive():
            systemd.notify("WATCHDOG=1")
        # Often, so that one look in a bad moment costs nothing.
        await asyncio.sleep(min(interval, LOOK_SECONDS))
