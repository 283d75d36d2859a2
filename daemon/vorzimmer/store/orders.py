"""Orders of set-ups: placed, brought on step by step, charged; each change with its letters and its trace at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from vorzimmer.core.client import Client
from vorzimmer.core.number_stock import NotPossible, State
from vorzimmer.core.price_list import Text
from vorzimmer.core.setup_booking import require_new, written_into
from vorzimmer.core.setup_course import NotNow, begin, due_letters, had, newly_asked, newly_charged
from vorzimmer.core.setup_order import Item, Kind, Order, OrderState, SettingUp, StepState
from vorzimmer.store import audit, client_change, number_handover, number_stock, order_letters
from vorzimmer.store.audit import Actor
from vorzimmer.store.order_rows import insert, save, select

MOST = 200
"""Orders in one answer."""

_ONE_CLIENT = 0x566F7274
"""The kind of advisory lock of whoever places an order for a client ("Vort")."""

_CHARGE = """
INSERT INTO setup_charge (order_id, client_id, option, title, net, currency, at)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)
"""

_CHARGES = """
SELECT order_id, client_id, option, title, net, currency, at FROM setup_charge
WHERE ($1::text IS NULL OR client_id = $1) AND ($2::bigint IS NULL OR order_id = $2)
ORDER BY id
"""

_WAITING = """
SELECT DISTINCT order_id FROM setup_step JOIN setup_order ON setup_order.id = order_id
WHERE setup_step.state = 'waiting' AND setup_order.state = 'open' ORDER BY order_id
"""

_TEXT = TypeAdapter(Text)


class NoSuchOrder(Exception):
    """There is no order of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no order {number}")


class NoSuchStep(Exception):
    """The order has no step of this number."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A one-off fee for what a client has had set up: net, in this currency, from this instant."""

    order: int
    client: str
    option: str
    title: Text
    net: Decimal
    currency: str
    at: datetime


async def place(
    conn: asyncpg.Connection, order: Order, setting_up: SettingUp, *, actor: Actor, request: UUID | None = None
) -> Order:
    """Place an order: write into the client's file what it says, reserve a number, begin, and tell everybody.

    `request`: chosen by whoever sends it; the same one sent again is the same order, which is returned.

    Raises:
        OrderedAlready: an open order of the client is about the same.
        NotNow: the request stands for an order of another client.
        client_change.NoSuchClient: nothing was placed, as in every case.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _ONE_CLIENT, order.client)
        if request is not None and (known := await select(conn, "request = $1", request)):
            if known[0].client != order.client:
                raise NotNow("this request was used for another order")
            return known[0]
        require_new(order, await of_client(conn, order.client, state=OrderState.OPEN), setting_up)
        if order.kind is Kind.SETUP:
            # The book before the stock: in this order everybody takes them who takes both (`store.number_handover`).
            await client_change.change(conn, order.client, _with_file(order), actor=actor, what="client.file")
        kept = replace(order, id=await insert(conn, order, request))
        items = [await _reserved(conn, kept, item, setting_up, actor) for item in kept.items]
        kept = begin(replace(kept, items=tuple(items)), kept.placed_at)
        await save(conn, kept)
        after = {"kind": kept.kind.value, "items": [item.option for item in items], "wishes": kept.wishes}
        await audit.note(conn, actor, "order.place", client=kept.client, about=str(kept.id), after=after)
        await order_letters.tell_placed(conn, kept, setting_up)
    return kept


async def change(
    conn: asyncpg.Connection,
    number: int,
    changed: Callable[[Order], Order],
    setting_up: SettingUp,
    *,
    actor: Actor,
    what: str,
    at: datetime,
) -> Order:
    """Bring an order on by a function of `core.setup_course`, with the letters, charges and the trace of that.

    Raises:
        NoSuchOrder, NoSuchStep: nothing was changed.
        NotNow: it does not fit where the order is; nothing was changed.
    """
    async with conn.transaction():
        before = await load(conn, number, lock=True)
        try:
            after = changed(before)
        except KeyError as missing:
            raise NoSuchStep(f"order {number} has no step {missing.args[0]}") from None
        await save(conn, after)
        await _charge(conn, before, after, at)
        await _give_back(conn, before, after, actor, at)
        was, now = audit.differing(_told(before), _told(after))
        await audit.note(conn, actor, what, client=after.client, about=str(number), before=was, after=now)
        await _tell(conn, before, after, setting_up)
    return after


async def escalate(conn: asyncpg.Connection, setting_up: SettingUp, at: datetime) -> int:
    """Tell the lead of every step that nobody has answered in time at this instant; returns how many letters."""
    written = 0
    for row in await conn.fetch(_WAITING):
        async with conn.transaction():
            order = await load(conn, row["order_id"], lock=True)
            due = {step.n: step for step in due_letters(order, at)}
            if not due:
                continue
            await save(conn, replace(order, steps=tuple(due.get(step.n, step) for step in order.steps)))
            for step in due.values():
                await order_letters.tell_unanswered(conn, order, step, setting_up, at)
            written += len(due)
    return written


async def load(conn: asyncpg.Connection, number: int, *, lock: bool = False) -> Order:
    """One order. `lock`: nobody else changes it before the end of the transaction.

    Raises:
        NoSuchOrder: there is none.
    """
    found = await select(conn, "id = $1", number, lock=lock)
    if not found:
        raise NoSuchOrder(number)
    return found[0]


async def of_client(conn: asyncpg.Connection, client: str, *, state: OrderState | None = None) -> list[Order]:
    """A client's orders, the newest first."""
    condition = f"client_id = $1 AND ($2::text IS NULL OR state = $2) ORDER BY id DESC LIMIT {MOST}"
    return await select(conn, condition, client, state)


