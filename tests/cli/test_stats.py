"""`vorzimmer stats`."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer
from vorzimmer.core.cdr import Disposition

Stored = Callable[..., None]
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def execute(dsn: str) -> Callable[[str, list[tuple[Any, ...]]], None]:
    """Run a statement on the test's database, once for each row of arguments."""

    def run(sql: str, rows: list[tuple[Any, ...]]) -> None:
        async def connected() -> None:
            conn = await asyncpg.connect(dsn)
            try:
                await conn.executemany(sql, rows)
            finally:
                await conn.close()

        asyncio.run(connected())

    return run


def test_a_day_in_figures(
    vorzimmer: Vorzimmer, call_stored: Stored, execute: Callable[[str, list[tuple[Any, ...]]], None]
) -> None:
    """Answered after 4 s and after 30 s, abandoned, overflowed: by client and in all, with the formula beside them."""
    call_stored("quick", at=MORNING)
    call_stored("other", at=MORNING, client="schulz", duration=Decimal(9), disposition=Disposition.ABANDONED)
    call_stored("gone", at=MORNING, disposition=Disposition.FORWARDED, overflow="waited 30 s")
    call_stored("yesterday", at=MORNING - timedelta(hours=11))
    segments = [
        ("quick", n, kind, outcome, MORNING, MORNING + timedelta(seconds=seconds))
        for n, kind, outcome, seconds in ((10, "ring", "no answer", 15), (11, "talk", None, 50), (12, "hold", None, 5))
    ]
    execute(
        "INSERT INTO call_segment (call_id, n, kind, outcome, began, ended, agent)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'alice')",
        segments,
    )
    states = [
        (str(uuid.uuid4()), MORNING + timedelta(seconds=at), state, call)
        for at, state, call in ((64, "wrap_up", "quick"), (84, "available", None))
    ]
    execute(
        "INSERT INTO agent_event (id, agent, at, state, reason, call_id, phone)"
        " VALUES ($1, 'alice', $2, $3, '', $4, '')",
        states,
    )

    told = json.loads(vorzimmer("stats", "--day", "2026-03-02", "--json").stdout)
    assert told["day"] == "2026-03-02"
    assert told["formula"] == "answered within 20 s of arrival ÷ (answered + abandoned)"
    total = told["total"]
    assert (total["offered"], total["answered"], total["abandoned"], total["overflowed"]) == (3, 1, 1, 1)
    assert Decimal(total["level"]) == Decimal("0.5")
    assert Decimal(total["mean_wrap_up"]) == 20
    assert {client: found["offered"] for client, found in told["clients"].items()} == {"mueller": 2, "schulz": 1}
    (alice,) = told["agents"]
    assert (alice["agent"], alice["calls"], alice["missed"]) == ("alice", 1, 1)
    assert [Decimal(alice[name]) for name in ("talk", "hold", "wrap_up")] == [50, 5, 20]

    shown = vorzimmer("stats", "--day", "2026-03-02").stdout
    assert "service level: answered within 20 s of arrival ÷ (answered + abandoned)" in shown
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert lines["all"][:6] == ["3", "1", "1", "1", "50.0", "%"]
    assert lines["alice"] == ["1", "1", "50.0", "5.0", "20.0"]


def test_records_without_segments_count(vorzimmer: Vorzimmer, call_stored: Stored, execute: Any) -> None:
    """What was recorded before there were segments tells its wait by the phases before the talk."""
    call_stored("old", at=MORNING, ring=Decimal(1), queue=Decimal(24))
    execute("DELETE FROM call_segment WHERE call_id = $1", [("old",)])
    told = json.loads(vorzimmer("stats", "--day", "2026-03-02", "--json").stdout)
    assert Decimal(told["total"]["mean_wait"]) == 25


def test_a_day_is_the_houses(vorzimmer: Vorzimmer, call_stored: Stored) -> None:
    """It begins and ends at midnight by the house's clock, on the day of 23 hours too."""
    for call, at in (("first", "2026-03-28T23:00"), ("last", "2026-03-29T21:59:59"), ("next", "2026-03-29T22:00")):
        call_stored(call, at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    told = json.loads(vorzimmer("stats", "--day", "2026-03-29", "--json").stdout)
    assert told["total"]["offered"] == 2


def test_an_empty_day_and_no_day(vorzimmer: Vorzimmer) -> None:
    """Nothing happened: no level at all; what is no day is refused with 2."""
    shown = vorzimmer("stats", "--day", "2020-01-01")
    assert shown.exit_code == 0
    assert "all" in shown.stdout
    assert vorzimmer("stats", "--day", "tomorrow").exit_code == 2
