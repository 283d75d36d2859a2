"""The part of `check` that looks at the house's numbers: the stock beside the book, and the clients' forwarding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from vorzimmer.cli.report import Report
from vorzimmer.core.forwarding_watch import Verdict
from vorzimmer.settings import Settings
from vorzimmer.store import forwarding_checks, number_stock

TIMEOUT = 5.0
"""Seconds for the database to accept a connection."""

RECENT = timedelta(days=7)
"""How old the last check of a number may be to say something of it: there are weekends, and holidays beside them."""

NAMED = 5
"""Numbers that a sentence names."""


async def numbers(settings: Settings) -> Report:
    """What is wrong with numbers. A database that is away is told by its own report."""
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Report("numbers", "not known")
    try:
        findings = [one async for one in _of_stock(conn)]
        findings += [one async for one in _of_forwarding(conn, settings)]
    except asyncpg.PostgresError:
        return Report("numbers", "not known")  # a schema of another version, which the database's report tells
    finally:
        await conn.close()
    return Report("numbers", findings=tuple(findings))


async def _of_stock(conn: asyncpg.Connection) -> AsyncIterator[str]:
    if unstocked := await number_stock.unstocked(conn):
        yield f"clients have numbers that are not in the stock: {_named(unstocked)}; vorzimmer number add"
    if untrue := await number_stock.untrue(conn):
        yield f"the stock does not say what the book says of {_named(untrue)}; import the book again"


async def _of_forwarding(conn: asyncpg.Connection, settings: Settings) -> AsyncIterator[str]:
    found = await forwarding_checks.newest(conn, datetime.now(UTC) - RECENT)
    for check in found:
        if check.verdict.is_bad:
            yield f"{check.number} of client {check.client!r}: {check.reason}; tell the client"
    if unchecked := [check for check in found if check.verdict is Verdict.NOT_CHECKED]:
        about = f"{_named([check.number for check in unchecked])}: {unchecked[0].reason}"
        yield f"whether these are forwarded is not known, they cannot be rung: {about}"
    caller = settings.watchdog.caller
    if caller is not None and await conn.fetchval(
        "SELECT EXISTS (SELECT FROM client_number WHERE number = $1)", caller
    ):
        yield f"watchdog.caller {caller} is a client's number; take one that is nobody's own"
    if settings.watchdog.enabled and not found and await _is_any_watched(conn):
        yield f"no client's number was checked for {RECENT.days} days; journalctl -u vorzimmer-worker"


async def _is_any_watched(conn: asyncpg.Connection) -> bool:
    query = "SELECT EXISTS (SELECT FROM client WHERE data -> 'own_numbers' @> '[{\"watch\": true}]')"
    return bool(await conn.fetchval(query))


def _named(found: Sequence[str]) -> str:
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{', '.join(found[:NAMED])}{more}"
