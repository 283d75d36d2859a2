"""`vorzimmer check` on the machine: disks, Asterisk's files, clock and zones, systemd's units."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pydantic import SecretStr

from tests.cli.conftest import SETTINGS
from tests.store.books import book
from vorzimmer.cli import check_machine
from vorzimmer.sandbox.ports import free
from vorzimmer.settings import Settings, load
from vorzimmer.store.book import save_book

LIMITS = "Limit           Soft Limit    Hard Limit  Units\nMax open files  {}            524288      files\n"


@pytest.fixture
def settings(dsn: str, tmp_path: Path) -> Settings:
    """Of a house that has a folder for its state and no other."""
    (tmp_path / "state").mkdir()
    file = tmp_path / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn=dsn, folder=tmp_path) + 'cdr = "/nowhere/vorzimmer.csv"\n')
    return load(file)


def disk(*, free: float, whole: float = 100e9, files: int = 1000, free_files: int = 900) -> os.statvfs_result:
    """What the system says of a disk, in bytes and inodes."""
    block = 4096
    numbers = (block, block, int(whole / block), int(free / block), int(free / block), files, free_files, free_files)
    return os.statvfs_result((*numbers, 0, 255))


@pytest.mark.parametrize(
    ("told", "findings"),
    [
        (disk(free=6e9), []),
        (disk(free=4e9), ["only 4.0 GB of 100.0 GB are free at paths.state; make room"]),
        (disk(free=0.9e9, whole=8e9), ["only 0.9 GB of 8.0 GB are free at paths.state; make room"]),
        (disk(free=50e9, free_files=49), ["only 49 more files fit at paths.state; remove some"]),
        (disk(free=50e9, files=0, free_files=0), []),
    ],
    ids=["enough", "share", "bytes", "inodes", "no inodes counted"],
)
def test_room_on_a_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, told: os.statvfs_result, findings: list[str]
) -> None:
    """Less than a twentieth or than a gigabyte is short, and so are inodes."""
    monkeypatch.setattr(os, "statvfs", lambda _: told)
    assert list(check_machine.disks(settings).findings) == findings


@pytest.mark.parametrize(
    ("command", "limit", "finding"),
    [
        (
            "/usr/sbin/asterisk\0-f\0",
            "1024",
            "Asterisk may open 1024 files, enough for about 102 calls; systemctl edit",
        ),
        ("/usr/sbin/asterisk\0-f\0", "4096", None),
        ("/usr/sbin/asterisk\0-f\0", "unlimited", None),
        ("/lib/ld.so\0--library-path\0/x\0/usr/sbin/asterisk\0-f\0", "1024", "Asterisk may open 1024 files"),
        ("/usr/sbin/asterisk\0-r\0-x\0core show channels\0", "1024", None),
        ("vim\0/etc/asterisk/extensions.conf\0", "1024", None),
    ],
)
def test_files_of_asterisk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, limit: str, finding: str | None
) -> None:
    """An Asterisk with too few descriptors is found among all processes; its consoles and other programs are not it."""
    process = tmp_path / "4711"
    process.mkdir()
    (tmp_path / "4712").mkdir()  # one that has just ended
    (process / "cmdline").write_text(command)
    (process / "limits").write_text(LIMITS.format(limit))
    monkeypatch.setattr(check_machine, "PROCESSES", tmp_path)
    found = check_machine.asterisk_files().findings
    assert (found[0].startswith(finding) and len(found) == 1) if finding else found == ()


async def test_a_database_in_time(settings: Settings, dsn: str) -> None:
    """The same machine's clock, and zones that both sets of rules know alike, are no finding."""
    conn = await asyncpg.connect(dsn)
    await save_book(conn, book({"id": "huber", "dids": ["+49891234567"], "timezone": "America/New_York"}))
    await conn.close()
    assert (await check_machine.clock(settings)).findings == ()