async def everybodys(
    conn: asyncpg.Connection, *, state: OrderState | None = None, before: int | None = None
) -> list[Order]:
    """All clients' orders, the newest first; `before`: only those older than this one."""
    condition = f"($1::text IS NULL OR state = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT {MOST}"
    return await select(conn, condition, state, before)


async def charges(conn: asyncpg.Connection, *, client: str | None = None, order: int | None = None) -> list[Charge]:
    """One-off fees, the oldest first: all, or those of a client or an order."""
    return [
        Charge(row["order_id"], row["client_id"], row["option"], _TEXT.validate_json(row["title"]), *list(row)[4:])
        for row in await conn.fetch(_CHARGES, client, order)
    ]


def _with_file(order: Order) -> Callable[[Client], Client]:
    return lambda before: before.model_copy(update={"file": written_into(before.file, order)})


async def _reserved(conn: asyncpg.Connection, order: Order, item: Item, setting_up: SettingUp, actor: Actor) -> Item:
    """The item with a number of the stock, if it is for one and there is one; else its step is for a person to see to.

    Of two orders at the same moment each gets another number: a row is held until its transaction is over.
    """
    option = next((one for one in setting_up.prices.option if one.id == item.option), None)
    if order.kind is Kind.CHANGE or option is None or option.number_for is None:
        return item
    label = next(question.label for question in option.asks if question.id == option.number_for)
    country = next(said for asked, said in item.answers if asked == label)
    at = order.placed_at
    for free in await number_stock.listed(conn, at, country=country, state=State.FREE):
        try:
            number = free.stocked.number
            await number_stock.reserve(conn, number, order.client, at, actor=actor, order=_reference(order))
        except NotPossible:
            continue
        return replace(item, number=number)
    return item


async def _give_back(conn: asyncpg.Connection, before: Order, after: Order, actor: Actor, at: datetime) -> None:
    """Numbers reserved for what will not be had any more are free again."""
    dropped = {step.option for step in after.steps if step.state is StepState.CANCELLED}
    dropped -= {step.option for step in before.steps if step.state is StepState.CANCELLED}
    for item in after.items:
        if item.option in dropped and item.number is not None:
            found = await number_stock.look_up(conn, item.number, at)
            if found and (found.stocked.state, found.stocked.order) == (State.RESERVED, _reference(after)):
                await number_handover.release(conn, item.number, at, actor=actor)


def _reference(order: Order) -> str:
    return f"order {order.id}"


async def _charge(conn: asyncpg.Connection, before: Order, after: Order, at: datetime) -> None:
    for item in newly_charged(before, after):
        title = _TEXT.dump_json(item.title).decode()
        await conn.execute(_CHARGE, after.id, after.client, item.option, title, item.price, after.currency, at)


async def _tell(conn: asyncpg.Connection, before: Order, after: Order, setting_up: SettingUp) -> None:
    was = {step.n: step.state for step in before.steps}
    for step in newly_asked(before, after):
        await order_letters.tell_asked(conn, after, step, setting_up)
    for step in after.steps:
        if step.state is StepState.ANSWERED and was[step.n] is StepState.WAITING:
            await order_letters.tell_answered(conn, after, step, setting_up)
    if after.state is not before.state:
        await order_letters.tell_closed(conn, after, setting_up)


def _told(order: Order) -> dict[str, object]:
    """What the trail says of an order."""
    steps = {f"step {step.n}": step.state.value for step in order.steps}
    said = {f"answer {step.n}": step.answer for step in order.steps if step.answer}
    asked = {f"question {step.n}": step.question for step in order.steps if step.question}
    return {"state": order.state.value, **steps, **asked, **said, "had": [item.option for item in had(order)]}
