"""Clients' answers over the API: said in the portal, seen by agents at once."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests.web.door import code_of
from tests.web.portal_house import MARK, PortalHouse
from tests.web.wall_house import seen
from vorzimmer.control.wall import View
from vorzimmer.core.answer import LONGEST
from vorzimmer.core.presence import State
from vorzimmer.store import audit
from vorzimmer.web import answers as pages

CALL = "/clients/mueller/calls/c1"
REPLY = {"kind": "reply", "text": "Bitte <b>morgen</b>\n\x00zurückrufen"}


@pytest.fixture(autouse=True)
async def call(portal: PortalHouse) -> None:
    """A call that Anna took and wrote a note about; Anna is logged in."""
    await portal.called("c1", "mueller", portal.watch.at - timedelta(hours=1))
    await portal.noted("c1", "mueller", "Bitte zurückrufen")
    at_work(portal, State.AVAILABLE)


def at_work(portal: PortalHouse, state: State) -> None:
    """What the calls process tells of Anna."""
    portal.parts.live._see(View(at=portal.watch.at, waiting=(), calls=(), agents=(seen("anna", state),)))


async def look(portal: PortalHouse) -> None:
    """The pages look into the database, as they do when they are told."""
    await portal.parts.answers.read(portal.conn, portal.watch)


async def test_a_client_marks_a_call_and_replies(portal: PortalHouse) -> None:
    """Both stand in the call and in the list; the trail says who it was."""
    erika = await portal.inside("erika")
    for said in ({"kind": "done"}, {"kind": "done"}, REPLY):
        answer = await erika.ask("POST", f"{CALL}/answers", said)
        assert answer.status_code == 201, answer.text
    told = (await erika.ask("GET", CALL)).json()
    assert told["done"] is True
    assert [(one["kind"], one["text"], one["by"], one["via"]) for one in told["answers"]] == [
        ("done", "", "Erika", "portal"),
        ("reply", "Bitte <b>morgen</b>\nzurückrufen", "Erika", "portal"),
    ]
    (line,) = (await erika.ask("GET", "/clients/mueller/calls")).json()["calls"]
    assert (line["done"], line["replies"]) == (True, 1)
    (latest, *_) = await audit.entries(portal.conn, client="mueller", what="call.answer")
    assert (latest.actor.name, latest.about) == ("erika", "c1")
    assert "zurückrufen" not in str(latest.after)
    assert (await erika.ask("POST", f"{CALL}/answers", {"kind": "reopened"})).json()["done"] is False
    assert code_of(await erika.ask("POST", f"{CALL}/answers", {"kind": "reopened"})) == (409, "not_done")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "reply"},
        {"kind": "reply", "text": " \x00\n"},
        {"kind": "done", "text": "x"},
        {"kind": "gone"},
        {"kind": "reply", "text": "x" * (LONGEST + 1)},
        {"kind": "reply", "text": "x", "by": "root"},
    ],
    ids=["empty", "blank", "mark with words", "kind", "long", "by"],
)
async def test_what_says_nothing_or_too_much_is_refused(portal: PortalHouse, body: dict[str, Any]) -> None:
    """In a sentence; nothing is kept."""
    erika = await portal.inside("erika")
    assert code_of(await erika.ask("POST", f"{CALL}/answers", body)) == (422, "bad_request")
    assert (await erika.ask("GET", CALL)).json()["answers"] == []


async def test_somebody_elses_call_is_answered_like_none(portal: PortalHouse) -> None:
    """By the own client's id and a foreign call, by a foreign client's id, and by people who only read."""
    await portal.called("foreign", "meier", portal.watch.at, caller_name=MARK)
    erika = await portal.inside("erika")
    for call in ("foreign", "none"):
        answer = await erika.ask("POST", f"/clients/mueller/calls/{call}/answers", REPLY)
        assert code_of(answer) == (404, "unknown")
    foreign = await erika.ask("POST", "/clients/meier/calls/foreign/answers", REPLY)
    assert code_of(foreign) == (404, "unknown_client")
    for user in ("anna", "chief"):
        assert code_of(await (await portal.inside(user)).ask("POST", f"{CALL}/answers", REPLY)) == (403, "forbidden")
    assert await portal.conn.fetchval("SELECT count(*) FROM client_answer") == 0


async def test_the_agent_sees_an_answer_until_it_is_taken_note_of(portal: PortalHouse) -> None:
    """On the own page, with whom it is about, in the call's notes and in the list of calls."""
    await (await portal.inside("erika")).ask("POST", f"{CALL}/answers", REPLY)
    await look(portal)
    anna = await portal.inside("anna")
    (one,) = (await anna.ask("GET", "/agent/answers")).json()
    assert (one["kind"], one["client_name"], one["caller_name"], one["mine"]) == (
        "reply",
        "Kanzlei Müller",
        "Jürgen Groß",
        True,
    )
    assert (await anna.ask("GET", "/agent")).json()["answers"] == [one["id"]]
    said = (await anna.ask("GET", "/calls/c1/answers")).json()
    assert [answer["text"] for answer in said["answers"]] == ["Bitte <b>morgen</b>\nzurückrufen"]
    (own,) = (await anna.ask("GET", "/agent/calls")).json()["calls"]
    assert (own["done"], own["replies"]) == (False, 1)
    assert (await anna.ask("POST", f"/agent/answers/{one['id']}/seen", {})).json() == []
    assert (await anna.ask("GET", "/agent")).json()["answers"] == []
    assert code_of(await anna.ask("POST", f"/agent/answers/{one['id']}/seen", {})) == (404, "unknown")


async def test_while_its_author_is_away_the_team_sees_an_answer(portal: PortalHouse) -> None:
    """Who wrote the note sees it whenever; a colleague who was not in the call sees it instead, but not the notes."""
    await portal.conn.execute("UPDATE note SET agent = 'carl', author = 'carl'")
    await portal.conn.execute("DELETE FROM call_segment")
    await (await portal.inside("erika")).ask("POST", f"{CALL}/answers", {"kind": "done"})
    await look(portal)
    anna = await portal.inside("anna")
    (one,) = (await anna.ask("GET", "/agent/answers")).json()
    assert (one["kind"], one["mine"]) == ("done", False)
    both = (seen("anna"), seen("carl"))
    portal.parts.live._see(View(at=portal.watch.at, waiting=(), calls=(), agents=both))
    assert (await anna.ask("GET", "/agent/answers")).json() == []


async def test_the_database_tells_the_pages_at_once(portal: PortalHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """No page has to ask, and none waits for the next look: the answer itself wakes them."""
    monkeypatch.setattr(pages, "EVERY", 3600.0)
    told = asyncio.Event()
    following = asyncio.create_task(
        portal.parts.answers.keep(partial(asyncpg.connect, portal.dsn), portal.watch, told.set)
    )
    try:
        erika = await portal.inside("erika")
        async with asyncio.timeout(20):
            for kind in ("done", "reopened"):
                told.clear()
                await erika.ask("POST", f"{CALL}/answers", {"kind": kind})
                await told.wait()
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
    assert len((await (await portal.inside("anna")).ask("GET", "/agent/answers")).json()) == 2
