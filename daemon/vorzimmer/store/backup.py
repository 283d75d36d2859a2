"""Makes a backup beside a working daemon: everything that a fresh machine needs to take calls with all its past.

The order holds it together, for the parts belong to different instants:

1. The journal, and the notes of calls that the dialplan answered alone. A record leaves them only once it is in the
   database, so whatever is missing here stands in the dump, which is made later.
2. The database, in one snapshot.
3. Recordings and announcements. A file is there before a row names it, so whatever the dump names is found.

What is in two parts is no harm: shipping a record, or taking a call up, a second time changes nothing. Nothing here
takes a lock that the daemon waits for.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path
from typing import IO

import asyncpg

from vorzimmer.store import archive, postgres_programs, segments
from vorzimmer.store.archive import BackupError, Dumped, Manifest, Writer
from vorzimmer.store.migrate import applied_migrations
from vorzimmer.store.whole_file import locked, written_whole

COUNTED = ("cdr", "client")
"""Tables whose rows are counted into the manifest."""

UNPACKING = ".restoring-"
"""How the folders begin in which a restore prepares what it brings."""

PASSING = {
    "journal": ("lock", "*.new", f"{UNPACKING}*"),
    "away": (f"{UNPACKING}*",),
    "recordings": ("*.new", f"{UNPACKING}*"),
    "library": (".lock", ".new-*", f"{UNPACKING}*"),
}
"""What is not copied: locks, and what is just being made."""

_NAME = re.compile(r"vorzimmer-\d{8}T\d{6}Z\.tar\.gz")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the files are. `away`: the notes of calls that the dialplan answered alone, and their messages."""

    journal: Path
    away: Path
    recordings: Path
    library: Path


def file_name(at: datetime) -> str:
    """The name of a backup in a folder of backups."""
    return f"vorzimmer-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar.gz"


async def back_up(
    conn: asyncpg.Connection,
    dsn: str,
    folders: Folders,
    config: Mapping[str, Path],
    file: Path,
    *,
    programs: Iterable[Path],
    version: str,
    at: datetime,
) -> Manifest:
    """Write the archive. `file` appears when it is complete; beside it there must be room for the dump as well.

    Args:
        conn: to the database of `dsn`, used by nobody else meanwhile.
        dsn: of the database, as a libpq URL.
        folders: one that is missing is empty.
        config: files and folders of configuration, and the names they get in the archive.
        file: the archive.
        programs: folders in which pg_dump may be.
        version: of this program.
        at: now.

    Raises:
        BackupError: it cannot be done; nothing is left behind.
        TakenError: the file exists, or is being written.
        OSError: a file cannot be read or written; nothing is left behind.
    """
    pg_dump = await postgres_programs.find("pg_dump", programs, conn.get_server_version().major)
    # The dump has no name: it goes when this process does, however it ends.
    with (
        written_whole(file) as opened,
        archive.writing(opened) as writer,
        tempfile.TemporaryFile(dir=file.parent) as dump,
    ):
        await asyncio.to_thread(_add_moving, writer, folders)
        async with _snapshot(conn) as snapshot:
            database = await _describe(conn, pg_dump.major)
            await postgres_programs.run(pg_dump, ["--format=custom", f"--snapshot={snapshot}"], dsn, stdout=dump)
        await asyncio.to_thread(_add_still, writer, dump, folders, config)
        return writer.finish(version=version, at=at, database=database)


def remove_older(folder: Path, kept: Path, most: int) -> list[Path]:
    """Remove the oldest backups of a folder until there are `most`, and what killed ones left; `kept` always stays.

    It stays although its name may be the oldest: the clock may have been set back.
    """
    others = sorted((file for file in folder.iterdir() if _NAME.fullmatch(file.name) and file != kept), reverse=True)
    left = [file for file in folder.glob("*.new") if _NAME.fullmatch(file.stem) and _nobody_writes(file)]
    gone = [*others[most - 1 :], *left]
    for file in gone:
        file.unlink()
    return gone


