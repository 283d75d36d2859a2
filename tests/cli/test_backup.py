"""`vorzimmer backup` and `vorzimmer restore`."""

from __future__ import annotations

import email
import email.policy
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import SETTINGS, Vorzimmer
from tests.store.records import Troubles
from vorzimmer.cli import backup as commands
from vorzimmer.sandbox.ports import free
from vorzimmer.sandbox.sandbox import Sandbox
from vorzimmer.store.journal import Journal

Stored = Callable[..., None]


@pytest.fixture(autouse=True)
def asterisk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Asterisk's folder of this house; that of the machine which runs the tests is left alone."""
    folder = tmp_path / "asterisk" / "vorzimmer.d"
    folder.mkdir(parents=True)
    (folder / "pjsip.conf").write_text("password=agent-secret\n")
    monkeypatch.setattr(commands, "ASTERISK", folder)
    return folder


@pytest.fixture
def new_settings(tmp_path: Path, empty_dsn: str) -> Path:
    """Settings of another house: an empty database, and folders that are not there."""
    (tmp_path / "new").mkdir()
    file = tmp_path / "new" / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=empty_dsn, folder=tmp_path / "new"))
    return file


def test_there_and_back(
    run: Vorzimmer, vorzimmer: Vorzimmer, call_stored: Stored, new_settings: Path, tmp_path: Path, asterisk: Path
) -> None:
    """A backup says what it holds and that it is secret; restored elsewhere the call is there, settings beside."""
    call_stored("c-1")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "message-1.wav").write_bytes(b"RIFF")
    file = tmp_path / "house.tar.gz"
    made = vorzimmer("backup", file)
    assert made.exit_code == 0, made.stderr
    assert "1 rows in cdr, 0 rows in client, recordings: 1 files, config: 2 files" in made.stdout
    assert "holds passwords" in made.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    checked = run("backup", "--check", file)
    assert checked.exit_code == 0
    assert checked.stdout.startswith(f"{file} is whole: of 20")
    (asterisk / "pjsip.conf").write_text("password=another\n")
    restored = run("--config", new_settings, "restore", file)
    assert restored.exit_code == 0, restored.stderr
    assert "1 messages wait in the outbox" in restored.stdout
    assert "c-1" in run("--config", new_settings, "calls").stdout
    assert (tmp_path / "new" / "recordings" / "message-1.wav").read_bytes() == b"RIFF"
    beside = new_settings.with_name("vorzimmer.toml.restored")
    assert beside.read_bytes() == (tmp_path / "vorzimmer.toml").read_bytes()
    assert f"config/vorzimmer.toml: {beside}" in restored.stdout
    assert (asterisk / "pjsip.conf").read_text() == "password=another\n"
    assert (asterisk.parent / "vorzimmer.d.restored" / "pjsip.conf").read_text() == "password=agent-secret\n"


