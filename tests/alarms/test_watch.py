"""The watch over the service: a calls process that answers or not, a real database, and what is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.core.agents import make_agent
from tests.core.examples import make_client
from vorzimmer.alarms import watch
from vorzimmer.alarms.signs import Limits
from vorzimmer.alarms.watch import Watch
from vorzimmer.control.commands import Wall
from vorzimmer.control.server import Server
from vorzimmer.control.wall import View
from vorzimmer.core.directory import Directory
from vorzimmer.core.service_alarm import Alarm, Turn, What
from vorzimmer.store import retention

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Place:
    """A calls process that shows a wall, a database, and the operator, who keeps what is told."""

    socket: Path
    dsn: str
    unreachable: tuple[str, ...] = ()
    hangs: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    told: list[Alarm] = field(default_factory=list)

    def clock(self) -> datetime:
        """Now, as the test has it."""
        return self.at

    async def wall(self, _: Wall) -> dict[str, Any]:
        """What the calls process knows."""
        if self.hangs:
            await asyncio.Event().wait()
        return View.of(NOON, (), (), (), self.unreachable).model_dump(mode="json")

    async def directory(self) -> Directory:
        """One client, one agent."""
        return Directory((), (make_client(),), (make_agent("anna"),))

    async def keep(self, alarms: Sequence[Alarm]) -> None:
        """Be told."""
        self.told += alarms

    def watch(self) -> Watch:
        """Somebody who looks."""
        connect = retention.connecting(self.dsn)
        limits = Limits(abandoned_after=30)
        return Watch(self.socket, self.directory, connect, limits, self.keep, clock=self.clock)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The calls process runs while inside."""
        server = Server(self.socket, {Wall: self.wall}, self.clock, lambda *_, **__: None)
        running = asyncio.create_task(server.run())
        async with asyncio.timeout(10):
            await server.listening.wait()
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def look(self, watch: Watch, *after: float) -> list[tuple[Turn, What]]:
        """Look, each time so many seconds later; what was told."""
        self.told.clear()
        for seconds in after:
            self.at += timedelta(seconds=seconds)
            await watch.look()
        return [(alarm.turn, alarm.what) for alarm in self.told]


