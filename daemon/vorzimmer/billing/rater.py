"""A client's month rated: its bill reckoned by the reference, and every call's charge made what the bill says.

The whole month is reckoned each time, in the order of its calls, so that it does not matter in which order they were
stored, or how often this is done. What a call costs by now is left as it is, or taken back and charged anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

import asyncpg

from vorzimmer.billing.reckoning import OUTSIDE, Reckoned, reckon
from vorzimmer.core.bill import Before, Bill
from vorzimmer.core.charge_brief import Mark
from vorzimmer.core.charge_row import Row, Under, nothing_charged, row_of
from vorzimmer.core.rating import Charge
from vorzimmer.core.stretches import Month, NoTariff, Stretch
from vorzimmer.store import charges, closing_state, statements
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.client_month import ClientMonth, Closed, load_month


async def rate_month(conn: asyncpg.Connection, client: str, month: Month) -> Bill:
    """Rate a client's month, charge its calls, and put aside those that cannot be rated.

    `Bill.outside` names calls of earlier months too, if they are still put aside for no contract held.

    Raises:
        store.client_month.Closed: it is closed, or a month after it.
        store.client_change.NoSuchClient: the client is not in the book.
        NoTariff, ValueError: the contracts do not fit the month; all of its calls are put aside.
    """
    refused: Exception | None = None
    async with conn.transaction():
        await charges.lock(conn, client)
        found = await load_month(conn, client, month)
        try:
            made = await asyncio.to_thread(reckon, found, await _before(conn, found))
        except (NoTariff, ValueError) as error:
            await charges.park(conn, client, dict.fromkeys(_ids(found), str(error)), ())
            refused = error
        else:
            await _keep(conn, found, made)
            outside = await charges.parked_before(conn, client, found.began, OUTSIDE)
    if refused is not None:
        raise refused
    return replace(made.bill, outside=tuple(dict.fromkeys((*outside, *made.bill.outside))))


async def reckoned(conn: asyncpg.Connection, client: str, month: Month) -> Bill:
    """The bill as `rate_month` would make it now; nothing is written.

    Raises:
        store.client_month.Closed, store.client_change.NoSuchClient, NoTariff, ValueError: see `rate_month`.
    """
    found = await load_month(conn, client, month)
    return (await asyncio.to_thread(reckon, found, await _before(conn, found))).bill


async def used_before(conn: asyncpg.Connection, client: str, month: Month) -> Mapping[str, Decimal]:
    """The units by position that the months before this one have used of the contract's year, closed or not."""
    closed = await statements.statement(conn, client, month.before)
    if closed is not None:
        return closed.used
    try:
        found = await load_month(conn, client, month, calls=False)
    except (Closed, NoSuchClient):
        return {}  # the month was the first one; or nobody knows any more
    return (await _before(conn, found)).used


async def _keep(conn: asyncpg.Connection, found: ClientMonth, made: Reckoned) -> None:
    rows = await asyncio.to_thread(lambda: list(rows_of(found, made)))
    await charges.write(conn, rows, {*_ids(found), *found.standing})
    await charges.park(conn, found.client, made.parked, {row.call_id for row in rows})


def _ids(found: ClientMonth) -> list[str]:
    return [call.id for call in (*found.late, *found.calls)]


async def _before(conn: asyncpg.Connection, found: ClientMonth) -> Before:
    """What the bills of the months before mean for this one: those that are closed, and those that will be."""
    client, month = found.client, found.month
    now = (await closing_state.around(conn, client, month)).missing or month
    closed = await statements.statement(conn, client, now.before)
    known = Before(closed.used, closed.advanced) if closed is not None else Before()
    yearly = any(getattr(one, "pool", None) == "year" for tariff in found.versions for one in tariff.positions)
    while now < month:
        earlier = await load_month(conn, client, now, calls=yearly)
        try:
            made = (await asyncio.to_thread(reckon, earlier, known)).bill
        except (NoTariff, ValueError):
            return Before()
        known, now = Before(made.used, made.advanced), now.after
    return known


def rows_of(found: ClientMonth, made: Reckoned) -> Iterator[Row]:
    """The rows that are to stand: each rated call has at least one."""
    late = {call.id for call in found.late}
    for one in made.bill.rated:
        under = _under(found, one.stretch)
        by_call: dict[str, list[Charge]] = {}
        for charge in one.charges:
            by_call.setdefault(charge.call, []).append(charge)
        for call in one.calls:
            marks = [*([Mark.LATE] if call in late else ()), *([Mark.TRIAL] if one.stretch.trial else ())]
            rows = [row_of(charge, under, marks=marks) for charge in by_call.get(call, ())]
            yield from rows or [nothing_charged(call, under, marks=marks)]
    for known, part in made.free:
        yield nothing_charged(known.id, _under(found, part), marks=(Mark.LATE, Mark.TRIAL))


def _under(found: ClientMonth, part: Stretch) -> Under:
    return Under(found.client, found.month.first, part.tariff.id, part.tariff.since, part.tariff.currency)