async def test_a_database_out_of_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails would be due at the wrong time; which way it differs is said."""
    late = SimpleNamespace(now=lambda zone: datetime.now(zone) + timedelta(seconds=60))
    monkeypatch.setattr(check_machine, "datetime", late)
    (finding,) = (await check_machine.clock(settings)).findings
    assert finding == "the database's clock is 60.0 s behind ours; let both machines keep time (timedatectl)"


async def test_a_database_that_is_away_has_no_time(settings: Settings, empty_dsn: str) -> None:
    """That is another part's finding, not this one's."""
    for dsn in (f"postgresql://x@127.0.0.1:{free()}/x", empty_dsn):
        away = settings.model_copy(update={"database": settings.database.model_copy(update={"dsn": SecretStr(dsn)})})
        assert (await check_machine.clock(away)).findings == ()


def test_rules_for_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that differ within a year are found with the first day; a zone without rules is one too."""
    now = datetime(2026, 1, 10, tzinfo=UTC)
    assert list(check_machine._zone("Europe/Berlin", now)) == []
    assert list(check_machine._zone("Mars/Olympus", now)) == [
        "there are no rules for the time zone 'Mars/Olympus'; install tzdata"
    ]

    class OutOfDate(ZoneInfo):
        """A system whose rules know no summer time."""

        def utcoffset(self, _: datetime | None) -> timedelta:
            return timedelta(hours=1)

    shipped = ZoneInfo("Europe/Berlin")
    monkeypatch.setattr(check_machine, "ZoneInfo", OutOfDate)
    monkeypatch.setattr(OutOfDate, "from_file", lambda *_, **__: shipped)
    (finding,) = check_machine._zone("Europe/Berlin", now)
    assert finding.startswith("the rules for Europe/Berlin differ from 2026-03-30 on")


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine run by systemd, whose `systemctl` is a script that the test writes."""
    script = tmp_path / "systemctl"
    script.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(check_machine, "BOOTED", tmp_path)
    return script


def test_units_that_run(systemctl: Path) -> None:
    """What the target wants is asked of systemd, so that no list here grows old."""
    systemctl.write_text(
        "#!/bin/sh\ncase $1 in show) echo a.service b.timer;; *) shift; for _; do echo active; done;; esac\n"
    )
    report = check_machine.units()
    assert report is not None
    assert list(report.lines()) == ["ok     units: all 3 active"]


def test_units_that_do_not_run(systemctl: Path) -> None:
    """Each is one finding, with its state and what to do."""
    systemctl.write_text(
        "#!/bin/sh\ncase $1 in show) echo a.service b.timer;; *) echo active; echo failed; echo inactive;; esac\n"
    )
    report = check_machine.units()
    assert report is not None
    assert report.findings == (
        "a.service is failed; systemctl enable --now a.service",
        "b.timer is inactive; systemctl enable --now b.timer",
    )


def test_units_that_are_missing(systemctl: Path) -> None:
    """Nothing installed is one finding, not one for each unit."""
    systemctl.write_text("#!/bin/sh\n[ $1 = show ] && echo\n")
    report = check_machine.units()
    assert report is not None
    assert report.findings == ("vorzimmer.target is not installed; copy systemd/ to /etc/systemd/system",)


def test_a_machine_without_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is nothing to say, and nothing is."""
    monkeypatch.setattr(check_machine, "BOOTED", tmp_path / "none")
    assert check_machine.units() is None
    assert check_machine.backups(datetime.now(UTC)) is None


@pytest.fixture
def backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, systemctl: Path) -> Path:
    """The folder of backups, on a machine whose timer runs; the test changes what it likes."""
    systemctl.write_text("#!/bin/sh\necho active\n")
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setattr(check_machine, "BACKUPS", folder)
    return folder


@pytest.mark.parametrize(
    ("ages", "finding"),
    [
        ([30, 54], None),
        ([40, 64], "the newest one is 40 hours old; journalctl -u vorzimmer-backup"),
        ([], None),
    ],
    ids=["last night", "a night was missed", "installed today"],
)
def test_age_of_the_newest_backup(backups: Path, ages: list[int], finding: str | None) -> None:
    """A night without a backup is found, but not on the day on which the folder was made."""
    now = datetime.now(UTC)
    for age in ages:
        file = backups / f"vorzimmer-{age}.tar.gz"
        file.touch()
        os.utime(file, times=(now.timestamp() - age * 3600,) * 2)
    report = check_machine.backups(now)
    assert report is not None
    assert report.findings == (() if finding is None else (finding,))


def test_no_backup_at_all(backups: Path) -> None:
    """A timer that runs and never left anything is a finding."""
    report = check_machine.backups(datetime.now(UTC) + timedelta(hours=37))
    assert report is not None
    assert report.findings == (f"there is none in {backups}; journalctl -u vorzimmer-backup",)


def test_backups_that_cannot_be_seen(backups: Path) -> None:
    """Who may not look is told so, and not that all is well."""
    backups.rmdir()
    report = check_machine.backups(datetime.now(UTC))
    assert report is not None
    assert report.findings == (f"{backups} cannot be looked at; run this as root",)


def test_where_no_timer_makes_backups(backups: Path, systemctl: Path) -> None:
    """Whoever keeps backups in another way hears nothing of ours."""
    systemctl.write_text("#!/bin/sh\necho inactive\n")
    assert check_machine.backups(datetime.now(UTC) + timedelta(hours=37)) is None
    assert backups.is_dir()