def test_an_empty_machine_gets_its_settings_too(
    run: Vorzimmer,
    vorzimmer: Vorzimmer,
    call_stored: Stored,
    tmp_path: Path,
    asterisk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a settings file the backup's is put there first, with Asterisk's; it says where to restore to."""
    call_stored("c-1")
    file, settings = tmp_path / "house.tar.gz", tmp_path / "vorzimmer.toml"
    assert vorzimmer("backup", file).exit_code == 0
    settings.unlink()
    shutil.rmtree(asterisk)
    asterisk.parent.chmod(0o751)
    monkeypatch.setenv("VORZIMMER_CONFIG", str(settings))
    refused = run("restore", file)
    assert refused.exit_code == 1
    assert f"config/vorzimmer.toml: {settings}" in refused.stdout
    assert (asterisk / "pjsip.conf").read_text() == "password=agent-secret\n"
    assert stat.S_IMODE(asterisk.stat().st_mode) == 0o751  # Asterisk must read it
    assert "rows in cdr" in refused.stderr
    assert run("restore", file, "--overwrite").exit_code == 0
    assert "c-1" in vorzimmer("calls").stdout
    assert not list(tmp_path.glob("*.restored"))


def test_credentials_travel_along(
    run: Vorzimmer,
    vorzimmer: Vorzimmer,
    new_settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What systemd handed over is in the backup; it comes back into the folder beside the settings."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "smtp.password").write_text("smtp-secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    file = tmp_path / "house.tar.gz"
    assert vorzimmer("backup", file).exit_code == 0
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert run("--config", new_settings, "restore", file).exit_code == 0
    kept = new_settings.parent / "credentials" / "smtp.password"
    assert kept.read_text() == "smtp-secret"
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_what_is_there_is_not_replaced_unasked(vorzimmer: Vorzimmer, call_stored: Stored, tmp_path: Path) -> None:
    """A full database and full folders are named and left alone; --overwrite names them and replaces them."""
    call_stored("c-1")
    file = tmp_path / "house.tar.gz"
    assert vorzimmer("backup", file).exit_code == 0
    call_stored("c-2")
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "message-2.wav").write_bytes(b"RIFF")
    refused = vorzimmer("restore", file)
    assert refused.exit_code == 1
    assert "2 rows in cdr" in refused.stderr
    assert f"recordings {tmp_path}/recordings: 1 files" in refused.stderr
    assert "--overwrite replaces all of it" in refused.stderr
    assert "c-2" in vorzimmer("calls").stdout
    done = vorzimmer("restore", file, "--overwrite")
    assert done.exit_code == 0, done.stderr
    assert "replacing database " in done.stdout
    assert "2 rows in cdr" in done.stdout
    assert f"replacing recordings {tmp_path}/recordings: 1 files" in done.stdout
    assert "c-2" not in vorzimmer("calls").stdout
    assert not list((tmp_path / "recordings").iterdir())
    assert "config/vorzimmer.toml: is there already, the same" in done.stdout


def test_a_running_daemon_is_left_alone(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """A backup is made beside it; a restore is refused, with --overwrite too."""
    journal = Journal(tmp_path / "state" / "journal", Troubles())
    file = tmp_path / "house.tar.gz"
    assert vorzimmer("backup", file).exit_code == 0
    refused = vorzimmer("restore", file, "--overwrite")
    journal.close()
    assert refused.exit_code == 1
    assert "not restored" in refused.stderr
    assert "another vorzimmer daemon runs on it" in refused.stderr


def test_backups_in_a_folder(vorzimmer: Vorzimmer, tmp_path: Path) -> None:
    """A folder's backups are named by their time; with --keep the older ones go, and it is said."""
    folder = tmp_path / "backups"
    folder.mkdir()
    old = [folder / f"vorzimmer-202601{day:02}T023000Z.tar.gz" for day in range(1, 5)]
    for file in old:
        file.touch()
    made = vorzimmer("backup", folder, "--keep", 3)
    assert made.exit_code == 0, made.stderr
    left = sorted(folder.iterdir())
    assert left[:2] == old[2:]
    assert made.stdout.startswith(f"{left[2]}, ")
    assert [f"removed {file}" in made.stdout for file in old] == [True, True, False, False]
    assert vorzimmer("backup", folder / "one.tar.gz", "--keep", 3).exit_code == 2


def test_what_cannot_be_done_is_said(
    run: Vorzimmer, vorzimmer: Vorzimmer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence each: no such file, a damaged one, no pg_dump, no such folder of Asterisk, an existing file."""
    file = tmp_path / "house.tar.gz"
    for command in (("backup", "--check", file), ("restore", file)):
        missing = vorzimmer(*command)
        assert (missing.exit_code, missing.stderr) == (1, f"{file}: No such file or directory\n")
    file.write_bytes(b"no archive")
    for command in (("backup", "--check", file), ("restore", file)):
        damaged = vorzimmer(*command)
        assert damaged.exit_code == 1
        assert damaged.stderr.startswith(f"{file}: damaged, or no backup: ")
    assert not (tmp_path / "state").exists()
    exists = vorzimmer("backup", file)
    assert (exists.exit_code, exists.stderr) == (
        1,
        f"{file}: no backup was made: {file} exists; name a new file, or a folder\n",
    )
    assert vorzimmer("backup", tmp_path / "x.tar.gz", "--asterisk", tmp_path / "nowhere").exit_code == 2
    monkeypatch.setattr(commands, "_programs", lambda _name: [])
    lacking = vorzimmer("backup", tmp_path / "x.tar.gz")
    assert "pg_dump is not installed: apt install postgresql-client-18" in lacking.stderr
    away = run("--config", tmp_path / "vorzimmer.toml", "backup", tmp_path / "no" / "folder.tar.gz")
    assert away.exit_code == 1


def test_a_failure_is_mailed(run: Vorzimmer, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --alarm the operator's people read why there is no backup; who watches no log learns of it too."""
    monkeypatch.setattr(commands, "_programs", lambda _name: [])
    failed = run("--config", sandbox.settings_toml, "backup", tmp_path / "x.tar.gz", "--alarm")
    monkeypatch.setenv("VORZIMMER_DATABASE__DSN", f"postgresql://x@127.0.0.1:{free()}/x")
    away = run("--config", sandbox.settings_toml, "backup", tmp_path / "x.tar.gz", "--alarm")
    assert (failed.exit_code, away.exit_code) == (1, 1)
    assert "the database cannot be reached" in away.stderr
    received = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted((sandbox.mail / "new").glob("*.eml"))
    ]
    told = [mail.get_content() for mail in received if "no backup was made" in mail["Subject"]]
    assert len(told) == 2
    assert "pg_dump is not installed: apt install" in "".join(told)
    assert "journalctl -u vorzimmer-backup says why" in "".join(told)
