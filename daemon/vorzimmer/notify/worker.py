"""The worker: takes messages out of the outbox, has their channel send them, and marks what became of them.

At least once: a worker that dies between the sending and the mark leaves a lease that runs out, and the message goes
again under the same stable id, by which the other side knows it; a channel where a repetition costs is asked first
what became of the attempt. Each channel has a lane of its own, so that none waits for another; a target that is away
is left alone and probed (`notify.traffic`). Several workers may run side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import asyncpg
import structlog

from vorzimmer.core.ports import Trouble
from vorzimmer.core.sending_order import Head
from vorzimmer.notify.attempt import about, attempt
from vorzimmer.notify.channel import Dead, Lane, Outcome, RetryLater, Sent
from vorzimmer.notify.marks import Mark, of_retry
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.traffic import Traffic
from vorzimmer.store import leasing, outbox
from vorzimmer.store.outbox import WAKE_UP, Backlog, Leased
from vorzimmer.store.release import release

log = structlog.get_logger()

LEASE_MARGIN = 60.0
"""Seconds by which a lease is longer than any sending of its lane, for the mark."""

ROUND_SECONDS = 20.0
"""The longest that the database may take to mark and lease; after that it counts as away."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries to reach the database: doubling from the one to the other."""

BACKLOG_SECONDS = 10.0
"""Between two counts of what waits in the outbox."""

SOON = 0.05
"""Seconds until the next look when another worker has just taken what this one wanted."""

Connect = Callable[[], Awaitable[asyncpg.Connection]]


@dataclass(slots=True)
class Tally:
    """What a worker does, for those who watch it. Attempts by their outcome are counted from its start.

    `under_way`: messages by channel; `away`: targets by channel.
    """

    sent: int = 0
    retry: int = 0
    dead: int = 0
    under_way: Mapping[str, int] = field(default_factory=dict)
    away: Mapping[str, int] = field(default_factory=dict)
    connected: bool = False
    backlog: Backlog = field(default_factory=Backlog)


