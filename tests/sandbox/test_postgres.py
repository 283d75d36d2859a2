"""PostgreSQL of the sandbox."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from vorzimmer.sandbox import postgres, process
from vorzimmer.sandbox.postgres import Postgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server of its own, stopped at the end."""
    started = postgres.start(tmp_path / "postgres", fsync=False)
    yield started
    postgres.stop(started.folder)


async def _answer(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        found: int = await connection.fetchval("select 6 * 7")
        return found
    finally:
        await connection.close()


async def test_takes_connections_with_its_password_only(server: Postgres) -> None:
    """The server answers at once when `start` returns, and a wrong password is refused."""
    assert await _answer(server.dsn) == 42
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn.replace(server.password, "wrong"))


def test_password_and_data_are_private(server: Postgres) -> None:
    """Nobody but the owner reads the password or the data."""
    assert (server.folder / "password").stat().st_mode & 0o777 == 0o600
    assert server.folder.stat().st_mode & 0o777 == 0o700


def test_starting_twice_gives_the_running_server(server: Postgres) -> None:
    """A second start of the same folder starts nothing."""
    assert postgres.start(server.folder) == server


async def test_a_killed_server_starts_again_with_its_data(server: Postgres) -> None:
    """After kill -9 the same folder starts again and keeps what was committed."""
    connection = await asyncpg.connect(server.dsn)
    await connection.execute("create table kept (n int); insert into kept values (7)")
    await connection.close()
    os.kill(server.pid, signal.SIGKILL)
    assert server.process.wait(5)
    again = postgres.start(server.folder, fsync=False)
    connection = await asyncpg.connect(again.dsn)
    assert await connection.fetchval("select n from kept") == 7
    await connection.close()


def test_a_half_made_data_folder_is_made_anew(tmp_path: Path) -> None:
    """A start that was interrupted while the data folder was made does not block the next one."""
    folder = tmp_path / "postgres"
    (folder / "data" / "base").mkdir(parents=True)
    server = postgres.start(folder, fsync=False)
    assert server.process.alive
    server.stop()


def test_stop_leaves_no_process(server: Postgres) -> None:
    """`stop` needs no more than the folder, and nothing of the server is left."""
    postgres.stop(server.folder)
    assert not server.process.alive
    assert process.find(postgres.mark(server.folder)) == []
