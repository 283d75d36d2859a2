"""Orders of set-ups, for people at a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from rich.table import Table

from vorzimmer.cli.show import plain
from vorzimmer.core.setup_order import Order, Step
from vorzimmer.store.orders import Charge

_ORDER = TypeAdapter(Order)


def as_json(order: Order) -> dict[str, Any]:
    """An order for a program: times ISO 8601, money as text."""
    found: dict[str, Any] = _ORDER.dump_python(order, mode="json")
    return found


def charge_json(charge: Charge) -> dict[str, Any]:
    """A fee for a program."""
    return {**asdict(charge), "title": charge.title.model_dump()}


def order_table(found: Sequence[Order], today: date) -> Table:
    """A line for each order, with the step that is next."""
    table = Table(box=None, header_style="bold")
    for name in ("order", "client", "of", "about", "state", "next step", "due"):
        table.add_column(name)
    for order in found:
        following = next((step for step in order.steps if not step.state.over), None)
        late = " (late)" if following is not None and following.due < today else ""
        table.add_row(
            str(order.id),
            plain(order.client),
            f"{order.placed_at:%Y-%m-%d}",
            plain(", ".join(item.option for item in order.items)),
            order.state.value,
            "-" if following is None else plain(f"{following.n}. {following.title.en}"),
            "-" if following is None else f"{following.due}{late}",
        )
    return table


def order_lines(order: Order, zone: ZoneInfo) -> Iterator[str]:
    """An order in lines."""
    yield f"order {order.id}: {plain(order.client_name)} ({order.client}), {order.kind.value}, {order.state.value}"
    yield f"placed {order.placed_at.astimezone(zone):%Y-%m-%d %H:%M} by {plain(order.placed_by)}"
    for item in order.items:
        price = f": {item.price} {order.currency} net" if item.price else ""
        number = f", number {item.number}" if item.number else ""
        yield f"- {plain(item.title.en)}{price}{number}"
        for label, said in item.answers:
            yield from (f"    {plain(label.en)}: {plain(line)}" for line in said.splitlines())
    if order.factor is not None:
        yield f"telephone factor: {order.factor.id} ({order.factor.rate})"
    if order.voip is not None:
        yield f"telephone system: {order.voip}"
    yield from (f"wish: {plain(line)}" for line in order.wishes.splitlines())
    for step in order.steps:
        yield from _step_lines(step, zone)


def charge_table(found: Sequence[Charge], zone: ZoneInfo) -> Table:
    """A line for each fee."""
    table = Table(box=None, header_style="bold")
    for name in ("at", "client", "order", "for", "net"):
        table.add_column(name, justify="right" if name == "net" else "left")
    for one in found:
        at = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(at, plain(one.client), str(one.order), plain(one.title.en), f"{one.net} {one.currency}")
    return table


def _step_lines(step: Step, zone: ZoneInfo) -> Iterator[str]:
    state = step.state.value
    if step.closed_at is not None:
        state += f" {step.closed_at.astimezone(zone):%Y-%m-%d} by {plain(step.closed_by or '')}"
    yield f"{step.n}. {plain(step.title.en)}: {step.owner.value}, due {step.due}, {state}"
    if step.asked_at is not None and not step.state.over:
        told = f", lead told {step.escalations} times" if step.escalations else ""
        yield f"     asked of {step.asked_of} {step.asked_at.astimezone(zone):%Y-%m-%d %H:%M}{told}"
    yield from (f"     ? {plain(line)}" for line in step.question.splitlines())
    yield from (f"     = {plain(line)} ({plain(step.answered_by or '')})" for line in step.answer.splitlines())
