"""Work for clients over the API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.web.note_house import NoteHouse


async def test_work_is_started_and_stopped(house_of_notes: NoteHouse) -> None:
    """Starting another ends the first; a colleague neither sees nor stops it."""
    anna, ben = await house_of_notes.person("anna"), await house_of_notes.person("ben")
    one = await anna.ask("POST", "/tasks/start", {"client": "mueller", "what": " Ablage\n"})
    assert (one["what"], one["client"], one["call"], one["ended_at"]) == ("Ablage", "mueller", None, None)
    two = await anna.ask("POST", "/tasks/start", {"client": "baecker", "what": "Bestellungen"})
    await ben.ask("POST", f"/tasks/{two['id']}/stop", None, 404)
    await ben.ask("POST", f"/tasks/{uuid4()}/stop", None, 404)
    ended = await anna.ask("POST", f"/tasks/{two['id']}/stop")
    assert ended["ended_at"] is not None
    await anna.ask("POST", f"/tasks/{two['id']}/stop", None, 404)
    assert await ben.ask("GET", "/tasks") == []


async def test_open_work_is_shown(house_of_notes: NoteHouse) -> None:
    """Whatever day it is by the house's clock."""
    anna = await house_of_notes.person("anna")
    task = await anna.ask("POST", "/tasks/start", {"client": "mueller", "what": "Ablage"})
    assert await anna.ask("GET", "/tasks") == [task]


async def test_work_with_a_call_is_for_the_calls_client(house_of_notes: NoteHouse) -> None:
    """Whatever client the page names; and only with a call that the agent is in."""
    house_of_notes.rings("c1", "anna")
    anna, ben = await house_of_notes.person("anna"), await house_of_notes.person("ben")
    wish = {"what": "Rückfrage", "call": "c1", "client": "baecker"}
    task = await anna.ask("POST", "/tasks/start", wish)
    assert (task["client"], task["call"]) == ("mueller", "c1")
    assert await ben.ask("POST", "/tasks/start", wish, 404) == await ben.ask(
        "POST", "/tasks/start", {**wish, "call": "c9"}, 404
    )


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"what": "x"}, 404),
        ({"what": "x", "client": "geheim"}, 404),
        ({"what": "x", "client": "nobody"}, 404),
        ({"what": "\0 ", "client": "mueller"}, 422),
        ({"what": "x" * 201, "client": "mueller"}, 422),
        ({"what": "x", "call": "c/1"}, 422),
    ],
)
async def test_work_that_cannot_be_is_refused(house_of_notes: NoteHouse, wish: Any, status: int) -> None:
    """For a client whom the agent may not serve as for one that does not exist."""
    anna = await house_of_notes.person("anna")
    await anna.ask("POST", "/tasks/start", wish, status)


async def test_work_is_for_agents(house_of_notes: NoteHouse) -> None:
    """A client's user and a supervisor who is no agent have none."""
    for name in ("kanzlei", "boss"):
        assert (await (await house_of_notes.person(name)).ask("GET", "/tasks", None, 403))["code"] == "no_agent"
