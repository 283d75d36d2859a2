"""Months of clients with many calls, rated as sets where tariff and contract allow; see `store.bulk_rating`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence

import asyncpg

from vorzimmer.core.bulk_shape import fits_month
from vorzimmer.core.stretches import Contract, Month, NoTariff, stretches
from vorzimmer.core.tariff import Tariff
from vorzimmer.store import billing_book
from vorzimmer.store.bulk_rating import Bulked, Whole, places, rate_new, uncharged

MANY = 100
"""A client with fewer calls is the reference's: its month takes less time than looking whether it fits."""

AT_ONCE = 100_000
"""Calls of one transaction, about: so much is lost when it is broken off."""


async def rate_many(
    conns: Sequence[asyncpg.Connection],
    month: Month,
    among: Collection[str] | None = None,
    at_least: int = MANY,
) -> Bulked:
    """Rate the month of each client with so many calls, none of them charged, whose tariff is of a shape for sets.

    All others are left to `billing.rater`. What was done when this is broken off stays; a second time goes on there.

    Args:
        conns: each rates its share at the same time, in transactions of about `AT_ONCE` calls.
        month: which one.
        among: only of these clients.
        at_least: calls.
    """
    waiting = await uncharged(conns[0], month, among, at_least)
    shares = iter(_shares(await fitting(conns[0], month, waiting), waiting))
    return sum(await asyncio.gather(*(_work(conn, month, shares) for conn in conns)), Bulked())


async def _work(conn: asyncpg.Connection, month: Month, shares: Iterator[Sequence[Whole]]) -> Bulked:
    done = Bulked()
    for share in shares:
        done += await rate_new(conn, month, share)
    return done


def _shares(clients: Sequence[Whole], calls: dict[str, int]) -> Iterator[Sequence[Whole]]:
    share: list[Whole] = []
    size = 0
    for one in clients:
        share.append(one)
        size += calls[one.client]
        if size >= AT_ONCE:
            yield share
            share, size = [], 0
    if share:
        yield share


async def fitting(conn: asyncpg.Connection, month: Month, clients: Collection[str]) -> tuple[Whole, ...]:
    """Those of these clients whose whole month is one tariff's, of a shape for sets; tariff by tariff."""
    versions = await billing_book.tariffs(conn)
    contracts: dict[str, list[Contract]] = {}
    for one in await billing_book.agreements(conn):
        contracts.setdefault(one.client, []).append(one.contract)
    tariffs = {client: _tariff(contracts.get(client, ()), versions, month) for client in clients}
    found = [
        Whole(client, tariff, place)
        for client, place in (await places(conn, clients)).items()
        if (tariff := tariffs[client]) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.tariff.id, one.client)))


def _tariff(contracts: Sequence[Contract], versions: Sequence[Tariff], month: Month) -> Tariff | None:
    """By which the whole month is rated as a set, if it is."""
    try:
        parts = stretches(contracts, versions, month)
    except (NoTariff, ValueError):
        # The reference puts the month's calls aside, and says why.
        return None
    return parts[0].tariff if fits_month(parts, month) is None else None
