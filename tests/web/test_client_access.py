"""Who may see and change what belongs to a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter

from tests.store.books import book
from tests.web.door import BOOK, Door, code_of, door
from vorzimmer.core.directory import Directory
from vorzimmer.web.client_access import ClientToChange, TheirClient

rooms = APIRouter(prefix="/api/clients")


@rooms.get("/{client}/room")
async def looked_at(seat: TheirClient) -> Any:
    """What its own people and the overseers see."""
    return {"client": seat.client.id, "actor": seat.actor.name, "role": seat.who.role}


@rooms.put("/{client}/room")
async def changed(seat: ClientToChange) -> Any:
    """What its own people and admins change."""
    return {"client": seat.client.id, "actor": seat.actor.name, "role": seat.who.role}


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages, and a second client in the book."""
    async with door(dsn) as opened:
        other = book({"id": "baecker", "dids": ["+4930123456"]}).client
        directory = Directory(BOOK.group, (*BOOK.client, *other), BOOK.agent)
        opened.parts.directory = lambda: directory
        opened.app.include_router(rooms)
        yield opened


@pytest.mark.parametrize(
    ("user", "reads", "changes"),
    [("kanzlei", 200, 200), ("root", 200, 200), ("chief", 200, 403), ("lead", 200, 403), ("anna", 403, 403)],
)
async def test_its_own_users_and_those_who_look_after_all(house: Door, user: str, reads: int, changes: int) -> None:
    """Reading is for the client's users, admins and supervisors; changing not for supervisors; agents have no seat."""
    person = await house.inside(user)
    assert (await person.ask("GET", "/clients/mueller/room")).status_code == reads
    answer = await person.ask("PUT", "/clients/mueller/room", {})
    assert answer.status_code == changes
    if changes == 200:
        assert answer.json() == {"client": "mueller", "actor": user, "role": "client" if user == "kanzlei" else "admin"}
    other = await person.ask("GET", "/clients/baecker/room")
    assert other.status_code == (404 if user == "kanzlei" else reads)


async def test_a_foreign_client_answers_like_none(house: Door) -> None:
    """Byte for byte, reading and changing: nobody learns which clients the house has."""
    kanzlei, anna = await house.inside("kanzlei"), await house.inside("anna")
    for method in ("GET", "PUT"):
        foreign, unknown = [await kanzlei.ask(method, f"/clients/{name}/room") for name in ("baecker", "nobody")]
        assert code_of(foreign) == (404, "unknown_client")
        assert (foreign.content, foreign.headers) == (unknown.content, unknown.headers)
        refused = [await anna.ask(method, f"/clients/{name}/room") for name in ("baecker", "nobody")]
        assert code_of(refused[0]) == (403, "forbidden")
        assert refused[0].content == refused[1].content


async def test_what_is_no_id_is_refused(house: Door) -> None:
    """Before anybody is asked for it."""
    assert code_of(await (await house.inside("root")).ask("GET", "/clients/Mueller/room")) == (422, "bad_request")
    nobody = await house.browser()
    assert code_of(await nobody.ask("GET", "/clients/mueller/room")) == (401, "login")
