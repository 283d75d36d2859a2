"""Every call of a month, one by one, as the client reads it: free ones and failed ones too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import asyncpg

from vorzimmer.billing.reckoning import OUTSIDE
from vorzimmer.core.account import Account
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.charge_brief import Mark, brief
from vorzimmer.core.rating import Place
from vorzimmer.core.statement import CallLine, Hidden, shortened
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.store import billing_book, statement_calls, statements
from vorzimmer.store.client_change import load
from vorzimmer.store.statement_calls import ALL, Told, Window

_FINEST = Decimal("0.000001")
"""To which a call's share of its position is told."""

Versions = Mapping[tuple[str, date], Tariff]


def wants_full_numbers(account: Account | None, month: Month) -> bool:
    """Whether whole numbers were ordered before the month began; else they lose their last three digits."""
    return account is not None and account.full_numbers is not None and account.full_numbers <= month.first


async def itemised(
    conn: asyncpg.Connection,
    client: str,
    month: Month,
    *,
    full_numbers: bool,
    language: str,
    window: Window = ALL,
) -> tuple[CallLine, ...]:
    """The calls of a client's month, the oldest first.

    Args:
        conn: to the database.
        client: who.
        month: closed or not.
        full_numbers: see `wants_full_numbers`.
        language: of `CallLine.why`.
        window: which of them.

    Raises:
        store.client_change.NoSuchClient: the client is not in the book.
    """
    _version, known = await load(conn, client)
    place = Place(known.timezone, known.holidays)
    closed = await statements.statement(conn, client, month)
    closed_at = closed.closed_at if closed else None
    calls = await statement_calls.calls_of_month(conn, client, month, place, closed_at, window)
    versions = {(one.id, one.since): one for one in await billing_book.tariffs(conn)}
    zone = ZoneInfo(known.timezone)
    line = partial(_line, versions=versions, zone=zone, full_numbers=full_numbers, language=language)
    return await asyncio.to_thread(lambda: tuple(map(line, calls)))


def _line(call: Told, *, versions: Versions, zone: ZoneInfo, full_numbers: bool, language: str) -> CallLine:
    hidden = _hidden(call)
    number = None if hidden or call.caller is None else call.caller if full_numbers else shortened(call.caller)
    marks = call.marks if call.version else {Mark.OUTSIDE if call.parked == OUTSIDE else Mark.WAITING}
    tariff = versions.get(call.version) if call.version else None
    return CallLine(
        id=call.id,
        began=call.began.astimezone(zone),
        direction=call.direction,
        disposition=call.disposition,
        number=number,
        hidden=hidden,
        phases=call.phases,
        net=sum((charge.amount for charge in call.charges), Decimal(0)).quantize(_FINEST),
        why=brief(call.charges, tariff, Disposition(call.disposition), marks, language),
        late=Mark.LATE in call.marks,
    )


def _hidden(call: Told) -> Hidden | None:
    if call.withheld:
        return Hidden.WITHHELD
    if call.erased:
        return Hidden.ERASED
    return None if call.caller else Hidden.UNKNOWN
