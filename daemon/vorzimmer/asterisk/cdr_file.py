"""Asterisk's own record of each call, as dialplan/cdr_custom.conf has it written: the witness beside our ledger.

The file grows for as long as nobody rotates it, and what stands in it came from the network. So a line counts only if
it is written exactly as Asterisk quotes it: a line break smuggled into a field can end a line, but never make one,
for the quotes around the next line's fields would have been doubled.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog

from vorzimmer.core.witness import Witness

__all__ = ["Witness", "ended", "latest", "parse", "parts", "quoted", "read"]

log = structlog.get_logger()

FIELDS = 12

BLOCK = 256 * 1024
"""Bytes read at once from the end of the file: some 1,500 calls."""

LATE = timedelta(minutes=5)
"""How much later than its neighbours a record may be written: once the channel is gone."""

NEVER = "0.000000"
"""Asterisk's instant of what did not happen."""

LONGEST_LINE = 64 * 1024
"""A line beyond it is damage. Asterisk's own limit for a field is far below."""

UNPACKABLE = (EOFError, gzip.BadGzipFile, zlib.error)
"""What a packed file that is cut or damaged raises."""

_ROTATED = re.compile(r"[.-]\d+(\.gz)?")
"""What logrotate puts behind the name: `.1`, `.2.gz`, with dateext `-20261122.gz`."""

_ID = re.compile(r"[\w.-]{0,150}", re.ASCII)
"""Of calls; files are named after them."""

_INSTANT = re.compile(r"(\d{1,11})\.(\d{6})", re.ASCII)


def read(file: Path, since: datetime | None = None) -> Iterator[Witness]:
    """Every record of a call that ended at `since` or later, from the rotated files on, oldest first.

    Rotated files not written to since then are not opened. Damaged lines are skipped and their number is logged; a
    last line that is still being written is not there yet. A missing file is an empty one.

    Raises:
        OSError: a file may not be read.
    """
    for part in parts(file, since):
        with _open(part) as lines:
            yield from (found for found in _records(part, lines) if since is None or found.ended_at >= since)


def latest(file: Path, call_ids: Collection[str], since: datetime) -> dict[str, Witness]:
    """The last record of each of these calls, of those that ended at `since` or later.

    Reads backwards and stops when all are found or everything is older than `since`: what it costs depends on how
    long ago that is and not on the size of the file. (A compressed one cannot be read backwards, and is read whole.)

    Raises:
        OSError: a file may not be read.
    """
    wanted, found = {call_id.encode() for call_id in call_ids}, dict[str, Witness]()
    for part in reversed(parts(file, since)):
        for lines in _backwards(part):
            oldest: Witness | None = None
            here: dict[str, Witness] = {}
            for line in lines:
                oldest = oldest or parse(line)
                # Nearly all lines are about other calls: those are not worth being parsed.
                if line[1 : line.find(b'"', 1)].removeprefix(b";") in wanted:
                    record = parse(line)
                    if record is not None and record.ended_at >= since:
                        here[record.call_id] = record
            found = here | found
            if len(found) == len(wanted) or (oldest is not None and oldest.ended_at < since - LATE):
                return found
    return found


def ended(file: Path, call_ids: Collection[str], since: datetime) -> dict[str, datetime]:
    """When each of these calls ended, as far as Asterisk has written it down; see `latest`."""
    return {call_id: record.ended_at for call_id, record in latest(file, call_ids, since).items()}


def parse(line: bytes) -> Witness | None:
    """One line without its end; None if it is damaged, or not one of Asterisk's."""
    try:
        text = line.decode()
        (values,) = csv.reader([text], strict=True)
    except (ValueError, csv.Error):
        return None
    if len(values) != FIELDS or text != quoted(values):
        return None
    call_id, channel_id, linked_id, channel, did, diverted, caller, started, answered, end, disposition, last = values
    started_at, answered_at, ended_at = _instant(started), _instant(answered), _instant(end)
    if started_at is None or ended_at is None or ended_at < started_at or (answered_at is None and answered != NEVER):
        return None
    call_id = call_id.removeprefix(";")  # the second of two channels has it: a caller whom we have called back
    if not _ID.fullmatch(call_id):
        return None
    return Witness(
        call_id=call_id,
        channel_id=channel_id,
        linked_id=linked_id,
        channel=channel,
        did=did,
        diverted=diverted,
        caller=caller,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        disposition=disposition,
        application=last,
    )


def quoted(values: Sequence[str]) -> str:
    """The fields as Asterisk writes them in a line, without its end."""
    return ",".join('"' + value.replace('"', '""') + '"' for value in values)


def _instant(text: str) -> datetime | None:
    """Seconds since 1970 with six places; None for `NEVER` and for what is no time."""
    match = _INSTANT.fullmatch(text)
    if match is None or text == NEVER:
        return None
    return datetime.fromtimestamp(int(match[1]), UTC) + timedelta(microseconds=int(match[2]))


def parts(file: Path, since: datetime | None = None) -> list[Path]:
    """The rotated files written to at `since` or later, in the order they were written in, and the file itself."""
    aged: list[tuple[float, Path]] = []
    for path in file.parent.glob(f"{file.name}?*"):
        try:
            written = path.stat().st_mtime
        except OSError:  # rotated away at this moment
            continue
        if _ROTATED.fullmatch(path.name.removeprefix(file.name)) and (since is None or written >= since.timestamp()):
            aged.append((written, path))
    return [path for _, path in sorted(aged)] + [file]


def _open(part: Path) -> BinaryIO:
    """The file, unpacked; one that has gone is an empty one."""
    try:
        if part.suffix == ".gz":
            return io.BufferedReader(gzip.open(part))
        return part.open("rb")
    except FileNotFoundError:
        return io.BytesIO()


def _records(part: Path, lines: BinaryIO) -> Iterator[Witness]:
    """The records from here on, and a word about the damaged ones."""
    damaged, whole = 0, True
    try:
        while line := lines.readline(LONGEST_LINE):
            ends = line.endswith(b"\n")
            if whole and not ends and len(line) < LONGEST_LINE:
                break  # still being written
            found = parse(line.rstrip(b"\r\n")) if whole and ends else None
            if found is not None:
                yield found
            damaged += ends and found is None
            whole = ends  # the rest of a line that is too long is no line
    except UNPACKABLE as error:
        log.warning("cdr_file.unreadable", file=str(part), error=str(error))
    if damaged:
        log.warning("cdr_file.damaged", file=str(part), lines=damaged)


def _backwards(part: Path) -> Iterator[Iterable[bytes]]:
    """The whole lines without their ends, a block at a time from the end of the file, in order within each block."""
    with _open(part) as file:
        if part.suffix == ".gz":
            yield _whole_lines(file)
            return
        behind = file.seek(0, os.SEEK_END)
        begun = b""
        while behind:
            size = min(BLOCK, behind)
            behind = file.seek(behind - size)
            block = file.read(size) + begun
            first = block.find(b"\n") + 1 or len(block) if behind else 0
            begun, whole = block[:first], block[first:]
            yield whole.split(b"\n")[:-1]
            if len(begun) > LONGEST_LINE:
                begun = b"\n"  # no line is as long as that: damage


def _whole_lines(packed: BinaryIO) -> Iterator[bytes]:
    """The lines of a packed file, as far as it can be unpacked."""
    with contextlib.suppress(*UNPACKABLE):
        yield from (line[:-1] for line in packed if line.endswith(b"\n"))
