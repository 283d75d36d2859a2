"""Orders of set-ups: what there is, what a client has ordered, and how the house brings it on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.model import Slug
from vorzimmer.core.plain_text import many_lines
from vorzimmer.core.price_list import LONGEST_ANSWER
from vorzimmer.core.setup_booking import LONGEST_WISH, book_change, book_setup
from vorzimmer.core.setup_course import answer, ask, cancel, drop, finish
from vorzimmer.core.setup_order import CLIENT, Order, OrderState
from vorzimmer.store import orders
from vorzimmer.web.access import Role, TheParts, Who, only
from vorzimmer.web.client_access import ClientToChange, TheirClient
from vorzimmer.web.order_views import (
    OptionsShown,
    OrderShown,
    OrderWithCharges,
    SetupWanted,
    options_shown,
    order_shown,
    refusals,
    with_charges,
)
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told, unknown

router = APIRouter(prefix="/api", tags=["orders"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]
Reader = Annotated[Who, Depends(only(Role.CLIENT, Role.ADMIN, Role.SUPERVISOR))]
Answerer = Annotated[Who, Depends(only(Role.CLIENT, Role.ADMIN))]
OrderId = Annotated[int, Path(alias="order", ge=1, le=2**63 - 1, description="of the order")]
StepNumber = Annotated[int, Path(alias="step", ge=1, le=10_000, description="of the step, from 1")]
Words = Annotated[str, Field(max_length=LONGEST_ANSWER)]

Request = Annotated[UUID | None, Field(description="chosen by the sender: the same one sent twice is one order")]


class NewSetup(SetupWanted):
    """A set-up."""

    kind: Literal["setup"]
    request: Request = None


class NewChange(BaseModel):
    """A change of what is set up: of this kind of the price list, in the client's words."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["change"]
    change: Slug
    wishes: Annotated[str, Field(min_length=1, max_length=LONGEST_WISH)]
    request: Request = None


class Asked(BaseModel):
    """Whom to ask, and what. Without a question the step itself is what is asked."""

    model_config = ConfigDict(extra="forbid")

    of: Literal["it", "lead", "sales", "studio", "client"]
    question: Words = ""


class Said(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_ANSWER)]


@router.get("/setup/options", responses=told(401, 403))
async def options(_: Reader, parts: TheParts) -> OptionsShown:
    """What can be ordered, and what it costs."""
    return options_shown(parts.setting_up)


@router.get("/clients/{client}/orders", responses=told(401, 403, 404, 422, 503))
async def orders_of_client(seat: TheirClient, parts: TheParts) -> list[OrderShown]:
    """A client's orders, the newest first."""
    async with parts.database.connection() as conn:
        found = await orders.of_client(conn, seat.client.id)
    return [order_shown(order, parts, inside=seat.who.role is not Role.CLIENT) for order in found]


@router.post("/clients/{client}/orders", status_code=201, responses=told(401, 403, 404, 409, 413, 422, 503))
async def place_order(
    seat: ClientToChange, parts: TheParts, new: Annotated[NewSetup | NewChange, Field(discriminator="kind")]
) -> OrderShown:
    """Order a set-up or a change. 409 `ordered_already`: an open order is about the same."""
    client, setting_up = seat.client, parts.setting_up
    mail, by, at = client.addresses, seat.actor.name, parts.clock()
    with refusals():
        if isinstance(new, NewSetup):
            order = book_setup(client, new.wanted(), setting_up, mail=mail, by=by, at=at)
        else:
            order = book_change(client, new.change, new.wishes, setting_up, mail=mail, by=by, at=at)
        async with parts.database.connection() as conn:
            placed = await orders.place(conn, order, setting_up, actor=seat.actor, request=new.request)
    return order_shown(placed, parts, inside=seat.who.role is not Role.CLIENT)


