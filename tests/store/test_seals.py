"""Calls and charges are sealed once each, whoever writes them, when, and in which cluster, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.records import START, Troubles
from tests.store.sealing import put_call, put_charge, sealed_keys, tamper
from vorzimmer.core.seal import GENESIS, What
from vorzimmer.roles import sealing
from vorzimmer.sandbox import postgres
from vorzimmer.store import archive, backup, restore, seals
from vorzimmer.store.backup import Folders
from vorzimmer.store.seal_check import verify
from vorzimmer.store.seals import CutError, Snapshot, head, seal_new

AT = datetime(2026, 3, 3, tzinfo=UTC)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A connection for the body."""
    conn = await asyncpg.connect(dsn)
    try:
        yield conn
    finally:
        await conn.close()


async def test_what_is_committed_is_sealed_once(conn: Any) -> None:
    """Calls and charges each in seals of their own; the head moves with them and stays when there is nothing new."""
    assert (await seal_new(conn), await head(conn)) == (0, GENESIS)
    for call in ("c1", "c2"):
        await put_call(conn, call)
        await put_charge(conn, call)
    assert await seal_new(conn) == 4
    first = await head(conn)
    assert (await seal_new(conn), await head(conn)) == (0, first)
    await put_charge(conn, "c2", turn=1)
    assert await seal_new(conn) == 1
    assert await head(conn) != first
    assert await sealed_keys(conn) == ["cdr c1", "cdr c2", "charge c1/0/talk", "charge c2/0/talk", "charge c2/1/talk"]
    assert [row["source"] for row in await conn.fetch("SELECT source FROM seal ORDER BY number")] == [
        "cdr",
        "charge",
        "charge",
    ]
    assert (await verify(conn, first)).found is None


async def test_a_call_shipped_again_is_not_sealed_again(conn: Any) -> None:
    """A replay of the journal writes nothing, so it seals nothing."""
    await put_call(conn, "c1")
    assert await seal_new(conn) == 1
    await put_call(conn, "c1")
    assert await seal_new(conn) == 0


async def test_an_open_transaction_holds_nobody_up_and_is_not_forgotten(conn: Any, dsn: str) -> None:
    """What commits after it began is sealed meanwhile; its own rows when it ends; those it takes back never."""
    async with connected(dsn) as slow, connected(dsn) as undone:
        begun = [slow.transaction(), undone.transaction()]
        await begun[0].start()
        await put_charge(slow, "slow", position="early")
        await begun[1].start()
        await put_charge(undone, "undone")
        await put_call(conn, "quick")
        assert await seal_new(conn) == 1
        await put_charge(slow, "slow", position="late")
        await put_charge(conn, "quick")
        assert await seal_new(conn) == 1
        await begun[0].commit()
        await begun[1].rollback()
    assert await seal_new(conn) == 2
    assert await sealed_keys(conn) == ["cdr quick", "charge quick/0/talk", "charge slow/0/early", "charge slow/0/late"]
    checked = await verify(conn)
    assert (checked.found, checked.rows) == (None, {"cdr": 1, "charge": 3})


async def test_own_rows_wait_for_their_commit(conn: Any, dsn: str) -> None:
    """A transaction that writes, seals, and writes more: its rows are sealed when all of them are there."""
    async with connected(dsn) as other, conn.transaction():
        await put_charge(conn, "own", position="first")
        await put_call(other, "later")
        assert await seal_new(conn) == 1
        await put_charge(conn, "own", position="second")
    assert await seal_new(conn) == 2
    assert await seal_new(conn) == 0
    assert (await verify(conn)).found is None


