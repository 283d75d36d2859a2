"""The telephone in the browser: who gets its credentials, and whose page comes near Asterisk."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from datetime import timedelta

import asyncpg
import httpx
import pytest

from tests.store.books import book
from tests.web.note_house import BOOK, NOW, PEOPLE, NoteHouse
from vorzimmer.core.directory import Directory
from vorzimmer.store.book import save_book
from vorzimmer.web import app
from vorzimmer.web.parts import Parts
from vorzimmer.web.routes import agent, phone, wall
from vorzimmer.web.sessions import Session, digest_of, new_token
from vorzimmer.web.streams import MOST

HOUSE = book(
    agents=(
        {"id": "anna", "name": "Anna", "phones": [{"endpoint": "anna-web", "transport": "webrtc"}]},
        {"id": "ben", "name": "Ben"},
    )
)
HA1 = "0" * 32


@pytest.fixture
async def parts(house_of_notes: NoteHouse, dsn: str) -> Parts:
    """A house in which Anna telephones in the browser and Ben does not; her password was made."""
    conn = await asyncpg.connect(dsn)
    try:
        await save_book(conn, HOUSE)
        await conn.execute("UPDATE phone SET digest = $1, password_at = now() WHERE endpoint = 'anna-web'", HA1)
    finally:
        await conn.close()
    directory = Directory(BOOK.group, BOOK.client, HOUSE.agent)
    return replace(house_of_notes.parts, directory=lambda: directory)


def at_page(parts: Parts, name: str) -> httpx.AsyncClient:
    """One of the people, at a page."""
    known(parts, name, secret := secrets.token_urlsafe(32), program=False)
    return httpx.AsyncClient(transport=_door(parts), base_url="http://pages", cookies={"vorzimmer_session": secret})


def by_program(parts: Parts, name: str) -> httpx.AsyncClient:
    """A program with this person's token."""
    known(parts, name, secret := new_token(), program=True)
    return httpx.AsyncClient(
        transport=_door(parts), base_url="http://pages", headers={"Authorization": f"Bearer {secret}"}
    )


def known(parts: Parts, name: str, secret: str, *, program: bool) -> None:
    """Let somebody be logged in."""
    until = NOW + timedelta(hours=9)
    parts.sessions._remember(Session(digest_of(secret), PEOPLE[name], until, NOW, NOW, program=program))


def _door(parts: Parts) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=app.create(parts, (phone.router, agent.router, wall.router)))


async def test_what_a_telephone_registers_with_is_for_its_page(parts: Parts) -> None:
    """Anna's page gets the digest; a program gets it not, for it outlives the token; Ben has no such telephone."""
    async with at_page(parts, "anna") as anna, by_program(parts, "anna") as program, at_page(parts, "ben") as ben:
        assert (await anna.get("/api/phone")).json()["ha1"] == HA1
        refused = await program.get("/api/phone")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "page_only")
        assert (await ben.get("/api/phone")).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("anna", 204), ("ben", 403), ("kanzlei", 403), ("boss", 403), ("root", 403)]
)
async def test_only_who_telephones_in_the_browser_comes_near_asterisk(parts: Parts, who: str, status: int) -> None:
    """A client's user, or an agent with desk telephones, would only use up the sessions that ARI needs too."""
    async with at_page(parts, who) as visitor:
        assert (await visitor.get("/api/phone/line")).status_code == status


async def test_nobody_comes_near_asterisk_without_the_second_factor_or_by_a_token(parts: Parts) -> None:
    """Who only knows a password that needs more has no telephone yet; a stolen token never gets one."""
    async with by_program(parts, "anna") as program:
        assert (await program.get("/api/phone/line")).status_code == 403
    parts.sessions._totp_for = frozenset({PEOPLE["anna"].role})
    without = replace(PEOPLE["anna"], totp=False)
    async with at_page(parts, "anna") as page:
        parts.sessions.changed(without)
        refused = await page.get("/api/phone/line")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "must_enrol")


async def test_the_line_is_open_while_the_database_is_away(parts: Parts) -> None:
    """Who was known before gets to the telephone: calls go on, and a page that is loaded again rings again."""
    async with at_page(parts, "anna") as page:
        parts.database._away_until = float("inf")
        assert (await page.get("/api/phone/line")).status_code == 204


@pytest.mark.parametrize(("who", "path"), [("anna", "/api/agent/events"), ("boss", "/api/wall/events")])
async def test_nobody_opens_streams_without_end(parts: Parts, who: str, path: str) -> None:
    """Who has so many pages open opens no more until one is closed; others are not held up by that."""
    with contextlib.ExitStack() as pages:
        for _ in range(MOST):
            pages.enter_context(parts.streams.one_more(PEOPLE[who].user))
        async with at_page(parts, who) as one_too_many:
            refused = await one_too_many.get(path)
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many")
        pages.enter_context(parts.streams.one_more("somebody else"))
    assert not parts.streams._open
