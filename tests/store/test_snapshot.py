"""The book in memory: follows the database, outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.store.books import RICH, book
from tests.store.records import Troubles
from vorzimmer.sandbox.ports import free
from vorzimmer.store.book import save_book
from vorzimmer.store.book_file import import_file
from vorzimmer.store.migrate import SchemaError
from vorzimmer.store.snapshot import Snapshot

HUBER = {"id": "huber", "dids": ["+49891234567"]}
MEIER = {"id": "meier", "dids": ["+49891234568"]}
PATIENCE = 20
"""Seconds after which a test fails instead of hanging."""


@pytest.fixture
def troubles() -> Troubles:
    """Collects what the snapshot reports."""
    return Troubles()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the copy is kept; the folder does not exist yet."""
    return tmp_path / "state" / "book.json"


@pytest.fixture
def nobody() -> str:
    """The DSN of a database that is away."""
    return f"postgresql://x@127.0.0.1:{free()}/x"


def put(file: Path, content: bytes) -> None:
    """Lay down a copy."""
    file.parent.mkdir()
    file.write_bytes(content)


def is_private(file: Path) -> bool:
    """Whether only its owner can read it."""
    return file.stat().st_mode & 0o077 == 0


@asynccontextmanager
async def followed(snapshot: Snapshot) -> AsyncIterator[asyncio.Event]:
    """A snapshot that follows its database; the event is set at each change."""
    changed = asyncio.Event()

    async def on_change() -> None:
        changed.set()

    task = asyncio.create_task(snapshot.follow(on_change))
    try:
        async with asyncio.timeout(PATIENCE):
            yield changed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_change_is_seen_at_once(dsn: str, conn: Any, file: Path, troubles: Troubles) -> None:
    """An import reaches the running daemon by notification; clients that did not change are not read again."""
    await save_book(conn, book(HUBER))
    snapshot = Snapshot(dsn, file, troubles, poll=3600)
    await snapshot.load()
    huber = snapshot.directory.clients["huber"]
    async with followed(snapshot) as changed:
        for clients in ((HUBER, MEIER), (HUBER,)):
            await save_book(conn, book(*clients), prune=True)
            while set(snapshot.directory.clients) != {client["id"] for client in clients}:
                await changed.wait()
                changed.clear()
    assert snapshot.directory.clients["huber"] is huber
    assert snapshot.directory.find("+49891234568", None) is None
    assert troubles.events == []


async def test_agents_are_followed_too(dsn: str, conn: Any, file: Path, troubles: Troubles) -> None:
    """An agent who is added, changed or removed is so for the running daemon; one who did not change is the same."""
    await save_book(conn, book(agents=({"id": "anna"}, {"id": "ben"})))
    snapshot = Snapshot(dsn, file, troubles, poll=3600)
    await snapshot.load()
    anna = snapshot.directory.agents["anna"]
    async with followed(snapshot) as changed:
        await save_book(conn, book(agents=({"id": "anna"}, {"id": "carol", "teams": ["law"]})), prune=True)
        while set(snapshot.directory.agents) != {"anna", "carol"}:
            await changed.wait()
            changed.clear()
    assert snapshot.directory.agents["anna"] is anna
    assert snapshot.directory.agents["carol"].teams == ("law",)
    assert troubles.events == []


async def test_a_copy_from_before_there_were_agents_is_read(file: Path, troubles: Troubles, nobody: str) -> None:
    """The first start after an upgrade may be one without database: the clients are known all the same."""
    client = book(HUBER).client[0]
    put(file, b'{"group": [], "client": [' + client.model_dump_json().encode() + b"]}")
    snapshot = Snapshot(nobody, file, troubles)
    await snapshot.load()
    assert snapshot.directory.clients == {"huber": client}
    assert snapshot.directory.agents == {}
    assert troubles.events == ["snapshot.database_away"]


