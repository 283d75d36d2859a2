"""The part of `check` that looks at the calls' records: are Asterisk's compared with ours, are ours sealed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.cli.report import Report
from vorzimmer.settings import Settings
from vorzimmer.store import reconciliation, seals

TIMEOUT = 10.0
"""Seconds for the database to accept a connection."""

OVERDUE = timedelta(hours=36)
"""Calls are compared each night; this is one night that was missed."""

UNSEALED = timedelta(hours=1)
"""Calls and charges are sealed each minute."""


async def records(settings: Settings) -> Report:
    """The file, the last comparison and the seals. A database that is away is told by its own report."""
    unreadable = _unreadable(settings.paths.cdr)
    findings = [] if unreadable is None else [unreadable]
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Report("records", str(settings.paths.cdr), tuple(findings))
    try:
        zone = ZoneInfo(settings.house.timezone)
        now = datetime.now(UTC)
        findings += [finding async for finding in _uncompared(conn, now, zone)]
        findings += [finding async for finding in _unsealed(conn, now, zone)]
    except asyncpg.PostgresError:
        pass  # a schema of another version, which the database's report tells
    finally:
        await conn.close()
    return Report("records", str(settings.paths.cdr), tuple(findings))


def _unreadable(file: Path) -> str | None:
    """Before the first call there is no file, only its folder."""
    if os.access(file, os.R_OK) and file.is_file():
        return None
    if os.path.lexists(file) or not os.access(file.parent, os.R_OK | os.X_OK):
        return f"{file} cannot be read; it must be Asterisk's CDR file (cdr_custom.conf), open to the daemon's user"
    return None


async def _uncompared(conn: asyncpg.Connection, now: datetime, zone: ZoneInfo) -> AsyncIterator[str]:
    since = await reconciliation.uncompared_since(conn)
    if since is not None and now - since > OVERDUE:
        yield (
            f"no call since {since.astimezone(zone):%Y-%m-%d %H:%M} was compared with Asterisk's records; "
            "is vorzimmer-reconcile.timer enabled? (systemctl list-timers)"
        )
    last = await reconciliation.last_run(conn)
    if last is not None and last.completed < last.differing:
        begin = last.since.astimezone(zone).isoformat(timespec="seconds")
        yield (
            f"{last.differing - last.completed} calls differ from Asterisk's records and could not be completed; "
            f"vorzimmer reconcile --dry-run --since {begin} lists them"
        )


async def _unsealed(conn: asyncpg.Connection, now: datetime, zone: ZoneInfo) -> AsyncIterator[str]:
    since = await seals.waiting_since(conn)
    if since is not None and now - since > UNSEALED:
        yield (
            f"calls or charges of {since.astimezone(zone):%Y-%m-%d %H:%M} are not sealed; "
            "does the worker run? (journalctl -u vorzimmer-worker | grep sealing); vorzimmer verify tells more"
        )
