"""Takes callers' numbers out of Asterisk's own record of the calls (`cdr_file`), while Asterisk goes on writing it.

A number is overwritten in its place with as many `x`: the file keeps its length and every line its place, so neither
an append by Asterisk at that moment nor a rotation (a rename) is in the way, and a reader finds a line with the number
or without. Only packed files are written anew.

The rotated files' order is that of their times (`cdr_file.read`), so these are put back.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from vorzimmer.asterisk import cdr_file
from vorzimmer.core.witness import Witness

BLANK = b"x"

TICK = 0.02
"""Seconds in which a file system's clock goes on for sure: two files touched one after another keep their order."""

_PERSONAL = (5, 6)
"""The fields that hold numbers of people: who diverted, who called."""

_DIGITS = re.compile(rb"\d")


def call_of(record: Witness) -> str:
    """The call that a record belongs to; one of a channel beside the caller's names it in `linked_id`."""
    return record.call_id or record.linked_id


def numbered(file: Path, before: datetime) -> set[str]:
    """The calls that ended before this and whose records still hold numbers.

    Raises:
        OSError: a file may not be read.
    """
    return {
        call_of(record)
        for record in cdr_file.read(file)
        if record.ended_at < before and any(_is_left(value) for value in (record.diverted, record.caller))
    }


def blank(file: Path, due: Callable[[Witness], bool]) -> int:
    """Take the numbers out of the records that are `due`, in the file and all rotated ones; returns how many.

    A line that is no record is due with the one before it: then all its digits go.

    Raises:
        OSError: a file may not be written; what was done before it stays done.
    """
    parts = cdr_file.parts(file)
    changed, order_kept = 0, True
    for part in parts:
        with contextlib.suppress(FileNotFoundError):  # rotated away; its other name is met tomorrow
            found, kept = _blank_packed(part, due) if part.suffix == ".gz" else _blank_plain(part, due, part == file)
            changed += found
            order_kept &= kept
    if not order_kept:
        for part in parts:
            with contextlib.suppress(FileNotFoundError):
                os.utime(part)
                time.sleep(TICK)
    return changed


def _blank_plain(part: Path, due: Callable[[Witness], bool], live: bool) -> tuple[int, bool]:  # noqa: FBT001 - private
    """How many records were changed, and whether the file's time is as it was. `live`: Asterisk writes it now."""
    changed = 0
    with part.open("r+b", buffering=0) as writing, part.open("rb") as reading:
        before = os.fstat(writing.fileno())
        for start, line, new in _changes(reading, due):
            os.pwrite(writing.fileno(), new, start)
            changed += line != new
        if changed:
            os.fsync(writing.fileno())
        return changed, live or not changed or _put_back(part, before)


def _blank_packed(part: Path, due: Callable[[Witness], bool]) -> tuple[int, bool]:
    """The same for a packed file. It is replaced only while its name still stands for what was read."""
    with part.open("rb") as raw:
        before = os.fstat(raw.fileno())
        try:
            content = bytearray(gzip.GzipFile(fileobj=raw).read())
        except cdr_file.UNPACKABLE:
            return 0, True  # `cdr_file.read` tells of it
    changes = list(_changes(io.BytesIO(bytes(content)), due))
    if not changes:
        return 0, True
    for start, _, new in changes:
        content[start : start + len(new)] = new
    fresh = part.with_name(f".{part.name}.new")
    try:
        with fresh.open("wb") as packed:
            os.fchmod(packed.fileno(), before.st_mode & 0o777)
            packed.write(gzip.compress(bytes(content)))
            os.fsync(packed.fileno())
        os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
        if os.stat(part).st_ino == before.st_ino:  # noqa: PTH116 - beside the other calls of os
            fresh.replace(part)
            return len(changes), True
        return 0, True
    finally:
        fresh.unlink(missing_ok=True)


def _put_back(part: Path, before: os.stat_result) -> bool:
    """Only the file's owner may choose its time; with the right to write one can only make it new."""
    try:
        os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
    except PermissionError:
        return False
    return True


def _changes(lines: Iterable[bytes], due: Callable[[Witness], bool]) -> Iterator[tuple[int, bytes, bytes]]:
    """Where a line begins, as it is, and as it shall be; only whole lines that change."""
    start = 0
    last_due = False
    for line in lines:
        if not line.endswith(b"\n"):
            return  # still being written
        record = cdr_file.parse(line.rstrip(b"\r\n"))
        if record is not None:
            last_due = due(record)
        new = line
        if last_due:
            new = _DIGITS.sub(BLANK, line) if record is None else _without_numbers(line)
        if new != line:
            yield start, line, new
        start += len(line)


def _without_numbers(line: bytes) -> bytes:
    """The line of a record: its personal fields as many `x` as they have bytes."""
    whole = line.rstrip(b"\r\n")
    (values,) = csv.reader([whole.decode()])
    fields = [cdr_file.quoted([value]).encode() for value in values]
    for n in _PERSONAL:
        fields[n] = b'"' + BLANK * (len(fields[n]) - 2) + b'"'
    return b",".join(fields) + line[len(whole) :]


def _is_left(value: str) -> bool:
    return bool(value.strip("x"))
