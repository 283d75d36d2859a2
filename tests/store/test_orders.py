"""Orders on a real PostgreSQL: placed, brought on, chased, charged, each with its letters."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.orders.house import BOSS, NOW, SETTING_UP, change, letters, save_client, setup
from vorzimmer.core.number_stock import State, described
from vorzimmer.core.setup_booking import OrderedAlready
from vorzimmer.core.setup_course import NotNow, answer, ask, cancel, drop, finish
from vorzimmer.core.setup_order import Order, OrderState, StepState
from vorzimmer.store import audit, client_change, number_stock, orders

REQUEST = UUID("6f9619ff-8b86-d011-b42d-00cf4fc964ff")
COUNTRY = {"country-number": {"country": "ch"}}


@pytest.fixture(autouse=True)
async def _client(conn: Any) -> None:
    """The book has a client."""
    await save_client(conn)


async def place(conn: Any, order: Order, **more: Any) -> Order:
    """Place an order."""
    return await orders.place(conn, order, SETTING_UP, actor=BOSS, **more)


async def go(conn: Any, number: int, changed: Any, *, days: float = 0) -> Order:
    """Bring an order on, so many days later."""
    at = NOW + timedelta(days=days)
    return await orders.change(conn, number, changed, SETTING_UP, actor=BOSS, what="order.step", at=at)


def done(n: int) -> Any:
    """The function that finishes a step."""
    return partial(finish, n=n, by="boss", at=NOW)


async def test_an_order_is_kept_whole(conn: Any) -> None:
    """What is read back is what was placed, in a house that is restarted too."""
    placed = await place(conn, setup(voip="ours", factor="germany", wishes="Bald,\nbitte"))
    assert await orders.load(conn, placed.id) == placed
    assert await orders.of_client(conn, "mueller") == [placed]
    assert await orders.everybodys(conn, state=OrderState.OPEN) == [placed]
    assert [(item.option, item.price) for item in placed.items] == [
        ("extension-professional", Decimal("249.00")),
        ("own-number", Decimal("99.00")),
    ]
    assert placed.items[1].answers[0][1] == "+4989123456"


async def test_the_clients_file_says_what_was_ordered(conn: Any) -> None:
    """Whose telephone system and which factor stand in the file, with a trace; a change order touches neither."""
    await place(conn, setup(voip="ours", factor="germany"))
    await place(conn, change())
    _, client = await client_change.load(conn, "mueller")
    assert (client.file.voip, client.file.telephone_factor) == ("ours", "germany")
    assert [entry.what for entry in await audit.entries(conn, client="mueller")] == [
        "order.place",
        "order.place",
        "client.file",
    ]


async def test_everybody_hears_of_an_order(conn: Any) -> None:
    """The client gets the prices, those in charge the steps; a role that nobody has is the lead's."""
    await place(conn, setup(factor="eu", wishes="Bald,\nbitte"))
    found = await letters(conn)
    assert [(kind, to) for kind, to, _ in found] == [
        ("order_confirmed", "kanzlei@example.org"),
        ("order_placed", "lead@house.example"),
        ("order_placed", "sales@house.example"),
        ("order_placed", "it@house.example"),
    ]
    confirmed, placed = found[0][2].text, found[1][2].text
    assert "249,00\xa0€ netto" in confirmed
    assert "Zusammen einmalig 348,00\xa0€ netto." in confirmed
    assert "Telefonfaktor: Telefonate innerhalb der EU (0.3)" in confirmed
    assert "    Bald,\n    bitte\n" in confirmed
    assert "studio" not in confirmed.casefold()
    assert "1. Ansage im Studio produzieren und liefern" in placed
    assert "Tonstudio, bis Freitag, 4. Dezember 2026 (wartet auf Antwort)" in placed
    assert "https://tel.example/admin#/at/mueller/orders/1" in placed


async def test_three_days_without_an_answer_are_told_to_the_lead(conn: Any) -> None:
    """Once per three days and step, with the case described; also by two workers at once. An answer ends it."""
    order = await place(conn, setup())
    await letters(conn)
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=3, seconds=-1)) == 0
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=3)) == 2
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=3)) == 0
    found = await letters(conn)
    assert {(kind, to) for kind, to, _ in found} == {("escalation", "lead@house.example")}
    case = found[1][2]
    assert case.subject == "Seit 3 Tagen keine Antwort von IT: Kanzlei Müller, Auftrag 1"
    assert "Schritt 3: Technisch prüfen, ob die Rufnummer hier eingerichtet werden kann" in case.text
    assert "IT wurde am 20. November 2026, 11:00 gefragt" in case.text
    assert "Ihre Rufnummer: +4989123456" in case.text
    await go(conn, order.id, partial(answer, n=3, text="Geht.", by="it", at=NOW))
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=10)) == 1
    [(_, _, studio)] = await letters(conn, "escalation")
    assert "Seit 10 Tagen" in studio.subject
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=10)) == 0


async def test_a_question_goes_to_whom_it_is_for_and_the_answer_to_who_needs_it(conn: Any) -> None:
    """A client reads the question without the house's steps; its answer reaches the owner of the step."""
    order = await place(conn, setup())
    await letters(conn)
    await go(conn, order.id, partial(ask, n=3, of="client", question="Wer ist Ihr\nAnbieter?", at=NOW))
    [(kind, to, asked)] = await letters(conn)
    assert (kind, to) == ("step_asked", "kanzlei@example.org")
    assert "    Wer ist Ihr\n    Anbieter?\n" in asked.text
    assert "Tonstudio" not in asked.text
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=3)) == 1, "only the studio's"
    await letters(conn)
    await go(conn, order.id, partial(answer, n=3, text="Die Telekom.", by="kanzlei", at=NOW))
    [(kind, to, answered)] = await letters(conn)
    assert (kind, to) == ("step_answered", "it@house.example")
    assert "Die Telekom." in answered.text


