"""Files of the calls process that hold callers' numbers leave the disk: soon once the database has them, else in time.

What the database has refused, and what is damaged, waits for a person; but not for ever.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store import outage
from vorzimmer.store.journal import Journal

EVERY = 3600.0
"""Seconds between two rounds: about as long as numbers stay on disk that are in the database too."""


async def run(journal: Journal, away: Path, days: int, *, clock: Clock, trouble: Trouble, every: float) -> None:
    """Keep the journal short until cancelled.

    Args:
        journal: of this process; what is set aside in its folder goes after `days`.
        away: the folder of the dialplan's own notes; those that nobody can read go then too.
        days: for how long numbers may be kept.
        clock: tells now.
        trouble: told where a file cannot be removed.
        every: seconds.
    """
    while True:
        journal.turn()
        try:
            before = clock() - timedelta(days=days)
            await asyncio.to_thread(forget, journal.folder, away, before)
            # Not in a thread: the shipper, which adds to this file, is in this one. It holds few records, if any.
            forget_rejected(journal.folder / "rejected.jsonl", before)
        except OSError as error:
            trouble("journal.not_forgotten", why=outage.why(error))
        await asyncio.sleep(every)


def forget(folder: Path, away: Path, before: datetime) -> int:
    """Remove the files that were set aside before this instant; returns how many.

    Raises:
        OSError: a file cannot be removed or written.
    """
    old = [
        file
        for file in (*folder.glob("*.damaged"), *away.glob("*.unreadable"))
        if file.stat().st_mtime < before.timestamp()
    ]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


def forget_rejected(file: Path, before: datetime) -> int:
    """Remove the records that were refused before this instant; returns how many. Nobody may write it meanwhile.

    Raises:
        OSError: it cannot be read or written; it is as it was.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return 0
    lines = content.splitlines(keepends=True)
    kept = [line for line in lines if not _is_older(line, before)]
    if len(kept) == len(lines):
        return 0
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(b"".join(kept))
    fresh.replace(file)
    return len(lines) - len(kept)


def _is_older(line: bytes, before: datetime) -> bool:
    try:
        return datetime.fromisoformat(orjson.loads(line)["at"]) < before
    except (ValueError, KeyError, TypeError):
        return False
