"""Orders as rows: read and written whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from vorzimmer.core.price_list import Role, Text
from vorzimmer.core.setup_order import BookedFactor, Item, Kind, Order, OrderState, Step, StepState

_ITEMS = TypeAdapter(tuple[Item, ...])
_FACTOR = TypeAdapter(BookedFactor)
_TEXT = TypeAdapter(Text)

_STEP = tuple(field.name for field in fields(Step))

_INSERT = """
INSERT INTO setup_order (request, client_id, client_name, kind, language, mail, currency, items, voip, factor, wishes,
    placed_by, placed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10::jsonb, $11, $12, $13)
RETURNING id
"""

_UPDATE = "UPDATE setup_order SET state = $2, closed_at = $3, items = $4::jsonb WHERE id = $1"

_SAVE_STEP = f"""
INSERT INTO setup_step (order_id, {", ".join(_STEP)})
VALUES ($1, {", ".join(f"${n}" for n in range(2, len(_STEP) + 2))})
ON CONFLICT (order_id, n) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _STEP if name != "n")}
"""  # noqa: S608 - names of our own fields

_COLUMNS = """
id, client_id, client_name, kind, state, language, mail, currency, items, voip, factor, wishes, placed_by, placed_at,
closed_at
"""


async def insert(conn: asyncpg.Connection, order: Order, request: UUID | None) -> int:
    """Keep a new order, without its steps (`save` writes them); its id."""
    number: int = await conn.fetchval(
        _INSERT,
        request,
        order.client,
        order.client_name,
        order.kind.value,
        order.language,
        list(order.mail),
        order.currency,
        _ITEMS.dump_json(order.items).decode(),
        order.voip,
        None if order.factor is None else _FACTOR.dump_json(order.factor).decode(),
        order.wishes,
        order.placed_by,
        order.placed_at,
    )
    return number


async def save(conn: asyncpg.Connection, order: Order) -> None:
    """Write down what may have changed of an order that is kept."""
    items = _ITEMS.dump_json(order.items).decode()
    await conn.execute(_UPDATE, order.id, order.state.value, order.closed_at, items)
    await conn.executemany(_SAVE_STEP, [(order.id, *_values(step)) for step in order.steps])


async def select(conn: asyncpg.Connection, condition: str, *arguments: Any, lock: bool = False) -> list[Order]:
    """The orders for which an SQL condition of ours holds (and what follows it). `lock`: nobody else changes them."""
    query = f"SELECT {_COLUMNS} FROM setup_order WHERE {condition}{' FOR UPDATE' if lock else ''}"  # noqa: S608 - our own words
    rows = await conn.fetch(query, *arguments)
    steps = await conn.fetch(
        "SELECT * FROM setup_step WHERE order_id = ANY ($1) ORDER BY n", [row["id"] for row in rows]
    )
    return [_order(row, [step for step in steps if step["order_id"] == row["id"]]) for row in rows]


def _order(row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> Order:
    return Order(
        id=row["id"],
        client=row["client_id"],
        client_name=row["client_name"],
        kind=Kind(row["kind"]),
        state=OrderState(row["state"]),
        language=row["language"],
        mail=tuple(row["mail"]),
        currency=row["currency"],
        items=_ITEMS.validate_json(row["items"]),
        voip=row["voip"],
        factor=None if row["factor"] is None else _FACTOR.validate_json(row["factor"]),
        wishes=row["wishes"],
        placed_by=row["placed_by"],
        placed_at=row["placed_at"],
        closed_at=row["closed_at"],
        steps=tuple(map(_step, steps)),
    )


def _step(row: Mapping[str, Any]) -> Step:
    values = {name: row[name] for name in _STEP}
    read = {
        "title": _TEXT.validate_json(row["title"]),
        "owner": Role(row["owner"]),
        "state": StepState(row["state"]),
    }
    return Step(**{**values, **read})


def _values(step: Step) -> Iterable[Any]:
    written = {"title": _TEXT.dump_json(step.title).decode(), "owner": step.owner.value, "state": step.state.value}
    return (written.get(name, getattr(step, name)) for name in _STEP)
