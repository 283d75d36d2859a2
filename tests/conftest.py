"""What tests of several folders share: a real PostgreSQL, and a database of its own for each test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from vorzimmer import log
from vorzimmer.sandbox import postgres
from vorzimmer.store import migrate

_TEMPLATE = "migrated"
_numbers = count(1)

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of one's own is made in it
ENOUGH = 3 << 30
"""Bytes for the server of one worker, with room to spare."""


@pytest.fixture(autouse=True)
def _logs() -> None:
    """Log as in production, a line of JSON each, whatever the command of the test before had set."""
    log.configure("info", terminal=False)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Postgres]:
    """One server for the whole run (of each xdist worker), without fsync; in memory where there is room."""
    folder = _in_memory() or tmp_path_factory.mktemp("postgres")
    try:
        server = postgres.start(folder, fsync=False)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> Path | None:
    """A folder for what a run writes most: a database for each test, of hundreds of files."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ENOUGH:
        return None
    return Path(tempfile.mkdtemp(prefix="vorzimmer-tests-", dir=MEMORY))


@pytest.fixture(scope="session")
def _template(postgres_server: postgres.Postgres) -> str:
    """The name of a database that holds the current schema and nothing else."""
    _run_on(postgres_server.dsn, lambda conn: conn.execute(f"CREATE DATABASE {_TEMPLATE}"))
    _run_on(postgres_server.dsn_of(_TEMPLATE), migrate.migrate)
    return _TEMPLATE


@pytest.fixture
def dsn(postgres_server: postgres.Postgres, _template: str) -> Iterator[str]:
    """A database of the test's own, migrated and empty."""
    yield from _database(postgres_server, f"TEMPLATE {_template} STRATEGY FILE_COPY")


@pytest.fixture
def empty_dsn(postgres_server: postgres.Postgres) -> Iterator[str]:
    """A database of the test's own, without any table."""
    yield from _database(postgres_server, "")


def _database(server: postgres.Postgres, options: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _run_on(server.dsn, lambda conn: conn.execute(f"CREATE DATABASE {name} {options}"))
    yield server.dsn_of(name)
    _run_on(server.dsn, lambda conn: conn.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def _run_on(dsn: str, work: Callable[[Any], Awaitable[object]]) -> None:
    """Do something on a connection, in a thread: the fixtures serve tests with and without an event loop."""

    async def connected() -> None:
        conn = await asyncpg.connect(dsn)
        try:
            await work(conn)
        finally:
            await conn.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, connected()).result()


LONGEST_ID = 80
"""Characters of a parameter's part in a test's name."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name long values by beginning and length: names of megabytes would go to and fro with every message of a run."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{val[:30]!a}... {len(val)}"
    return None
