"""The folder of faxes under way: their pages for Asterisk, and what it wrote of their end (dialplan/fax.conf).

`REFERENCE.tiff` are the pages, `REFERENCE.result` is one line about the last call, `REFERENCE.tries` how each call
before it ended. The folder belongs to the daemon's user and Asterisk's group, both of which write in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from vorzimmer.core.fax import Ended, Kind, parse

TIFF, DRAFT, RESULT, TRIES = ".tiff", ".new", ".result", ".tries"

_MODE = 0o640


def put_pages(folder: Path, reference: str, tiff: bytes) -> None:
    """Lay the pages there, whole or not at all.

    Raises:
        OSError: they cannot be written.
    """
    draft = folder / f"{reference}{DRAFT}"
    draft.write_bytes(tiff)
    draft.chmod(_MODE)
    if os.geteuid() == 0 or folder.stat().st_gid in os.getgroups():
        os.chown(draft, -1, folder.stat().st_gid)
    draft.replace(folder / f"{reference}{TIFF}")


def pages(folder: Path, reference: str) -> bytes | None:
    """The pages that were laid there, if they still are.

    Raises:
        OSError: they cannot be read.
    """
    try:
        return (folder / f"{reference}{TIFF}").read_bytes()
    except FileNotFoundError:
        return None


def result(folder: Path, reference: str) -> Ended | None:
    """How the last call ended; None: it goes on, or there was none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        text = (folder / f"{reference}{RESULT}").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    return parse(text.splitlines(keepends=True)[-1]) if text else None


def tries(folder: Path, reference: str) -> tuple[Kind, ...]:
    """How the calls before the last one ended, oldest first.

    Raises:
        OSError: it cannot be read.
    """
    try:
        text = (folder / f"{reference}{TRIES}").read_text()
    except FileNotFoundError:
        return ()
    return tuple(Kind(line) for line in text.split() if line in set(Kind))


def put_by(folder: Path, reference: str) -> tuple[Kind, ...]:
    """Make room for the result of another call, and say how all before it ended.

    Raises:
        OSError: the folder cannot be written.
    """
    last = result(folder, reference)
    if last is not None:
        with (folder / f"{reference}{TRIES}").open("a") as file:
            file.write(f"{last.kind}\n")
    (folder / f"{reference}{RESULT}").unlink(missing_ok=True)
    return tries(folder, reference)


def forget_pages(folder: Path, references: Iterable[str]) -> int:
    """Delete the pages of these faxes; how many files that were. One that is being sent goes on, and is not kept.

    Raises:
        OSError: they cannot be deleted.
    """
    laid = [folder / f"{reference}{end}" for reference in references for end in (TIFF, DRAFT)]
    there = [file for file in laid if file.exists()]
    for file in there:
        file.unlink(missing_ok=True)
    return len(there)


def sweep(folder: Path, before: datetime) -> int:
    """Delete what was last changed before an instant; how many files that were. Without a folder there are none.

    Raises:
        OSError: the folder cannot be read or written.
    """
    if not folder.is_dir():
        return 0
    old = [file for file in folder.iterdir() if file.is_file() and file.stat().st_mtime < before.timestamp()]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
