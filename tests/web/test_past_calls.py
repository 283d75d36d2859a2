"""What an agent finds again of calls that are over, and what not any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.store.books import book
from tests.store.noting import open_house, ship
from tests.web.note_house import BOOK, NOW, NoteHouse
from vorzimmer.control.wall import AgentSeen, View
from vorzimmer.core.directory import Directory
from vorzimmer.core.presence import State
from vorzimmer.store import notes as stored
from vorzimmer.web import app
from vorzimmer.web.routes import calls, notes, past_calls

AGENTS = ({"id": "anna", "name": "Anna"}, {"id": "ben", "name": "Ben"})
CALL = "c9"


class Anna:
    """An agent who talked for Müller on that day and wrote it down. `finds`: what the API has for her."""

    def __init__(self, house: NoteHouse, day: date) -> None:
        self.house = house
        self.day = day
        self.note = ""

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Make a request."""
        routers = (past_calls.router, notes.router, calls.router)
        headers = {"Authorization": f"Bearer {self.house.tokens['anna']}"}
        transport = httpx.ASGITransport(app=app.create(self.house.parts, routers))
        async with httpx.AsyncClient(transport=transport, base_url="http://pages", headers=headers) as client:
            return await client.request(method, f"/api{path}", json=body)

    async def finds(self) -> Mapping[str, bool]:
        """Whether each way still leads to the call or its note."""
        listed = (await self.ask("GET", f"/agent/calls?day={self.day}")).json()["calls"]
        version = {"values": {"message": "more"}, "urgent": False, "version": 1}
        return {
            "the list of calls": [one["call"] for one in listed] == [CALL],
            "the call's notes": (await self.ask("GET", f"/calls/{CALL}/notes")).is_success,
            "a new note": (await self.ask("POST", f"/calls/{CALL}/notes", {"form": "message"})).is_success,
            "the list of notes": bool((await self.ask("GET", "/notes")).json()),
            "the note": (await self.ask("PUT", f"/notes/{self.note}", version)).status_code in {200, 409},
            "its end": (await self.ask("POST", f"/notes/{self.note}/reopen", {})).is_success,
        }

    def book_says(self, **law: Any) -> None:
        """The book is another one from now on: this of the client, or of Anna."""
        changed = book({**MUELLER, **law.get("client", {})}, agents=({**AGENTS[0], **law.get("anna", {})}, AGENTS[1]))
        directory = Directory(BOOK.group, changed.client, changed.agent)
        self.house.parts = replace(self.house.parts, directory=lambda: directory)

    def is_at(self, call: str) -> None:
        """Her telephone, or her wrap-up, is about this call."""
        seen = AgentSeen(
            agent="anna",
            name="Anna",
            state=State.WRAP_UP,
            since=NOW,
            reason="",
            phone="anna",
            reachable=True,
            call=call,
            then=None,
            expected=False,
        )
        self.house.parts.live._see(View(at=NOW, waiting=(), calls=(), agents=(seen,)))


MUELLER = {"id": "mueller", "name": "Kanzlei Müller", "dids": ["+4989123456"], "forms": ["message"]}


@pytest.fixture
async def anna(house_of_notes: NoteHouse) -> Anna:
    """An agent with a past."""
    conn = await asyncpg.connect(house_of_notes.dsn)
    try:
        await open_house(conn)
        await ship(conn, CALL)
        day = await conn.fetchval("SELECT (started_at AT TIME ZONE 'Europe/Berlin')::date FROM cdr")
        await conn.execute(
            "INSERT INTO call_segment (call_id, n, kind, agent, began, ended)"
            " VALUES ($1, 91, 'talk', 'anna', now(), now())",
            CALL,
        )
    finally:
        await conn.close()
    anna = Anna(house_of_notes, day)
    begun = await anna.ask("POST", f"/calls/{CALL}/notes", {"form": "message"})
    anna.note = begun.json()["id"]
    return anna


async def test_an_agent_finds_the_own_calls_and_notes(anna: Anna) -> None:
    """What was written yesterday is finished today, also by one who is in another team by now."""
    anna.book_says(client={"team": "law"}, anna={"teams": ["night"]})
    assert all((await anna.finds()).values())


@pytest.mark.parametrize(
    "change", [{"client": {"secrecy": True}}, {"anna": {"clients": ["baecker"]}}], ids=["no pledge", "not her client"]
)
async def test_who_may_not_know_any_more_finds_nothing(anna: Anna, change: dict[str, Any]) -> None:
    """Without a pledge on file (§ 203 StGB), or kept to other clients, own calls and notes are closed too."""
    anna.book_says(**change)
    assert not any((await anna.finds()).values())


async def test_the_call_at_the_telephone_is_known_whatever_the_book_says_meanwhile(anna: Anna) -> None:
    """Who talks, or writes up what was said, keeps the note."""
    anna.book_says(client={"secrecy": True})
    anna.is_at(CALL)
    assert all((await anna.finds()).values())


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
async def test_a_day_that_no_database_has(anna: Anna, day: str) -> None:
    """It is refused, and is no mistake of ours."""
    assert (await anna.ask("GET", f"/agent/calls?day={day}")).status_code == 422


async def test_a_draft_that_is_finished_at_that_instant_is_not_gone(
    anna: Anna, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted on one page while it is finished on another: the page hears that it is finished, not that it is gone."""
    delete = stored.delete_draft

    async def too_late(conn: asyncpg.Connection, note_id: UUID, by: str) -> bool:
        await conn.execute("UPDATE note SET state = 'done', done_at = now(), words = '{}'")
        return await delete(conn, note_id, by)

    monkeypatch.setattr(stored, "delete_draft", too_late)
    answer = await anna.ask("DELETE", f"/notes/{anna.note}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "finished")
