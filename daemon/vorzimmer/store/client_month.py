"""All that the bill of a client's month is reckoned from, read at one instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from vorzimmer.core.bill import Fee
from vorzimmer.core.charge_row import Row
from vorzimmer.core.erased_call import as_charged
from vorzimmer.core.rating import Call, Place
from vorzimmer.core.stretches import Contract, Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.work_hours import WorkDone
from vorzimmer.store import billing_book, charges, closing_state, work_log
from vorzimmer.store.client_change import load
from vorzimmer.store.rated_calls import CALL, call_of, calls_of_client, instants

LATEST = timedelta(days=400)
"""So long after its month a call is still billed."""

EVER = datetime(1970, 1, 1, tzinfo=UTC)

_BELATED = {"de": "Nachtrag", "zh": "补记"}
"""By the client's language; in all others English."""

_CLOSED = "SELECT min(month) AS first, max(month) AS last FROM statement WHERE client = $1"

_STANDS = """
turn % 2 = 0
AND NOT EXISTS (SELECT FROM charge AS later WHERE later.call_id = charge.call_id AND later.turn > charge.turn)
"""

_LATE = f"""
{CALL} WHERE cdr.client = $1 AND cdr.started_at >= $2 AND cdr.started_at < $3
    AND NOT EXISTS (SELECT FROM charge WHERE charge.call_id = cdr.call_id AND charge.month <> $4 AND {_STANDS})
ORDER BY 3, 1
"""

_BILLED = f"""
SELECT call_id FROM charge JOIN statement USING (client, month) WHERE call_id = ANY ($1) AND {_STANDS}
"""  # noqa: S608 - constants

UNBILLED = "NOT EXISTS (SELECT FROM statement WHERE client = client_id AND data -> 'fees' @> to_jsonb(setup_charge.id))"
"""Whether a set-up is on no closed month's bill yet."""

_FEES = f"""
SELECT id, title, net, currency, at FROM setup_charge
WHERE client_id = $1 AND at >= $2 AND at < $3 AND {UNBILLED} ORDER BY at, id
"""  # noqa: S608 - a constant


class Closed(ValueError):
    """The month is closed: nothing is charged to it any more."""


@dataclass(frozen=True, slots=True)
class ClientMonth:
    """See `core.bill.bill`. `began`: its first instant. `late`: calls of closed months, which no bill has yet.

    `standing`: what is charged in the month by now. `currencies`: of the fees.
    """

    client: str
    month: Month
    began: datetime
    contracts: tuple[Contract, ...]
    versions: tuple[Tariff, ...]
    place: Place
    calls: tuple[Call, ...]
    late: tuple[Call, ...]
    work: tuple[WorkDone, ...]
    fees: tuple[Fee, ...]
    currencies: frozenset[str]
    standing: dict[str, tuple[Row, ...]]


async def load_month(conn: asyncpg.Connection, client: str, month: Month, *, calls: bool = True) -> ClientMonth:
    """Read a client's month. `calls`: with them.

    Raises:
        Closed: see there.
        store.client_change.NoSuchClient: the client is not in the book.
    """
    _version, known = await load(conn, client)
    place = Place(known.timezone, known.holidays)
    closed = await conn.fetchrow(_CLOSED, client)
    if closed["last"] is not None and month.first <= closed["last"]:
        raise Closed(f"{closed['last']:%Y-%m} is closed already; what is left goes to a month after it")
    agreed = await billing_book.agreements(conn, client)
    names = {one.tariff for one in agreed}
    versions = tuple(one for one in await billing_book.tariffs(conn) if one.id in names)
    since, until = instants(month, place)
    stands = await charges.standing(conn, client, month) if calls else {}
    mine = await calls_of_client(conn, client, since, until) if calls else ()
    first = (await closing_state.around(conn, client, month)).missing is None
    late: tuple[Call, ...] = ()
    if calls and first and closed["first"] is not None:
        begin = max(since - LATEST, instants(_of(closed["first"]), place)[0])
        late = tuple(call_of(row) for row in await conn.fetch(_LATE, client, begin, since, month.first))
    billed = {row["call_id"] for row in await conn.fetch(_BILLED, [call.id for call in mine])}
    own = [call for call in mine if call.id not in billed]
    fees = await conn.fetch(_FEES, client, EVER if first else since, until)
    return ClientMonth(
        client,
        month,
        since,
        tuple(one.contract for one in agreed),
        versions,
        place,
        _with_numbers(own, stands, versions, place),
        _with_numbers(late, stands, versions, place),
        tuple(one.work for one in await work_log.listed(conn, client, month)),
        tuple(_fee(row, known.language, place, closed["last"]) for row in fees),
        frozenset(row["currency"] for row in fees),
        stands,
    )


def _of(day: date) -> Month:
    return Month(day.year, day.month)


def _fee(row: Mapping[str, Any], language: str, place: Place, closed: date | None) -> Fee:
    """A set-up; one of a closed month (`closed`: the last one) is marked in its name."""
    titles: dict[str, str] = orjson.loads(row["title"])
    title = titles.get(language) or next(iter(titles.values()), "")
    day = row["at"].astimezone(ZoneInfo(place.timezone)).date()
    if closed is not None and day < _of(closed).after.first:
        title += f" ({_BELATED.get(language, 'belated')})"
    return Fee(title, day, row["net"], row["id"])


def _with_numbers(
    calls: Sequence[Call], stands: Mapping[str, Sequence[Row]], versions: Sequence[Tariff], place: Place
) -> tuple[Call, ...]:
    """The calls, of which those whose number was erased are still what they were charged as."""
    by_key = {(one.id, one.since): one for one in versions}
    return tuple(_as_charged(call, stands.get(call.id, ()), by_key, place) for call in calls)


def _as_charged(call: Call, rows: Sequence[Row], versions: Mapping[tuple[str, date], Tariff], place: Place) -> Call:
    tariff = versions.get((rows[0].tariff, rows[0].since)) if rows else None
    return call if tariff is None else as_charged(call, tariff, place, {row.position for row in rows})
