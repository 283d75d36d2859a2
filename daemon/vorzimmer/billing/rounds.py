"""Rates what is new, now and again: the months of calls of which something was stored, and at times all open ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from vorzimmer.billing.bulk import rate_many
from vorzimmer.billing.rater import rate_month
from vorzimmer.core.ports import Trouble
from vorzimmer.core.stretches import Month, NoTariff
from vorzimmer.store import open_months, outage
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.client_month import Closed

OVERLAP = timedelta(minutes=10)
"""A transaction that stores calls may be open for so long when a round begins."""

WHOLE_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What the last round knew. `began`: it; `whole`: the last one that looked at all open months."""

    began: datetime
    whole: datetime
    terms: str


async def rate_new(conn: asyncpg.Connection, past: Past | None, at: datetime, trouble: Trouble) -> Past:
    """One round: rate the months of what was stored since the last one.

    All open months are rated at first, once a day, and when a tariff, a contract or a calendar was changed.
    """
    terms = await open_months.terms(conn)
    if past is None or past.terms != terms or at - past.whole >= WHOLE_EVERY:
        await rate_months(conn, await open_months.open_months(conn, at), trouble)
        return Past(at, at, terms)
    await rate_months(conn, await open_months.touched_months(conn, past.began - OVERLAP), trouble)
    return Past(at, past.whole, terms)


async def rate_months(conn: asyncpg.Connection, months: Iterable[tuple[str, Month]], trouble: Trouble) -> int:
    """Rate these months, and tell how many that were; one client's trouble is told, and stops no other.

    Months with many calls, of which none is charged, are rated together where their tariffs allow.
    """
    wanted = list(months)
    together = await _together(conn, wanted)
    rated = len(together)
    for client, month in (one for one in wanted if one not in together):
        try:
            await rate_month(conn, client, month)
            rated += 1
        except (Closed, NoSuchClient):
            continue  # since they were listed
        except (NoTariff, ValueError, ArithmeticError, LookupError) as error:
            trouble("rating.refused", client=client, month=f"{month.year}-{month.month:02}", why=str(error))
    return rated


async def _together(conn: asyncpg.Connection, months: Iterable[tuple[str, Month]]) -> set[tuple[str, Month]]:
    """Those that were rated as sets, month after month."""
    clients: dict[Month, list[str]] = {}
    for client, month in months:
        clients.setdefault(month, []).append(client)
    done = {month: await rate_many([conn], month, clients[month]) for month in sorted(clients)}
    return {(client, month) for month, bulked in done.items() for client in bulked.clients}


async def run(
    connect: Callable[[], Awaitable[asyncpg.Connection]],
    *,
    every: float,
    clock: Callable[[], datetime],
    trouble: Trouble,
) -> None:
    """Round after round until cancelled. `every`: seconds between two. What keeps it from rating is told."""
    past: Past | None = None
    while True:
        try:
            conn = await connect()
            try:
                past = await rate_new(conn, past, clock(), trouble)
            finally:
                await conn.close()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            trouble("rating.failed", why=outage.why(error))
        await asyncio.sleep(every)
