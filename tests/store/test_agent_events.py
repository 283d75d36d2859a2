"""What happens to agents, from the journal to the database."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.store.records import START, Troubles, events, write_call
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.presence import State
from vorzimmer.store import journal_view, segments
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper

PATIENCE = 20
"""Seconds after which a test fails instead of hanging."""


def entered(n: int, second: float, state: State, **about: Any) -> AgentEvent:
    """Alice enters a state."""
    return AgentEvent(f"{n:032x}", "alice", START + timedelta(seconds=second), state, phone="alice1", **about)


DAY = (
    entered(1, 0, State.AVAILABLE),
    entered(2, 10, State.RESERVED, call="c1"),
    entered(3, 10, State.RINGING, call="c1"),
    entered(4, 14, State.TALKING, call="c1"),
    entered(5, 74, State.WRAP_UP, call="c1"),
    entered(6, 94, State.PAUSED, reason="lunch"),
)


@pytest.fixture
def troubles() -> Troubles:
    """Collects what journal and shipper report."""
    return Troubles()


async def ship(journal: Journal, dsn: str, troubles: Troubles) -> Shipper:
    """Bring everything to the database."""
    shipper = Shipper(journal, dsn, domain="test.example", trouble=troubles, pause=0.001)
    task = asyncio.create_task(shipper.run())
    async with asyncio.timeout(PATIENCE):
        await shipper.drained()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return shipper


async def test_agents_events_are_shipped_once(tmp_path: Path, dsn: str, conn: Any, troubles: Troubles) -> None:
    """They arrive as they were written, beside calls; with the position lost they come again and nothing changes."""
    for again in (False, True):
        journal = Journal(tmp_path, troubles)
        if not again:
            for event in DAY[:4]:
                journal.append_agent(event)
            write_call(journal, "c1")
            for event in DAY[4:]:
                journal.append_agent(event)
        await ship(journal, dsn, troubles)
        journal.close()
        (tmp_path / "position").unlink()
    rows = await conn.fetch("SELECT id::text, agent, at, state, reason, call_id, phone FROM agent_event ORDER BY n")
    assert [row["id"].replace("-", "") for row in rows] == [event.id for event in DAY]
    assert [(r["agent"], r["at"], r["state"], r["reason"], r["call_id"] or "", r["phone"]) for r in rows] == [
        (e.agent, e.at, e.state.value, e.reason, e.call, e.phone) for e in DAY
    ]
    assert troubles.events == []


async def test_a_stay_lasts_until_the_next_state(tmp_path: Path, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Each stay ends where the next begins, two states of one instant in their order; the last one is open."""
    journal = Journal(tmp_path, troubles)
    for event in DAY:
        journal.append_agent(event)
    await ship(journal, dsn, troubles)
    journal.close()
    rows = await conn.fetch(
        "SELECT state, call_id, extract(epoch FROM ended - began)::int FROM agent_stay ORDER BY began, ended"
    )
    assert [tuple(row) for row in rows] == [
        ("available", None, 10),
        ("reserved", "c1", 0),
        ("ringing", "c1", 4),
        ("talking", "c1", 60),
        ("wrap_up", "c1", 20),
        ("paused", None, None),
    ]


def test_agents_events_are_no_calls(tmp_path: Path, troubles: Troubles) -> None:
    """Open calls and the view of another process see calls only; the age of the oldest record is an agent's too."""
    journal = Journal(tmp_path, troubles)
    journal.append_agent(DAY[0])
    assert journal.oldest_unshipped() == DAY[0].at
    journal.append(events("c1")[0])
    journal.append_agent(DAY[1])
    journal.close()
    again = Journal(tmp_path, troubles)
    assert list(again.open_calls()) == ["c1"]
    assert again.lag == 3
    again.close()
    assert journal_view.calls_in(tmp_path) == {"c1": None}


@pytest.mark.parametrize("body", [b'{"t":"weather","rain":true}', b'{"t":"agent","id":"no"}'])
async def test_a_record_of_a_later_version_holds_up_nothing(
    tmp_path: Path, dsn: str, conn: Any, troubles: Troubles, body: bytes
) -> None:
    """What this version cannot read is set aside for a person, told once, and what stands around it arrives."""
    journal = Journal(tmp_path, troubles)
    write_call(journal, "before")
    journal._writer.write(b"%08x %b\n" % (zlib.crc32(body), body))
    journal._lag += 1
    journal.append_agent(DAY[0])
    write_call(journal, "after")
    journal.close()
    again = Journal(tmp_path, troubles)
    assert again.open_calls() == {}
    shipper = await ship(again, dsn, troubles)
    again.close()
    assert {row["call_id"] for row in await conn.fetch("SELECT call_id FROM cdr")} == {"before", "after"}
    assert await conn.fetchval("SELECT count(*) FROM agent_event") == 1
    assert shipper.rejected == 1
    assert troubles.events == ["shipper.record_rejected"]
    assert body in (tmp_path / "rejected.jsonl").read_bytes()
    assert journal_view.refused_in(tmp_path) == frozenset()


def test_what_is_written_can_be_told_apart() -> None:
    """Each kind of record begins as the readers expect, so that no reader has to decode it to know it."""
    agent = segments.render(segments.agent_record(DAY[0]))
    assert agent.startswith(segments.AGENT_PREFIX)
    assert segments.render({"t": "end", "record": {}}).startswith(segments.END_PREFIX)
    assert segments.render(segments.event_record(events("c1")[0])).startswith(segments.EVENT_PREFIX)
