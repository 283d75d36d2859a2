"""Rounds of rating: what is found to be new, when all is looked at, and that one client stops no other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import asyncpg
import pytest

from tests.billing.months import (
    DECEMBER,
    EACH,
    ISSUER,
    NOVEMBER,
    PACKAGE,
    Made,
    account,
    client,
    contract,
    furnish,
    one_client,
    plain_documents,
    store,
)
from tests.store.records import Troubles
from vorzimmer.billing import rounds
from vorzimmer.billing.closing import close
from vorzimmer.billing.rounds import WHOLE_EVERY, rate_new
from vorzimmer.core.account import BillingBook
from vorzimmer.store import billing_book, charges, open_months

QUIET = Troubles()


async def _now(conn: asyncpg.Connection) -> datetime:
    """By the database's clock."""
    at: datetime = await conn.fetchval("SELECT clock_timestamp()")
    return at


async def _paid(conn: asyncpg.Connection, name: str = "mueller") -> dict[str, Decimal]:
    found = await charges.standing(conn, name, NOVEMBER)
    return {call: sum((row.sixtieths for row in rows), Decimal(0)) / 60 for call, rows in found.items()}


async def test_round_rates_what_was_stored_since_the_last(conn: asyncpg.Connection) -> None:
    """The first looks at all; the next one finds what is new, and nothing where nothing is."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    past = await rate_new(conn, None, await _now(conn), QUIET)
    assert await _paid(conn) == {"a": Decimal("2.5")}
    assert await open_months.touched_months(conn, await _now(conn)) == ()
    await store(conn, Made("b", "mueller", "2026-11-03T09:00"))
    assert await open_months.touched_months(conn, past.began) == (("mueller", NOVEMBER),)
    await rate_new(conn, past, await _now(conn), QUIET)
    assert await _paid(conn) == {"a": Decimal("2.5"), "b": Decimal("2.5")}


WRAP_UP = """
INSERT INTO agent_event (id, agent, at, state, reason, call_id, phone)
VALUES (gen_random_uuid(), 'alice', $1, $2, '', $3, 'phone-1')
"""


async def test_wrap_up_and_result_are_rated_when_they_are_known(conn: asyncpg.Connection) -> None:
    """Rated while the agent still writes, the call costs nothing yet; 90 s of wrap-up later it costs 0.90.

    60 s x 0.60 / 60 = 0.60 as soon as it is an order, which is 0.30 more than by its wrap-up: 0.90 + 0.30.
    """
    positions = [
        {"kind": "minutes", "id": "wrap", "name": "Nachbearbeitung", "price": "0.60", "phases": ["wrap_up"]},
        {"kind": "surcharge", "id": "order", "name": "Bestellung", "amount": "0.30", "when": {"results": ["order"]}},
    ]
    tariff = {"id": "wrap", "name": "Nacharbeit", "since": "2026-01-01", "positions": positions}
    await furnish(conn, [client("mueller")], [contract("mueller", "wrap")], [account("mueller")], [tariff])
    at = await conn.fetchval("SELECT clock_timestamp()")
    await store(conn, Made("a", "mueller", at.isoformat()))
    month = (await open_months.touched_months(conn, at - timedelta(minutes=1)))[0][1]
    past = await rate_new(conn, None, at, QUIET)
    assert [row.sixtieths for row in await charges.history(conn, "a")] == [0]
    await conn.execute(WRAP_UP, at, "wrap_up", "a")
    await conn.execute(WRAP_UP, at + timedelta(seconds=90), "free", None)
    past = await rate_new(conn, past, at, QUIET)
    [row] = (await charges.standing(conn, "mueller", month))["a"]
    assert (row.measured, row.sixtieths) == ("wrap_up:90", Decimal(54))
    data = '{"result": "order", "by": "alice"}'
    await conn.execute("INSERT INTO call_event VALUES (gen_random_uuid(), 'a', 90, $1, 'call.result', $2)", at, data)
    await rate_new(conn, past, at, QUIET)
    assert sum(row.sixtieths for row in (await charges.standing(conn, "mueller", month))["a"]) == 54 + 18


async def test_changed_contract_or_a_day_makes_a_round_look_at_all(conn: asyncpg.Connection) -> None:
    """Nothing was stored since; the new tariff holds for the calls that are there."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    now = await _now(conn)
    past = await rate_new(conn, None, now, QUIET)
    book = {"contract": [contract("mueller", "package")]}
    await billing_book.save(conn, BillingBook.model_validate(book), "test")
    changed = await rate_new(conn, past, now + timedelta(minutes=5), QUIET)
    assert (await _paid(conn), changed.whole) == ({"a": Decimal(0)}, now + timedelta(minutes=5))
    quiet = await rate_new(conn, changed, now + timedelta(minutes=10), QUIET)
    assert quiet.whole == changed.whole
    next_day = await rate_new(conn, quiet, now + WHOLE_EVERY + timedelta(minutes=5), QUIET)
    assert next_day.whole == next_day.began