async def run(  # noqa: PLR0913 - what a worker needs, named one by one
    connect: Connect,
    lanes: Mapping[str, Lane],
    *,
    stop: asyncio.Event,
    jitter: Callable[[], float],
    trouble: Trouble,
    domain: str,
    per_hour: Mapping[str, int] | None = None,
    poll: float = 2.0,
    tally: Tally | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Work until `stop` is set; what is being sent then is still finished and marked. No failure ends it.

    Args:
        connect: opens a connection to the database; the worker closes it.
        lanes: channels by the name that stands in the outbox.
        stop: ends the work.
        jitter: draws a number from 0 to 1, see `core.retry`.
        trouble: hears of each message given up, of targets that are away, of clients that send too much, of faults,
            and of an unreachable database.
        domain: ends the Message-IDs of messages about notes.
        per_hour: how many messages each client may have sent in an hour, by channel; without one as many as it likes.
        poll: seconds between two looks into the outbox when nothing wakes the worker.
        tally: is kept up to date.
        clock: seconds, by which targets are left alone; never set.
    """
    async with asyncio.TaskGroup() as sendings:
        traffic = Traffic(lanes, clock)
        worker = _Worker(
            lanes, traffic, jitter, trouble, sendings, stop, domain, per_hour or {}, poll, tally or Tally()
        )
        watch = asyncio.create_task(stop.wait())
        watch.add_done_callback(lambda _: worker.wake.set())
        try:
            await worker.work(connect)
        finally:
            watch.cancel()


@contextlib.contextmanager
def _in_time(conn: asyncpg.Connection) -> Iterator[None]:
    """End the connection of a database that hangs: even a rollback might."""
    alarm = asyncio.get_running_loop().call_later(ROUND_SECONDS, conn.terminate)
    try:
        yield
    finally:
        alarm.cancel()


class _Worker:
    """Everything about the database happens in one loop, in rounds; the sendings run beside it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `run` was given
        self,
        lanes: Mapping[str, Lane],
        traffic: Traffic,
        jitter: Callable[[], float],
        trouble: Trouble,
        sendings: asyncio.TaskGroup,
        stop: asyncio.Event,
        domain: str,
        per_hour: Mapping[str, int],
        poll: float,
        tally: Tally,
    ) -> None:
        self._lanes = lanes
        self._traffic = traffic
        self._jitter = jitter
        self._trouble = trouble
        self._sendings = sendings
        self._stop = stop
        self._domain = domain
        self._per_hour = per_hour
        self._over: set[tuple[str, str]] = set()
        self._poll = poll
        self._tally = tally
        self._count_at = 0.0
        self._fresh = True
        self._marks: list[Mark] = []
        self._pause = FIRST_PAUSE
        self.wake = asyncio.Event()

    async def work(self, connect: Connect) -> None:
        """Serve, and reconnect whenever the database goes away. Marks that could not be written are kept."""
        while True:
            try:
                await self._serve(connect)
            except Exception as error:  # noqa: BLE001 - a dying connection also raises asyncpg.InternalClientError
                self._trouble("outbox.database_away", error=one_line(f"{type(error).__name__}: {error}"))
            else:
                return
            if self._stop.is_set() and not self._traffic.ids:
                if self._marks:
                    self._trouble("outbox.marks_lost", messages=len(self._marks))
                return
            await self._nap(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _serve(self, connect: Connect) -> None:
        """Rounds on one connection, until all is done after `stop`."""
        conn = await connect()
        try:
            with _in_time(conn):
                await outbox.enter(conn, fresh=self._fresh)
                if self._fresh:
                    self._traffic.found_away(await outbox.away(conn))
            self._fresh = False
            await conn.add_listener(WAKE_UP, lambda *_: self.wake.set())
            self._tally.connected = True
            while True:
                look_again = await self._round(conn)
                if self._stop.is_set() and not self._traffic.ids and not self._marks:
                    return
                await self._nap(min(look_again, self._traffic.next_probe()))
        finally:
            self._tally.connected = False
            conn.terminate()

    async def _round(self, conn: asyncpg.Connection) -> float:
        """One transaction: mark what has ended, free what has its note, lease what starts. Then start it.

        Returns the seconds until the next round, if nothing happens before.
        """
        marks = self._marks.copy()
        chosen: Sequence[Head] = ()
        leased: Sequence[Leased] = ()
        over: set[tuple[str, str]] = set()
        with _in_time(conn):
            async with conn.transaction():
                for mark in marks:
                    await mark(conn)
                if not self._stop.is_set():
                    await release(conn, self._domain)
                    chosen, over = await self._chosen(conn)
                    leased = await leasing.lease(conn, {head.id: self._lease_seconds(head.channel) for head in chosen})
                await self._count(conn)
        del self._marks[: len(marks)]
        self._pause = FIRST_PAUSE
        self._start(chosen, leased)
        self._tell_of_pace(chosen, over)
        if over:
            return 0.0
        return self._poll if len(leased) == len(chosen) else SOON

    async def _chosen(self, conn: asyncpg.Connection) -> tuple[list[Head], set[tuple[str, str]]]:
        """What starts now, and whose messages (client, channel) have to wait because there were too many."""
        traffic = self._traffic
        heads = await leasing.heads(
            conn, rooms=traffic.rooms(), most=traffic.most, probing=traffic.probing(), under_way=traffic.ids
        )
        if self._stop.is_set():  # perhaps while the database was asked, and places have come free since
            return [], set()
        return await leasing.keep_pace(conn, traffic.choose(heads), self._per_hour)

    def _lease_seconds(self, channel: str) -> float:
        lane = self._lanes.get(channel)
        return (lane.seconds if lane else 0.0) + LEASE_MARGIN

    def _start(self, chosen: Sequence[Head], leased: Sequence[Leased]) -> None:
        heads = {head.id: head for head in chosen}
        for message in leased:
            self._traffic.start(heads[message.id])
            self._sendings.create_task(self._send(message))
        self._tally.under_way, self._tally.away = self._traffic.by_channel(), self._traffic.away()

    def _tell_of_pace(self, chosen: Sequence[Head], over: set[tuple[str, str]]) -> None:
        """Once for each client and channel, until one of its messages goes while none has to wait."""
        for client, channel in sorted(over - self._over):
            self._trouble("outbox.pace", client=client, channel=channel, per_hour=self._per_hour[channel])
        self._over -= {(head.client, head.channel) for head in chosen} - over
        self._over |= over

    async def _count(self, conn: asyncpg.Connection) -> None:
        """See how much waits, from time to time."""
        now = asyncio.get_running_loop().time()
        if now >= self._count_at:
            self._tally.backlog = await outbox.backlog(conn)
            self._count_at = now + BACKLOG_SECONDS

    async def _nap(self, seconds: float) -> None:
        """Wait until something happens: a message came, one has ended, `stop` was set, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return
        self.wake.clear()

    async def _send(self, message: Leased) -> None:
        # The task is this message's own, and so is its context: every line written here names the call.
        structlog.contextvars.bind_contextvars(call_id=message.call_id, client=message.client_id, message=message.id)
        away = False
        try:
            outcome = await attempt(self._lanes.get(message.channel), message, self._trouble)
            away = isinstance(outcome, RetryLater) and outcome.away
            self._marks.append(self._mark(message, outcome, probe=self._traffic.is_probe(message.id)))
        finally:
            self._ended(message, away=away)
            self.wake.set()

    def _ended(self, message: Leased, *, away: bool) -> None:
        """Count it out. A target that turns out to be away is told of; one that is back gets what has failed."""
        turned_away = self._traffic.end(message.id, away=away)
        self._tally.under_way, self._tally.away = self._traffic.by_channel(), self._traffic.away()
        if turned_away:
            self._trouble("outbox.target_away", channel=message.channel, target=message.target)
        elif turned_away is False:
            log.info("outbox.target_back", channel=message.channel, target=message.target)
            self._marks.append(partial(outbox.mark_back, channel=message.channel, target=message.target))

    def _mark(self, message: Leased, outcome: Outcome, *, probe: bool) -> Mark:
        """What is to be written down of an attempt; a message without hope is reported."""
        match outcome:
            case Sent(detail, provider_id, copy):
                self._tally.sent += 1
                log.info("outbox.sent", channel=message.channel, attempt=message.attempts, detail=detail)
                return partial(outbox.mark_sent, message=message.id, detail=detail, provider_id=provider_id, copy=copy)
            case RetryLater(detail) if (mark := of_retry(message, outcome, self._jitter(), probe=probe)) is not None:
                self._tally.retry += 1
                log.info("outbox.retry", channel=message.channel, attempt=message.attempts, detail=detail)
                return mark
            case RetryLater(detail):
                detail = f"given up after {message.age.days} days, attempts: {message.attempts}: {detail}"
            case Dead(detail):
                pass
        self._tally.dead += 1
        self._trouble("outbox.dead", **about(message), detail=detail)
        return partial(outbox.mark_dead, message=message.id, detail=detail, attempt=message.attempts)
