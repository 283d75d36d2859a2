"""Months rated as sets: the same charges as the reference's, digit by digit, and only where sets can do it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.billing.months import NOVEMBER, client, contract, furnish
from tests.store.records import Troubles
from vorzimmer.billing.bulk import fitting, rate_many
from vorzimmer.billing.rater import rate_month, rows_of
from vorzimmer.billing.reckoning import reckon
from vorzimmer.billing.rounds import rate_months
from vorzimmer.core.bill import Before
from vorzimmer.core.bulk_shape import fits, fits_month
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.charge_row import Row
from vorzimmer.core.ledger import Phase
from vorzimmer.core.stretches import Contract, Month, stretches
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.tariff_fields import NEVER
from vorzimmer.store import charges
from vorzimmer.store.bulk_rating import rate_new
from vorzimmer.store.charges import COLUMNS
from vorzimmer.store.client_month import load_month

_CALL = """
INSERT INTO cdr (
    call_id, client, did, direction, started_at, ended_at, duration, disposition, cause, hung_up_by, reason, withheld,
    digest, ring, announcement, queue, talk, hold, put_through, forwarded, machine
)
VALUES ($1::text, $2, '+4989123', $3, $4, $4, 0, $5, 16, 'caller', 'open', false, sha256(convert_to($1::text, 'UTF8')),
    $6, $7, $8, $9, $10, $11, $12, $13)
"""
_PERSON = "INSERT INTO cdr_person (call_id, key, caller, forwarded_to) VALUES ($1::text, sha256(''), $2, $2)"

NUMBERS = ("+4917012345", "+491512345", "+41443334455", None)
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York", "UTC")
MONTHS = (Month(2026, 3), Month(2026, 10), Month(2026, 11), Month(2024, 2))

Told = tuple[Any, ...]
"""A call's columns: see `_CALL`; then its number."""

SMALL = st.integers(0, 3)
PRICE = st.decimals(0, 3, places=4) | st.sampled_from([Decimal("0.1"), Decimal("0.005"), Decimal(1)])
PHASES = st.lists(st.sampled_from([phase.value for phase in Phase]), min_size=1, max_size=3, unique=True)
SPENT = st.sampled_from([Decimal(0), Decimal("0.001"), Decimal(60), Decimal("59.999"), Decimal(108_000)]) | st.decimals(
    0, 400, places=3
)
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "direction": st.sampled_from(["in", "out"]),
        "of": st.lists(st.sampled_from([one.value for one in Disposition if one not in NEVER]), max_size=3),
        "to": st.lists(st.sampled_from(["+49", "+4915", "+41", "+86"]), max_size=2),
    },
)
PRICED = st.one_of(
    st.fixed_dictionaries({"price": PRICE}),
    st.builds(
        lambda prices, mode, step: {
            "mode": mode,
            "tiers": [
                *({"up_to": step * n, "price": price} for n, price in enumerate(prices[1:], 1)),
                {"price": prices[0]},
            ],
        },
        st.lists(PRICE, min_size=2, max_size=4),
        st.sampled_from(["graduated", "whole"]),
        st.integers(1, 3),
    ),
)


@st.composite
def _position(draw: st.DrawFn, number: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["calls", "minutes"]))
    told: dict[str, Any] = {"kind": kind, "id": f"p{number}", "name": "P", "included": draw(SMALL), **draw(PRICED)}
    told |= {"phases": draw(PHASES), "when": draw(WHEN)}
    if draw(st.booleans()):
        told["caps"] = {told["phases"][0]: draw(st.sampled_from([0, 60, 3600]))}
    if draw(st.booleans()):
        told["free_short"] = {"seconds": draw(st.sampled_from([1, 30, 300])), "most": draw(st.none() | SMALL)}
    if kind == "minutes":
        told |= {"first": draw(st.sampled_from([1, 30, 60])), "then": draw(st.sampled_from([1, 6, 7, 60]))}
        told["increments_of"] = draw(st.sampled_from(["call", "phase"]))
    return told


@st.composite
def _tariff(draw: st.DrawFn) -> dict[str, Any]:
    positions = [draw(_position(number)) for number in range(draw(st.integers(1, 3)))]
    rounding = {
        "at": draw(st.sampled_from(["call", "position", "invoice"])),
        "to": draw(st.sampled_from(["0.01", "0.05", "0.003"])),
        "how": draw(st.sampled_from(["half_up", "half_even", "up", "down"])),
    }
    return {"id": "drawn", "name": "Gezogen", "since": "2020-01-01", "positions": positions, "rounding": rounding}