async def test_its_age_is_that_of_the_last_comparison(
    dsn: str, file: Path, troubles: Troubles, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the database makes the snapshot young again, changed or not; without one it grows old."""
    now = 100.0
    monkeypatch.setattr("vorzimmer.store.snapshot.monotonic", lambda: now)
    young, old = Snapshot(dsn, file, troubles), Snapshot(nobody, file, troubles)
    for _ in range(2):
        now += 50
        await young.load()
        await old.load()
        assert young.age == 0
    assert old.age == 100


async def test_the_copy_serves_while_the_database_is_away(
    dsn: str, conn: Any, file: Path, troubles: Troubles, nobody: str, tmp_path: Path
) -> None:
    """A start without database knows every client as of the last time, with every key, and says so."""
    (tmp_path / "rich.toml").write_text(RICH)
    rich = import_file(tmp_path / "rich.toml", "DE")
    await save_book(conn, rich)
    await Snapshot(dsn, file, troubles).load()
    assert is_private(file)
    snapshot = Snapshot(nobody, file, troubles)
    await snapshot.load()
    assert snapshot.directory.clients == {client.id: client for client in rich.client}
    assert snapshot.directory.groups == {group.id: group for group in rich.group}
    assert snapshot.directory.agents == {agent.id: agent for agent in rich.agent}
    assert troubles.events == ["snapshot.database_away"]


async def test_the_database_comes_back(dsn: str, conn: Any, file: Path, troubles: Troubles, nobody: str) -> None:
    """What changed while the database was away is there once it is back, also without a notification."""
    await save_book(conn, book(HUBER))
    await Snapshot(dsn, file, troubles).load()
    snapshot = Snapshot(nobody, file, troubles)
    await snapshot.load()
    await save_book(conn, book(MEIER))
    snapshot._dsn = dsn
    async with followed(snapshot) as changed:
        await changed.wait()
    assert set(snapshot.directory.clients) == {"huber", "meier"}
    assert troubles.events == ["snapshot.database_away", "snapshot.database_back"]


async def test_a_cut_connection_misses_nothing(
    dsn: str, conn: Any, file: Path, troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change made while the connection is down is found on reconnect."""
    monkeypatch.setattr("vorzimmer.store.outage._LONGEST", 0.01)
    await save_book(conn, book(HUBER))
    snapshot = Snapshot(dsn, file, troubles, poll=3600)
    async with followed(snapshot) as changed:
        await changed.wait()
        changed.clear()
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        await troubles.told.wait()
        await save_book(conn, book(MEIER))
        while "meier" not in snapshot.directory.clients:
            await changed.wait()
            changed.clear()
    assert troubles.events[0] == "snapshot.database_away"


@pytest.mark.parametrize(
    "content", [None, b"", b'{"group": [], "cl', b"[]", b'{"group": []}', b'{"group":[1],"client":[]}']
)
async def test_without_a_usable_copy_it_begins_empty(
    file: Path, troubles: Troubles, nobody: str, content: bytes | None
) -> None:
    """No database and no copy, or a broken one: the daemon starts, knows no number, and says so."""
    if content is not None:
        put(file, content)
    snapshot = Snapshot(nobody, file, troubles)
    await snapshot.load()
    assert snapshot.directory.clients == {}
    assert troubles.events == ["snapshot.database_away", "snapshot.no_copy"]


async def test_one_row_that_is_not_valid_spares_the_others(dsn: str, conn: Any, file: Path, troubles: Troubles) -> None:
    """A client broken by hand is left out, or stays as it was if it was known; all others are served."""
    await save_book(conn, book(HUBER, MEIER))
    fresh, running = Snapshot(dsn, file, troubles), Snapshot(dsn, file, troubles)
    await running.load()
    await conn.execute(
        "UPDATE client SET data = data - 'name', version = nextval('book_row_version') WHERE id = 'huber'"
    )
    await fresh.load()
    assert set(fresh.directory.clients) == {"meier"}
    await running.load()
    assert set(running.directory.clients) == {"huber", "meier"}
    assert [(event, about["id"]) for event, about in troubles.reported] == [("snapshot.row_invalid", "huber")] * 2


async def test_a_database_of_another_version_is_refused(empty_dsn: str, file: Path, troubles: Troubles) -> None:
    """The daemon does not start on a schema it was not written for."""
    with pytest.raises(SchemaError, match="run `vorzimmer migrate`"):
        await Snapshot(empty_dsn, file, troubles).load()


async def test_a_copy_that_cannot_be_written_stops_nothing(
    dsn: str, conn: Any, tmp_path: Path, troubles: Troubles
) -> None:
    """With the state folder unusable the directory still follows the database."""
    (tmp_path / "state").write_text("a file where the folder should be")
    await save_book(conn, book(HUBER))
    snapshot = Snapshot(dsn, tmp_path / "state" / "book.json", troubles)
    await snapshot.load()
    assert set(snapshot.directory.clients) == {"huber"}
    assert troubles.events == ["snapshot.copy_not_written"]


async def test_every_way_to_change_the_book_bumps_its_version(dsn: str, conn: Any) -> None:
    """SQL by hand is followed too: insert, update, delete and truncate each notify with a new version."""
    heard: asyncio.Queue[int] = asyncio.Queue()
    listener = await asyncpg.connect(dsn)
    await listener.add_listener("vorzimmer_book", lambda *about: heard.put_nowait(int(about[-1])))
    for number, statement in enumerate(
        [
            "INSERT INTO client_group (id, data) VALUES ('g', '{}')",
            "UPDATE client_group SET data = '{\"a\": 1}'",
            "DELETE FROM client_group",
            "TRUNCATE client CASCADE",
            "INSERT INTO agent (id, data) VALUES ('a', '{}')",
        ],
        start=1,
    ):
        await conn.execute(statement)
        async with asyncio.timeout(PATIENCE):
            assert await heard.get() == number
    await listener.close()
