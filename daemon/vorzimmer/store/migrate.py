"""The schema of the database: applied by `migrate`, compared at start by `require_current`.

Migrations are files `NNNN_verb_object.sql`, forward only, applied in the order of their numbers, each in a
transaction of its own together with its SHA-256. An applied file is never edited: a change is a new file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
_LOCK = 0x766F727A
"""The advisory lock's key: "vorz" in ASCII. One runner at a time in one database."""

_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    name       text PRIMARY KEY,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class SchemaState(StrEnum):
    """How the database's schema compares with the files of this version."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    EDITED = "edited"


class SchemaError(Exception):
    """The schema cannot be used or brought up to date; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    name: str
    sql: str

    @property
    def sha256(self) -> bytes:
        """Of the file's bytes."""
        return hashlib.sha256(self.sql.encode()).digest()


_WHAT_TO_DO = {
    SchemaState.OLDER: "the database is older than this vorzimmer; run `vorzimmer migrate`",
    SchemaState.NEWER: "this database was migrated by a newer vorzimmer; upgrade the daemon",
    SchemaState.EDITED: "a migration that was already applied here has been edited; restore the original files",
}


def migrations_folder() -> Path:
    """Where the files are: inside the installed package, else in the checkout.

    Raises:
        SchemaError: neither exists, so the installation is broken.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "sql" / "migrations", package.parents[1] / "sql" / "migrations"):
        if folder.is_dir():
            return folder
    raise SchemaError("the migration files are missing; install vorzimmer again")


def read_migrations(folder: Path | None = None) -> tuple[Migration, ...]:
    """All migration files, in order.

    Raises:
        SchemaError: a name is not `NNNN_verb_object.sql` or a number stands twice.
    """
    files = sorted((folder or migrations_folder()).glob("*.sql"))
    numbers = [match.group(1) for file in files if (match := _NAME.match(file.name))]
    if len(numbers) != len(files):
        raise SchemaError("a migration is named NNNN_verb_object.sql, four digits and small letters")
    if len(set(numbers)) != len(numbers):
        raise SchemaError("two migrations have the same number")
    return tuple(Migration(file.name, file.read_bytes().decode()) for file in files)


async def schema_state(conn: asyncpg.Connection, folder: Path | None = None) -> SchemaState:
    """Compare the database with the migration files, changing nothing."""
    return compare(read_migrations(folder), await applied_migrations(conn))


async def require_current(conn: asyncpg.Connection, folder: Path | None = None) -> None:
    """Pass if the schema is the one this version was written for.

    Raises:
        SchemaError: it is older, newer or edited; the message says what to do.
    """
    state = await schema_state(conn, folder)
    if state is not SchemaState.CURRENT:
        raise SchemaError(_WHAT_TO_DO[state])


async def migrate(conn: asyncpg.Connection, folder: Path | None = None) -> tuple[str, ...]:
    """Apply the files that are missing; return their names. Two runners at once: the second waits and finds nothing.

    Raises:
        SchemaError: the database is newer, an applied file was edited, or a file's SQL failed (that file's
            transaction is rolled back; earlier files stay applied).
    """
    files = read_migrations(folder)
    await conn.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await conn.execute(_CREATE_TABLE)
        applied = await applied_migrations(conn)
        state = compare(files, applied)
        if state in (SchemaState.NEWER, SchemaState.EDITED):
            raise SchemaError(_WHAT_TO_DO[state])
        missing = [file for file in files if file.name not in applied]
        for file in missing:
            await _apply(conn, file)
    finally:
        await conn.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    return tuple(file.name for file in missing)


async def _apply(conn: asyncpg.Connection, file: Migration) -> None:
    try:
        async with conn.transaction():
            await conn.execute(file.sql)
            await conn.execute("INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)", file.name, file.sha256)
    except asyncpg.PostgresError as error:
        raise SchemaError(f"{file.name} failed and was rolled back: {error}") from error


async def applied_migrations(conn: asyncpg.Connection) -> dict[str, bytes]:
    """What was applied to the database: each file's name and SHA-256; nothing in a database without a schema."""
    if await conn.fetchval("SELECT to_regclass('schema_migration')") is None:
        return {}
    rows = await conn.fetch("SELECT name, sha256 FROM schema_migration")
    return {row["name"]: row["sha256"] for row in rows}


def compare(files: tuple[Migration, ...], applied: Mapping[str, bytes]) -> SchemaState:
    """How a schema to which these were applied compares with the files."""
    known = {file.name: file.sha256 for file in files}
    latest = max(known, default="")
    unknown = applied.keys() - known.keys()
    if any(name <= latest for name in unknown) or any(
        applied[name] != known[name] for name in applied.keys() & known.keys()
    ):
        return SchemaState.EDITED
    if unknown:
        return SchemaState.NEWER
    return SchemaState.OLDER if known.keys() - applied.keys() else SchemaState.CURRENT