async def test_many_sealers_and_writers_at_once(conn: Any, dsn: str) -> None:
    """Each row is sealed once, and the chain has neither gaps nor forks."""

    async def write(name: str) -> None:
        async with connected(dsn) as own:
            for number in range(15):
                await put_charge(own, f"{name}{number}")

    async def seal() -> int:
        async with connected(dsn) as own:
            return sum([await seal_new(own) for _ in range(8)])

    sums = await asyncio.gather(seal(), write("a"), seal(), write("b"), seal(), write("c"))
    late = await seal_new(conn)
    assert sum(told for told in sums if told is not None) + late == 45
    assert await sealed_keys(conn) == sorted(f"charge {name}{n}/0/talk" for name in "abc" for n in range(15))
    assert (await verify(conn)).found is None


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "commit", "undo", "seal"]), st.integers(0, 2)), min_size=8, max_size=25
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_in_whatever_order_transactions_end(dsn: str, steps: list[tuple[str, int]]) -> None:
    """Three transactions write, end or take back, and are sealed in between: what stays is sealed, once."""

    async def play() -> None:
        async with connected(dsn) as conn, connected(dsn) as a, connected(dsn) as b, connected(dsn) as c:
            await tamper(conn, "TRUNCATE charge", "TRUNCATE seal", "TRUNCATE sealing")
            writers = (a, b, c)
            for number, (step, which) in enumerate(steps):
                writer = writers[which]
                if step == "seal":
                    await seal_new(conn)
                elif step == "write":
                    await writer.execute("BEGIN" if not writer.is_in_transaction() else "SELECT")
                    await put_charge(writer, f"c{number}")
                elif writer.is_in_transaction():
                    await writer.execute({"commit": "COMMIT", "undo": "ROLLBACK"}[step])
            for writer in writers:
                await writer.execute("COMMIT" if writer.is_in_transaction() else "SELECT")
            await seal_new(conn)
            left = await conn.fetch("SELECT call_id FROM charge")
            assert await sealed_keys(conn) == sorted(f"charge {row['call_id']}/0/talk" for row in left)
            assert (await verify(conn)).found is None

    asyncio.run(play())


