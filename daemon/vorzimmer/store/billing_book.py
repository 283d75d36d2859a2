"""Tariffs, contracts and accounts in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg

from vorzimmer.core.account import Account, Agreement, BillingBook, require_apart
from vorzimmer.core.model import STORED
from vorzimmer.core.stretches import Month
from vorzimmer.core.tariff import Recurring, Tariff

_ADD_TARIFF = """
INSERT INTO tariff (id, since, data, added_by) VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (id, since) DO UPDATE SET data = excluded.data, added_by = excluded.added_by, added_at = now()
"""

_THE_TARIFF = "SELECT data FROM tariff WHERE id = $1 AND since = $2 FOR UPDATE"

_IN_USE = """
SELECT EXISTS (
    SELECT FROM statement
    WHERE data -> 'versions' @> jsonb_build_array(jsonb_build_array($1::text, $2::text))
)
"""

_REACHES_BACK = """
SELECT min(month) FROM statement, jsonb_array_elements(data -> 'versions') AS version
WHERE month >= date_trunc('month', $2::date) AND version ->> 0 = $1 AND (version ->> 1)::date < $2
"""

_SAVE_CONTRACT = """
INSERT INTO contract AS known (client, since, until, data) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (client, since) DO UPDATE SET until = excluded.until, data = excluded.data
WHERE known.data <> excluded.data OR known.until IS DISTINCT FROM excluded.until
RETURNING client
"""

_CLOSED_UNTIL = "SELECT client, max(month) AS month FROM statement WHERE client = ANY ($1) GROUP BY client"

_CLOSED_FROM = "SELECT EXISTS (SELECT FROM statement WHERE client = $1 AND month >= date_trunc('month', $2::date))"

_SAVE_ACCOUNT = """
INSERT INTO account AS known (client, data) VALUES ($1, $2::jsonb)
ON CONFLICT (client) DO UPDATE SET data = excluded.data WHERE known.data <> excluded.data
RETURNING client
"""


class Unknown(Exception):
    """What a file names is not there, one sentence a line; nothing was changed."""


class InUse(Exception):
    """By these terms a closed month was billed: they do not change; what is new begins after it. A sentence a line."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was new or different, by id of tariff or client."""

    tariffs: tuple[str, ...]
    contracts: tuple[str, ...]
    accounts: tuple[str, ...]


async def save(conn: asyncpg.Connection, book: BillingBook, by: str) -> Saved:
    """Add what the file holds to what there is, all or nothing. What it does not name stays.

    Raises:
        InUse, Unknown: see there.
        ValueError: with the contracts that are known already, two of one client overlap.
    """
    async with conn.transaction():
        await conn.execute("LOCK TABLE tariff, contract, account IN SHARE ROW EXCLUSIVE MODE")
        tariffs = [one.id for one in book.tariff if await _add_tariff(conn, one, by)]
        await _require_known(conn, book)
        known = {_key(one): one for one in await agreements(conn)}
        require_apart((known | {_key(one): one for one in book.contract}).values())
        await _require_open(conn, known, book.contract)
        contracts = [
            one.client
            for one in book.contract
            if await conn.fetchval(_SAVE_CONTRACT, one.client, one.since, one.until, one.model_dump_json())
        ]
        accounts = [
            one.client for one in book.account if await conn.fetchval(_SAVE_ACCOUNT, one.client, one.model_dump_json())
        ]
    return Saved(tuple(tariffs), tuple(contracts), tuple(accounts))


async def _require_known(conn: asyncpg.Connection, book: BillingBook) -> None:
    """Contracts and accounts are of clients that there are, by tariffs that there are on each of their days."""
    clients = {row["id"] for row in await conn.fetch("SELECT id FROM client")}
    first = {
        row["id"]: row["first"] for row in await conn.fetch("SELECT id, min(since) AS first FROM tariff GROUP BY 1")
    }
    known = await tariffs(conn)
    wrong = [f"account of {one.client}: there is no such client" for one in book.account if one.client not in clients]
    for one in book.contract:
        if one.client not in clients:
            wrong.append(f"contract of {one.client}: there is no such client")
        if one.tariff not in first:
            wrong.append(f"contract of {one.client}: there is no tariff {one.tariff!r}")
        elif one.since < first[one.tariff]:
            wrong.append(f"contract of {one.client}: tariff {one.tariff!r} holds from {first[one.tariff]} on")
        else:
            versions = [tariff for tariff in known if tariff.id == one.tariff]
            wrong += [f"contract of {one.client}: {promise}" for promise in _empty_promises(one, versions)]
    if wrong:
        raise Unknown("\n".join(wrong))