async def test_late_calls_belong_to_the_first_open_month(conn: asyncpg.Connection) -> None:
    """Calls from before any contract are looked for by nobody, nor are those of clients without one."""
    await furnish(conn, [client("mueller"), client("other", 2)], [contract("mueller")], [account("mueller")])
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"), Made("o", "other", "2026-11-02T09:00"))
    await close(conn, "mueller", NOVEMBER, ISSUER, plain_documents, "alice", datetime(2026, 12, 1, tzinfo=UTC))
    await store(conn, Made("late", "mueller", "2026-11-03T09:00"))
    since = await conn.fetchval("SELECT now() - interval '1 hour'")
    assert await open_months.touched_months(conn, since) == (("mueller", DECEMBER),)
    assert await open_months.open_months(conn, datetime(2026, 12, 5, tzinfo=UTC)) == (("mueller", DECEMBER),)


async def test_one_clients_trouble_stops_no_other(conn: asyncpg.Connection) -> None:
    """A contract without a tariff is told with the reason; the next client is rated."""
    clients = [client("broken", 1), client("mueller", 2)]
    agreed = [contract("broken"), contract("mueller", "each")]
    await furnish(conn, clients, agreed, [], [PACKAGE, EACH])
    await conn.execute("""UPDATE contract SET data = data || '{"tariff": "gone"}' WHERE client = 'broken'""")
    await store(conn, Made("x", "broken", "2026-11-02T09:00"), Made("a", "mueller", "2026-11-02T09:00"))
    troubles = Troubles()
    await rate_new(conn, None, datetime(2026, 12, 1, tzinfo=UTC), troubles)
    assert await _paid(conn) == {"a": Decimal("2.5")}
    why = "tariff 'gone' has no version that holds on 2026-11-01"
    assert troubles.reported == [("rating.refused", {"client": "broken", "month": "2026-11", "why": why})]


async def test_rounds_go_on_when_the_database_is_away(dsn: str, conn: asyncpg.Connection) -> None:
    """The first connection fails and is told; the second one rates."""
    await one_client(conn, tariff="each")
    await store(conn, Made("a", "mueller", "2026-11-02T09:00"))
    tries: list[int] = []
    rated = asyncio.Event()
    troubles = Troubles()

    async def connect() -> asyncpg.Connection:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("refused")
        if len(tries) > 2:
            rated.set()
        return await asyncpg.connect(dsn)

    clock = partial(datetime, 2026, 12, 1, tzinfo=UTC)
    work = asyncio.create_task(rounds.run(connect, every=0, clock=clock, trouble=troubles))
    try:
        async with asyncio.timeout(10):
            await rated.wait()
    finally:
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert await _paid(conn) == {"a": Decimal("2.5")}
    assert troubles.reported == [("rating.failed", {"why": "OSError: refused"})]