async def test_what_is_had_is_charged_once(conn: Any) -> None:
    """An option costs from its last step on, at the price of the order; the client hears of the end and the sum."""
    order = await place(conn, setup())
    for n in (1, 3, 2):
        await go(conn, order.id, done(n))
    assert [(one.option, one.net) for one in await orders.charges(conn)] == [("extension-professional", Decimal(249))]
    await letters(conn)
    over = await go(conn, order.id, done(4), days=8)
    assert over.state is OrderState.DONE
    charged = await orders.charges(conn, client="mueller", order=order.id)
    assert [(one.net, one.currency, one.at) for one in charged] == [
        (Decimal("249.00"), "EUR", NOW),
        (Decimal("99.00"), "EUR", NOW + timedelta(days=8)),
    ]
    closed = await letters(conn)
    assert [(kind, to) for kind, to, _ in closed] == [
        ("order_done", "kanzlei@example.org"),
        ("order_done", "lead@house.example"),
        ("order_done", "sales@house.example"),
    ]
    assert "Berechnet werden einmalig 348,00\xa0€ netto." in closed[0][2].text
    with pytest.raises(NotNow, match="step 4 is done already"):
        await go(conn, order.id, done(4))
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("UPDATE setup_charge SET net = 1")


async def test_what_cannot_be_had_costs_nothing(conn: Any) -> None:
    """After a failed technical check the rest of the option is dropped; the client reads what it does not get."""
    order = await place(conn, setup())
    await go(conn, order.id, partial(drop, n=3, by="it", at=NOW))
    await go(conn, order.id, done(1))
    await letters(conn)
    over = await go(conn, order.id, done(2))
    assert over.state is OrderState.DONE
    assert [one.option for one in await orders.charges(conn)] == ["extension-professional"]
    text = (await letters(conn))[0][2].text
    assert "Nicht eingerichtet:\n\n- Eigene Rufnummer" in text


async def test_a_cancelled_order_says_so(conn: Any) -> None:
    """Nothing is charged or chased any more."""
    order = await place(conn, setup())
    await letters(conn)
    await go(conn, order.id, partial(cancel, by="boss", at=NOW))
    assert (await letters(conn))[0][2].subject == "Storniert: Auftrag 1 für Kanzlei Müller"
    assert await orders.escalate(conn, SETTING_UP, NOW + timedelta(days=30)) == 0
    with pytest.raises(NotNow, match="order 1 is cancelled already"):
        await go(conn, order.id, partial(cancel, by="boss", at=NOW))


async def test_the_same_thing_twice_is_refused(dsn: str, conn: Any) -> None:
    """Two orders at the same moment for the same option: one is placed, the other names it. A change likewise."""
    other = await asyncpg.connect(dsn)
    both = await asyncio.gather(place(conn, setup()), place(other, setup()), return_exceptions=True)
    await other.close()
    [refused] = [one for one in both if isinstance(one, OrderedAlready)]
    assert str(refused).startswith("order 1 of 2026-11-20 is about this already: Own extension")
    with pytest.raises(OrderedAlready, match="The agent's own extension"):
        await place(conn, setup({"extension": {}}))
    await place(conn, change())
    await place(conn, change(wishes="Bitte Herrn Huber."))
    with pytest.raises(OrderedAlready):
        await place(conn, change())


async def test_the_same_request_is_the_same_order(conn: Any) -> None:
    """A page that sends its order again, because the answer got lost, gets the order it has placed, and one mail."""
    first = await place(conn, setup(), request=REQUEST)
    assert await place(conn, setup(), request=REQUEST) == first
    assert len(await letters(conn, "order_confirmed")) == 1


async def test_nothing_is_left_of_an_order_that_cannot_be_placed(conn: Any) -> None:
    """A client that was deleted meanwhile: no order, no letter, no number."""
    await conn.execute("DELETE FROM client")
    with pytest.raises(client_change.NoSuchClient):
        await place(conn, setup())
    assert await orders.everybodys(conn) == []
    assert await letters(conn) == []


async def test_a_number_is_reserved_where_there_is_one(conn: Any) -> None:
    """The second of two orders gets the second number, a third leaves it to a person; dropping one frees its number."""
    new = [described(number, "CH", cooling_days=90, note="", at=NOW) for number in ("+41445550001", "+41445550002")]
    await number_stock.add(conn, new, actor=BOSS)
    first = await place(conn, setup(COUNTRY))
    assert first.items[0].number == "+41445550001"
    listed = await number_stock.look_up(conn, "+41445550001", NOW)
    assert listed is not None
    assert (listed.stocked.client_id, listed.stocked.order) == ("mueller", "order 1")
    await go(conn, first.id, partial(drop, n=1, by="it", at=NOW))
    assert [one.stocked.state for one in await number_stock.listed(conn, NOW)] == [State.FREE, State.FREE]
    none = await place(conn, setup({"country-number": {"country": "AT"}}))
    assert (none.items[0].number, none.steps[0].state) == (None, StepState.WAITING)


async def test_unknown_orders_and_steps_are_named(conn: Any) -> None:
    """A slip of the pen changes nothing and says what is not there."""
    with pytest.raises(orders.NoSuchOrder, match="there is no order 7"):
        await orders.load(conn, 7)
    order = await place(conn, setup())
    with pytest.raises(orders.NoSuchStep, match="order 1 has no step 9"):
        await go(conn, order.id, done(9))
    assert await orders.load(conn, order.id) == order
