"""What clients' calls of a month took, and what they bring, from a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.store.test_statistics import Keeping
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.presence import State
from vorzimmer.core.stretches import Month
from vorzimmer.store import margins

MARCH = Month(2026, 3)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def keeping(tmp_path: Path, dsn: str) -> Keeping:
    """What the test's database is filled with."""
    return Keeping(tmp_path, dsn)


async def test_the_effort_of_a_month(keeping: Keeping, conn: Any) -> None:
    """Talk and wrap-up of agents; the caller's line, and a second one while the call was forwarded."""
    await keeping.calls(
        ("a", NOON, {}),
        ("b", NOON, {"direction": "out"}),
        ("c", NOON, {"client": "schulz", "forwarded": Decimal(30)}),
    )
    await keeping.states(
        (
            AgentEvent(f"{1:032x}", "alice", NOON + timedelta(seconds=64), State.WRAP_UP, call="a"),
            AgentEvent(f"{2:032x}", "alice", NOON + timedelta(seconds=84), State.AVAILABLE),
        )
    )
    await conn.execute("UPDATE call_segment SET agent = 'alice' WHERE kind = 'talk'")
    mueller, schulz = await margins.efforts(conn, MARCH, {}, "Europe/Berlin")
    lasted = await conn.fetchval("SELECT duration FROM cdr WHERE call_id = 'a'")
    assert (mueller.client, mueller.calls, mueller.agents, mueller.lines) == ("mueller", 2, Decimal(140), 2 * lasted)
    assert (schulz.client, schulz.calls, schulz.agents, schulz.lines) == ("schulz", 1, Decimal(60), lasted + 30)


async def test_months_end_by_each_clients_clock(keeping: Keeping, conn: Any) -> None:
    """Half past midnight of the first of April in Berlin is still March in London."""
    night = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
    await keeping.calls(("a", night, {}), ("b", night, {"client": "schulz"}))
    (only,) = await margins.efforts(conn, MARCH, {"schulz": "Europe/London"}, "Europe/Berlin")
    assert only.client == "schulz"


async def test_revenue_is_what_stands(conn: Any) -> None:
    """Charges less what was taken back; once a month is closed, the total of its statement instead."""
    charge = (
        "INSERT INTO charge (call_id, turn, position, client, month, tariff, since, currency, units, free, sixtieths,"
        " measured, parts, marks, digest) VALUES ($1, $2, 'calls', $3, '2026-03-01', 'p', '2026-01-01', 'EUR', 1, 0,"
        " $4, '', '', '', sha256('x'))"
    )
    rows = (("a", 0, "mueller", 90), ("a", 1, "mueller", -90), ("a", 2, "mueller", 66), ("b", 0, "schulz", 60))
    await conn.executemany(charge, [(call, turn, client, Decimal(amount)) for call, turn, client, amount in rows])
    await conn.execute(
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ('schulz', $1, 'EUR', 29.90, '{}', sha256('x'), 'eva')",
        date(2026, 3, 1),
    )
    found = [(one.client, one.amount, one.closed) for one in await margins.revenues(conn, MARCH)]
    assert found == [("mueller", Decimal("1.1"), False), ("schulz", Decimal("29.90"), True)]
    assert await margins.revenues(conn, MARCH.after) == ()
