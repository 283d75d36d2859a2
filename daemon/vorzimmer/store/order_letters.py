"""What is written to whom about an order, laid out in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from vorzimmer.core.price_list import Role
from vorzimmer.core.setup_course import had
from vorzimmer.core.setup_order import CLIENT, Item, Order, SettingUp, Step, StepState
from vorzimmer.store import letters

NAMES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "it": "IT",
        "lead": "Leitung",
        "sales": "Vertrieb",
        "studio": "Tonstudio",
        "client": "Kunde",
        "open": "noch nicht begonnen",
        "waiting": "wartet auf Antwort",
        "answered": "beantwortet",
        "done": "erledigt",
        "cancelled": "entfällt",
    },
    "en": {
        "it": "IT",
        "lead": "Lead",
        "sales": "Sales",
        "studio": "Studio",
        "client": "Client",
        "open": "not begun",
        "waiting": "waits for an answer",
        "answered": "answered",
        "done": "done",
        "cancelled": "dropped",
    },
}
"""Roles and states, as readers know them."""


async def tell_placed(conn: asyncpg.Connection, order: Order, setting_up: SettingUp) -> None:
    """The client is told what it ordered; in the house everybody who has a step, the lead and sales."""
    confirmed = {**described(order, order.language), "url": f"{setting_up.base_url}/#/orders/{order.id}"}
    await _post(conn, order, "confirmed", "order_confirmed", order.mail, order.language, confirmed)
    people = setting_up.addresses(Role.LEAD, Role.SALES, *(step.owner for step in order.steps))
    await _post(conn, order, "placed", "order_placed", people, setting_up.language, _inside(order, setting_up))


async def tell_asked(conn: asyncpg.Connection, order: Order, step: Step, setting_up: SettingUp) -> None:
    """Whoever a step waits for is told what is asked."""
    if step.asked_of == CLIENT:
        language, people = order.language, order.mail
        data = {**described(order, language), "url": f"{setting_up.base_url}/#/orders/{order.id}"}
    else:
        language, people = setting_up.language, setting_up.addresses(step.asked_of or step.owner)
        data = _inside(order, setting_up)
    data |= {"step": _step(step, language), "inside": step.asked_of != CLIENT}
    await _post(conn, order, f"{_asked(step)}", "step_asked", people, language, data)


async def tell_answered(conn: asyncpg.Connection, order: Order, step: Step, setting_up: SettingUp) -> None:
    """The owner of a step hears what somebody else has answered."""
    if step.asked_of == step.owner:
        return
    data = {**_inside(order, setting_up), "step": _step(step, setting_up.language)}
    people = setting_up.addresses(step.owner)
    await _post(conn, order, f"{_asked(step)}:answered", "step_answered", people, setting_up.language, data)


async def tell_unanswered(
    conn: asyncpg.Connection, order: Order, step: Step, setting_up: SettingUp, at: datetime
) -> None:
    """The lead is told that somebody does not answer, with the whole case."""
    waited = (at - step.asked_at).days if step.asked_at is not None else 0
    data = {**_inside(order, setting_up), "step": _step(step, setting_up.language), "days": waited}
    key, people = f"{_asked(step)}:escalation:{step.escalations}", setting_up.addresses(Role.LEAD)
    await _post(conn, order, key, "escalation", people, setting_up.language, data)


async def tell_closed(conn: asyncpg.Connection, order: Order, setting_up: SettingUp) -> None:
    """The client hears what is set up and what is not, and so do lead and sales."""
    closed = {**described(order, order.language), "url": f"{setting_up.base_url}/#/orders/{order.id}"}
    await _post(conn, order, "closed", "order_done", order.mail, order.language, closed)
    people = setting_up.addresses(Role.LEAD, Role.SALES)
    await _post(conn, order, "closed inside", "order_done", people, setting_up.language, _inside(order, setting_up))


def described(order: Order, language: str) -> dict[str, Any]:
    """An order as letters tell it, in a language."""
    done = {item.option for item in had(order)}
    shown = [_item(item, language) | {"done": item.option in done} for item in order.items]
    return {
        "order": order.id,
        "client": order.client,
        "client_name": order.client_name,
        "kind": order.kind.value,
        "currency": order.currency,
        "placed_at": order.placed_at.isoformat(),
        "items": shown,
        "total": str(sum(item.price for item in order.items)),
        "charged": str(sum(item.price for item in had(order))),
        "factor": None if order.factor is None else order.factor.title.in_language(language),
        "rate": None if order.factor is None else str(order.factor.rate),
        "voip": order.voip,
        "wishes": order.wishes.splitlines(),
        "steps": [_step(step, language) for step in order.steps],
        "state": order.state.value,
    }


def _inside(order: Order, setting_up: SettingUp) -> dict[str, Any]:
    url = f"{setting_up.base_url}/admin#/at/{order.client}/orders/{order.id}"
    return {**described(order, setting_up.language), "url": url, "zone": setting_up.timezone}


def _item(item: Item, language: str) -> dict[str, Any]:
    return {
        "title": item.title.in_language(language),
        "price": str(item.price),
        "answers": [{"label": label.in_language(language), "lines": said.splitlines()} for label, said in item.answers],
        "number": item.number,
    }


def _step(step: Step, language: str) -> dict[str, Any]:
    names = NAMES["de" if language == "de" else "en"]
    return {
        "n": step.n,
        "title": step.title.in_language(language),
        "owner": names[step.owner],
        "due": step.due.isoformat(),
        "state": names[step.state],
        "over": step.state in (StepState.DONE, StepState.CANCELLED),
        "asked_of": None if step.asked_of is None else names[step.asked_of],
        "asked_at": None if step.asked_at is None else step.asked_at.isoformat(),
        "question": step.question.splitlines(),
        "answer": step.answer.splitlines(),
        "answered_by": step.answered_by,
    }


def _asked(step: Step) -> str:
    """Which of several questions about a step it is."""
    return f"step:{step.n}:{step.asked_at.isoformat() if step.asked_at is not None else ''}"


async def _post(
    conn: asyncpg.Connection,
    order: Order,
    which: str,
    kind: str,
    to: tuple[str, ...],
    language: str,
    data: Mapping[str, Any],
) -> None:
    key = f"order:{order.id}:{which}"
    await letters.post(conn, key=key, kind=kind, to=to, language=language, data=data, client=order.client)
