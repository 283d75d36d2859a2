"""What the commands share: all of `startup`, the database, and times written by a person."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
from pydantic import ValidationError

from vorzimmer.cli.startup import FAILED, USAGE, fail, remember, settings
from vorzimmer.core.client import Book
from vorzimmer.settings import Settings
from vorzimmer.store import book, migrate

__all__ = [
    "FAILED",
    "USAGE",
    "database",
    "fail",
    "load_book",
    "read_time",
    "reason",
    "remember",
    "run",
    "settings",
    "time_argument",
]

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; what a database says no with becomes one sentence."""
    try:
        return asyncio.run(work)
    except migrate.SchemaError as error:
        fail(str(error))
    except asyncpg.PostgresError as error:
        fail(f"the database refused: {error}")
    except ValidationError as error:
        fail(_not_understood(error))


@contextlib.asynccontextmanager
async def database(settings: Settings, *, current: bool = True) -> AsyncIterator[asyncpg.Connection]:
    """A connection, closed at the end. `current`: refuse a schema of another version.

    Raises:
        typer.Exit: the database is away; it was said where it was looked for.
    """
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"the database cannot be reached (database.dsn): {reason(error)}")
    try:
        if current:
            await migrate.require_current(conn)
        yield conn
    finally:
        await conn.close()


async def load_book(conn: asyncpg.Connection) -> Book:
    """All groups, clients and agents."""
    try:
        _, found = await book.load_book(conn)
    except ValidationError as error:
        fail(_not_understood(error))
    return found


def _not_understood(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(map(str, wrong["loc"]))
    return f"the database holds a {error.title.lower()} that this version does not understand: {key}: {wrong['msg']}"


def reason(error: BaseException) -> str:
    """An exception as part of a sentence."""
    return (str(error) or type(error).__name__).strip().rstrip(".")


def read_time(value: str, zone: str) -> datetime:
    """A time written by a person: ISO 8601, in `zone` if it has no offset; a date alone is its first instant.

    Raises:
        ValueError: it is none.
    """
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"not a time: {value!r}; write 2026-12-24, 2026-12-24T15:30 or with +01:00 behind") from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


def time_argument(value: str, zone: str) -> datetime:
    """`read_time` for a command: what is no time ends it with 2."""
    try:
        return read_time(value, zone)
    except ValueError as error:
        fail(str(error), code=USAGE)
