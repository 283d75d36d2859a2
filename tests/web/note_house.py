"""A house in which notes are taken: the routes with a real PostgreSQL, calls in memory, and people of every role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests.core.examples import HOUSE
from tests.orders.house import SETTING_UP
from tests.store.books import book
from vorzimmer.billing.paper import House
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import Kind
from vorzimmer.core.notify_rule import Channel
from vorzimmer.core.role import Role
from vorzimmer.roles.bills import bills_of
from vorzimmer.roles.writing import writing
from vorzimmer.store.users import Identity
from vorzimmer.web import app
from vorzimmer.web.database import Database
from vorzimmer.web.live import Live
from vorzimmer.web.notices import Notices
from vorzimmer.web.parts import BrowserPhones, Parts
from vorzimmer.web.phone_pages import PhonePages
from vorzimmer.web.routes import notes, notices, tasks
from vorzimmer.web.sessions import Session, Sessions, digest_of, new_token
from vorzimmer.web.throttle import Throttle

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)

BOOK = book(
    {
        "id": "mueller",
        "name": "Kanzlei Müller",
        "dids": ["+4989123456"],
        "forms": ["message", "appointment"],
        "contacts": [{"id": "chief", "name": "Frau Müller", "numbers": ["+4989555001"]}],
    },
    {"id": "baecker", "name": "Bäckerei", "dids": ["+4930123456"]},
    {"id": "geheim", "name": "Dr. Geheim", "dids": ["+4940123456"], "secrecy": True},
    agents=({"id": "anna", "name": "Anna"}, {"id": "ben", "name": "Ben"}, {"id": "eva", "name": "Eva"}),
)

PEOPLE = {
    "anna": Identity("u-anna", "Anna Weber", Role.AGENT, "anna", None, "de", totp=True),
    "ben": Identity("u-ben", "Ben", Role.AGENT, "ben", None, "en", totp=True),
    "boss": Identity("u-boss", "Boss", Role.SUPERVISOR, None, None, "en", totp=True),
    "root": Identity("u-root", "Root", Role.ADMIN, None, None, "en", totp=True),
    "kanzlei": Identity("u-kanzlei", "Kanzlei", Role.CLIENT, None, "mueller", "de", totp=True),
}


@dataclass
class Person:
    """Somebody at a page."""

    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, json: Any = None, status: int = 200) -> Any:
        """Make a request that must be answered so; returns the answer, of a refusal its error."""
        answer = await self.client.request(method, f"/api{path}", json=json)
        assert answer.status_code == status, answer.text
        found = answer.json()
        return found if answer.is_success else found["error"]


@dataclass
class NoteHouse:
    """The house. `at` is its time."""

    dsn: str
    app: FastAPI
    parts: Parts
    tokens: Mapping[str, str]
    stack: contextlib.AsyncExitStack
    at: datetime = NOW
    seqs: dict[str, int] = field(default_factory=dict)

    async def person(self, name: str) -> Person:
        """One of the people above."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}"}
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url="http://pages", headers=headers
        )
        return Person(await self.stack.enter_async_context(client))

    def happens(self, call: str, *events: tuple[Kind, Mapping[str, Any]]) -> None:
        """The calls process tells of a call."""
        for kind, data in events:
            seq = self.seqs.get(call, 0)
            self.seqs[call] = seq + 1
            at = self.at.isoformat()
            self.parts.live._hear({"event": kind.value, "at": at, "call": call, "seq": seq, "data": data})

    def rings(self, call: str, *agents: str, of: str | None = "mueller", **arrival: Any) -> None:
        """A call for a client rings at agents' telephones."""
        who = {"dialled": "+4989123456", "caller": "+491701234567", "caller_name": "Erika Muster", **arrival}
        self.happens(call, (Kind.ARRIVED, who), (Kind.ROUTED, {"client": of}))
        for agent in agents:
            self.happens(call, (Kind.LEG_DIALLED, {"leg": f"{call}-{agent}", "agent": agent}))


@contextlib.asynccontextmanager
async def note_house(dsn: str, folder: Path) -> AsyncIterator[NoteHouse]:
    """Open it."""
    directory = Directory(BOOK.group, BOOK.client, BOOK.agent)
    tokens = {name: new_token() for name in PEOPLE}
    async with Database(dsn) as database, contextlib.AsyncExitStack() as stack:
        clock = _Clock()
        sessions = Sessions(database, clock, frozenset())
        parts = Parts(
            directory=lambda: directory,
            live=Live(folder / "control.sock", clock),
            database=database,
            sessions=sessions,
            throttle=Throttle(clock),
            notices=Notices(database, clock),
            phone_pages=PhonePages(),
            clock=clock,
            house="Test",
            base_url="http://pages",
            region="DE",
            timezone="Europe/Berlin",
            phones=BrowserPhones("ws://pages/ws"),
            setting_up=SETTING_UP,
            policy=HOUSE,
            recordings=folder,
            library=folder / "library",
            uploads=folder,
            writing=writing("DE", tuple(Channel)),
            bills=bills_of(House("Test")),
        )
        for name, one in PEOPLE.items():
            secret = tokens[name]
            until = NOW + timedelta(days=9)
            sessions._remember(Session(digest_of(secret), one, until, NOW, NOW, program=True))
        house = NoteHouse(dsn, app.create(parts, (notes.router, notices.router, tasks.router)), parts, tokens, stack)
        clock.house = house
        yield house


class _Clock:
    """The house's time."""

    house: NoteHouse | None = None

    def __call__(self) -> datetime:
        return self.house.at if self.house is not None else NOW
