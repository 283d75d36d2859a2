"""Brings a verified backup back: into an empty house, or over one that is there if that was asked for.

Everything is unpacked beside its place first. Then the database is restored in one transaction, and only when that
has succeeded the files change places, by renames. So what fails, a full disk above all, fails before anything was
replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import asyncpg

from vorzimmer.core.ports import Trouble
from vorzimmer.store import postgres_programs, restore_files
from vorzimmer.store.archive import BackupError, Manifest
from vorzimmer.store.backup import Folders, count_rows
from vorzimmer.store.journal import Journal
from vorzimmer.store.migrate import SchemaState, compare, read_migrations
from vorzimmer.store.postgres_programs import Program

_ASIDE = "vorzimmer_before_restore"
"""The schema that holds what was there, until the new tables are."""

_RELATIONS = """
SELECT count(*) FROM pg_class AS relation JOIN pg_namespace AS schema ON schema.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
    AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e'
    )
"""

_OTHERS = """
SELECT DISTINCT coalesce(nullif(application_name, ''), usename, '?') FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_PUT_ASIDE = f"""
ALTER SCHEMA public RENAME TO {_ASIDE};
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""

_PUT_BACK = f"DROP SCHEMA public CASCADE; ALTER SCHEMA {_ASIDE} RENAME TO public;"


@dataclass(frozen=True, slots=True)
class Restored:
    """`waiting`: messages that the worker sends as soon as it runs. `older`: the schema must be migrated first."""

    waiting: int
    older: bool


@contextlib.contextmanager
def held(folder: Path, trouble: Trouble) -> Iterator[Journal]:
    """Keep every daemon away while inside: the journal's folder is ours.

    Raises:
        JournalError: a daemon runs on it.
    """
    restore_files.make_folder(folder, restore_files.MODES["journal"])
    with contextlib.closing(Journal(folder, trouble)) as journal:
        restore_files.give(folder / "lock", folder)
        yield journal


async def occupied(conn: asyncpg.Connection, folders: Folders) -> list[str]:
    """What is there already and would be replaced, a phrase each; nothing: the house is empty."""
    found = []
    if relations := await conn.fetchval(_RELATIONS):
        rows = ", ".join(f"{count} rows in {table}" for table, count in (await count_rows(conn)).items())
        name = await conn.fetchval("SELECT current_database()")
        found.append(f"database {name}: {relations} tables and sequences{f', {rows}' if rows else ''}")
    for part, folder in restore_files.replaceable(folders).items():
        if entries := list(restore_files.present(part, folder)):
            files = sum(1 for entry in entries for file in (entry, *entry.rglob("*")) if file.is_file())
            found.append(f"{part} {folder}: {files} files")
    return found


async def restore(
    conn: asyncpg.Connection,
    dsn: str,
    file: IO[bytes],
    manifest: Manifest,
    folders: Folders,
    *,
    programs: Iterable[Path],
) -> Restored:
    """Replace what `occupied` told of by what the archive holds. Call it inside `held`, and only if that is wanted.

    Notes of calls that the dialplan answered alone are added to those that are there, never replaced.

    Args:
        conn: to the database of `dsn`.
        dsn: of the database, as a libpq URL.
        file: the archive, verified.
        manifest: what was found then.
        folders: where the files belong; they are made if missing.
        programs: folders in which pg_restore may be.

    Raises:
        BackupError: it cannot be done; nothing was changed.
        OSError: a file cannot be written; nothing was changed, unless it was the very last step.
    """
    older = _require_known_schema(manifest)
    pg_restore = await postgres_programs.find("pg_restore", programs, manifest.database.pg_dump)
    with contextlib.ExitStack() as stack:
        dump, unpacked = await asyncio.to_thread(restore_files.unpack, stack, file, folders)
        await _restore_database(conn, dsn, dump, manifest, pg_restore)
        await asyncio.to_thread(restore_files.change_places, unpacked, folders)
    waiting = 0
    if await conn.fetchval("SELECT to_regclass('outbox')") is not None:
        waiting = await conn.fetchval("SELECT count(*) FROM outbox WHERE state IN ('pending', 'leased')")
    return Restored(waiting, older)


def _require_known_schema(manifest: Manifest) -> bool:
    """Whether the archive's schema must be migrated; one that this version does not know is refused."""
    applied = {name: bytes.fromhex(digest) for name, digest in manifest.database.migrations.items()}
    state = compare(read_migrations(), applied)
    if state is SchemaState.NEWER:
        raise BackupError(f"the backup was made by a newer vorzimmer ({manifest.version}); install that one first")
    if state is SchemaState.EDITED:
        raise BackupError("the backup's schema was made by other migration files than this version has")
    return state is SchemaState.OLDER


async def _restore_database(
    conn: asyncpg.Connection, dsn: str, dump: IO[bytes], manifest: Manifest, pg_restore: Program
) -> None:
    """All of it or nothing. What was there comes back if it fails."""
    replacing = bool(await conn.fetchval(_RELATIONS))
    if replacing:
        await _put_aside(conn)
    try:
        arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        await postgres_programs.run(pg_restore, arguments, dsn, stdin=dump)
        await _require_rows(conn, manifest.database.rows)
    except BaseException:
        if replacing:
            await conn.execute(_PUT_BACK)
        raise
    if replacing:
        await conn.execute(f"DROP SCHEMA {_ASIDE} CASCADE")


async def _require_rows(conn: asyncpg.Connection, told: Mapping[str, int]) -> None:
    rows = await count_rows(conn)
    if rows != told:
        raise BackupError(f"the rows are not those of the backup: {rows} instead of {dict(told)}")


async def _put_aside(conn: asyncpg.Connection) -> None:
    """Give the tables' schema another name, so that they can come back."""
    if others := [row[0] for row in await conn.fetch(_OTHERS)]:
        raise BackupError(f"others are connected to the database; stop them first: {', '.join(sorted(others))}")
    try:
        await conn.execute(_PUT_ASIDE)
    except asyncpg.DuplicateSchemaError as error:
        raise BackupError(
            f"the schema {_ASIDE} is left of a restore that was killed, and holds what was there before it:"
            f" to get it back, {_PUT_BACK} to be rid of it, DROP SCHEMA {_ASIDE} CASCADE"
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise BackupError(f"the role must own the database to replace what is in it: {error}") from error