@st.composite
def _calls(draw: st.DrawFn, month: Month) -> list[Told]:
    """Some at the month's ends and at the changes of the clock, some at the same instant."""
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    edges = [begin, datetime(month.after.year, month.after.month, 1, tzinfo=UTC), begin + timedelta(days=24, hours=1)]
    near = st.builds(
        lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(edges), st.integers(-900, 900)
    )
    at = near | st.builds(lambda hours: begin + timedelta(hours=hours), st.integers(0, 20).map(lambda n: n * 36))
    one = st.tuples(
        st.sampled_from(["in", "in", "out"]),
        at,
        st.sampled_from([one.value for one in Disposition] + ["answered"] * 6),
        *[SPENT] * 8,
        st.sampled_from(NUMBERS),
    )
    return draw(st.lists(one, min_size=1, max_size=25))


async def _store(conn: asyncpg.Connection, name: str, calls: Iterable[Told]) -> None:
    """Ids are not in the order of the calls, and sort otherwise in a language than by their bytes."""
    rows = [(f"{'aBc-Z'[n % 5]}{n * 7 % 10}.{n}", told) for n, told in enumerate(calls)]
    await conn.executemany(_CALL, [(f"{name} {key}", name, *told[:-1]) for key, told in rows])
    await conn.executemany(_PERSON, [(f"{name} {key}", told[-1]) for key, told in rows if told[-1] is not None])


async def _house(conn: asyncpg.Connection, tariff: dict[str, Any], zone: str = "Europe/Berlin", **terms: Any) -> None:
    """A client `mueller` with this tariff."""
    agreed = contract("mueller", tariff["id"], **{"since": "2020-01-01", **terms})
    await furnish(conn, [client("mueller", timezone=zone)], [agreed], [], [tariff])


async def _expected(conn: asyncpg.Connection, month: Month) -> set[tuple[Row, bytes]]:
    """What the reference would write for a client without a history."""
    found = await load_month(conn, "mueller", month)
    return {(row, row.digest) for row in rows_of(found, reckon(found, Before()))}


async def _written(conn: asyncpg.Connection) -> set[tuple[Row, bytes]]:
    rows = await conn.fetch("SELECT * FROM charge")
    return {(Row(*(row[name] for name in COLUMNS)), row["digest"]) for row in rows}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_sets_write_what_the_reference_writes(dsn: str, data: st.DataObject) -> None:
    """Whatever tariff of the shape, whatever calls: equal column by column, with the digest; a second time nothing."""
    month = data.draw(st.sampled_from(MONTHS))
    told = (data.draw(_tariff()), data.draw(st.sampled_from(ZONES)), data.draw(_calls(month)))
    expected, written, again, turns = asyncio.run(_both(dsn, month, *told))
    assert written == expected
    assert (again, turns) == (0, 0)


async def _both(
    dsn: str, month: Month, tariff: dict[str, Any], zone: str, calls: Sequence[Told]
) -> tuple[set[tuple[Row, bytes]], set[tuple[Row, bytes]], int, int]:
    """The reference's rows, the set's, the charges of a second time, and what the reference takes back; all undone."""
    conn = await asyncpg.connect(dsn)
    transaction = conn.transaction()
    await transaction.start()
    try:
        await _house(conn, tariff, zone)
        await _store(conn, "mueller", calls)
        expected = await _expected(conn, month)
        [whole] = await fitting(conn, month, ["mueller"])
        await rate_new(conn, month, [whole])
        written = await _written(conn)
        again = (await rate_new(conn, month, [whole])).charges
        await rate_month(conn, "mueller", month)
        return expected, written, again, len(await _written(conn)) - len(written)
    finally:
        await transaction.rollback()
        await conn.close()


def _one(**fields: Any) -> dict[str, Any]:
    position = {"kind": "calls", "id": "calls", "name": "Anrufe", "price": "1.00"} | fields
    return {"id": "one", "name": "Eins", "since": "2020-01-01", "positions": [position]}


def _call(at: datetime, talk: str = "60", disposition: str = "answered") -> Told:
    nothing = Decimal(0)
    return "in", at, disposition, nothing, nothing, nothing, Decimal(talk), None, None, nothing, nothing, None


def _days(count: int) -> list[Told]:
    return [_call(datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(hours=n)) for n in range(count)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pool": "year"}, "year"),
        ({"phases": ["wrap_up"]}, "work after"),
        ({"when": {"results": ["order"]}}, "agent said"),
        ({"when": {"without": ["spam"]}}, "agent said"),
        ({"when": {"within": {"mon-fri": ["08:00-18:00"]}}}, "hour"),
        ({"when": {"holiday": True}}, "day"),
        ({"included": "0.5"}, "whole number"),
        ({"kind": "surcharge", "amount": "1", "price": None}, "surcharge"),
    ],
)
def test_other_shapes_say_why(fields: dict[str, Any], reason: str) -> None:
    """What a set does not know makes a tariff the reference's, and the reason names it."""
    told = _one(**fields)
    told["positions"] = [{key: value for key, value in told["positions"][0].items() if value is not None}]
    assert reason in (fits(Tariff.model_validate(told)) or "")


