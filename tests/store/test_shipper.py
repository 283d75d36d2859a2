"""Journal to PostgreSQL: nothing lost, nothing double, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from tests.store.records import START, Troubles, end, events, write_call
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind, Phase
from vorzimmer.core.presence import State
from vorzimmer.sandbox.ports import free
from vorzimmer.store import calls, outbox
from vorzimmer.store.journal import Journal
from vorzimmer.store.segments import Position
from vorzimmer.store.shipper import Shipper

PATIENCE = 20
"""Seconds after which a test fails instead of hanging."""


@pytest.fixture
def troubles() -> Troubles:
    """Collects what journal and shipper report."""
    return Troubles()


@pytest.fixture
async def journal(tmp_path: Path, troubles: Troubles) -> AsyncIterator[Journal]:
    """A new journal."""
    opened = Journal(tmp_path / "journal", troubles)
    yield opened
    opened.close()


@asynccontextmanager
async def shipping(journal: Journal, dsn: str, troubles: Troubles) -> AsyncIterator[Shipper]:
    """A running shipper."""
    shipper = Shipper(journal, dsn, domain="test.example", trouble=troubles, pause=0.001)
    task = asyncio.create_task(shipper.run())
    try:
        async with asyncio.timeout(PATIENCE):
            yield shipper
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rows(conn: Any) -> tuple[int, int, int, int]:
    """How many events, CDRs, personal rows and messages there are."""
    tables = ("call_event", "cdr", "cdr_person", "outbox")
    counts = [await conn.fetchval(f"SELECT count(*) FROM {table}") for table in tables]  # noqa: S608 - constants
    return (counts[0], counts[1], counts[2], counts[3])


async def test_a_call_arrives_whole(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Events, CDR, personal values and messages come out of the database as they went into the journal."""
    cdr = write_call(journal, "c1", "a@example.org", "b@example.org")
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert await calls.list_calls(conn) == (cdr,)
    timeline = await calls.call_timeline(conn, "c1")
    assert timeline is not None
    assert timeline.cdr == cdr
    assert [event.kind for event in timeline.events] == [event.kind for event in events("c1")]
    assert timeline.events[0].data["caller_name"] == "Jürgen Groß"
    assert [(m.recipient, m.state) for m in timeline.messages] == [
        ("a@example.org", "pending"),
        ("b@example.org", "pending"),
    ]
    assert timeline.messages[0].message_id == outbox.message_id("c1", "email", "a@example.org", "test.example")
    assert await calls.verify_digest(conn, "c1")
    assert [(one.kind, one.target, one.ended) for one in timeline.segments] == [
        (Phase.TALK, "alice", START + timedelta(milliseconds=64002))
    ]
    assert troubles.events == []


