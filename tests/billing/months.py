"""A house with clients, tariffs and calls in the database, of which months are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from vorzimmer.billing.closing import Issuer
from vorzimmer.core.account import BillingBook
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.client import Book
from vorzimmer.core.invoice import Invoice, Seller
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record
from vorzimmer.core.stretches import Month
from vorzimmer.store import batch, billing_book
from vorzimmer.store.book import save_book
from vorzimmer.store.invoices import Document

NOVEMBER = Month(2026, 11)
DECEMBER = NOVEMBER.after
AFTER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

SELLER = Seller(
    name="Vorzimmer Telefonservice GmbH",
    street="Sendlinger Straße 8",
    postcode="80331",
    city="München",
    tax_number="143/123/12345",
    vat_id="DE123456788",
    contact="Rechnungswesen",
    phone="+49 89 100000",
    mail="rechnung@house.example",
    iban="DE02120300000000202051",
)
ISSUER = Issuer(SELLER, "R{year}-{n:05}", "Europe/Berlin", portal="https://house.example/")

PACKAGE = {
    "id": "package",
    "name": "Paket",
    "since": "2026-01-01",
    "positions": [
        {"kind": "recurring", "id": "base", "name": "Grundgebühr", "amount": "10.00", "advance": False},
        {"kind": "calls", "id": "calls", "name": "Anrufe", "included": 2, "price": "1.20"},
    ],
}
EACH = {
    "id": "each",
    "name": "Je Anruf",
    "since": "2026-01-01",
    "positions": [{"kind": "calls", "id": "calls", "name": "Anrufe", "price": "2.50"}],
}
BY_MINUTE = {
    "id": "minutes",
    "name": "Nach Minuten",
    "since": "2026-01-01",
    "positions": [
        {"kind": "minutes", "id": "talk", "name": "Gespräch", "price": "0.60", "first": 30, "then": 6},
    ],
}


@dataclass(frozen=True)
class Made:
    """A call to be stored. `talk`: seconds; 0: the caller leaves before anybody answers."""

    id: str
    client: str
    at: str
    talk: float = 60
    caller: str | None = "+498912345678"
    withheld: bool = False

    @property
    def began(self) -> datetime:
        """Aware; without a zone it was Berlin's."""
        at = datetime.fromisoformat(self.at)
        return at if at.tzinfo else at.replace(tzinfo=BERLIN)


def client(name: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    """A client of the book."""
    return {
        "id": name,
        "name": name.title(),
        "hours": {"mon-fri": ["08:00-18:00"]},
        "dids": [f"+4989123{number:04}"],
        "open": {"chain": [{"to": "machine"}]},
        "mail": [f"{name}@client.example"],
        **fields,
    }


def account(name: str, **fields: Any) -> dict[str, Any]:
    """To whom its invoices go."""
    return {
        "client": name,
        "name": f"{name.title()} GmbH",
        "street": "Weg 1",
        "postcode": "10115",
        "city": "Berlin",
    } | fields


def contract(name: str, tariff: str = "package", **fields: Any) -> dict[str, Any]:
    """By what it pays."""
    return {"client": name, "tariff": tariff, "since": "2026-11-01"} | fields


async def furnish(
    conn: asyncpg.Connection,
    clients: Iterable[dict[str, Any]],
    contracts: Iterable[dict[str, Any]],
    accounts: Iterable[dict[str, Any]],
    tariffs: Iterable[dict[str, Any]] = (PACKAGE, EACH),
) -> None:
    """Put all of it into the database."""
    await save_book(conn, Book.model_validate({"client": list(clients)}))
    told = {"tariff": list(tariffs), "contract": list(contracts), "account": list(accounts)}
    await billing_book.save(conn, BillingBook.model_validate(told), "test")


async def one_client(conn: asyncpg.Connection, name: str = "mueller", tariff: str = "package", **fields: Any) -> None:
    """One client with its contract and account."""
    await furnish(conn, [client(name, **fields)], [contract(name, tariff)], [account(name)], (PACKAGE, EACH, BY_MINUTE))


async def store(conn: asyncpg.Connection, *calls: Made) -> None:
    """Store finished calls, as the shipper does."""
    bodies = []
    for call in calls:
        events = _events(call)
        record = end_record(build_cdr(events), [], segments_of(events))
        bodies.append(orjson.dumps({"t": "end", "record": record}))
    await batch.store(conn, bodies, "house.example")


def _events(call: Made) -> tuple[CallEvent, ...]:
    arrived = {"dialled": "+49891230001", "caller": call.caller, "withheld": call.withheld}
    told: list[tuple[float, Kind, dict[str, Any]]] = [
        (0, Kind.ARRIVED, arrived),
        (0.1, Kind.ROUTED, {"client": call.client, "state": "open", "reason": "open"}),
        (0.1, Kind.RINGING, {}),
    ]
    ended = 4.0
    if call.talk:
        told += [(4.0, Kind.ANSWERED, {}), (4.0, Kind.TALKING, {"by": "alice"})]
        ended += call.talk
    told += [(ended, Kind.HANGUP, {"by": "caller", "cause": 16}), (ended, Kind.ENDED, {})]
    return tuple(
        CallEvent(
            str(uuid5(NAMESPACE_OID, f"{call.id} {seq}")),
            call.id,
            seq,
            call.began + timedelta(seconds=after),
            kind,
            data,
        )
        for seq, (after, kind, data) in enumerate(told)
    )


async def plain_documents(invoice: Invoice) -> tuple[Document, ...]:
    """Documents that are made at once."""
    return (Document(f"{invoice.number}.txt", "text/plain", f"{invoice.gross}".encode()),)
