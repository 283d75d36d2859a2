"""What the harness does in systemd's place: it must do what systemd would, or the rounds prove nothing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults import unit
from tests.faults.unit import Unit, UnitFile

_SERVICE = """
import os, socket, sys, time
def tell(state):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.connect(os.environ["NOTIFY_SOCKET"])
        ear.send(state)
tell(b"READY=1")
while True:
    tell(b"WATCHDOG=1")
    time.sleep(0.05)
"""

_FILE = """[Service]
Type=notify
ExecStart=/opt/vorzimmer serve --role calls
RestartSec=100ms
WatchdogSec=1
WatchdogSignal=SIGKILL
TimeoutStopSec=5
LoadCredential=a
LoadCredential=b
"""


@pytest_asyncio.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Unit]:
    """A small service that is ready at once and feeds its watchdog."""
    program = tmp_path / "program"
    program.write_text(f"#!{sys.executable}\n{_SERVICE}")
    program.chmod(0o700)
    monkeypatch.setattr(unit, "VORZIMMER", program)
    (tmp_path / "x.service").write_text(_FILE)
    made = Unit("x", UnitFile.read(tmp_path / "x.service"), tmp_path / "x.toml", tmp_path)
    await made.start()
    yield made
    await made.stop()


def test_the_shipped_file_says_how_a_service_lives(tmp_path: Path) -> None:
    """Keys that stand twice are no error, and times are read as systemd reads them."""
    (tmp_path / "x.service").write_text(_FILE)
    read = UnitFile.read(tmp_path / "x.service")
    assert read.command == ("serve", "--role", "calls")
    assert (read.restart, read.watchdog, read.stop) == (0.1, 1.0, 5.0)
    assert read.watchdog_signal is signal.SIGKILL


async def test_a_killed_service_comes_back(service: Unit) -> None:
    """However it dies, it is started again."""
    first = service.pid
    service.signal(signal.SIGKILL)
    await service.ready()
    assert service.pid not in (0, first)
    assert service.deaths == 1


async def test_a_frozen_service_is_killed_by_the_watchdog(service: Unit) -> None:
    """One that has said nothing for the time in its file is killed, although it is stopped."""
    service.signal(signal.SIGSTOP)
    await service.until("the watchdog", lambda: service.deaths == 1)
    await service.ready()


async def test_a_restart_is_no_death_and_loses_no_time(service: Unit) -> None:
    """`systemctl restart` starts the new process as soon as the old one has ended."""
    first = service.pid
    async with asyncio.timeout(5):
        await service.restart()
    assert service.pid not in (0, first)
    assert service.deaths == 0
