"""The stock of numbers beside the book: one number for one client, whoever asks, and whoever asks first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.core.examples import make_client
from vorzimmer.core.client import Book, Client, Did
from vorzimmer.core.number_stock import NotPossible, State, Stocked, described
from vorzimmer.store import audit, client_change, number_handover, number_stock
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import BookConflict, save_book
from vorzimmer.store.number_handover import assign, port_in, port_out, release
from vorzimmer.store.number_stock import NotInStock, add, listed, look_up, reserve

BOSS = Actor("boss")
NUMBER = "+498955501"
FIRST = {"mueller": "+4989123456", "meier": "+4989123457"}
"""The numbers that two clients have, without any stock."""


def now() -> datetime:
    """The database goes by the real clock."""
    return datetime.now(UTC)


def client(name: str, *numbers: str) -> Client:
    """A client with these numbers, else its first one."""
    return make_client(id=name, name=name, dids=[Did(number=one) for one in numbers or (FIRST[name],)])


def new(*given: str, days: int = 90) -> list[Stocked]:
    """Numbers for the stock."""
    return [described(number, None, cooling_days=days, note="", at=now()) for number in given]


@pytest.fixture
async def conn(conn: Any) -> Any:
    """A database with two clients and one free number."""
    await save_book(conn, Book(client=(client("mueller"), client("meier"))))
    await add(conn, new(NUMBER), actor=BOSS)
    return conn


async def state(conn: Any, number: str = NUMBER) -> tuple[State, tuple[str, ...]]:
    """A number's state now, and who has it."""
    found = await look_up(conn, number, now())
    assert found is not None
    return found.stocked.state, found.clients


async def test_a_number_that_is_reserved_goes_to_its_client(conn: Any) -> None:
    """Reserved, assigned, among the client's numbers, and each step stands in the trail under who did it."""
    await reserve(conn, NUMBER, "mueller", now(), order="7", actor=BOSS)
    assert await state(conn) == (State.RESERVED, ())
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    assert await state(conn) == (State.WITH_CLIENT, ("mueller",))
    dids = (await client_change.load(conn, "mueller"))[1].dids
    assert [did.number for did in dids] == [FIRST["mueller"], NUMBER]
    entries = await audit.entries(conn)
    assert [(one.what, one.client, one.actor) for one in reversed(entries)] == [
        ("number.add", None, BOSS),
        ("number.reserve", "mueller", BOSS),
        ("number.assign", "mueller", BOSS),
    ]


async def test_of_two_orders_at_the_same_moment_exactly_one_gets_the_number(conn: Any, dsn: str) -> None:
    """Ten at once, on connections of their own: one has it, nine are told who."""

    async def order(n: int) -> Stocked | NotPossible:
        own = await asyncpg.connect(dsn)
        try:
            return await reserve(own, NUMBER, f"client{n}", now(), order=str(n), actor=BOSS)
        except NotPossible as refused:
            return refused
        finally:
            await own.close()

    answers = await asyncio.gather(*map(order, range(10)))
    (winner,) = [one for one in answers if isinstance(one, Stocked)]
    refused = [str(one) for one in answers if isinstance(one, NotPossible)]
    assert (
        refused == [f"{NUMBER} is reserved for client {winner.client_id!r} ({winner.order}); choose another number"] * 9
    )
    assert len(await audit.entries(conn, client=winner.client_id)) == 1


async def test_of_two_clients_at_the_same_moment_exactly_one_gets_the_number(conn: Any, dsn: str) -> None:
    """Assigning, reserving for somebody else and importing it for a third at once: one has it, and nobody hangs."""

    async def attempt(work: Any) -> bool:
        own = await asyncpg.connect(dsn)
        try:
            await work(own)
        except (NotPossible, BookConflict):
            return False
        finally:
            await own.close()
        return True

    async with asyncio.timeout(20):
        won = await asyncio.gather(
            attempt(lambda own: assign(own, NUMBER, "mueller", now(), actor=BOSS)),
            attempt(lambda own: reserve(own, NUMBER, "bauer", now(), actor=BOSS)),
            attempt(lambda own: save_book(own, Book(client=(client("meier", FIRST["meier"], NUMBER),)))),
            attempt(lambda own: assign(own, NUMBER, "meier", now(), actor=BOSS)),
        )
    assert won.count(True) == 1
    kept, holders = await state(conn)
    assert (kept, holders) in ((State.RESERVED, ()), (State.WITH_CLIENT, ("mueller",)), (State.WITH_CLIENT, ("meier",)))
    assert await number_stock.untrue(conn) == []


async def test_a_released_number_rests_before_somebody_else_gets_it(conn: Any) -> None:
    """Its callers were another client's: that client alone gets it back before the time is over."""
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    resting = await release(conn, NUMBER, now(), actor=BOSS)
    assert resting.until is not None
    assert timedelta(days=89) < resting.until - now() <= timedelta(days=90)
    for attempt in (assign, reserve):
        with pytest.raises(NotPossible, match="belonged to client 'mueller' and rests until"):
            await attempt(conn, NUMBER, "meier", now(), actor=BOSS)
    later = resting.until + timedelta(seconds=1)
    assert [one.stocked.state for one in await listed(conn, later)] == [State.FREE]
    await reserve(conn, NUMBER, "meier", later, actor=BOSS)
    await release(conn, NUMBER, later, actor=BOSS)
    assert await state(conn) == (State.FREE, ())


async def test_a_rest_can_be_ended_by_hand(conn: Any) -> None:
    """Said twice, for it is what the rest is there to prevent; at once with the release, or later."""
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    await release(conn, NUMBER, now(), actor=BOSS)
    with pytest.raises(NotPossible, match="rests until"):
        await release(conn, NUMBER, now(), actor=BOSS)
    await release(conn, NUMBER, now(), actor=BOSS, at_once=True)
    await assign(conn, NUMBER, "meier", now(), actor=BOSS)
    assert (await release(conn, NUMBER, now(), actor=BOSS, at_once=True)).state is State.FREE


