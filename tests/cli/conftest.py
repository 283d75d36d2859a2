"""The commands as a person runs them, with settings of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from tests.store.records import START, Troubles, write_call
from vorzimmer.cli.main import app
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper

Vorzimmer = Callable[..., Result]

SETTINGS = """
[ari]
password = "ari-secret"
[ami]
password = "ami-secret"
[database]
dsn = "{dsn}"
[paths]
state = "{folder}/state"
library = "{folder}/library"
fallback = "{folder}/fallback"
recordings = "{folder}/recordings"
uploads = "{folder}/uploads"
spool = "{folder}/spool"
control = "{folder}/control.sock"
"""


@pytest.fixture(autouse=True)
def _own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the machine that runs the tests; what a command sets up for its process is put back."""
    for name in list(os.environ):
        if name.startswith("VORZIMMER_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def run() -> Vorzimmer:
    """Run a command line: `run("calls", "--json")`."""

    def invoke(*arguments: object) -> Any:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    return invoke


@pytest.fixture
def vorzimmer(run: Vorzimmer, dsn: str, tmp_path: Path) -> Vorzimmer:
    """Run a command line with settings that lead to the test's own database and folders."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=dsn, folder=tmp_path))
    return lambda *arguments: run("--config", file, *arguments)


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A real Asterisk, PostgreSQL and mail server for all tests of the commands."""
    started = Sandbox.up(tmp_path_factory.mktemp("sandbox"), agents=2)
    yield started
    started.down()


@pytest.fixture
def call_stored(dsn: str, tmp_path: Path) -> Callable[..., None]:
    """Bring an answered call into the database, the way the daemon does."""

    async def ship(call_id: str, at: datetime = START, **changed: Any) -> None:
        troubles = Troubles()
        journal = Journal(tmp_path / f"journal-{call_id}", troubles)
        times = {"started_at": at, "answered_at": at, "ended_at": at + timedelta(seconds=64)}
        write_call(journal, call_id, **times, **changed)
        shipper = Shipper(journal, dsn, domain="test.example", trouble=troubles, pause=0.001)
        task = asyncio.create_task(shipper.run())
        async with asyncio.timeout(20):
            await shipper.drained()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        journal.close()
        assert troubles.reported == []

    return lambda call_id, **changed: asyncio.run(ship(call_id, **changed))