async def test_wrap_up_stands_beside_the_call(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """What an agent does after the call is told later, and still found with it: running first, then with its end."""
    write_call(journal, "c1")
    began, ended = START + timedelta(seconds=64), START + timedelta(seconds=90)
    found: list[calls.WrapUp] = []
    for n, (state, at) in enumerate(((State.WRAP_UP, began), (State.AVAILABLE, ended))):
        call = "c1" if state is State.WRAP_UP else ""
        journal.append_agent(AgentEvent(f"{n:032x}", "alice", at, state, call=call))
        async with shipping(journal, dsn, troubles) as shipper:
            await shipper.drained()
        timeline = await calls.call_timeline(conn, "c1")
        assert timeline is not None
        found += timeline.wrap_ups
    assert found == [calls.WrapUp("alice", began, None), calls.WrapUp("alice", began, ended)]


async def test_records_of_an_earlier_version_still_go(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles
) -> None:
    """A journal written before an upgrade has neither segments nor the younger fields: stored, sealed, verified."""
    cdr = replace(build_cdr(events("c1")), hold=None, put_through=None)
    record = end(cdr)
    del record["segments"]
    for name in ("hold", "put_through", "overflow"):
        del record["cdr"][name]
    journal.append_end(record)
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert await calls.list_calls(conn) == (cdr,)
    assert await calls.verify_digest(conn, "c1")
    assert troubles.events == []


@pytest.mark.parametrize("column", ["hold", "put_through", "overflow"])
@pytest.mark.parametrize("value", ["NULL", "'99'"])
async def test_a_change_of_a_younger_column_is_found(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, column: str, value: str
) -> None:
    """What is sealed only where it is told is sealed all the same: neither another value nor none goes unnoticed."""
    write_call(journal, "c1", hold=Decimal(4), put_through=Decimal(5), overflow="waited 30 s")
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert await calls.verify_digest(conn, "c1")
    await conn.execute(f"ALTER TABLE cdr DISABLE TRIGGER ALL; UPDATE cdr SET {column} = {value}")  # noqa: S608 - names
    assert not await calls.verify_digest(conn, "c1")


async def test_a_call_that_lasts_shows_its_events(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Before the end there are events and no CDR; an unknown call is None."""
    for event in events("c1", 3):
        journal.append(event)
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    timeline = await calls.call_timeline(conn, "c1")
    assert timeline is not None
    assert timeline.cdr is None
    assert len(timeline.events) == 3
    assert await calls.call_timeline(conn, "unknown") is None


async def test_the_end_of_a_call_ships_it_at_once(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle shipper is woken by the end of a call, not by its poll."""
    shipped = asyncio.Event()
    mark = journal.mark_shipped

    def mark_and_tell(position: Position, records: int) -> None:
        mark(position, records)
        shipped.set()

    monkeypatch.setattr(journal, "mark_shipped", mark_and_tell)
    task = asyncio.create_task(Shipper(journal, dsn, domain="x", trouble=troubles, pause=0, poll=3600).run())
    async with asyncio.timeout(PATIENCE):
        for n in range(2):
            write_call(journal, f"c{n}")
            await shipped.wait()
            shipped.clear()
    task.cancel()
    assert (await rows(conn))[1] == 2


async def test_shipping_again_doubles_nothing(tmp_path: Path, dsn: str, conn: Any, troubles: Troubles) -> None:
    """With the position file lost, everything is shipped again and nothing changes, keys and digests included."""
    kept = []
    for lag in (0, 160):
        journal = Journal(tmp_path, troubles)
        assert journal.lag == lag
        if not lag:
            for n in range(20):
                write_call(journal, f"c{n}")
        async with shipping(journal, dsn, troubles) as shipper:
            await shipper.drained()
        journal.close()
        (tmp_path / "position").unlink()
        assert await rows(conn) == (140, 20, 20, 20)
        kept.append(await conn.fetch("SELECT * FROM cdr JOIN cdr_person USING (call_id) ORDER BY call_id"))
    assert kept[0] == kept[1]


async def test_killed_at_any_point_nothing_is_lost_or_double(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles
) -> None:
    """The shipper's connection is cut again and again while calls come in; in the end each is there once."""
    async with shipping(journal, dsn, troubles) as shipper:
        for n in range(30):
            write_call(journal, f"c{n}")
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        await shipper.drained()
    assert await rows(conn) == (210, 30, 30, 30)
    assert troubles.events.count("shipper.record_rejected") == 0


async def test_cancelled_at_every_await(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """A shipper that is stopped after any number of loop turns leaves a state from which the next one completes."""
    for n in range(40):
        write_call(journal, f"c{n}")
        shipper = Shipper(journal, dsn, domain="test.example", trouble=troubles, pause=0)
        task = asyncio.create_task(shipper.run())
        for _ in range(n):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    async with shipping(journal, dsn, troubles) as last:
        await last.drained()
    assert await rows(conn) == (280, 40, 40, 40)


async def test_a_database_outage_is_only_lag(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody listening the journal grows; when the database is back all arrives, and both is told once."""
    nobody = f"postgresql://x@127.0.0.1:{free()}/x"
    monkeypatch.setattr("vorzimmer.store.outage._LONGEST", 0.01)
    async with shipping(journal, nobody, troubles) as shipper:
        write_call(journal, "c1")
        await troubles.told.wait()
        assert not shipper.connected
        shipper._dsn = dsn
        await shipper.drained()
        assert shipper.connected
    assert not shipper.connected
    assert troubles.events == ["shipper.database_away", "shipper.database_back"]
    assert troubles.reported[0][1]["lag"] == 8
    assert await rows(conn) == (7, 1, 1, 1)


async def test_a_missing_table_rejects_no_record(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the database itself is an outage: records wait for it to be mended."""
    monkeypatch.setattr("vorzimmer.store.outage._LONGEST", 0.01)
    await conn.execute("ALTER TABLE call_event RENAME TO away")
    async with shipping(journal, dsn, troubles) as shipper:
        write_call(journal, "c1")
        await troubles.told.wait()
        await conn.execute("ALTER TABLE away RENAME TO call_event")
        await shipper.drained()
    assert await rows(conn) == (7, 1, 1, 1)
    assert "shipper.record_rejected" not in troubles.events


async def test_a_full_disk_of_the_database_rejects_no_record(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's "disk full" (53100) is an outage: told once, in its words, and caught up with when there is room."""
    monkeypatch.setattr("vorzimmer.store.outage._LONGEST", 0.01)
    await conn.execute("""
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END $$;
        CREATE TRIGGER no_room BEFORE INSERT ON cdr FOR EACH STATEMENT EXECUTE FUNCTION no_room();
    """)
    async with shipping(journal, dsn, troubles) as shipper:
        write_call(journal, "c1")
        await troubles.told.wait()
        assert await rows(conn) == (0, 0, 0, 0)
        await conn.execute("DROP TRIGGER no_room ON cdr")
        await shipper.drained()
    assert await rows(conn) == (7, 1, 1, 1)
    assert troubles.events == ["shipper.database_away", "shipper.database_back"]
    assert troubles.reported[0][1]["why"] == "DiskFullError: could not extend file: No space left on device"


async def test_poisoned_records_are_set_aside(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Records that the database will never take stop nothing: each is kept with the reason, and told."""
    cdr = build_cdr(events("bad"))
    bad_ends = [
        end(replace(cdr, ended_at=START - timedelta(hours=1))),
        {"cdr": {"call_id": "bad"}, "messages": []},
        end(replace(cdr, duration=Decimal("1e12"))),
    ]
    write_call(journal, "c1")
    journal.append(CallEvent("no-uuid", "bad", 0, START, Kind.PROBLEM, {}))
    for record in bad_ends:
        journal.append_end(record)
    write_call(journal, "c2")
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert await rows(conn) == (14, 2, 2, 2)
    assert troubles.events == ["shipper.record_rejected"] * 4
    assert {about["call_id"] for _, about in troubles.reported} == {"bad"}
    assert (shipper.shipped, shipper.rejected) == (16, 4)
    kept = [orjson.loads(line) for line in (journal.folder / "rejected.jsonl").read_bytes().splitlines()]
    assert kept[0]["record"]["id"] == "no-uuid"
    assert "invalid input syntax for type uuid" in kept[0]["why"]
    assert [line["record"]["record"] for line in kept[1:]] == bad_ends


async def test_a_call_ended_twice_has_one_cdr(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Two end records of one call, in one batch or in two: the first counts, with its messages only."""
    cdr = write_call(journal, "c1", "first@example.org")
    journal.append_end(end(replace(cdr, cause=99), "second@example.org"))
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
        journal.append_end(end(replace(cdr, cause=98), "third@example.org"))
        await shipper.drained()
    assert await calls.list_calls(conn) == (cdr,)
    assert [row["recipient"] for row in await conn.fetch("SELECT recipient FROM outbox")] == ["first@example.org"]


async def test_odd_values_keep_their_digest(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """What a database may print or round differently still verifies: half milliseconds, zones, NUL, emptiness."""
    odd: dict[str, Any] = {
        "recording_seconds": Decimal("2.0005"),
        "answered_at": (START + timedelta(microseconds=1999)).astimezone(),
        "caller_name": "a\0b'\"\\ 张",
        "caller": None,
        "reason": "",
        "client": None,
    }
    journal.append_end(end(replace(build_cdr(events("odd")), **odd)))
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert await calls.verify_digest(conn, "odd")
    (stored,) = await calls.list_calls(conn)
    assert stored.caller_name == "ab'\"\\ 张"


async def test_the_digest_outlives_erasure_and_finds_a_change(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles
) -> None:
    """Erasing numbers and names keeps the digest valid; a changed number or duration does not pass."""
    for call_id in ("erased", "number", "duration"):
        write_call(journal, call_id)
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    await conn.execute("DELETE FROM cdr_person WHERE call_id = 'erased'")
    assert await calls.verify_digest(conn, "erased")
    timeline = await calls.call_timeline(conn, "erased")
    assert timeline is not None
    assert timeline.erased
    assert timeline.cdr is not None
    assert timeline.cdr.caller is None
    await conn.execute("UPDATE cdr_person SET caller = '+491' WHERE call_id = 'number'")
    assert not await calls.verify_digest(conn, "number")
    await conn.execute("ALTER TABLE cdr DISABLE TRIGGER cdr_append_only")
    await conn.execute("UPDATE cdr SET duration = 1 WHERE call_id = 'duration'")
    assert not await calls.verify_digest(conn, "duration")
    with pytest.raises(LookupError):
        await calls.verify_digest(conn, "unknown")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cdr SET duration = 1",
        "UPDATE cdr SET duration = 1 WHERE false",
        "DELETE FROM cdr",
        "TRUNCATE cdr CASCADE",
        "SET session_replication_role = replica; DELETE FROM cdr",
        "INSERT INTO cdr SELECT * FROM cdr ON CONFLICT (call_id) DO UPDATE SET cause = 1",
    ],
)
async def test_a_cdr_cannot_be_edited(
    journal: Journal, dsn: str, conn: Any, troubles: Troubles, statement: str
) -> None:
    """The database refuses every way to alter or remove a CDR, to the superuser too, with a sentence that says why."""
    write_call(journal, "c1")
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    with pytest.raises(asyncpg.RestrictViolationError, match="of cdr refused: it is append-only"):
        await conn.execute(statement)
    assert await calls.verify_digest(conn, "c1")


async def test_calls_are_listed_by_client_and_time(journal: Journal, dsn: str, conn: Any, troubles: Troubles) -> None:
    """Newest first, only the client's, only since, at most the limit."""
    for n in range(4):
        begun = START + timedelta(hours=n)
        client = "mueller" if n % 2 else "schmidt"
        write_call(journal, f"c{n}", client=client, started_at=begun, ended_at=begun + timedelta(minutes=1))
    async with shipping(journal, dsn, troubles) as shipper:
        await shipper.drained()
    assert [cdr.call_id for cdr in await calls.list_calls(conn)] == ["c3", "c2", "c1", "c0"]
    assert [cdr.call_id for cdr in await calls.list_calls(conn, "mueller")] == ["c3", "c1"]
    assert [cdr.call_id for cdr in await calls.list_calls(conn, since=START + timedelta(hours=2))] == ["c3", "c2"]
    assert [cdr.call_id for cdr in await calls.list_calls(conn, limit=1)] == ["c3"]


def test_message_ids_are_stable_and_apart() -> None:
    """The same message has the same id in every version to come; call, channel and recipient each make another."""
    known = outbox.message_id("c1", "email", "a@example.org", "x.org")
    assert known == "<b0918b182bd07e1af9f51549f40f67bb@x.org>"
    others = [("c2", "email", "a@example.org"), ("c1", "sms", "a@example.org"), ("c1", "email", "b@example.org")]
    assert len({known, *(outbox.message_id(*other, "x.org") for other in others)}) == 4