async def test_a_client_keeps_one_number(conn: Any) -> None:
    """The only one is not taken away, nor one to which the client forwards its own; nothing is half done."""
    await add(conn, new(FIRST["mueller"]), actor=BOSS)
    assert await state(conn, FIRST["mueller"]) == (State.WITH_CLIENT, ("mueller",))
    with pytest.raises(NotPossible, match="is the only number of client 'mueller'; give it another one first"):
        await release(conn, FIRST["mueller"], now(), actor=BOSS)
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    own = [{"number": "+4989777", "did": NUMBER}]
    await client_change.change(
        conn,
        "mueller",
        lambda one: Client.model_validate({**one.model_dump(), "own_numbers": own}),
        actor=BOSS,
    )
    for attempt in (release, port_out):
        with pytest.raises(NotPossible, match=r"forwards \+4989777 to"):
            await attempt(conn, NUMBER, now(), actor=BOSS)
    assert await state(conn) == (State.WITH_CLIENT, ("mueller",))


async def test_the_stock_follows_an_imported_book(conn: Any) -> None:
    """A number that a file gives, moves or takes is with whom the file says; what was taken rests."""
    with_it = client("mueller", FIRST["mueller"], NUMBER)
    await save_book(conn, Book(client=(with_it,)))
    assert await state(conn) == (State.WITH_CLIENT, ("mueller",))
    await save_book(conn, Book(client=(client("mueller"), client("meier", FIRST["meier"], NUMBER))))
    assert await state(conn) == (State.WITH_CLIENT, ("meier",))
    await save_book(conn, Book(client=(client("mueller"),)), prune=True)
    assert await state(conn) == (State.COOLING, ())
    with pytest.raises(BookConflict, match=rf"client 'mueller': number \{NUMBER} belonged to client 'meier' and rests"):
        await save_book(conn, Book(client=(with_it,)))
    await save_book(conn, Book(client=(client("meier", NUMBER),)))
    assert await state(conn) == (State.WITH_CLIENT, ("meier",))
    assert await number_stock.untrue(conn) == []


async def test_a_number_leaves_and_comes_back(conn: Any) -> None:
    """Ported away nobody gets it; it comes back for the client who brings it. A stranger's comes in the same way."""
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    assert (await port_out(conn, NUMBER, now(), actor=BOSS)).state is State.PORTED
    with pytest.raises(NotPossible, match="was ported to another house; port it back first"):
        await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    for number in (NUMBER, "+498955502"):
        (one,) = new(number)
        assert (await port_in(conn, one, now(), client="meier", actor=BOSS)).state is State.RESERVED
        with pytest.raises(NotPossible, match="in the stock already"):
            await port_in(conn, one, now(), actor=BOSS)
        await assign(conn, number, "meier", now(), actor=BOSS)


async def test_what_cannot_be_done_is_said_and_nothing_is_half_done(conn: Any) -> None:
    """A block with one known number adds none; unknown numbers, clients and holders are named."""
    with pytest.raises(NotPossible, match=rf"in the stock already: \{NUMBER}; nothing was added"):
        await add(conn, new("+498955502", NUMBER), actor=BOSS)
    assert await look_up(conn, "+498955502", now()) is None
    for attempt in (assign, reserve):
        with pytest.raises(NotInStock, match="is not in the stock"):
            await attempt(conn, "+498955502", "mueller", now(), actor=BOSS)
    with pytest.raises(client_change.NoSuchClient):
        await assign(conn, NUMBER, "nobody", now(), actor=BOSS)
    with pytest.raises(NotPossible, match="ends in the future"):
        await reserve(conn, NUMBER, "mueller", now(), until=now() - timedelta(seconds=1), actor=BOSS)
    with pytest.raises(NotPossible, match="client 'meier' does not have"):
        await number_handover.release(conn, NUMBER, now(), client="meier", actor=BOSS)
    await assign(conn, NUMBER, "mueller", now(), actor=BOSS)
    with pytest.raises(NotPossible, match="client 'mueller' has"):
        await assign(conn, NUMBER, "mueller", now(), actor=BOSS)


async def test_a_number_that_several_share_is_taken_from_one_of_them(conn: Any) -> None:
    """Clients told apart by who diverted: it is said from whom, and the number stays with the other."""
    shared = [
        make_client(id=name, name=name, dids=[Did(number=FIRST[name]), Did(number=NUMBER, diverted_from=(diverting,))])
        for name, diverting in (("mueller", "+4989888"), ("meier", "+4989999"))
    ]
    await save_book(conn, Book(client=tuple(shared)))
    assert await state(conn) == (State.WITH_CLIENT, ("meier", "mueller"))
    with pytest.raises(NotPossible, match="shared by 'meier', 'mueller'; say from whom"):
        await release(conn, NUMBER, now(), actor=BOSS)
    await release(conn, NUMBER, now(), client="meier", actor=BOSS)
    assert await state(conn) == (State.WITH_CLIENT, ("mueller",))


async def test_a_house_without_a_stock_misses_nothing(conn: Any) -> None:
    """Only where there is a stock are clients' numbers named that are not in it."""
    assert await number_stock.unstocked(conn) == sorted(FIRST.values())
    await conn.execute("DELETE FROM number_stock")
    assert await number_stock.unstocked(conn) == []
    await save_book(conn, Book(client=(client("mueller", FIRST["mueller"], NUMBER),)))
    assert await look_up(conn, NUMBER, now()) is None
