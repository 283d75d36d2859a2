"""Somebody speaks on a telephone, hears it, does it again, and accepts it; what was not accepted leaves no file."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from uuid import uuid4

from vorzimmer.asterisk.agi_session import Session
from vorzimmer.service.keypad import REVIEW, SPEAK, TIMES, TOO_SHORT, chosen, said
from vorzimmer.store.sound_file import wav_seconds

NAME = "spoken-"
"""How the files are called while they are being made."""

FORM = "wav"

SHORTEST = 1
"""Seconds; what is shorter was a slip of the finger."""

LEFT_BEHIND = 3600.0
"""Seconds after which a file belongs to nobody: the daemon died while somebody spoke."""


@asynccontextmanager
async def spoken(session: Session, spool: Path, most: int) -> AsyncIterator[Path | None]:
    """What somebody says, at most so many seconds, and accepts; None: nothing was accepted.

    The file lies in Asterisk's folder `spool` while inside, and is gone afterwards unless it was taken away.
    """
    await asyncio.to_thread(sweep, spool)
    file = spool / f"{NAME}{uuid4()}.{FORM}"
    try:
        yield await _accepted(session, file, most)
    finally:
        file.unlink(missing_ok=True)


def sweep(spool: Path) -> None:
    """Delete what was left behind."""
    for file in spool.glob(f"{NAME}*"):
        if time() - file.stat().st_mtime > LEFT_BEHIND:
            file.unlink(missing_ok=True)


def copied(file: Path, target: Path) -> None:
    """Make `target`, whole and ours: what Asterisk wrote belongs to its user.

    Raises:
        OSError: the disk does not take it; nothing is left there.
    """
    fresh = target.with_suffix(".new")
    try:
        shutil.copyfile(file, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


async def _accepted(session: Session, file: Path, most: int) -> Path | None:
    slips = 0
    while slips < TIMES:
        if await session.stream_file(SPEAK, "#*") == "*":
            return None
        if await session.record_file(str(file.with_suffix("")), FORM, "#*", most * 1000) == "*":
            return None
        if wav_seconds(file) < SHORTEST:
            slips += 1
            await said(session, TOO_SHORT)
        elif (key := await _reviewed(session, file)) == "1":
            return file
        elif key != "3":
            return None
    return None


async def _reviewed(session: Session, file: Path) -> str:
    """Whether it is accepted (1) or to be done again (3); the star or nothing: neither."""
    for _ in range(TIMES):
        key = await chosen(session, (REVIEW,))
        while key == "2":
            key = await chosen(session, (str(file.with_suffix("")), REVIEW))
        if key in ("1", "3", "*"):
            return key
    return ""
