"""A sandbox comes up whole, goes down without a trace, and is found again after any kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from vorzimmer import settings
from vorzimmer.sandbox import asterisk, mail, ports, postgres, process
from vorzimmer.sandbox.process import Process
from vorzimmer.sandbox.sandbox import Sandbox, SandboxError, down


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a sandbox, cleared of processes whatever the test does."""
    place = tmp_path / "sandbox"
    yield place
    down(place)


def _running(folder: Path) -> list[Process]:
    """Every process that names the folder in its command line or works in it."""
    marks = (asterisk.mark(folder / "asterisk"), postgres.mark(folder / "postgres"), mail.mark(folder / "mail"))
    return [one for mark in marks for one in process.find(mark)] + process.find_in(folder / "postgres" / "data")


def test_down_leaves_no_process(folder: Path) -> None:
    """Three parts run after `up`; none does after `down`, and the ports are given back."""
    sandbox = Sandbox.up(folder)
    assert [(part.name, part.alive) for part in sandbox.parts()] == [
        ("asterisk", True),
        ("postgres", True),
        ("mail", True),
    ]
    sandbox.down()
    assert _running(folder) == []
    assert not any(part.alive for part in sandbox.parts())
    assert ports.claimed(folder) is None


async def test_two_stand_side_by_side(folder: Path, sandbox: Sandbox) -> None:
    """A second sandbox has its own ports, passwords and call numbering, and going down it leaves the first alone."""
    other = Sandbox.up(folder)
    assert other.block.first != sandbox.block.first
    assert other.ari_password != sandbox.ari_password
    assert other.values().system != sandbox.values().system
    assert "0 active calls" in await other.cli("core show channels")
    other.down()
    assert all(part.alive for part in sandbox.parts())


def test_up_twice_starts_nothing(sandbox: Sandbox) -> None:
    """A second `up` of the same folder finds the same processes."""
    assert Sandbox.up(sandbox.folder, agents=2) == sandbox


def test_comes_back_after_everything_was_killed(folder: Path) -> None:
    """After kill -9 of every part, `up` brings the same ports and passwords back."""
    before = Sandbox.up(folder)
    for part in before.parts():
        os.kill(part.pid, signal.SIGKILL)
    for one in before.state.processes.values():
        assert one.wait(5)
    after = Sandbox.up(folder)
    assert after.settings() == before.settings()
    assert all(part.alive for part in after.parts())
    assert {part.pid for part in after.parts()}.isdisjoint(part.pid for part in before.parts())


def test_down_finds_what_was_never_written_down(folder: Path) -> None:
    """An `up` that died before it noted its processes leaves none that `down` does not find."""
    Sandbox.up(folder)
    (folder / "state.json").unlink()
    assert len(_running(folder)) >= 3
    down(folder)
    assert _running(folder) == []


def test_up_killed_in_the_middle_is_cleared_up(folder: Path) -> None:
    """`down` ends the parts of an `up` that was killed while it was starting them."""
    program = (
        "import sys, pathlib; from vorzimmer.sandbox.sandbox import Sandbox; Sandbox.up(pathlib.Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(folder)]) as starter:
        until = time.monotonic() + 30
        while not process.find(asterisk.mark(folder / "asterisk")):
            assert time.monotonic() < until
        starter.kill()
    down(folder)
    assert _running(folder) == []


def test_a_recorded_number_of_somebody_else_is_left_alone(folder: Path) -> None:
    """A process number that was given out again after a restart of the machine is not killed."""
    Sandbox.up(folder).down()
    told = json.loads((folder / "state.json").read_text())
    told["processes"]["mail"] = {"pid": os.getpid(), "started": 1}
    (folder / "state.json").write_text(json.dumps(told))
    down(folder)  # this very process would be gone


def test_secrets_are_private(sandbox: Sandbox) -> None:
    """Every file that holds a password is readable by its owner alone, and so is the folder."""
    secrets = [
        sandbox.folder / "state.json",
        sandbox.settings_toml,
        *(sandbox.folder / "asterisk/etc/vorzimmer.d").iterdir(),
    ]
    assert {file.stat().st_mode & 0o777 for file in secrets} == {0o600}
    assert sandbox.folder.stat().st_mode & 0o777 == 0o700
    assert sandbox.ari_password not in repr(sandbox)


async def test_the_settings_fit_the_daemon(sandbox: Sandbox) -> None:
    """The daemon reads the written settings, and the database in them answers."""
    read = settings.load(sandbox.settings_toml)
    assert read.ari.url == sandbox.ari_url
    assert read.ami.port == sandbox.ami_port
    assert read.paths.spool.is_dir()
    connection = await asyncpg.connect(read.database.dsn.get_secret_value())
    assert await connection.fetchval("select current_user") == "vorzimmer"
    await connection.close()


async def test_a_server_of_ones_own_is_used(folder: Path, sandbox: Sandbox) -> None:
    """With a DSN no PostgreSQL is started and the settings name that one."""
    other = Sandbox.up(folder, dsn=sandbox.dsn)
    assert [part.name for part in other.parts()] == ["asterisk", "mail"]
    assert settings.load(other.settings_toml).database.dsn.get_secret_value() == sandbox.dsn


def test_nothing_is_left_of_a_failed_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If one part cannot start, the reason is one sentence and the others are stopped again."""

    def no_mail(_folder: Path, _port: int) -> Process:
        raise mail.MailError("the mail server is on strike")

    monkeypatch.setattr(mail, "start", no_mail)
    with pytest.raises(SandboxError, match="on strike"):
        Sandbox.up(folder)
    assert _running(folder) == []


async def test_asterisk_has_what_the_steps_need(sandbox: Sandbox) -> None:
    """Modules are listed one by one: what the dialplan and the daemon use is among them, the log has no error."""
    for wanted in ("Dial", "Record", "MixMonitor", "Queue", "Stasis", "Echo", "SendDTMF", "Gosub"):
        assert f"'{wanted}'" in await sandbox.cli(f"core show application {wanted}")
    assert "walk" in await sandbox.cli("moh show files")
    assert "agent2" in await sandbox.cli("pjsip show endpoints")
    assert "ERROR" not in (sandbox.folder / "asterisk" / "asterisk.log").read_text()
