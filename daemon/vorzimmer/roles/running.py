"""What the roles share: the clock, the way to tell of trouble, and coroutines that run beside others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog

from vorzimmer.notify.smtp import Server
from vorzimmer.settings import Settings
from vorzimmer.store import migrate

log = structlog.get_logger()


SCHEMA_SECONDS = 2.0
"""How long the database may take to tell its schema's version before it counts as away."""


def now() -> datetime:
    """The one reader of the wall clock."""
    return datetime.now(UTC)


def trouble(event: str, /, **about: Any) -> None:
    """What a person should hear of stands in the log as a warning."""
    log.warning(event, **about)


async def first(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them does."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def tasks(*work: Any) -> AsyncIterator[None]:
    """Run coroutines beside the body; they are cancelled at its end, and their failure ends it."""
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one) for one in work]
            yield
            for task in running:
                task.cancel()
    except BaseExceptionGroup as group_of_one:
        # What the body or a single coroutine has to say is for whoever called, not a group with one member.
        if len(group_of_one.exceptions) == 1:
            raise group_of_one.exceptions[0] from None
        raise


def mail_server(settings: Settings) -> Server:
    """The mail server of the settings."""
    smtp = settings.smtp
    return Server(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        ca_file=smtp.ca_file,
        user=smtp.user,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout=smtp.timeout,
    )


def mail_domain(settings: Settings) -> str:
    """What the Message-IDs of our mails end with: the sender's domain."""
    return settings.smtp.sender.rpartition("@")[2] or "vorzimmer"


async def require_schema(dsn: str) -> None:
    """Refuse a database of another version; one that is away is waited for by whoever needs it."""
    try:
        conn = await asyncpg.connect(dsn, timeout=SCHEMA_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        trouble("database.away", error=str(error) or type(error).__name__)
        return
    try:
        await migrate.require_current(conn)
    finally:
        await conn.close()
