"""A sandbox for the run, a house for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.e2e.house import House
from vorzimmer.sandbox.postgres import Postgres
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import load


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> Iterator[Sandbox]:
    """An Asterisk and a mail server for the whole run (of each xdist worker)."""
    sandbox = Sandbox.up(tmp_path_factory.mktemp("sandbox"), agents=8, dsn=postgres_server.dsn)
    yield sandbox
    sandbox.down()


@pytest.fixture
async def house(sandbox: Sandbox, dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house with its own database, folders and mail address. Afterwards nothing may be left in Asterisk."""
    plain = load(sandbox.settings_toml)
    paths = plain.paths.model_copy(
        update={
            "state": tmp_path / "state",
            "library": tmp_path / "library",
            "recordings": tmp_path / "recordings",
        }
    )
    for folder in (paths.state, paths.library, paths.recordings):
        folder.mkdir()
    database = plain.database.model_copy(update={"dsn": SecretStr(dsn)})
    house = House(sandbox, plain.model_copy(update={"paths": paths, "database": database}), tmp_path)
    try:
        yield house
    finally:
        await house.close()
        for kept in (sandbox.fallback / "did", sandbox.fallback / "calls"):
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir()
    try:
        await house.quiet()
    except AssertionError:
        await sandbox.cli("channel request hangup all")  # the next test shall not meet what this one left behind
        raise
