"""Files that wait in the folder of the uploads: each in a folder of its own, called like the version it belongs to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

INCOMING = ".incoming-"
"""What is still arriving begins so; what is left of it after a crash is worth nothing."""


LEFT_ALONE = timedelta(hours=1)
"""How old what nobody knows must be before it is taken away."""


@contextlib.contextmanager
def taken(file: Path) -> Iterator[None]:
    """Whatever becomes of the body, the file is not where it came from any more."""
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def keep(file: Path, uploads: Path, version: int, name: str) -> None:
    """Move a file to where it waits, and see it on the disk. The name is kept only in its ending.

    Raises:
        OSError: the disk does not take it; nothing is left there.
    """
    await asyncio.to_thread(_keep, file, uploads / str(version), waiting_name(name))


def waiting_name(name: str) -> str:
    """What a file of this name is called while it waits: nothing of the name but its ending becomes part of a path."""
    ending = Path(name).suffix.lower()
    return f"original{ending}" if ending.isascii() and ending[1:].isalnum() else "original"


def sweep(uploads: Path, waiting: Collection[int], now: datetime) -> None:
    """Take away what belongs to no version that waits, and what was never sent to its end. It blocks."""
    for found in uploads.iterdir():
        if found.name.isascii() and found.name.isdigit() and int(found.name) in waiting:
            continue
        if now - datetime.fromtimestamp(found.stat().st_mtime, UTC) < LEFT_ALONE:
            continue  # its row may just be written, or it is just being sent
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)


def drop(uploads: Path, version: int) -> None:
    """It does not wait any more."""
    shutil.rmtree(uploads / str(version), ignore_errors=True)


def _keep(file: Path, folder: Path, name: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt before, that was refused
    folder.mkdir(mode=0o700)
    try:
        try:
            file.replace(folder / name)
        except OSError:
            shutil.copyfile(file, folder / name)  # from another disk
        for place, flags in ((folder / name, os.O_RDONLY), (folder, os.O_DIRECTORY), (folder.parent, os.O_DIRECTORY)):
            _to_disk(place, flags)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _to_disk(place: Path, flags: int) -> None:
    opened = os.open(place, flags)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
