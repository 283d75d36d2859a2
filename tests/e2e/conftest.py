"""A sandbox for the run, a house for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.e2e.house import House
from vorzimmer.asterisk.ari import Ari
from vorzimmer.sandbox.postgres import Postgres
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.settings import load
from vorzimmer.store.journal import Journal


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> Iterator[Sandbox]:
    """An Asterisk and a mail server for the whole run (of each xdist worker)."""
    sandbox = Sandbox.up(tmp_path_factory.mktemp("sandbox"), agents=8, dsn=postgres_server.dsn)
    yield sandbox
    sandbox.down()


def furnished(sandbox: Sandbox, dsn: str, folder: Path) -> House:
    """A house on this sandbox, with its own database, folders and mail address."""
    plain = load(sandbox.settings_toml)
    paths = plain.paths.model_copy(
        update={
            "state": folder / "state",
            "library": folder / "library",
            "recordings": folder / "recordings",
            "uploads": folder / "uploads",
            "web": folder / "web",
        }
    )
    for own in (paths.state, paths.library, paths.recordings, paths.uploads):
        own.mkdir()
    database = plain.database.model_copy(update={"dsn": SecretStr(dsn)})
    return House(sandbox, plain.model_copy(update={"paths": paths, "database": database}), folder)


@pytest.fixture
async def house(sandbox: Sandbox, dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house with its own database, folders and mail address. Afterwards nothing may be left in Asterisk."""
    house = furnished(sandbox, dsn, tmp_path)
    yield house
    try:
        await house.close()
        for kept in (sandbox.fallback / "did", sandbox.fallback / "calls"):
            shutil.rmtree(kept, ignore_errors=True)
            kept.mkdir()
        await house.quiet()
    except BaseException:
        await sandbox.cli("channel request hangup all")  # the next test shall not meet what this one left behind
        raise


@pytest.fixture
def kill(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[None]]:
    """End the daemon as SIGKILL does: from one instant on it asks for nothing and writes nothing."""
    parts: dict[str, Any] = {}
    run, open_journal = Ari.run, Journal.__init__

    async def watched_run(ari: Ari) -> None:
        parts["ari"] = ari
        await run(ari)

    def watched_open(journal: Journal, *args: Any, **options: Any) -> None:
        parts["journal"] = journal
        open_journal(journal, *args, **options)

    monkeypatch.setattr(Ari, "run", watched_run)
    monkeypatch.setattr(Journal, "__init__", watched_open)

    async def die() -> None:
        parts["ari"].sever()
        for write in ("append", "append_end", "append_agent"):
            setattr(parts["journal"], write, lambda _: None)
        await house.stop()

    return die