@router.get("/orders", responses=told(401, 403, 422, 503))
async def all_orders(
    _: Admin,
    parts: TheParts,
    state: OrderState | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="only older ones than this")] = None,
) -> list[OrderShown]:
    """All clients' orders, the newest first."""
    async with parts.database.connection() as conn:
        found = await orders.everybodys(conn, state=state, before=before)
    return [order_shown(order, parts, inside=True) for order in found]


@router.get("/orders/{order}", responses=told(401, 403, 404, 422, 503))
async def one_order(number: OrderId, person: Reader, parts: TheParts) -> OrderWithCharges:
    """One order, with what it has cost so far."""
    with refusals():
        async with parts.database.connection() as conn:
            found = _theirs(await orders.load(conn, number), person)
            charges = await orders.charges(conn, order=number)
    return with_charges(order_shown(found, parts, inside=person.role is not Role.CLIENT), charges)


@router.post("/orders/{order}/steps/{step}/done", responses=told(401, 403, 404, 409, 422, 503))
async def step_done(number: OrderId, step: StepNumber, admin: Admin, parts: TheParts) -> OrderShown:
    """A step is done; the next one of its option begins, and after the last one the option is charged."""
    changed = partial(finish, n=step, by=admin.name, at=parts.clock())
    return await _changed(parts, number, changed, admin, "order.step.done")


@router.post("/orders/{order}/steps/{step}/drop", responses=told(401, 403, 404, 409, 422, 503))
async def step_dropped(number: OrderId, step: StepNumber, admin: Admin, parts: TheParts) -> OrderShown:
    """A step cannot be done: the client does not get its option, and pays nothing for it."""
    changed = partial(drop, n=step, by=admin.name, at=parts.clock())
    return await _changed(parts, number, changed, admin, "order.step.drop")


@router.post("/orders/{order}/steps/{step}/ask", responses=told(401, 403, 404, 409, 413, 422, 503))
async def step_asked(number: OrderId, step: StepNumber, admin: Admin, parts: TheParts, asked: Asked) -> OrderShown:
    """Ask somebody about a step, by mail."""
    question = many_lines(asked.question).strip()
    changed = partial(ask, n=step, of=asked.of, question=question, at=parts.clock())
    return await _changed(parts, number, changed, admin, "order.step.ask")


@router.post("/orders/{order}/steps/{step}/answer", responses=told(401, 403, 404, 409, 413, 422, 503))
async def step_answered(number: OrderId, step: StepNumber, person: Answerer, parts: TheParts, said: Said) -> OrderShown:
    """Answer what was asked about a step. A client answers what it was asked itself."""

    def changed(order: Order) -> Order:
        theirs = _theirs(order, person)
        if person.role is Role.CLIENT and not any(one.n == step and one.asked_of == CLIENT for one in theirs.steps):
            raise unknown()
        return answer(theirs, step, many_lines(said.text).strip(), person.name, parts.clock())

    return await _changed(parts, number, changed, person, "order.step.answer")


@router.post("/orders/{order}/cancel", responses=told(401, 403, 404, 409, 422, 503))
async def cancel_order(number: OrderId, admin: Admin, parts: TheParts) -> OrderShown:
    """Nothing more of an order is wanted; what is done stays done."""
    changed = partial(cancel, by=admin.name, at=parts.clock())
    return await _changed(parts, number, changed, admin, "order.cancel")


async def _changed(parts: Parts, number: int, changed: Callable[[Order], Order], person: Who, what: str) -> OrderShown:
    with refusals():
        async with parts.database.connection() as conn:
            order = await orders.change(
                conn, number, changed, parts.setting_up, actor=person.actor, what=what, at=parts.clock()
            )
    return order_shown(order, parts, inside=person.role is not Role.CLIENT)


def _theirs(order: Order, person: Who) -> Order:
    """The order, unless it is another client's than this person's: that is like none."""
    if person.role is Role.CLIENT and order.client != person.client:
        raise unknown()
    return order
