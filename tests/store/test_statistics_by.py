"""Calls and agents of some days, summed up by a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.store.test_statistics import Keeping
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.day import bounds
from vorzimmer.core.presence import State
from vorzimmer.core.service_level import figures
from vorzimmer.core.statistics import By
from vorzimmer.store import statistics, statistics_by
from vorzimmer.store.statistics_by import Asked

BERLIN = ZoneInfo("Europe/Berlin")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""One o'clock in Berlin."""

GONE: dict[str, Any] = {"disposition": Disposition.ABANDONED}


@pytest.fixture
def keeping(tmp_path: Path, dsn: str) -> Keeping:
    """What the test's database is filled with."""
    return Keeping(tmp_path, dsn)


def asked(first: date, last: date, **changed: Any) -> Asked:
    """These days, by Berlin's clock."""
    return Asked(bounds(first, BERLIN)[0], bounds(last, BERLIN)[1], BERLIN.key, **changed)


async def talked(conn: Any, agent: str, **calls: datetime) -> None:
    """The agent talked for a minute in each of these calls, from then on; nobody in any other."""
    await conn.execute("DELETE FROM call_segment")
    await conn.executemany(
        "INSERT INTO call_segment (call_id, n, kind, agent, began, ended) VALUES ($1, 1, 'talk', $2, $3, $4)",
        [(call, agent, began, began + 60 * SECOND) for call, began in calls.items()],
    )


async def fill(keeping: Keeping, conn: Any) -> None:
    """On a Monday and the Tuesday after; alice answered two calls after 4 and 8 s, and one is known by its phases."""
    await keeping.calls(
        ("a", NOON, {}),
        ("b", NOON + 600 * SECOND, {}),
        ("c", NOON + HOUR, {"client": "schulz"}),
        ("d", NOON + 24 * HOUR, {"client": "schulz", "duration": Decimal(9), **GONE}),
        ("e", NOON + 24 * HOUR, {"client": "schulz", "duration": Decimal(2), **GONE}),
        ("f", NOON, {"disposition": Disposition.FORWARDED, "overflow": "waited 30 s"}),
        ("g", NOON, {"disposition": Disposition.ANNOUNCED}),
        ("h", NOON, {"direction": "out"}),
    )
    await talked(conn, "alice", a=NOON + 4 * SECOND, b=NOON + 608 * SECOND)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.CLIENT, [("mueller", 3), ("schulz", 3)]),
        (By.AGENT, [("alice", 2), (None, 4)]),
        (By.TEAM, [("north", 3), (None, 3)]),
        (By.HOUR, [("13", 5), ("14", 1)]),
        (By.WEEKDAY, [("1", 4), ("2", 2)]),
        (By.DAY, [("2026-03-02", 4), ("2026-03-03", 2)]),
    ],
)
async def test_calls_by(keeping: Keeping, conn: Any, by: By, expected: list[tuple[str | None, int]]) -> None:
    """Each call under one key; under none who talked to nobody or whose client no team serves; the whole is the sum."""
    await fill(keeping, conn)
    rows, whole = await statistics_by.volumes(conn, asked(MONDAY, date(2026, 3, 3)), by, {"mueller": "north"})
    assert [(row.key, row.offered) for row in rows] == expected
    assert (whole.offered, whole.answered, whole.abandoned, whole.overflowed) == (6, 3, 2, 1)


async def test_they_are_counted_as_the_wall_counts(keeping: Keeping, conn: Any) -> None:
    """Counts, level and means are those of `core.service_level`, with a target and a short threshold."""
    await fill(keeping, conn)
    span = asked(MONDAY, date(2026, 3, 3), target=Decimal(4), short=Decimal(5))
    _, whole = await statistics_by.volumes(conn, span, By.CLIENT, {})
    told = figures(await statistics.served(conn, span.since, span.until), 4, 5)
    assert (whole.within, whole.abandoned, whole.gone_at_once) == (1, 1, 1)
    for name in ("offered", "answered", "within", "abandoned", "gone_at_once", "overflowed", "level", "mean_talk"):
        assert getattr(whole, name) == getattr(told, name), name
    assert whole.mean_wait == pytest.approx(told.mean_wait)
    assert (whole.p90_wait, whole.max_wait) == (Decimal(8), Decimal(8))
    assert whole.waited == 4 + 8 + Decimal("4.002") + 9 + 2


async def test_one_client_and_no_calls(keeping: Keeping, conn: Any) -> None:
    """Of one client only its calls; of days without calls, one whole with nothing in it."""
    await fill(keeping, conn)
    _, whole = await statistics_by.volumes(conn, asked(MONDAY, MONDAY, client="schulz"), By.DAY, {})
    assert whole.offered == 1
    rows, whole = await statistics_by.volumes(conn, asked(date(2020, 1, 1), date(2020, 1, 9)), By.HOUR, {})
    assert (rows, whole.offered, whole.level, whole.mean_wait, whole.waited) == ((), 0, None, None, Decimal(0))
    assert await statistics_by.is_known(conn, "schulz")
    assert not await statistics_by.is_known(conn, "nobody")


