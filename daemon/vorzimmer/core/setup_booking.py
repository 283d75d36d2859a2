"""How what somebody wants becomes an order: checked by the price list, with titles and prices as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from vorzimmer.core.client import Client
from vorzimmer.core.client_file import ClientFile, Voip
from vorzimmer.core.plain_text import many_lines
from vorzimmer.core.price_list import Chosen, Unfit, choose
from vorzimmer.core.setup_order import BookedFactor, Item, Kind, Order, SettingUp, steps_of

LONGEST_WISH = 4000
"""Characters of what a client wishes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be set up. `options`: by option what was said about it, by question; `factor`: of the price list."""

    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    factor: str = "none"
    voip: Voip | None = None
    wishes: str = ""


class OrderedAlready(Exception):
    """An open order is for the same thing; the text names it. `order`: its id."""

    def __init__(self, order: Order, title: str) -> None:
        super().__init__(f"order {order.id} of {order.placed_at:%Y-%m-%d} is about this already: {title}")
        self.order = order.id


def book_setup(
    client: Client, wanted: Wanted, setting_up: SettingUp, *, mail: Iterable[str], by: str, at: datetime
) -> Order:
    """An order of a set-up. `mail`: who is told at the client's.

    Raises:
        Unfit: the first thing that cannot be ordered.
    """
    chosen = choose(setting_up.prices, wanted.options, setting_up.region)
    booked = setting_up.prices.factor_of(wanted.factor)
    if booked is None and (setting_up.prices.factor or wanted.factor != "none"):
        raise Unfit("factor", "there is no such telephone factor here")
    steps = steps_of(((one.option.id, one.option.steps) for one in chosen), _day(setting_up, at), setting_up.region)
    return Order(
        kind=Kind.SETUP,
        items=tuple(map(_item, chosen)),
        steps=steps,
        voip=wanted.voip,
        factor=None if booked is None else BookedFactor(booked.id, booked.title, booked.rate),
        **_common(client, wanted.wishes, setting_up, mail, by, at),
    )


def book_change(
    client: Client, change: str, wishes: str, setting_up: SettingUp, *, mail: Iterable[str], by: str, at: datetime
) -> Order:
    """An order of a change of this kind of the price list; `wishes` says what is to be different.

    Raises:
        Unfit: there is no such kind, or nothing is said.
    """
    found = setting_up.prices.change_of(change)
    if found is None:
        known = ", ".join(one.id for one in setting_up.prices.change)
        raise Unfit("change", f"there is no such change here (there is: {known})")
    common = _common(client, wishes, setting_up, mail, by, at)
    if not common["wishes"]:
        raise Unfit("wishes", "say what is to be different")
    steps = steps_of([(found.id, found.steps)], _day(setting_up, at), setting_up.region)
    return Order(kind=Kind.CHANGE, items=(Item(found.id, found.title),), steps=steps, **common)


def require_new(order: Order, others: Iterable[Order], setting_up: SettingUp) -> None:
    """Refuse what one of the client's open orders is about already: the same again, or what excludes it.

    Raises:
        OrderedAlready: naming the other order.
    """
    word = {option.id: option.instead_of for option in setting_up.prices.option}
    for other in others:
        if other.kind is not order.kind:
            continue
        for item in order.items:
            same = [one for one in other.items if one.option == item.option and one.answers == item.answers]
            instead = [
                one for one in other.items if word.get(item.option) and word.get(one.option) == word[item.option]
            ]
            if instead or (same and (order.kind is Kind.SETUP or order.wishes == other.wishes)):
                raise OrderedAlready(other, item.title.en)


def written_into(file: ClientFile, order: Order) -> ClientFile:
    """The client's file with what a set-up says about it."""
    new: dict[str, Any] = {} if order.voip is None else {"voip": order.voip}
    if order.factor is not None:
        new["telephone_factor"] = order.factor.id
    return file.model_copy(update=new)


def _item(chosen: Chosen) -> Item:
    labels = {question.id: question.label for question in chosen.option.asks}
    said = tuple((labels[question], answer) for question, answer in chosen.answers.items())
    return Item(chosen.option.id, chosen.option.title, chosen.option.price, said)


def _day(setting_up: SettingUp, at: datetime) -> date:
    return at.astimezone(ZoneInfo(setting_up.timezone)).date()


def _common(
    client: Client, wishes: str, setting_up: SettingUp, mail: Iterable[str], by: str, at: datetime
) -> dict[str, Any]:
    if len(wishes) > LONGEST_WISH:
        raise Unfit("wishes", f"at most {LONGEST_WISH} characters; call us about the rest")
    return {
        "client": client.id,
        "client_name": client.name,
        "language": client.language.value,
        "mail": tuple(mail),
        "currency": setting_up.prices.currency,
        "placed_by": by,
        "placed_at": at,
        "wishes": many_lines(wishes).strip(),
    }
