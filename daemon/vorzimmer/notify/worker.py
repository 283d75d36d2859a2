"""The worker: takes messages out of the outbox, has their channel send them, and marks what became of them.

At least once: a worker that dies between the sending and the mark leaves a lease that runs out, and the message goes
again under the same Message-ID, by which mail programs know it. Several workers may run side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import asyncpg
import structlog

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.core.retry import ATTEMPTS, next_attempt
from vorzimmer.notify.channel import Channel, Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import RenderError
from vorzimmer.store import outbox
from vorzimmer.store.outbox import WAKE_UP, Backlog, Leased

log = structlog.get_logger()

SEND_SECONDS = 120.0
"""The longest that one sending may take, waiting for a connection included."""

LEASE_SECONDS = SEND_SECONDS + 60.0
"""Longer than any sending and its mark, so that no other worker takes a message that is under way."""

ROUND_SECONDS = 20.0
"""The longest that the database may take to mark and lease; after that it counts as away."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries to reach the database: doubling from the one to the other."""

AT_ONCE = 10
"""How many messages may be under way."""

BACKLOG_SECONDS = 10.0
"""Between two counts of what waits in the outbox."""

Connect = Callable[[], Awaitable[asyncpg.Connection]]
Mark = Callable[[asyncpg.Connection], Awaitable[bool]]


@dataclass(slots=True)
class Tally:
    """What a worker does, for those who watch it. Attempts by their outcome are counted from its start."""

    sent: int = 0
    retry: int = 0
    dead: int = 0
    under_way: int = 0
    connected: bool = False
    backlog: Backlog = field(default_factory=Backlog)


async def run(
    connect: Connect,
    channels: Mapping[str, Channel],
    *,
    stop: asyncio.Event,
    clock: Clock,
    jitter: Callable[[], float],
    trouble: Trouble,
    poll: float = 2.0,
    tally: Tally | None = None,
) -> None:
    """Work until `stop` is set; what is being sent then is still finished and marked. No failure ends it.

    Args:
        connect: opens a connection to the database; the worker closes it.
        channels: by the name that stands in the outbox.
        stop: ends the work.
        clock: from it the next attempt is counted.
        jitter: draws a number from 0 to 1, see `core.retry`.
        trouble: hears of each message given up, of faults, and of an unreachable database.
        poll: seconds between two looks into the outbox when nothing wakes the worker.
        tally: is kept up to date.
    """
    async with asyncio.TaskGroup() as sendings:
        worker = _Worker(channels, clock, jitter, trouble, sendings, stop, poll, tally or Tally())
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

    def __init__(
        self,
        channels: Mapping[str, Channel],
        clock: Clock,
        jitter: Callable[[], float],
        trouble: Trouble,
        sendings: asyncio.TaskGroup,
        stop: asyncio.Event,
        poll: float,
        tally: Tally,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._jitter = jitter
        self._trouble = trouble
        self._sendings = sendings
        self._stop = stop
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
            if self._stop.is_set() and not self._tally.under_way:
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
            self._fresh = False
            await conn.add_listener(WAKE_UP, lambda *_: self.wake.set())
            self._tally.connected = True
            while True:
                await self._round(conn)
                if self._stop.is_set() and not self._tally.under_way and not self._marks:
                    return
                await self._nap(self._poll)
        finally:
            self._tally.connected = False
            conn.terminate()

    async def _round(self, conn: asyncpg.Connection) -> None:
        """One transaction: mark what has ended, lease for the free places. Then start what was leased."""
        marks = self._marks.copy()
        free = 0 if self._stop.is_set() else AT_ONCE - self._tally.under_way
        with _in_time(conn):
            async with conn.transaction():
                for mark in marks:
                    await mark(conn)
                leased = await outbox.lease(conn, free, LEASE_SECONDS) if free else ()
                await self._count(conn)
        del self._marks[: len(marks)]
        self._pause = FIRST_PAUSE
        for message in leased:
            self._tally.under_way += 1
            self._sendings.create_task(self._send(message))

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
        try:
            outcome = await self._attempt(message)
            self._marks.append(self._mark(message, outcome))
        finally:
            self._tally.under_way -= 1
            self.wake.set()

    def _mark(self, message: Leased, outcome: Outcome) -> Mark:
        """What is to be written down of an attempt; a message without hope is reported."""
        match outcome:
            case Sent(detail):
                self._tally.sent += 1
                log.info("outbox.sent", channel=message.channel, attempt=message.attempts, detail=detail)
                return partial(outbox.mark_sent, message=message.id, detail=detail)
            case RetryLater(detail):
                next_at = next_attempt(message.attempts, self._clock(), self._jitter())
                if next_at is not None:
                    self._tally.retry += 1
                    log.info("outbox.retry", channel=message.channel, attempt=message.attempts, detail=detail)
                    return partial(outbox.mark_retry, message=message.id, next_at=next_at, detail=detail)
                detail = f"given up after {message.attempts} attempts: {detail}"
            case Dead(detail):
                pass
        self._tally.dead += 1
        self._trouble("outbox.dead", **_about(message), detail=detail)
        return partial(outbox.mark_dead, message=message.id, detail=detail)

    async def _attempt(self, message: Leased) -> Outcome:
        if message.attempts > ATTEMPTS:
            return Dead("given up: every attempt ended without an outcome")
        channel = self._channels.get(message.channel)
        if channel is None:
            return Dead(f"there is no channel {one_line(message.channel, 40)!r}")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await channel.send(message)
        except TimeoutError:
            return RetryLater(f"took longer than {SEND_SECONDS:.0f} s")
        except RenderError as error:
            return Dead(one_line(f"cannot be written: {error}"))
        except Exception as error:  # noqa: BLE001 - a fault at one message must not stop the others
            words = one_line(f"{type(error).__name__}: {error}")
            self._trouble("outbox.fault", **_about(message), error=words)
            return RetryLater(words)


def _about(message: Leased) -> dict[str, Any]:
    """Which message it is, for those who are told of it."""
    return {
        "message": message.id,
        "call_id": message.call_id,
        "client": message.client_id,
        "channel": message.channel,
    }
