"""A house that sets clients up: its people, the shipped price list, a client."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson

from tests.core.examples import make_client
from vorzimmer.core.client import Book
from vorzimmer.core.price_list import Role
from vorzimmer.core.setup_booking import Wanted, book_change, book_setup
from vorzimmer.core.setup_order import Order, SettingUp
from vorzimmer.notify.letter import render_letter
from vorzimmer.notify.render import Page
from vorzimmer.orders import price_list
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import save_book

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""A Friday."""

BOSS = Actor("boss")
CLIENT = make_client(mail=["kanzlei@example.org"], name="Kanzlei Müller", id="mueller")
SETTING_UP = SettingUp(
    prices=price_list.read(None),
    in_charge={
        Role.IT: ("it@house.example",),
        Role.LEAD: ("lead@house.example",),
        Role.SALES: ("sales@house.example",),
        Role.STUDIO: (),
    },
    language="de",
    base_url="https://tel.example",
    region="DE",
    timezone="Europe/Berlin",
)
PROFESSIONAL = {"extension-professional": {"text": "Willkommen bei Müller.\nWir sind gleich da."}}
OWN_NUMBER = {"own-number": {"number": "089 123456"}}


def setup(options: Any = None, **wanted: Any) -> Order:
    """An order of these options, else of a professional announcement and the own number."""
    chosen = {**PROFESSIONAL, **OWN_NUMBER} if options is None else options
    return book_setup(CLIENT, Wanted(chosen, **wanted), SETTING_UP, mail=CLIENT.mail.to, by="boss", at=NOW)  # type: ignore[union-attr]  # it has


def change(kind: str = "agent", wishes: str = "Bitte wieder Frau Weber.") -> Order:
    """An order of a change."""
    return book_change(CLIENT, kind, wishes, SETTING_UP, mail=("kanzlei@example.org",), by="boss", at=NOW)


async def save_client(conn: asyncpg.Connection) -> None:
    """Put the client into the book."""
    await save_book(conn, Book(client=(CLIENT,)))


async def letters(conn: asyncpg.Connection, kind: str | None = None) -> list[tuple[str, str, Page]]:
    """What lies in the outbox, of a kind or all, as (kind, recipient, as it is read); it is taken out."""
    rows = await conn.fetch("SELECT recipient, language, payload FROM outbox ORDER BY id")
    await conn.execute("DELETE FROM outbox")
    found = [(orjson.loads(row["payload"]), row) for row in rows]
    return [
        (payload["kind"], row["recipient"], render_letter(payload, row["language"], "Büro Süd"))
        for payload, row in found
        if kind is None or payload["kind"] == kind
    ]