async def test_an_erased_caller_counts(keeping: Keeping, conn: Any) -> None:
    """What is erased is who called, not that somebody did."""
    await fill(keeping, conn)
    await conn.execute("DELETE FROM cdr_person")
    _, whole = await statistics_by.volumes(conn, asked(MONDAY, MONDAY), By.CLIENT, {})
    assert whole.offered == 4


async def test_hours_of_the_days_on_which_clocks_change(keeping: Keeping, conn: Any) -> None:
    """In autumn 2 o'clock comes twice and both count as 2; in spring it does not come; days end at midnight there."""
    autumn, spring = date(2026, 10, 25), date(2026, 3, 29)
    begun = (
        ("first", datetime(2026, 10, 24, 22, 0, tzinfo=UTC)),
        ("summer", datetime(2026, 10, 25, 0, 40, tzinfo=UTC)),
        ("winter", datetime(2026, 10, 25, 1, 10, tzinfo=UTC)),
        ("next", datetime(2026, 10, 25, 23, 0, tzinfo=UTC)),
        ("spring", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    )
    await keeping.calls(*((name, at, {}) for name, at in begun))
    rows, _ = await statistics_by.volumes(conn, asked(autumn, autumn), By.HOUR, {})
    assert [(row.key, row.offered) for row in rows] == [("00", 1), ("02", 2)]
    rows, _ = await statistics_by.volumes(conn, asked(spring, spring), By.HOUR, {})
    assert [(row.key, row.offered) for row in rows] == [("03", 1)]
    span = asked(autumn, autumn)
    past = await statistics_by.past(conn, span.since, span.until, BERLIN.key)
    assert (past.first, past.last) == (autumn, autumn)
    assert past.calls == {(autumn, 0): 1, (autumn, 5): 1, (autumn, 4): 1}


def entered(n: int, agent: str, second: float, state: State, call: str = "") -> AgentEvent:
    """An agent's new state, so many seconds after noon."""
    return AgentEvent(f"{n:032x}", agent, NOON + second * SECOND, state, call=call)


async def test_an_agents_shift(keeping: Keeping, conn: Any) -> None:
    """An hour logged in, ten minutes paused; 60 s of talk and 30 s of wrap-up in the other fifty minutes: 3 %."""
    await keeping.calls(("a", NOON, {}))
    await talked(conn, "alice", a=NOON + 4 * SECOND)
    await keeping.states(
        (
            entered(1, "alice", -60, State.AVAILABLE),
            entered(2, "alice", 4, State.TALKING, "a"),
            entered(3, "alice", 64, State.WRAP_UP, "a"),
            entered(4, "alice", 94, State.AVAILABLE),
            entered(5, "alice", 200, State.PAUSED),
            entered(6, "alice", 800, State.AVAILABLE),
            entered(7, "alice", 3540, State.LOGGED_OUT),
        )
    )
    since, until = bounds(MONDAY, BERLIN)
    (alice,) = await statistics_by.shifts(conn, since, until, until, BERLIN.key)
    assert (alice.calls, alice.missed, alice.days) == (1, 0, 1)
    assert (alice.talk, alice.wrap_up, alice.logged_in, alice.paused) == tuple(map(Decimal, (60, 30, 3600, 600)))
    assert alice.occupancy == Decimal("0.03")
    _, whole = await statistics_by.volumes(conn, asked(MONDAY, MONDAY), By.AGENT, {})
    assert (whole.mean_wrap_up, whole.handling) == (Decimal(30), Decimal(90))


async def test_a_shift_over_midnight_is_cut_there(keeping: Keeping, conn: Any) -> None:
    """A talk that begins 20 s before midnight belongs to both days, its call to the first; one who stays counts on."""
    midnight = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    await keeping.calls(("a", midnight - 20 * SECOND, {}))
    await talked(conn, "alice", a=midnight - 20 * SECOND)
    night = 11 * 3600
    await keeping.states([entered(1, "alice", night - 600, State.AVAILABLE)])
    days = [bounds(day, BERLIN) for day in (MONDAY, date(2026, 3, 3), date(2026, 3, 4))]
    now = midnight + 300 * SECOND
    first, second, third = [await statistics_by.shifts(conn, *span, now, BERLIN.key) for span in days]
    assert [(one.calls, one.talk, one.logged_in, one.days) for one in first] == [(1, Decimal(20), Decimal(600), 1)]
    assert [(one.calls, one.talk, one.logged_in, one.days) for one in second] == [(0, Decimal(40), Decimal(300), 1)]
    assert third == ()
    (both,) = await statistics_by.shifts(conn, days[0][0], days[1][1], now, BERLIN.key)
    assert (both.calls, both.talk, both.logged_in, both.days) == (1, Decimal(60), Decimal(900), 2)
