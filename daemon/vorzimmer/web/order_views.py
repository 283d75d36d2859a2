"""What pages see of the price list and of orders, and how refusals of an order reach them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.client_file import TelephoneFactor, Voip
from vorzimmer.core.model import Slug
from vorzimmer.core.price_list import LONGEST_ANSWER, Question, Role, Text, Unfit
from vorzimmer.core.setup_booking import LONGEST_WISH, OrderedAlready, Wanted
from vorzimmer.core.setup_course import NotNow, had
from vorzimmer.core.setup_order import CLIENT, Item, Kind, Order, OrderState, SettingUp, Step, StepState
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.orders import Charge, NoSuchOrder, NoSuchStep
from vorzimmer.web.client_access import unknown_client
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, unknown


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class OptionShown(_Shown):
    """Something that can be ordered, at a net price. `instead_of`: of those with the same word one at most."""

    id: str
    title: Text
    description: Text | None
    price: Decimal
    instead_of: str | None
    needs: tuple[str, ...]
    goes_with: tuple[str, ...]
    asks: tuple[Question, ...]


class FactorShown(_Shown):
    """A telephone factor: the share by which the rate of an hour rises."""

    id: TelephoneFactor
    title: Text
    rate: Decimal


class ChangeShown(_Shown):
    """A kind of change that can be asked for."""

    id: str
    title: Text


class OptionsShown(BaseModel):
    """The price list."""

    currency: str
    options: list[OptionShown]
    factors: list[FactorShown]
    changes: list[ChangeShown]


class AnswerShown(BaseModel):
    """What was said about an option."""

    label: Text
    text: str


class ItemShown(BaseModel):
    """What was ordered, as it was then. `number`: reserved for it; `had`: it is set up."""

    option: str
    title: Text
    price: Decimal
    answers: list[AnswerShown]
    number: str | None
    had: bool


class StepShown(BaseModel):
    """A step. What the house asks within itself, and who did what there, is for the house only."""

    n: int
    option: str
    title: Text
    owner: Role
    due: date
    overdue: bool
    state: StepState
    asked_of: str | None
    asked_at: datetime | None
    question: str
    answer: str
    answered_by: str | None
    answered_at: datetime | None
    escalations: int
    closed_by: str | None
    closed_at: datetime | None


class ChargeShown(_Shown):
    """A one-off fee, net."""

    order: int
    client: str
    option: str
    title: Text
    net: Decimal
    currency: str
    at: datetime


class OrderShown(BaseModel):
    """An order. `total`: net, of all that was ordered."""

    id: int
    client: str
    client_name: str
    kind: Kind
    state: OrderState
    currency: str
    total: Decimal
    items: list[ItemShown]
    factor: FactorShown | None
    voip: Voip | None
    wishes: str
    steps: list[StepShown]
    placed_by: str
    placed_at: datetime
    closed_at: datetime | None


class OrderWithCharges(OrderShown):
    """An order, and what it has cost so far."""

    charges: list[ChargeShown]


class SetupWanted(BaseModel):
    """What is to be set up. `options`: by its id what is said about each, by question."""

    model_config = ConfigDict(extra="forbid")

    options: Annotated[
        dict[Slug, dict[Slug, Annotated[str, Field(max_length=LONGEST_ANSWER)]]], Field(min_length=1, max_length=100)
    ]
    factor: TelephoneFactor = "none"
    voip: Voip | None = None
    wishes: Annotated[str, Field(max_length=LONGEST_WISH)] = ""

    def wanted(self) -> Wanted:
        """As the core takes it."""
        return Wanted(self.options, self.factor, self.voip, self.wishes)


def options_shown(setting_up: SettingUp) -> OptionsShown:
    """The price list without the house's steps."""
    prices = setting_up.prices
    return OptionsShown(
        currency=prices.currency,
        options=[OptionShown.model_validate(one) for one in prices.option],
        factors=[FactorShown.model_validate(one) for one in prices.factor],
        changes=[ChangeShown.model_validate(one) for one in prices.change],
    )


def order_shown(order: Order, parts: Parts, *, inside: bool) -> OrderShown:
    """An order. `inside`: for the house's own people."""
    today = parts.clock().astimezone(ZoneInfo(parts.setting_up.timezone)).date()
    set_up = {item.option for item in had(order)}
    return OrderShown(
        id=order.id,
        client=order.client,
        client_name=order.client_name,
        kind=order.kind,
        state=order.state,
        currency=order.currency,
        total=sum((item.price for item in order.items), Decimal(0)),
        items=[_item(item, had=item.option in set_up) for item in order.items],
        factor=None if order.factor is None else FactorShown.model_validate(order.factor),
        voip=order.voip,
        wishes=order.wishes,
        steps=[_step(step, today, inside=inside) for step in order.steps],
        placed_by=order.placed_by if inside else "",
        placed_at=order.placed_at,
        closed_at=order.closed_at,
    )


def with_charges(shown: OrderShown, charges: Sequence[Charge]) -> OrderWithCharges:
    """An order and its fees."""
    fees = [ChargeShown.model_validate(charge) for charge in charges]
    return OrderWithCharges(**shown.model_dump(), charges=fees)


def _item(item: Item, *, had: bool) -> ItemShown:
    answers = [AnswerShown(label=label, text=text) for label, text in item.answers]
    return ItemShown(
        option=item.option, title=item.title, price=item.price, answers=answers, number=item.number, had=had
    )


def _step(step: Step, today: date, *, inside: bool) -> StepShown:
    told = inside or step.asked_of == CLIENT
    return StepShown(
        n=step.n,
        option=step.option,
        title=step.title,
        owner=step.owner,
        due=step.due,
        overdue=not step.state.over and step.due < today,
        state=step.state,
        asked_of=step.asked_of,
        asked_at=step.asked_at,
        question=step.question if told else "",
        answer=step.answer if told else "",
        answered_by=step.answered_by if inside else None,
        answered_at=step.answered_at,
        escalations=step.escalations if inside else 0,
        closed_by=step.closed_by if inside else None,
        closed_at=step.closed_at,
    )


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """What the store and the core refuse becomes a problem.

    Raises:
        Problem: 404 `unknown` or `unknown_client`, 409 `ordered_already` or `not_now`, 422 `bad_request`.
    """
    try:
        yield
    except Unfit as error:
        raise Problem(422, "bad_request", f"{error.field}: {error}", fields={error.field: str(error)}) from None
    except OrderedAlready as error:
        raise Problem(409, "ordered_already", str(error)) from None
    except NotNow as error:
        raise Problem(409, "not_now", str(error)) from None
    except (NoSuchOrder, NoSuchStep):
        raise unknown() from None
    except NoSuchClient:
        raise unknown_client() from None