def _empty_promises(agreed: Agreement, versions: Collection[Tariff]) -> Iterator[str]:
    """What a contract says and no version of its tariff knows: nothing would come of it."""
    fees = [one for version in versions for one in version.positions if isinstance(one, Recurring)]
    for option in agreed.options:
        if option not in {one.option for one in fees}:
            yield f"tariff {agreed.tariff!r} has no option {option!r}"
    if agreed.trial and not any(version.trial_days for version in versions):
        yield f"tariff {agreed.tariff!r} has no trial days"


def _key(agreed: Agreement) -> tuple[str, date]:
    return agreed.client, agreed.since


async def _require_open(
    conn: asyncpg.Connection, known: Mapping[tuple[str, date], Agreement], given: Collection[Agreement]
) -> None:
    """Nothing that is given changes what held in a closed month."""
    rows = await conn.fetch(_CLOSED_UNTIL, [one.client for one in given])
    closed = {row["client"]: Month(row["month"].year, row["month"].month) for row in rows}
    wrong = []
    for one in given:
        month, before = closed.get(one.client), known.get(_key(one))
        if month is not None and before != one and _changes(before, one, month.last):
            wrong.append(
                f"contract of {one.client} from {one.since}: {month.first:%Y-%m} is closed already,"
                f" what is new begins on {month.after.first} or later"
            )
    if wrong:
        raise InUse("\n".join(wrong))


def _changes(before: Agreement | None, after: Agreement, closed: date) -> bool:
    """Whether it makes a difference up to this day. A contract that held may end, but later."""
    if after.since > closed:
        return False
    if before is None or before.model_copy(update={"until": after.until}) != after:
        return True
    return any(one.until is not None and one.until <= closed for one in (before, after))


async def _add_tariff(conn: asyncpg.Connection, tariff: Tariff, by: str) -> bool:
    stored = await conn.fetchval(_THE_TARIFF, tariff.id, tariff.since)
    before = Tariff.model_validate_json(stored, context=STORED) if stored is not None else None
    if before == tariff:
        return False
    await conn.execute(_ADD_TARIFF, tariff.id, tariff.since, tariff.model_dump_json(), by)
    if before is not None and before.model_copy(update={"offered": tariff.offered}) == tariff:
        # Who is shown it changes no bill.
        return True
    if await conn.fetchval(_IN_USE, tariff.id, tariff.since.isoformat()):
        raise InUse(f"tariff {tariff.id} from {tariff.since}: months are billed by it, add a version of a later day")
    month = await conn.fetchval(_REACHES_BACK, tariff.id, tariff.since)
    if month is not None:
        raise InUse(f"tariff {tariff.id} from {tariff.since}: {month:%Y-%m} is closed by the one before")
    return True


async def tariffs(conn: asyncpg.Connection) -> tuple[Tariff, ...]:
    """All versions of all tariffs, by id and day."""
    rows = await conn.fetch("SELECT data FROM tariff ORDER BY id, since")
    return tuple(Tariff.model_validate_json(row["data"], context=STORED) for row in rows)


async def end(conn: asyncpg.Connection, client: str, until: date) -> Agreement | None:
    """End the contract that holds on this day with it; None: none does.

    Raises:
        ValueError: the day is in a month that is closed.
    """
    async with conn.transaction():
        await conn.execute("LOCK TABLE contract IN SHARE ROW EXCLUSIVE MODE")
        held = [one for one in await agreements(conn, client) if one.contract.holds(until)]
        if not held:
            return None
        if await conn.fetchval(_CLOSED_FROM, client, until):
            raise ValueError(f"{until:%Y-%m} of {client} is closed already")
        ended = held[0].model_copy(update={"until": until})
        await conn.fetchval(_SAVE_CONTRACT, client, ended.since, until, ended.model_dump_json())
        return ended


async def agreements(conn: asyncpg.Connection, client: str | None = None) -> tuple[Agreement, ...]:
    """The contracts of a client, or of all, by client and day."""
    rows = await conn.fetch(
        "SELECT data FROM contract WHERE $1::text IS NULL OR client = $1 ORDER BY client, since", client
    )
    return tuple(Agreement.model_validate_json(row["data"], context=STORED) for row in rows)


async def accounts(conn: asyncpg.Connection, client: str | None = None) -> dict[str, Account]:
    """The accounts, by client; of one client, or of all."""
    rows = await conn.fetch("SELECT data FROM account WHERE $1::text IS NULL OR client = $1 ORDER BY client", client)
    found = (Account.model_validate_json(row["data"], context=STORED) for row in rows)
    return {one.client: one for one in found}
