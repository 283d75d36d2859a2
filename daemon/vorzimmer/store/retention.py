"""Recorded talks are deleted when their time is over, when they are taken back, and when nothing proves them.

Spoken notices go as `notices` says.

The files go first, then it is noted; whatever fails in between is done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store import erasure, notices, outage

EVERY = 3600.0
"""Seconds between two looks."""

UNPROVEN = timedelta(days=7)
"""How old a file may get of which no record tells: one that is on its way comes long before."""

Connect = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]


def connecting(dsn: str) -> Connect:
    """How `run` gets at the database."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[asyncpg.Connection]:
        conn = await asyncpg.connect(dsn, timeout=10, command_timeout=60)
        try:
            yield conn
        finally:
            await conn.close()

    return connected


async def run(connect: Connect, folder: Path, *, clock: Clock, trouble: Trouble, every: float = EVERY) -> None:
    """Sweep now and again until cancelled. `folder`: of the recordings; `every`: seconds."""
    while True:
        try:
            async with connect() as conn:
                await sweep(conn, folder, clock())
                await notices.sweep(conn, folder, clock())
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            trouble("retention.failed", why=outage.why(error))
        await asyncio.sleep(every)


async def sweep(conn: asyncpg.Connection, folder: Path, at: datetime) -> int:
    """Delete what is due at this instant; returns how many talks that were.

    Raises:
        OSError: a file could not be deleted; it is not noted as gone.
    """
    due = await conn.fetch(
        "SELECT call_id, caller_file, agent_file FROM talk_recording WHERE deleted_at IS NULL AND keep_until <= $1", at
    )
    for row in due:
        await _delete(conn, folder, row, at, "time is over")
    await _delete_unproven(conn, folder, at)
    return len(due)


async def withdraw(conn: asyncpg.Connection, folder: Path, call_id: str, at: datetime, why: str) -> bool:
    """Delete the recording of a call that has ended, for somebody in it takes the consent back. False: there is none.

    Raises:
        OSError: a file could not be deleted; it is not noted as gone.
    """
    row = await conn.fetchrow(
        "SELECT call_id, caller_file, agent_file FROM talk_recording WHERE call_id = $1 AND deleted_at IS NULL", call_id
    )
    if row is not None:
        await _delete(conn, folder, row, at, why)
    return row is not None


async def delete_messages(
    conn: asyncpg.Connection, folder: Path, call_ids: Collection[str], at: datetime, why: str
) -> int:
    """Delete what the callers of these calls spoke, and what was sent of it; returns how many messages that were.

    Raises:
        OSError: a file could not be deleted; it is not noted as gone.
    """
    rows = await conn.fetch(
        "SELECT call_id, recording FROM cdr LEFT JOIN message_deleted USING (call_id)"
        " WHERE call_id = ANY ($1) AND recording IS NOT NULL AND message_deleted.at IS NULL",
        list(call_ids),
    )
    await asyncio.to_thread(_unlink, [folder / Path(row["recording"]).name for row in rows])
    gone = [row["call_id"] for row in rows]
    async with conn.transaction():
        await erasure.forget_copies(conn, gone)
        await conn.executemany(
            "INSERT INTO message_deleted (call_id, at, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            [(call_id, at, why) for call_id in gone],
        )
    return len(gone)


async def _delete(conn: asyncpg.Connection, folder: Path, row: Mapping[str, str], at: datetime, why: str) -> None:
    files = [folder / Path(row[name]).name for name in ("caller_file", "agent_file")]
    await asyncio.to_thread(_unlink, files)
    await conn.execute(
        "INSERT INTO talk_recording_deleted (call_id, at, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        row["call_id"],
        at,
        why,
    )


async def _delete_unproven(conn: asyncpg.Connection, folder: Path, at: datetime) -> None:
    """Files of which no record tells, because it was lost together with the proof of consent."""
    old = await asyncio.to_thread(_older, folder, at - UNPROVEN)
    known = await conn.fetch(
        "SELECT caller_file, agent_file FROM talk_recording WHERE call_id = ANY($1) AND deleted_at IS NULL",
        [_call_of(file) for file in old],
    )
    names = {name for row in known for name in row}
    await asyncio.to_thread(_unlink, [file for file in old if file.name not in names])


def _older(folder: Path, than: datetime) -> list[Path]:
    return [file for file in folder.glob("talk-*.wav") if datetime.fromtimestamp(file.stat().st_mtime, UTC) < than]


def _call_of(file: Path) -> str:
    """The call whose talk it is: `talk-CALL-caller.wav`."""
    return file.stem.removeprefix("talk-").rpartition("-")[0]


def _unlink(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
