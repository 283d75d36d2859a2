"""The migration runner against a real PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from vorzimmer.store import migrate
from vorzimmer.store.migrate import SchemaError, SchemaState


@pytest.fixture
async def empty(empty_dsn: str) -> AsyncIterator[Any]:
    """A connection to a database without tables."""
    connection = await asyncpg.connect(empty_dsn)
    yield connection
    await connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations that a test may alter."""
    (tmp_path / "0001_create_thing.sql").write_text("CREATE TABLE thing (id int);")
    (tmp_path / "0002_fill_thing.sql").write_text("INSERT INTO thing VALUES (1); INSERT INTO thing VALUES (2);")
    return tmp_path


async def test_the_real_migrations_apply_once(empty: Any) -> None:
    """An empty database becomes current by one run, and a second run does nothing."""
    applied = await migrate.migrate(empty)
    assert applied[0] == "0001_create_book.sql"
    await migrate.require_current(empty)
    assert await migrate.migrate(empty) == ()


async def test_older_database_is_refused_with_the_command(empty: Any, folder: Path) -> None:
    """A daemon on a database that misses a migration says to run the command, and changes nothing."""
    with pytest.raises(SchemaError, match="run `vorzimmer migrate`"):
        await migrate.require_current(empty, folder)
    assert await empty.fetchval("SELECT to_regclass('schema_migration')") is None


async def test_newer_database_is_refused_by_daemon_and_runner(empty: Any, folder: Path) -> None:
    """A database that a newer version migrated is left alone: the older daemon must be upgraded."""
    await migrate.migrate(empty, folder)
    (folder / "0002_fill_thing.sql").unlink()
    with pytest.raises(SchemaError, match="upgrade the daemon"):
        await migrate.require_current(empty, folder)
    with pytest.raises(SchemaError, match="upgrade the daemon"):
        await migrate.migrate(empty, folder)


async def test_edited_file_is_refused(empty: Any, folder: Path) -> None:
    """An applied file that was edited is recognised by its digest, even by one blank, and nothing newer is applied."""
    await migrate.migrate(empty, folder)
    (folder / "0001_create_thing.sql").write_text("CREATE TABLE thing (id int) ;")
    (folder / "0003_create_other.sql").write_text("CREATE TABLE other (id int);")
    assert await migrate.schema_state(empty, folder) is SchemaState.EDITED
    with pytest.raises(SchemaError, match="edited"):
        await migrate.migrate(empty, folder)
    assert await empty.fetchval("SELECT to_regclass('other')") is None


async def test_a_file_that_vanished_counts_as_edited(empty: Any, folder: Path) -> None:
    """A renamed or deleted early file is no sign of a newer version."""
    await migrate.migrate(empty, folder)
    (folder / "0001_create_thing.sql").rename(folder / "0001_create_things.sql")
    assert await migrate.schema_state(empty, folder) is SchemaState.EDITED


async def test_a_failing_file_leaves_nothing_behind(empty: Any, folder: Path) -> None:
    """Half of a file is never applied, and the runner can go on once the file is mended."""
    (folder / "0003_break.sql").write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    with pytest.raises(SchemaError, match=r"0003_break\.sql failed and was rolled back: division by zero"):
        await migrate.migrate(empty, folder)
    assert await empty.fetchval("SELECT to_regclass('half')") is None
    (folder / "0003_break.sql").write_text("CREATE TABLE half (id int);")
    assert await migrate.migrate(empty, folder) == ("0003_break.sql",)


async def test_two_runners_at_once(empty_dsn: str, folder: Path) -> None:
    """Two daemons started together apply each file once."""
    first, second = await asyncpg.connect(empty_dsn), await asyncpg.connect(empty_dsn)
    done = await asyncio.gather(migrate.migrate(first, folder), migrate.migrate(second, folder))
    assert sorted(map(len, done)) == [0, 2]
    assert await first.fetchval("SELECT count(*) FROM thing") == 2
    await first.close()
    await second.close()


@pytest.mark.parametrize("name", ["1_short.sql", "0003-dash.sql", "0002_twice.sql"])
def test_names_are_checked(folder: Path, name: str) -> None:
    """A file whose order would be unclear is refused before anything runs."""
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(SchemaError):
        migrate.read_migrations(folder)


def test_the_installed_package_is_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a wheel the files lie inside the package; without any, the sentence says so."""
    package = tmp_path / "site" / "vorzimmer"
    monkeypatch.setattr(migrate, "__file__", str(package / "store" / "migrate.py"))
    with pytest.raises(SchemaError, match="install vorzimmer again"):
        migrate.migrations_folder()
    shutil.copytree(Path(__file__).parents[2] / "sql" / "migrations", package / "sql" / "migrations")
    assert migrate.migrations_folder() == package / "sql" / "migrations"
