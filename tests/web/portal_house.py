"""A house with two clients whose people are at their pages: all routes, a real PostgreSQL, calls, notes and sound."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
from fastapi import FastAPI

from tests.store.books import book
from tests.store.noting import begin, finish
from tests.store.records import events
from tests.web.door import CHEAP, PASSWORD, SECRET, Browser, Watch, cheap_hashes
from tests.web.note_house import note_house
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.directory import Directory
from vorzimmer.core.messages import end_record
from vorzimmer.core.role import Role
from vorzimmer.store import batch, users
from vorzimmer.store.book import load_book, save_book
from vorzimmer.store.users import Account
from vorzimmer.web import app
from vorzimmer.web.parts import Parts
from vorzimmer.web.routes import ROUTERS
from vorzimmer.web.sessions import Sessions
from vorzimmer.web.throttle import Throttle

BASE = "http://pages"
MARK = "Geheimnis-7f3a"
"""Stands in everything of the other client's."""

MONDAY = datetime.fromisoformat("2026-11-23T10:00:00+01:00")

BOOK = book(
    {
        "id": "mueller",
        "name": "Kanzlei Müller",
        "dids": ["+4989123456"],
        "hours": {"mon-fri": ["08:00-18:00"]},
        "lunch": ["12:00-13:00"],
        "holidays": "DE-BY",
        "mail": ["kanzlei@mueller.example"],
        "contacts": [
            {"id": "chief", "name": "Frau Müller", "numbers": ["+4989555001"]},
            {"id": "night", "name": "Bereitschaft", "numbers": ["+491701112223"], "hours": {"daily": ["18:00-08:00"]}},
        ],
        "rota": {"duties": [{"contact": "night", "hours": {"daily": ["18:00-08:00"]}}, {"contact": "chief"}]},
    },
    {
        "id": "meier",
        "name": f"Praxis {MARK}",
        "dids": ["+4930987654"],
        "greeting": MARK,
        "briefing": MARK,
        "mail": [f"{MARK.lower()}@meier.example"],
        "contacts": [{"id": "doc", "name": MARK, "numbers": ["+493055501"]}],
    },
    agents=({"id": "anna", "name": "Anna Weber"},),
)

PEOPLE = {
    "root": Account("root", "Root", Role.ADMIN, email="root@house.example"),
    "chief": Account("chief", "Chief", Role.SUPERVISOR),
    "anna": Account("anna", "Anna", Role.AGENT, agent="anna"),
    "erika": Account("erika", "Erika", Role.CLIENT, client="mueller", email="erika@mueller.example"),
    "max": Account("max", "Max", Role.CLIENT, client="mueller", language="en"),
    "fremd": Account("fremd", MARK, Role.CLIENT, client="meier", email=f"{MARK}@meier.example"),
}


@dataclass
class PortalHouse:
    """The house. `watch` is its time."""

    dsn: str
    conn: asyncpg.Connection
    app: FastAPI
    parts: Parts
    watch: Watch
    folder: Path
    stack: contextlib.AsyncExitStack
    directory: Directory = field(default_factory=lambda: Directory((), ()))

    async def refresh(self) -> None:
        """What was saved is known to whoever answers calls."""
        _, now = await load_book(self.conn)
        self.directory = Directory(now.group, now.client, now.agent)

    async def browser(self, address: str = "192.0.2.1") -> Browser:
        """Somebody who has never been here."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711))
        client = await self.stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        return Browser(client, {"Origin": BASE, "Sec-Fetch-Site": "same-origin"})

    async def inside(self, user: str) -> Browser:
        """Somebody who is logged in. Who needs a code waits for the next one, for each is good once."""
        browser, code = await self.browser(), None
        if PEOPLE[user].role in (Role.ADMIN, Role.SUPERVISOR):
            self.watch.pass_by(seconds=60)
            code = self.watch.code()
        assert (await browser.log_in(user, PASSWORD, code)).status_code == 200
        return browser

    async def letters(self, kind: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Letters of a kind that wait to be sent: to whom, and with which data."""
        rows = await self.conn.fetch(
            "SELECT recipient, payload FROM outbox WHERE payload ->> 'kind' = $1 ORDER BY id", kind
        )
        return [(row["recipient"], orjson.loads(row["payload"])["data"]) for row in rows]

    async def called(self, call_id: str, client: str, at: datetime, **changed: Any) -> None:
        """A call that is over; `changed` are fields of its CDR."""
        cdr = replace(build_cdr(events(call_id)), client=client)
        shift = at - cdr.started_at
        moved = {"started_at": at, "answered_at": at + timedelta(seconds=4), "ended_at": cdr.ended_at + shift}
        cdr = replace(cdr, **{**moved, **changed})
        segments = [
            replace(one, began=one.began + shift, ended=one.ended + shift, agent="anna" if one.kind == "talk" else None)
            for one in segments_of(events(call_id))
        ]
        body = orjson.dumps({"t": "end", "record": end_record(cdr, [], segments)})
        await batch.store(self.conn, [body], "vorzimmer.example")

    async def noted(self, call_id: str, client: str, text: str) -> str:
        """A finished note about a call; its id."""
        note = await begin(self.conn, call_id, of=client, text=text)
        await finish(self.conn, note, text)
        return str(note.id)

    def sound(self, name: str, samples: bytes) -> Path:
        """A wav file among the recordings."""
        file = self.folder / name
        with wave.open(str(file), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(samples)
        return file


@contextlib.asynccontextmanager
async def portal_house(dsn: str, folder: Path) -> AsyncIterator[PortalHouse]:
    """Open it; nobody has called yet."""
    watch = Watch(MONDAY)
    async with note_house(dsn, folder) as notes, contextlib.AsyncExitStack() as stack:
        stack.enter_context(cheap_hashes())
        conn = await asyncpg.connect(dsn)
        stack.push_async_callback(conn.close)
        await save_book(conn, BOOK)
        for account in PEOPLE.values():
            await users.add(conn, account, CHEAP.hash(PASSWORD))
        await conn.execute("UPDATE web_user SET totp_secret = $1 WHERE role IN ('admin', 'supervisor')", SECRET)
        parts = replace(
            notes.parts,
            directory=lambda: house.directory,
            clock=watch,
            base_url=BASE,
            sessions=Sessions(notes.parts.database, watch, frozenset((Role.ADMIN, Role.SUPERVISOR))),
            throttle=Throttle(watch),
        )
        house = PortalHouse(dsn, conn, app.create(parts, ROUTERS), parts, watch, folder, stack)
        await house.refresh()
        yield house