def test_rounding_of_phases_is_the_references() -> None:
    """A set has no phases by themselves."""
    assert fits(Tariff.model_validate(_one() | {"rounding": {"at": "phase"}})) == "phases are rounded"


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({}, None),
        ({"trial": True}, "nothing is charged in a trial"),
        ({"until": date(2026, 11, 20)}, "the month is not all one"),
        ({"since": date(2025, 11, 9)}, None),
    ],
)
def test_month_must_be_all_one(terms: dict[str, Any], reason: str | None) -> None:
    """Not in a trial, not with an end; a year of the contract that begins within the month cuts nothing."""
    tariff = Tariff.model_validate(_one() | {"trial_days": 30})
    agreed = Contract("one", **({"since": NOVEMBER.first} | terms))
    assert fits_month(stretches([agreed], [tariff], NOVEMBER), NOVEMBER) == reason


async def test_many_are_rated_and_few_are_left(conn: asyncpg.Connection) -> None:
    """Only clients with enough calls, and only within the month of their own clock."""
    names = ["ahorn", "birke"]
    agreed = [contract(name, "one") for name in names]
    await furnish(conn, [client(name, n) for n, name in enumerate(names)], agreed, [], [_one(included=2)])
    await _store(conn, "ahorn", [*_days(5), _call(datetime(2026, 11, 30, 23, 30, tzinfo=UTC))])
    await _store(conn, "birke", _days(2))
    done = await rate_many([conn], NOVEMBER, at_least=3)
    assert (done.clients, done.calls, done.charges) == (frozenset({"ahorn"}), 5, 5)
    assert await conn.fetchval("SELECT sum(sixtieths) / 60 FROM charge") == 3


@pytest.mark.parametrize("talk", ["-1", "NaN"])
async def test_wrong_clock_is_the_references(conn: asyncpg.Connection, talk: str) -> None:
    """A call with an impossible time is put aside, so its client's month is rated one by one."""
    await _house(conn, _one())
    await _store(conn, "mueller", [*_days(3), _call(datetime(2026, 11, 9, 8, tzinfo=UTC), talk)])
    assert (await rate_many([conn], NOVEMBER, at_least=1)).charges == 0


async def test_late_call_makes_the_month_the_references(conn: asyncpg.Connection) -> None:
    """A closed month's call without a charge is billed in this one, marked; a set knows nothing of that."""
    await _house(conn, _one())
    await _store(conn, "mueller", [_call(datetime(2026, 10, 9, 8, tzinfo=UTC)), *_days(3)])
    await conn.execute(
        "INSERT INTO statement (client, month, currency, total, data, head, closed_by)"
        " VALUES ('mueller', '2026-10-01', 'EUR', 0, '{}', sha256(''), 'test')"
    )
    assert (await rate_many([conn], NOVEMBER, at_least=1)).charges == 0


async def test_waits_for_whoever_rates_the_client(conn: asyncpg.Connection, dsn: str) -> None:
    """While the reference rates a client a set waits, and then finds nothing left to do."""
    await _house(conn, _one())
    await _store(conn, "mueller", _days(3))
    other = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await charges.lock(conn, "mueller")
            waiting = asyncio.create_task(rate_many([other], NOVEMBER, at_least=1))
            await rate_month(conn, "mueller", NOVEMBER)
            assert not waiting.done()
        assert (await waiting).charges == 0
    finally:
        await other.close()
    assert await conn.fetchval("SELECT count(*) FROM charge") == 3


async def test_rounds_rate_many_as_sets(conn: asyncpg.Connection) -> None:
    """A round takes whoever has many new calls together, and all others one by one."""
    names = ["ahorn", "birke"]
    agreed = [contract(name, "one") for name in names]
    await furnish(conn, [client(name, n) for n, name in enumerate(names)], agreed, [], [_one()])
    await _store(conn, "ahorn", _days(120))
    await _store(conn, "birke", _days(2))
    troubles = Troubles()
    months = [(name, NOVEMBER) for name in names]
    assert await rate_months(conn, months, troubles) == 2
    assert (await conn.fetchval("SELECT count(*) FROM charge"), troubles.events) == (122, [])