async def test_many_pages_make_many_seals(conn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is sealed by pages, without a hole, so that memory stays flat; the database learns what has changed."""
    monkeypatch.setattr(seals, "PAGES", 2)
    monkeypatch.setattr(seals, "MANY", 1000)
    await conn.execute(
        "INSERT INTO charge SELECT 'c' || n, 0, '', 'm', '2026-03-01', 't', '2026-01-01', 'EUR', 0, 0, 0, '', '', '',"
        " sha256(n::text::bytea) FROM generate_series(1, 1000) AS n"
    )
    assert await seal_new(conn) == 1000
    assert await conn.fetchval("SELECT count(*) FROM seal") > 5
    assert len(set(await sealed_keys(conn))) == 1000
    assert await conn.fetchval("SELECT count(*) FROM pg_stats WHERE tablename = 'charge' AND attname = 'xact'") == 1
    assert await conn.fetchval("SELECT brin_summarize_new_values('charge_xact')") == 0


async def test_behind_a_cut_chain_nothing_is_sealed(conn: Any) -> None:
    """Until somebody has looked, and taken away what the sealer remembers."""
    for call in ("c1", "c2"):
        await put_charge(conn, call)
        await seal_new(conn)
    await tamper(conn, "DELETE FROM seal WHERE number = 2")
    await put_charge(conn, "c3")
    with pytest.raises(CutError, match="left at seal 2, and ends with another: 1"):
        await seal_new(conn)
    await conn.execute("DELETE FROM sealing")
    assert await seal_new(conn) == 2
    assert (await verify(conn)).found is None


@pytest.mark.parametrize("statement", ["UPDATE seal SET at = now()", "DELETE FROM seal", "TRUNCATE seal"])
async def test_a_seal_cannot_be_edited(conn: Any, statement: str) -> None:
    """As little as a call or a charge, by the superuser too."""
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute(f"SET session_replication_role = replica; {statement}")


class TestElsewhere:
    """A backup is restored."""

    @staticmethod
    async def back_up(dsn: str, folder: Path) -> Path:
        """The project's own backup of this database."""
        file = folder / "backup.tar.gz"
        async with connected(dsn) as conn:
            programs = [postgres.binaries()]
            await backup.back_up(conn, dsn, folders(folder), {}, file, programs=programs, version="0.1", at=AT)
        return file

    @staticmethod
    async def restore(dsn: str, folder: Path, file: Path) -> None:
        """And its restore, over whatever is there."""
        with file.open("rb") as opened, restore.held(folders(folder).journal, Troubles()):
            manifest = archive.verify(opened)
            async with connected(dsn) as conn:
                programs = [postgres.binaries()]
                await restore.restore(conn, dsn, opened, manifest, folders(folder), programs=programs)

    async def test_in_another_cluster_each_row_is_sealed_once(self, dsn: str, tmp_path: Path) -> None:
        """Its transactions have other numbers: lower ones than the rows bear, later the very same ones."""
        async with connected(dsn) as conn:
            await put_call(conn, "sealed")
            await put_charge(conn, "sealed")
            await seal_new(conn)
            old = await head(conn)
            await put_call(conn, "loose")
            await put_charge(conn, "loose")
        file = await self.back_up(dsn, tmp_path)
        server = postgres.start(tmp_path / "other", fsync=False)
        try:
            await self.restore(server.dsn, tmp_path, file)
            async with connected(server.dsn) as conn:
                # The old cluster had counted further than this one, which will come there.
                taken = 200 + await conn.fetchval("SELECT pg_current_xact_id()::text::bigint")
                await tamper(conn, f"UPDATE cdr SET xact = {taken}", f"UPDATE charge SET xact = {taken}")  # noqa: S608 - a number
                assert await seal_new(conn) == 2
                assert await conn.fetchval("SELECT count(*) FROM sealed_ahead") == 4
                for number in range(5):
                    await forward(conn, taken - 3 + number)
                    await put_charge(conn, f"new{number}")
                    assert await seal_new(conn) == 1
                assert await seal_new(conn) == 0
                assert await conn.fetchval("SELECT count(*) FROM sealed_ahead") == 0
                checked = await verify(conn, old)
                assert (checked.found, checked.rows) == (None, {"cdr": 2, "charge": 7})
        finally:
            server.stop()

    async def test_over_the_same_house_the_chain_goes_on(self, dsn: str, tmp_path: Path) -> None:
        """From where the backup was made. What was sealed since is lost, and the paper that bears its head shows it."""
        async with connected(dsn) as conn:
            await put_charge(conn, "kept")
            await seal_new(conn)
            await put_charge(conn, "loose")
        file = await self.back_up(dsn, tmp_path)
        async with connected(dsn) as conn:
            await put_charge(conn, "lost")
            await seal_new(conn)
            printed = await head(conn)
        await self.restore(dsn, tmp_path, file)
        async with connected(dsn) as conn:
            await put_charge(conn, "new")
            assert await seal_new(conn) == 2
            assert (await verify(conn)).found is None
            found = (await verify(conn, printed)).found
            assert found is not None
            assert found.what is What.HEAD


def folders(folder: Path) -> Folders:
    """Those of a house without calls."""
    return Folders(folder / "journal", folder / "calls", folder / "recordings", folder / "library")


async def forward(conn: Any, upto: int) -> None:
    """Let the cluster's next transaction have this number at least."""
    while await conn.fetchval("SELECT pg_current_xact_id()::text::bigint") < upto - 1:
        pass


@pytest.mark.parametrize(
    ("text", "own", "told"),
    [
        ("10:10:", None, "10:10:"),
        ("10:20:10,15", None, "10:20:10,15"),
        ("10:20:10,15", 12, "10:20:10,12,15"),
        ("10:20:", 20, "10:20:"),
        ("10:20:", 9, "9:20:9"),
        ("10:20:15", 15, "10:20:15"),
    ],
)
def test_ones_own_transaction_runs_still(text: str, own: int | None, told: str) -> None:
    """PostgreSQL leaves it out of the snapshot that it takes."""
    assert str(Snapshot.read(text).without(own)) == told


async def test_the_worker_seals(conn: Any, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Round by round; a chain that was cut is told, and looked at again."""
    troubles, done = Troubles(), asyncio.Event()

    async def told(connection: Any) -> int:
        try:
            return await seal_new(connection)
        finally:
            done.set()

    monkeypatch.setattr(seals, "seal_new", told)
    await put_charge(conn, "c1")
    last = seals.Rounds(AT)
    rounds = asyncio.create_task(sealing.run(dsn, last, lambda: START, troubles, every=0.01))
    async with asyncio.timeout(10):
        await done.wait()
        assert await sealed_keys(conn) == ["charge c1/0/talk"]
        await tamper(conn, "DELETE FROM seal")
        await troubles.told.wait()
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)
    assert (troubles.events[0], last.done) == ("sealing.cut", START)


async def test_a_database_that_is_away_is_waited_for() -> None:
    """It is told, and tried again."""
    troubles = Troubles()
    last, away = seals.Rounds(AT), "postgresql://nobody@127.0.0.1:1/none"
    rounds = asyncio.create_task(sealing.run(away, last, lambda: START, troubles, every=0.01))
    async with asyncio.timeout(10):
        await troubles.told.wait()
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)
    assert (troubles.events[0], last.done) == ("sealing.failed", AT)