def _nobody_writes(file: Path) -> bool:
    with file.open("rb") as opened:
        return locked(opened)


def _add_moving(writer: Writer, folders: Folders) -> None:
    """What moves from here into the database."""
    if folders.journal.is_dir():
        _add_journal(writer, folders.journal)
    _add_folder(writer, "away", folders.away)


def _add_journal(writer: Writer, folder: Path) -> None:
    """The position, then the segments in their order, until there is no later one.

    The position first, so that it never lies behind a record that was not copied. Segments in order, because
    one that holds the beginning of a call goes away only after the call's end was written, to a later one.
    """
    writer.add_file("journal/position", folder / "position")
    last = -1
    while later := [number for number in segments.numbers(folder) if number > last]:
        last = later[-1]
        for number in later:
            _add_segment(writer, segments.path(folder, number), being_written=number == last)
    _add_folder(writer, "journal", folder)


def _add_segment(writer: Writer, file: Path, *, being_written: bool) -> None:
    if not being_written:
        writer.add_file(f"journal/{file.name}", file)
        return
    try:
        lines = file.read_bytes()
    except FileNotFoundError:
        return
    whole = lines[: lines.rfind(b"\n") + 1]  # the last one may be half written
    writer.add(f"journal/{file.name}", BytesIO(whole), len(whole))


def _add_still(writer: Writer, dump: IO[bytes], folders: Folders, config: Mapping[str, Path]) -> None:
    """The dump and what only grows."""
    writer.add(archive.DUMP, dump, dump.seek(0, 2) - dump.seek(0))
    _add_folder(writer, "recordings", folders.recordings)
    _add_folder(writer, "library", folders.library)
    for name, source in config.items():
        if source.is_dir():
            _add_folder(writer, f"config/{name}", source)
        elif not writer.add_file(f"config/{name}", source):
            raise BackupError(f"{source} does not exist")


def _add_folder(writer: Writer, name: str, folder: Path) -> None:
    """All files, at any depth; of the library the links as they are, elsewhere what they point at.

    What has gone away meanwhile is left out, but no link may then lead nowhere.
    """
    links: dict[str, str] = {}
    for file in list(_files(folder, PASSING.get(name, ()))):
        member = f"{name}/{file.relative_to(folder).as_posix()}"
        if name == "library" and file.is_symlink():
            links[member] = file.readlink().as_posix()
            writer.add_link(member, links[member])
        elif member not in writer and file.is_file():
            writer.add_file(member, file)
    for member, target in links.items():
        if posixpath.normpath(posixpath.join(posixpath.dirname(member), target)) not in writer:
            raise BackupError(f"{member} leads nowhere, or the library was changed meanwhile; try again")


def _files(folder: Path, passing: Iterable[str]) -> Iterator[Path]:
    """Everything but folders; links before what they may point at."""
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda file: (not file.is_symlink(), file.name)):
        if any(fnmatch(file.name, pattern) for pattern in passing):
            continue
        if file.is_dir() and not file.is_symlink():
            yield from _files(file, passing)
        else:
            yield file


@asynccontextmanager
async def _snapshot(conn: asyncpg.Connection) -> AsyncIterator[str]:
    """A view of the database that does not change, and the name by which pg_dump shares it."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        await conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield await conn.fetchval("SELECT pg_export_snapshot()")


async def _describe(conn: asyncpg.Connection, pg_dump: int) -> Dumped:
    return Dumped(
        server=conn.get_server_version().major,
        pg_dump=pg_dump,
        migrations={name: digest.hex() for name, digest in sorted((await applied_migrations(conn)).items())},
        rows=await count_rows(conn),
    )


async def count_rows(conn: asyncpg.Connection) -> dict[str, int]:
    """The rows of those tables that are counted and exist."""
    found = {}
    for table in COUNTED:
        if await conn.fetchval("SELECT to_regclass($1)", table) is not None:
            found[table] = await conn.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of our constants
    return found
