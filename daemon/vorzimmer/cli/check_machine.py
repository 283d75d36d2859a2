"""The part of `check` that looks at the machine: room on its disks, Asterisk's files, clock and time zones, units."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.cli.report import Report
from vorzimmer.settings import Settings

LEAST_BYTES, LEAST_SHARE = 10**9, 0.05
"""Of a disk's bytes, and of its inodes the share only, so much must be free."""

LEAST_FILES = 4096
"""Descriptors that Asterisk must be allowed: a call with two legs takes ten."""

MOST_SKEW = 2.0
"""Seconds by which the database's clock may differ from ours: mails are due by its clock, calls run by ours."""

TIMEOUT = 5.0
"""Seconds for the database to accept a connection, and for systemd to answer."""

PROCESSES, BOOTED = Path("/proc"), Path("/run/systemd/system")
"""The second exists where systemd runs the machine, see sd_booted(3)."""

TARGET = "vorzimmer.target"

BACKUPS, TIMER = Path("/var/backups/vorzimmer"), "vorzimmer-backup.timer"
"""Where the unit that the timer starts puts them."""

BACKUP_OVERDUE = timedelta(hours=36)
"""They are made each night; this is one night that was missed."""


def disks(settings: Settings) -> Report:
    """Room where the daemon and Asterisk write during calls."""
    paths = settings.paths
    folders = {"state": paths.state, "recordings": paths.recordings, "spool": paths.spool, "cdr": paths.cdr.parent}
    there = {name: folder for name, folder in folders.items() if folder.is_dir()}
    findings = tuple(finding for name, folder in there.items() for finding in _short(name, os.statvfs(folder)))
    return Report("disks", "enough room", findings)


def _short(name: str, disk: os.statvfs_result) -> Iterator[str]:
    free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if free < max(LEAST_BYTES, LEAST_SHARE * whole):
        yield f"only {free / 10**9:.1f} GB of {whole / 10**9:.1f} GB are free at paths.{name}; make room"
    if disk.f_files and disk.f_favail < LEAST_SHARE * disk.f_files:  # some file systems count none
        yield f"only {disk.f_favail} more files fit at paths.{name}; remove some"


def asterisk_files() -> Report:
    """Whether Asterisk may open enough files, where it runs on this machine and that can be seen."""
    limits = [limit for process in PROCESSES.glob("[0-9]*") if (limit := _limit(process)) is not None]
    few = [limit for limit in limits if limit < LEAST_FILES]
    if not few:
        return Report("Asterisk's files", f"{min(limits)} allowed" if limits else "not seen from here")
    finding = (
        f"Asterisk may open {min(few)} files, enough for about {min(few) // 10} calls; "
        "systemctl edit asterisk: [Service] LimitNOFILE=65536"
    )
    return Report("Asterisk's files", findings=(finding,))


def _limit(process: Path) -> int | None:
    """The limit of a process if it is an Asterisk; it may have been started by a loader or a script."""
    try:
        words = (process / "cmdline").read_text().split("\0")
        if not any(word.rpartition("/")[2] == "asterisk" for word in words[:4]) or "-r" in words:
            return None
        line = next(line for line in (process / "limits").read_text().splitlines() if line.startswith("Max open files"))
    except (OSError, UnicodeDecodeError, StopIteration):
        return None  # it has ended meanwhile, or is hidden from this user
    soft = line.split()[3]
    return int(soft) if soft.isdecimal() else LEAST_FILES  # or "unlimited"


async def clock(settings: Settings) -> Report:
    """The database's clock against ours, and the time zones of house and clients in two sets of rules."""
    zones, findings = {settings.house.timezone}, []
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pass  # its own report tells
    else:
        try:
            findings = list(await _skew(conn))
            rows = await conn.fetch("SELECT DISTINCT data ->> 'timezone' AS zone FROM client")
            zones |= {row["zone"] for row in rows if row["zone"]}
        except asyncpg.PostgresError:
            pass  # a schema of another version, which the database's report tells
        finally:
            await conn.close()
    now = datetime.now(UTC)
    findings += [finding for zone in sorted(zones) for finding in _zone(zone, now)]
    return Report("clock", "the database agrees, time zones are current", tuple(findings))


async def _skew(conn: asyncpg.Connection) -> list[str]:
    before = datetime.now(UTC)
    theirs = await conn.fetchval("SELECT clock_timestamp()")
    ours = before + (datetime.now(UTC) - before) / 2
    ahead = (theirs - ours).total_seconds()
    if abs(ahead) <= MOST_SKEW:
        return []
    way = "ahead of" if ahead > 0 else "behind"
    return [f"the database's clock is {abs(ahead):.1f} s {way} ours; let both machines keep time (timedatectl)"]


def _zone(name: str, now: datetime) -> Iterator[str]:
    """The system's rules are used, ours only where it has none; where the two differ, one is out of date."""
    try:
        used = ZoneInfo(name)
        with resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as file:
            shipped = ZoneInfo.from_file(file, key=name)
    except (KeyError, OSError, ValueError):
        yield f"there are no rules for the time zone {name!r}; install tzdata"
        return
    days = (now + timedelta(days=day) for day in range(366))
    differ = next((day for day in days if used.utcoffset(day) != shipped.utcoffset(day)), None)
    if differ is not None:
        yield f"the rules for {name} differ from {differ:%Y-%m-%d} on between the system and us; update both tzdata"


def units() -> Report | None:
    """Whether systemd runs all that the target wants; None where there is no systemd."""
    if not BOOTED.is_dir():
        return None
    try:
        wanted = _systemctl("show", "--property=Wants", "--value", TARGET).split()
        names = [TARGET, *wanted]
        states = dict(zip(names, _systemctl("is-active", *names).splitlines(), strict=False))
    except (OSError, subprocess.TimeoutExpired) as error:
        return Report("units", findings=(f"systemd does not answer: {error}",))
    if not wanted:
        return Report("units", findings=(f"{TARGET} is not installed; copy systemd/ to /etc/systemd/system",))
    idle = {name: state for name, state in states.items() if state != "active"}
    findings = tuple(f"{name} is {state}; systemctl enable --now {name}" for name, state in idle.items())
    return Report("units", f"all {len(names)} active", findings)


def backups(now: datetime) -> Report | None:
    """The age of the newest one, by the time of its file; None where no timer makes any."""
    if not BOOTED.is_dir():
        return None
    try:
        if _systemctl("is-active", TIMER).strip() != "active":
            return None  # a timer that should run is a finding about the units
    except (OSError, subprocess.TimeoutExpired):
        return None  # the units' report tells
    if not os.access(BACKUPS, os.R_OK | os.X_OK):
        return Report("backups", findings=(f"{BACKUPS} cannot be looked at; run this as root",))
    made = [file.stat().st_mtime for file in BACKUPS.glob("vorzimmer-*.tar.gz")]
    # A folder of today cannot hold one of last night.
    newest = datetime.fromtimestamp(max(made, default=BACKUPS.stat().st_mtime), UTC)
    if now - newest <= BACKUP_OVERDUE:
        return Report("backups", f"{len(made)} in {BACKUPS}")
    hours = (now - newest) / timedelta(hours=1)
    what = f"the newest one is {hours:.0f} hours old" if made else f"there is none in {BACKUPS}"
    return Report("backups", findings=(f"{what}; journalctl -u vorzimmer-backup",))


def _systemctl(*arguments: str) -> str:
    done = subprocess.run(["systemctl", *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    return done.stdout
