"""What a day's calls were like, read from a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.store.records import Troubles, write_call
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.day import bounds
from vorzimmer.core.presence import State
from vorzimmer.core.service_level import figures
from vorzimmer.store import statistics
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Keeping:
    """Brings calls and agents' states into the database, the way the daemon does."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self._folder, self._dsn = folder, dsn
        self._count = 0

    async def calls(self, *calls: tuple[str, datetime, dict[str, Any]]) -> None:
        """Calls of 64 seconds by id, beginning and what differs from an answered one."""

        def write(journal: Journal) -> None:
            for call_id, at, changed in calls:
                times = {"started_at": at, "answered_at": at, "ended_at": at + 64 * SECOND}
                write_call(journal, call_id, **{**times, **changed})

        await self._ship(write)

    async def states(self, events: Iterable[AgentEvent]) -> None:
        """What agents did."""

        def write(journal: Journal) -> None:
            for event in events:
                journal.append_agent(event)

        await self._ship(write)

    async def _ship(self, write: Any) -> None:
        troubles = Troubles()
        self._count += 1
        journal = Journal(self._folder / str(self._count), troubles)
        write(journal)
        shipper = Shipper(journal, self._dsn, domain="test.example", trouble=troubles, pause=0.001)
        task = asyncio.create_task(shipper.run())
        async with asyncio.timeout(20):
            await shipper.drained()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        journal.close()
        assert troubles.reported == []


@pytest.fixture
def keeping(tmp_path: Path, dsn: str) -> Keeping:
    """What the test's database is filled with."""
    return Keeping(tmp_path, dsn)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25)])
async def test_a_day_ends_at_midnight_of_the_house(keeping: Keeping, conn: Any, day: date, hours: int) -> None:
    """A day of 23 and one of 25 hours hold what began in them, to the second, and nothing else."""
    since, until = bounds(day, BERLIN)
    begin = since.astimezone(UTC)
    end = begin + timedelta(hours=hours)
    times = {"before": begin - SECOND, "first": begin, "last": end - SECOND, "after": end}
    await keeping.calls(*((call, at, {}) for call, at in times.items()))
    found = await statistics.begun(conn, since, until)
    assert sorted(call.at for call in found) == [begin, end - SECOND]
    assert len(await statistics.served(conn, since, until)) == 2


async def test_calls_that_begin_are_the_calls_that_are_served(keeping: Keeping, conn: Any) -> None:
    """The wall and `vorzimmer stats` count the same: answered, abandoned, overflowed; calls of ours do not count."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("answered", {}),
        ("abandoned", {"disposition": Disposition.ABANDONED}),
        ("overflowed", {"disposition": Disposition.FORWARDED, "overflow": "waited 30 s"}),
        ("announced", {"disposition": Disposition.ANNOUNCED}),
        ("out", {"direction": "out"}),
    )
    await keeping.calls(*((name, NOON + n * SECOND, changed) for n, (name, changed) in enumerate(kinds)))
    span = (NOON, NOON + timedelta(hours=1))
    found = await statistics.begun(conn, *span)
    served = await statistics.served(conn, *span)
    assert sorted(map(repr, (call.served for call in found))) == sorted(map(repr, served))
    told = figures(call.served for call in found)
    assert (told.offered, told.answered, told.abandoned, told.overflowed) == (3, 1, 1, 1)


async def test_pauses_are_cut_at_midnight_and_at_now(keeping: Keeping, conn: Any) -> None:
    """One that began the day before counts from midnight, one that lasts until now; who was not paused is not there."""

    def entered(n: int, agent: str, second: int, state: State) -> AgentEvent:
        return AgentEvent(f"{n:032x}", agent, NOON + second * SECOND, state)

    day = (
        entered(1, "alice", -500, State.PAUSED),
        entered(2, "alice", 60, State.AVAILABLE),
        entered(3, "alice", 100, State.PAUSED),
        entered(4, "alice", 130, State.AVAILABLE),
        entered(5, "bob", 200, State.PAUSED),
        entered(6, "carol", 10, State.AVAILABLE),
        entered(7, "carol", 5000, State.PAUSED),
    )
    await keeping.states(day)
    until = NOON + 1000 * SECOND
    assert await statistics.paused(conn, NOON, until, NOON + 300 * SECOND) == {"alice": 90, "bob": 100}
    assert await statistics.paused(conn, NOON, until, NOON + 9999 * SECOND) == {"alice": 90, "bob": 800}
    tomorrow = (until + timedelta(days=1), until + timedelta(days=2))
    assert await statistics.paused(conn, *tomorrow, until) == {}, "nobody has paused in a day to come"


async def test_who_is_paused_for_days_counts_each_day(keeping: Keeping, conn: Any) -> None:
    """An agent of the book who did nothing all day but pause has paused all day."""
    await conn.execute("INSERT INTO agent (id, data) VALUES ('dora', '{}')")
    await keeping.states([AgentEvent("1" * 32, "dora", NOON - timedelta(days=9), State.PAUSED)])
    assert await statistics.paused(conn, NOON, NOON + 50 * SECOND, NOON + 9999 * SECOND) == {"dora": 50}


async def test_calls_are_itemised_page_by_page(keeping: Keeping, conn: Any) -> None:
    """Each call once and in order, whatever the page's length, two at one instant too; the erased without a number."""
    calls: list[tuple[str, datetime, dict[str, Any]]] = [(f"c{n}", NOON + (n // 2) * SECOND, {}) for n in range(5)]
    await keeping.calls(*calls, ("late", NOON + timedelta(hours=1), {}))
    await conn.execute("DELETE FROM cdr_person WHERE call_id = 'c3'")
    for limit in (1, 2, 100):
        found: list[statistics.Item] = []
        while page := await statistics.itemised(
            conn, NOON, NOON + timedelta(hours=1), found[-1] if found else None, limit
        ):
            found += page
        assert [one.call_id for one in found] == [call[0] for call in calls]
    assert [one.caller for one in found] == ["+491701234567"] * 3 + [None, "+491701234567"]
    first = replace(found[0], agents=())
    assert (first.talk, first.waited, first.disposition) == (Decimal("60.000"), Decimal("4.002"), Disposition.ANSWERED)
