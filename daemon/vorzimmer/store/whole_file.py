"""A file that appears whole or not at all, for one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class TakenError(Exception):
    """The file cannot be written by us; the message says why."""


@contextlib.contextmanager
def written_whole(file: Path) -> Iterator[IO[bytes]]:
    """A new file for the body to write, for its owner only; under its name it appears whole, on disk, or not at all.

    Raises:
        TakenError: the file exists, or somebody else is writing it.
    """
    if file.exists():
        raise TakenError(f"{file} exists; name a new file, or a folder")
    fresh = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+b") as opened:
        if not locked(opened):
            raise TakenError(f"somebody else is writing {fresh}")
        try:
            os.fchmod(opened.fileno(), 0o600)
            opened.truncate()
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
            fresh.replace(file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    _sync_folder(file.parent)


def locked(file: IO[bytes]) -> bool:
    """Take the file for this process; False if another has it. It ends with the file's closing."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
