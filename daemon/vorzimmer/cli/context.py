"""What all commands share: the `--config` option, the settings, and how an error reaches the person at the keyboard."""

from __future__ import annotations

import asyncio
import contextlib
import tomllib
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from vorzimmer import settings as sources
from vorzimmer.core.client import Book
from vorzimmer.settings import Settings
from vorzimmer.store import book, migrate

FAILED, USAGE = 1, 2
"""Exit codes: it was tried and did not work; it could not be tried as asked for (settings, arguments)."""

T = TypeVar("T")


def remember(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings; else $VORZIMMER_CONFIG, else the file in /etc."),
    ] = None,
) -> None:
    """Vorzimmer: engine of a telephone answering service, on Asterisk."""
    ctx.obj = config


def settings(ctx: typer.Context) -> Settings:
    """The settings; what is wrong with them is printed, one line for each key, and ends the command with 2."""
    named: Path | None = ctx.obj
    file = sources.chosen_file(named)
    try:
        return sources.load(named)
    except ValidationError as error:
        fail(*sources.problems(error, named), code=USAGE)
    except tomllib.TOMLDecodeError as error:
        fail(f"{file}: this is not TOML: {error}", code=USAGE)
    except UnicodeDecodeError:
        fail(f"{file}: this is not UTF-8 text", code=USAGE)
    except SettingsError as error:
        fail(f"environment: {error}", code=USAGE)
    except OSError as error:
        fail(f"{file}: {error.strerror or error}", code=USAGE)


def fail(*lines: str, code: int = FAILED) -> NoReturn:
    """Print to stderr and end the command."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(code)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine; what a database says no with becomes one sentence."""
    try:
        return asyncio.run(work)
    except migrate.SchemaError as error:
        fail(str(error))
    except asyncpg.PostgresError as error:
        fail(f"the database refused: {error}")


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
    """All groups and clients."""
    try:
        _, found = await book.load_book(conn)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, wrong["loc"]))
        fail(f"the database holds a {error.title.lower()} that this version does not understand: {key}: {wrong['msg']}")
    return found


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