@pytest.fixture
def place(dsn: str, tmp_path: Path) -> Place:
    """With an empty database."""
    return Place(tmp_path / "control.sock", dsn)


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to it."""
    conn = await asyncpg.connect(dsn)
    yield conn
    await conn.close()


async def gave_up(conn: asyncpg.Connection, call: str, seconds: float, disposition: str = "abandoned") -> None:
    """A call that ends now; its caller has waited for so long."""
    await conn.execute(
        "INSERT INTO cdr (call_id, client, did, direction, started_at, ended_at, duration, ring, announcement, queue,"
        " talk, forwarded, machine, disposition, cause, hung_up_by, reason, withheld, digest)"
        " VALUES ($1, 'mueller', '+4989', 'in', now(), now(), $2, 0, 0, $2, 0, 0, 0, $3, 16, 'caller', '', false,"
        " sha256('x'))",
        call,
        seconds,
        disposition,
    )


async def put(conn: asyncpg.Connection, recipient: str, state: str = "pending", *, away: bool = False) -> int:
    """A message in the outbox."""
    number: int = await conn.fetchval(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state, away)"
        " VALUES ('c', 'mueller', 'sms', $1, 'de', '{}', $1, $2, $3) RETURNING id",
        recipient,
        state,
        away,
    )
    return number


async def test_a_house_without_trouble_is_silent(place: Place) -> None:
    """For as long as everything answers and nothing happens."""
    async with place.open():
        assert await place.look(place.watch(), *[300] * 5) == []


async def test_who_gave_up_after_long_is_told_once(place: Place, conn: asyncpg.Connection) -> None:
    """Not who left soon, was served, or had gone before the watch began; however often is looked."""
    await gave_up(conn, "before", 90)
    async with place.open():
        watch = place.watch()
        assert await place.look(watch, 5) == []
        await gave_up(conn, "soon", 29)
        await gave_up(conn, "served", 90, "answered")
        await gave_up(conn, "long", 31.4)
        assert await place.look(watch, *[5] * 60) == [(Turn.HAPPENED, What.ABANDONED)]
        assert place.told[0].texts == ("a caller of mueller gave up after 31 s (call long)",)


async def test_messages_that_fail_for_good_are_told(place: Place, conn: asyncpg.Connection) -> None:
    """One that is dead, and one of which the provider says that it has not arrived: each once, without the address."""
    async with place.open():
        watch = place.watch()
        await place.look(watch, 5)
        dead, lost = await put(conn, "+4917100001", "dead"), await put(conn, "+4917100002", "sent")
        await conn.execute("INSERT INTO outbox_attempt (outbox_id, outcome, detail) VALUES ($1, 'dead', 'wrong')", dead)
        await conn.execute("UPDATE outbox SET report = 'undelivered', reported_at = now() WHERE id = $1", lost)
        found = await place.look(watch, *[60] * 3)
    assert found == [(Turn.HAPPENED, What.DEAD), (Turn.HAPPENED, What.UNDELIVERED)]
    assert [alarm.texts for alarm in place.told] == [
        (f"message {dead} (sms) will not reach mueller: wrong",),
        (f"message {lost} (sms) has not reached mueller",),
    ]


async def test_a_target_that_is_away_for_long_is_told(place: Place, conn: asyncpg.Connection) -> None:
    """By its name, with what waits for it; and that it takes messages again."""
    message = await put(conn, "+4917100001", away=True)
    await put(conn, "+4917100002")
    async with place.open():
        watch = place.watch()
        assert await place.look(watch, *[60] * 10) == []
        assert await place.look(watch, *[60] * 2) == [(Turn.BEGINS, What.TARGET)]
        assert place.told[0].texts == ("sms takes nothing; 2 messages wait",)
        await conn.execute("UPDATE outbox SET away = false WHERE id = $1", message)
        assert await place.look(watch, *[60] * 3) == [(Turn.OVER, What.TARGET)]


async def test_a_calls_process_that_is_away_or_hangs_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once; and what only it knows is not over because nobody can see it."""
    place.unreachable = ("trunk",)
    watcher = place.watch()
    async with place.open():
        assert await place.look(watcher, *[10] * 5) == [(Turn.BEGINS, What.TRUNK)]
        monkeypatch.setattr(watch, "ANSWER_SECONDS", 0.3)
        place.hangs = True
        assert await place.look(watcher, *[20] * 4) == [(Turn.BEGINS, What.CALLS)]
    assert await place.look(watcher, 20, 20) == []
    place.hangs = False
    async with place.open():
        assert await place.look(watcher, *[20] * 4) == [(Turn.OVER, What.CALLS)]
        place.unreachable = ()
        assert await place.look(watcher, *[20] * 5) == [(Turn.OVER, What.TRUNK)]


async def test_a_database_that_is_away_is_told(place: Place) -> None:
    """The alarm does not need it; nothing that happened meanwhile is made up."""
    reached, place.dsn = place.dsn, "postgresql://nobody@127.0.0.1:1/none"
    watch = place.watch()
    async with place.open():
        assert await place.look(watch, *[30] * 4) == [(Turn.BEGINS, What.DATABASE)]
        watch._database = retention.connecting(reached)
        assert await place.look(watch, *[30] * 4) == [(Turn.OVER, What.DATABASE)]


async def test_a_mistake_in_one_look_does_not_end_the_watch(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next look is made."""
    looked = asyncio.Semaphore(0)

    async def fail(_: Watch) -> None:
        looked.release()
        raise ZeroDivisionError

    monkeypatch.setattr(Watch, "look", fail)
    monkeypatch.setattr(watch, "EVERY", 0.001)
    running = asyncio.create_task(place.watch().run())
    async with asyncio.timeout(10):
        for _ in range(2):
            await looked.acquire()
    running.cancel()
