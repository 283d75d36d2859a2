"""`vorzimmer check`: is what is older than it may be erased each night, and can it be."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
from pydantic import ValidationError

from vorzimmer.asterisk import cdr_file
from vorzimmer.cli.report import Report
from vorzimmer.core.keeping import Keep, beyond
from vorzimmer.settings import Settings
from vorzimmer.store import erasure_night

TIMEOUT = 10.0
"""Seconds for the database to accept a connection."""

OVERDUE = timedelta(days=2)

PART = "privacy"


async def privacy(settings: Settings) -> Report:
    """The last night, wishes of clients that cannot be met, and Asterisk's own records."""
    rules = settings.privacy
    told = f"numbers {rules.numbers}, recordings {rules.recordings}, notes {rules.notes}, copies {rules.copies} days"
    findings = list(_unwritable(settings.paths.cdr))
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Report(PART, told, tuple(findings))  # the database's own report tells
    try:
        findings += [finding async for finding in _overdue(conn, datetime.now(UTC), settings.house.timezone)]
        findings += [finding async for finding in _beyond(conn, settings)]
    except asyncpg.PostgresError:
        pass  # a schema of another version, which the database's report tells
    finally:
        await conn.close()
    return Report(PART, told, tuple(findings))


async def _overdue(conn: asyncpg.Connection, now: datetime, zone: str) -> AsyncIterator[str]:
    """A house without calls has nothing to erase."""
    since = await erasure_night.last_done(conn) or await conn.fetchval("SELECT min(stored_at) FROM cdr")
    if since is not None and now - since > OVERDUE:
        at = since.astimezone(ZoneInfo(zone))
        yield (
            f"nothing was erased since {at:%Y-%m-%d %H:%M}, whatever is older than it may be; the worker does it each"
            " night: journalctl -u vorzimmer-worker | grep erasure"
        )


async def _beyond(conn: asyncpg.Connection, settings: Settings) -> AsyncIterator[str]:
    for row in await conn.fetch("SELECT id, data -> 'keep' AS keep FROM client WHERE data ? 'keep' ORDER BY id"):
        try:
            kinds = beyond(Keep.model_validate_json(row["keep"]), settings.privacy.most)
        except ValidationError:
            continue
        for kind in kinds:
            most = getattr(settings.privacy.most, kind)
            yield f"client {row['id']} wants {kind} kept longer than privacy.{kind}_most = {most} days, which holds"


def _unwritable(file: Path) -> Iterator[str]:
    """Asterisk's own records, which the worker takes the numbers out of."""
    if any(part.is_file() and not os.access(part, os.W_OK) for part in cdr_file.parts(file)):
        yield (
            f"{file}, or one that was rotated, cannot be written, so callers' numbers stay in it; see docs/privacy.md"
            " for the rights on its folder"
        )
