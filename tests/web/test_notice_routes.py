"""Clients, their forms and notices over the API, and the notices in memory."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.house import eventually
from tests.web.note_house import NOW, NoteHouse
from vorzimmer.store.notices import MOST

LATER = (NOW + timedelta(hours=3)).isoformat()


@pytest.mark.parametrize(
    ("who", "ids"),
    [
        ("anna", ["mueller", "baecker"]),
        ("boss", ["mueller", "baecker", "geheim"]),
        ("root", ["mueller", "baecker", "geheim"]),
        ("kanzlei", ["mueller"]),
    ],
)
async def test_everybody_finds_the_own_clients(house_of_notes: NoteHouse, who: str, ids: list[str]) -> None:
    """Agents those whom they may serve, a client's user its own; all others are like none."""
    person = await house_of_notes.person(who)
    assert [client["id"] for client in await person.ask("GET", "/clients")] == ids
    for client in ("mueller", "baecker", "geheim", "nobody"):
        status = 200 if client in ids else 404
        notice = {"text": "x", "until": LATER}
        for method, path, body in (
            ("GET", "forms", None),
            ("GET", "notices", None),
            ("POST", "notices", notice),
            ("DELETE", f"notices/{uuid4()}", None),
        ):
            await person.ask(method, f"/clients/{client}/{path}", body, 404 if method == "DELETE" else status)


async def test_the_forms_of_a_client(house_of_notes: NoteHouse) -> None:
    """Its own, or the two that everybody has."""
    anna = await house_of_notes.person("anna")
    forms = {client: await anna.ask("GET", f"/clients/{client}/forms") for client in ("mueller", "baecker")}
    assert [form["id"] for form in forms["mueller"]] == ["message", "appointment"]
    assert [form["id"] for form in forms["baecker"]] == ["message", "free"]
    assert forms["mueller"][0]["fields"][0]["max_length"] == 200


async def test_a_notice_is_written_and_taken_back(house_of_notes: NoteHouse) -> None:
    """By the client's own user and by agents alike, in one paragraph; another client's path does not reach it."""
    kanzlei, anna = await house_of_notes.person("kanzlei"), await house_of_notes.person("anna")
    written = await kanzlei.ask(
        "POST", "/clients/mueller/notices", {"text": " bis 15 Uhr\nbei  Gericht\0 ", "until": LATER}
    )
    assert (written["text"], written["by"]) == ("bis 15 Uhr bei Gericht", "Kanzlei")
    assert await anna.ask("GET", "/clients/mueller/notices") == [written]
    assert await anna.ask("GET", "/clients/baecker/notices") == []
    await anna.ask("DELETE", f"/clients/baecker/notices/{written['id']}", None, 404)
    assert await anna.ask("DELETE", f"/clients/mueller/notices/{written['id']}") == {"id": written["id"]}
    await anna.ask("DELETE", f"/clients/mueller/notices/{written['id']}", None, 404)
    assert await anna.ask("GET", "/clients/mueller/notices") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "\0\n ", "until": LATER}, "text"),
        ({"text": "x" * 501, "until": LATER}, "text"),
        ({"text": "x", "until": NOW.isoformat()}, "until"),
        ({"text": "x", "until": (NOW + timedelta(days=367)).isoformat()}, "until"),
        ({"text": "x", "until": "2026-03-02T15:00:00"}, "until"),
        ({"text": "x", "until": "soon"}, "until"),
        ({"text": "x", "until": LATER, "client": "baecker"}, "client"),
    ],
)
async def test_a_notice_that_cannot_be_is_refused(house_of_notes: NoteHouse, body: Any, field: str) -> None:
    """Nothing said, too much, over already, without an offset, for whom it is not."""
    anna = await house_of_notes.person("anna")
    assert list((await anna.ask("POST", "/clients/mueller/notices", body, 422))["fields"]) == [field]


async def test_a_client_has_so_many_notices_at_most(house_of_notes: NoteHouse) -> None:
    """The screen pop stays readable."""
    anna = await house_of_notes.person("anna")
    for n in range(MOST):
        await anna.ask("POST", "/clients/mueller/notices", {"text": str(n), "until": LATER})
    refused = await anna.ask("POST", "/clients/mueller/notices", {"text": "more", "until": LATER}, 409)
    assert refused["code"] == "too_many"


async def test_screen_pops_have_them_in_memory(house_of_notes: NoteHouse) -> None:
    """At once after a change here; while the database is away still, but never beyond their time."""
    notices = house_of_notes.parts.notices
    notices._every = 3600
    keeping = asyncio.create_task(notices.keep())
    anna = await house_of_notes.person("anna")

    async def known() -> list[str]:
        return [notice.text for notice in notices.of("mueller", house_of_notes.at)]

    written = await anna.ask("POST", "/clients/mueller/notices", {"text": "bei Gericht", "until": LATER})
    await eventually(known, lambda found: found == ["bei Gericht"])
    assert notices.of("baecker", NOW) == ()
    house_of_notes.parts.database._away_until = float("inf")
    notices.look_again()
    await eventually(_asked(notices), bool)
    assert await known() == ["bei Gericht"]
    assert notices.of("mueller", NOW + timedelta(hours=3)) == ()
    house_of_notes.parts.database._away_until = 0.0
    await anna.ask("DELETE", f"/clients/mueller/notices/{written['id']}")
    await eventually(known, lambda found: found == [])
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping


def _asked(notices: Any) -> Any:
    """Whether it has looked again."""

    async def looked() -> bool:
        return not notices._look.is_set()

    return looked
