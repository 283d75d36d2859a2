"""Months of many clients rated by the database itself: the charges that the reference would write, as one set.

For the shapes of `core.bulk_shape`, and for months in which nothing is charged yet. Calls are counted in whole seconds
and milliseconds, amounts in exact decimals, so that every digit is the reference's; see `core.rating`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

import asyncpg

from vorzimmer.core.rating import Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.store.bulk_query import charging
from vorzimmer.store.client_month import LATEST, UNBILLED
from vorzimmer.store.rated_calls import instants

BORDER = timedelta(hours=27)
"""Around a month's ends a call may be billed in the month beside it, if the client had another time zone then."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('rate ' || client, 0)) FROM unnest($1::text[]) AS client"
"""The same locks as `store.charges.lock`."""

_FRESH = f"""
SELECT client, calls
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS book (client, begins, ends)
CROSS JOIN LATERAL (
    SELECT count(*) AS calls, bool_and(
        least(ring, announcement, queue, talk, hold, put_through, forwarded, machine) >= 0
        AND greatest(ring, announcement, queue, talk, hold, put_through, forwarded, machine) < 'Infinity'
    ) AS sound
    FROM cdr WHERE cdr.client = book.client AND started_at >= begins AND started_at < ends
) AS found
WHERE sound
    AND NOT EXISTS (SELECT FROM charge WHERE charge.client = book.client AND charge.month = $4)
    AND NOT EXISTS (SELECT FROM statement WHERE statement.client = book.client AND statement.month >= $4)
    AND NOT EXISTS (SELECT FROM parked_call WHERE parked_call.client = book.client)
    AND NOT EXISTS (SELECT FROM setup_charge WHERE client_id = book.client AND at < ends AND {UNBILLED})
    AND NOT CASE WHEN EXISTS (SELECT FROM charge WHERE charge.client = book.client) THEN EXISTS (
        SELECT FROM cdr JOIN charge USING (call_id) WHERE cdr.client = book.client
            AND (started_at >= begins AND started_at < begins + $5 OR started_at >= ends - $5 AND started_at < ends)
    ) ELSE false END
    AND NOT CASE WHEN EXISTS (SELECT FROM statement WHERE statement.client = book.client) THEN EXISTS (
        SELECT FROM cdr WHERE cdr.client = book.client AND started_at >= begins - $6::interval AND started_at < begins
            AND NOT EXISTS (SELECT FROM charge WHERE charge.call_id = cdr.call_id)
    ) ELSE false END
"""  # noqa: S608 - a constant
"""Clients of whose month nothing is charged, closed or put aside, with neither late calls nor calls whose clock was
wrong nor fees (these may be in another currency, which the reference refuses); and how many calls they have."""

_UNCHARGED = """
SELECT client, count(*) AS calls FROM cdr
WHERE started_at >= $1::date - interval '15 hours' AND started_at < $2::date + interval '15 hours'
    AND client IN (
        SELECT client FROM contract AS known
        WHERE ($3::text[] IS NULL OR client = ANY ($3))
            AND NOT EXISTS (SELECT FROM charge WHERE charge.client = known.client AND charge.month = $1)
    )
GROUP BY client HAVING count(*) >= $4
"""
"""With some hours around the month, for no zone's clock is further from UTC."""

_PLACES = "SELECT id, data ->> 'timezone' AS timezone, data ->> 'holidays' AS holidays FROM client WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Whole:
    """A client whose whole month is rated by one version of a tariff that fits (`core.bulk_shape.fits_month`)."""

    client: str
    tariff: Tariff
    place: Place


@dataclass(frozen=True, slots=True)
class Bulked:
    """Whose months were rated, of how many calls, and how many charges that made."""

    clients: frozenset[str] = frozenset()
    calls: int = 0
    charges: int = 0

    def __add__(self, other: Bulked) -> Bulked:
        return Bulked(self.clients | other.clients, self.calls + other.calls, self.charges + other.charges)


async def uncharged(
    conn: asyncpg.Connection, month: Month, among: Collection[str] | None, at_least: int
) -> dict[str, int]:
    """Clients with a contract and nothing charged in the month, and about how many calls; of those with so many."""
    names = None if among is None else list(among)
    rows = await conn.fetch(_UNCHARGED, month.first, month.after.first, names, at_least)
    return {row["client"]: row["calls"] for row in rows}


async def places(conn: asyncpg.Connection, clients: Collection[str]) -> dict[str, Place]:
    """By whose clock each of these clients is rated; those that are not in the book are left out."""
    rows = await conn.fetch(_PLACES, list(clients))
    return {row["id"]: Place(row["timezone"], row["holidays"]) for row in rows}


async def rate_new(conn: asyncpg.Connection, month: Month, clients: Iterable[Whole]) -> Bulked:
    """Charge all calls of these clients' month, all or nothing.

    Clients of whose month something is charged already, or with calls that came late or were put aside, are left out:
    they are the reference's. So a second time changes nothing.
    """
    chosen = sorted(clients, key=lambda one: one.client)
    done = Bulked()
    async with conn.transaction():
        await conn.execute(_LOCK, [one.client for one in chosen])
        calls = await _fresh(conn, month, chosen)
        mine = sorted((one for one in chosen if calls.get(one.client)), key=_version)
        for _, same in groupby(mine, key=_version):
            these = tuple(same)
            text, values = charging(these[0].tariff, month, _book(these, month))
            told = await conn.execute(text, *values)
            names = frozenset(one.client for one in these)
            done += Bulked(names, sum(calls[name] for name in names), int(told.rpartition(" ")[2]))
    return done


def _version(one: Whole) -> tuple[str, str]:
    return one.tariff.id, one.tariff.since.isoformat()


def _book(clients: Sequence[Whole], month: Month) -> tuple[list[object], ...]:
    """The clients, and when the month begins and ends for each."""
    spans = [instants(month, one.place) for one in clients]
    return [one.client for one in clients], [begin for begin, _ in spans], [end for _, end in spans]


async def _fresh(conn: asyncpg.Connection, month: Month, clients: Sequence[Whole]) -> dict[str, int]:
    rows = await conn.fetch(_FRESH, *_book(clients, month), month.first, BORDER, LATEST)
    return {row["client"]: row["calls"] for row in rows}
