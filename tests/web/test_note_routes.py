"""Notes over the API: whose they are, what a page may lose, and what is hostile."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.store.noting import open_house, ship
from tests.web.note_house import NoteHouse, Person
from vorzimmer.core.ledger import Kind

Body = dict[str, Any]
WORDS = {"name": "Erika Muster", "message": "Bitte zurückrufen"}


@pytest.fixture
async def anna(house_of_notes: NoteHouse) -> Person:
    """An agent at whose telephone a call for Müller rings."""
    house_of_notes.rings("c1", "anna")
    return await house_of_notes.person("anna")


async def begun(person: Person, call: str = "c1", **more: Any) -> Body:
    """A draft."""
    note: Body = await person.ask("POST", f"/calls/{call}/notes", {"form": "message", **more})
    return note


async def kept(person: Person, note: Body, values: Body, **more: Any) -> Body:
    """The draft with these values."""
    body = {"values": values, "urgent": False, "version": note["version"], **more}
    saved: Body = await person.ask("PUT", f"/notes/{note['id']}", body)
    return saved


async def finished(person: Person, note: Body) -> Body:
    """The draft, finished."""
    saved = await kept(person, note, WORDS)
    done: Body = await person.ask("POST", f"/notes/{note['id']}/finish", {"version": saved["version"]})
    return done


async def test_a_note_from_ring_to_end(anna: Person) -> None:
    """Begun with what the call tells, kept as it grows, finished; several on one call, in their order."""
    note = await begun(anna)
    assert (note["call"], note["client"], note["kind"], note["state"]) == ("c1", "mueller", "message", "draft")
    assert note["values"] == {"name": "Erika Muster", "phone": "+491701234567"}
    assert note["contacts"] == [{"id": "chief", "name": "Frau Müller"}]
    assert note["form"]["fields"][0]["id"] == "name"
    done = await finished(anna, note)
    assert (done["state"], done["version"], done["author"], done["told_at"]) == ("done", 3, "Anna Weber", None)
    second = await begun(anna, form="appointment")
    assert await anna.ask("GET", "/calls/c1/notes") == [done, second]
    assert await anna.ask("GET", "/notes") == [second, done]
    assert await anna.ask("GET", "/notes?state=draft") == [second]


async def test_the_client_is_the_calls_whatever_the_page_says(anna: Person, house_of_notes: NoteHouse) -> None:
    """No field of the request names another; a call for nobody takes no note."""
    assert (await anna.ask("POST", "/calls/c1/notes", {"form": "message", "client": "baecker"}, 422))["fields"]
    house_of_notes.rings("c2", "anna", of="baecker")
    assert (await begun(anna, "c2"))["client"] == "baecker"
    house_of_notes.rings("c3", "anna", of=None)
    refused = await anna.ask("POST", "/calls/c3/notes", {"form": "message"}, 409)
    assert refused["code"] == "no_client"
    assert (await anna.ask("POST", "/calls/c1/notes", {"form": "order"}, 422))["fields"].keys() == {"form"}


async def test_a_withheld_number_is_not_filled_in(anna: Person, house_of_notes: NoteHouse) -> None:
    """What the caller did not show stands in no note."""
    house_of_notes.rings("c2", "anna", withheld=True)
    assert (await begun(anna, "c2"))["values"] == {}


async def test_who_was_not_in_the_call_sees_nothing(anna: Person, house_of_notes: NoteHouse) -> None:
    """A colleague, a client's user, and an id that is made up get the same answer; overseers see all."""
    note = await begun(anna)
    ben = await house_of_notes.person("ben")
    paths: list[tuple[str, str, Any]] = [
        ("PUT", "/notes/{}", {"values": {}, "urgent": False, "version": 1}),
        ("POST", "/notes/{}/finish", {"version": 1}),
        ("POST", "/notes/{}/client", {"client": "baecker", "reason": "mine"}),
        ("POST", "/notes/{}/reopen", None),
        ("DELETE", "/notes/{}", None),
    ]
    for method, path, body in paths:
        forged = await ben.ask(method, path.format(note["id"]), body, 404)
        assert forged == await ben.ask(method, path.format(uuid4()), body, 404)
    calls: list[tuple[str, Any]] = [("GET", None), ("POST", {"form": "message"})]
    for method, body in calls:
        assert await ben.ask(method, "/calls/c1/notes", body, 404) == await ben.ask(
            method, "/calls/none/notes", body, 404
        )
    assert await ben.ask("GET", "/notes") == []
    assert (await (await house_of_notes.person("kanzlei")).ask("GET", "/calls/c1/notes", None, 403))[
        "code"
    ] == "forbidden"
    for overseer in ("boss", "root"):
        assert await (await house_of_notes.person(overseer)).ask("GET", "/calls/c1/notes") == [note]


async def test_who_was_in_the_call_keeps_it(anna: Person, house_of_notes: NoteHouse) -> None:
    """An agent who has given the call away still finds it from the record; one who was only rung has lost it."""
    conn = await asyncpg.connect(house_of_notes.dsn)
    await open_house(conn)
    await ship(conn, "c9")
    await conn.execute(
        "INSERT INTO call_segment (call_id, n, kind, agent, began, ended) VALUES"
        " ('c9', 90, 'ring', 'ben', now(), now()), ('c9', 91, 'talk', 'anna', now(), now())"
    )
    await conn.close()
    assert (await begun(anna, "c9"))["client"] == "mueller"
    await (await house_of_notes.person("ben")).ask("GET", "/calls/c9/notes", None, 404)


async def test_a_colleague_in_the_same_call_may_go_on_writing(anna: Person, house_of_notes: NoteHouse) -> None:
    """Whoever takes the call over sees what was noted; the author stays."""
    note = await begun(anna)
    house_of_notes.happens("c1", (Kind.LEG_DIALLED, {"leg": "l2", "agent": "ben"}))
    ben = await house_of_notes.person("ben")
    saved = await kept(ben, note, {"message": "more"})
    assert saved["author"] == "Anna Weber"


async def test_two_pages_of_one_agent(anna: Person) -> None:
    """The one that is behind is told what is stored, and loses neither that nor its own."""
    note = await begun(anna)
    newer = await kept(anna, note, {"message": "first page"})
    body = {"values": {"message": "second page"}, "urgent": True, "version": note["version"]}
    refused = await anna.ask("PUT", f"/notes/{note['id']}", body, 409)
    assert (refused["code"], refused["note"]) == ("newer", newer)
    assert (await anna.ask("POST", f"/notes/{note['id']}/finish", {"version": 1}, 409))["note"] == newer


async def test_an_answer_that_was_lost_does_no_harm(anna: Person) -> None:
    """The page asks again: no second note, no conflict with itself, and what was typed meanwhile is kept."""
    name = str(uuid4())
    note = await begun(anna, id=name, values={"message": "o"})
    assert note["id"] == name
    assert await begun(anna, id=name, values={"message": "o"}) == note
    more = await begun(anna, id=name, values={"message": "one"})
    assert (more["values"], more["version"]) == ({"message": "one"}, 2)
    assert await begun(anna, id=name, values={"message": "one"}) == more
    refused = await anna.ask(
        "POST", "/calls/c1/notes", {"form": "message", "id": name, "values": {"message": "old"}}, 409
    )
    assert refused["note"] == more
    body = {"values": WORDS, "urgent": True, "version": 2}
    saved = await anna.ask("PUT", f"/notes/{name}", body)
    assert await anna.ask("PUT", f"/notes/{name}", body) == saved
    done = await anna.ask("POST", f"/notes/{name}/finish", {"version": saved["version"]})
    assert await anna.ask("POST", f"/notes/{name}/finish", {"version": saved["version"]}) == done
    assert len(await anna.ask("GET", "/calls/c1/notes")) == 1


async def test_an_id_of_another_note_begins_nothing(anna: Person, house_of_notes: NoteHouse) -> None:
    """Neither at another call nor for somebody else."""
    note = await begun(anna)
    house_of_notes.rings("c2", "anna", "ben")
    taken = {"form": "message", "id": note["id"]}
    assert (await anna.ask("POST", "/calls/c2/notes", taken, 409))["code"] == "not_begun"
    ben = await house_of_notes.person("ben")
    assert (await ben.ask("POST", "/calls/c2/notes", taken, 409))["code"] == "not_begun"


async def test_what_is_missing_is_named(anna: Person) -> None:
    """In the agent's language, by field; the draft stays as it is."""
    note = await begun(anna, values={"message": "x", "phone": "??"})
    refused = await anna.ask("POST", f"/notes/{note['id']}/finish", {"version": 1}, 422)
    assert refused["code"] == "incomplete"
    assert refused["fields"] == {"name": "fehlt", "phone": "enthält keine Ziffern einer Rufnummer"}
    assert refused["codes"] == {"name": "missing", "phone": "no_phone"}
    assert (await anna.ask("GET", "/calls/c1/notes"))[0]["version"] == 1


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"regarding": "x" * 201}, "regarding"),
        ({"message": "x" * 20_001}, "message"),
        ({"message": 5}, "message"),
        ({"call_back": "yes"}, "call_back"),
    ],
)
async def test_what_does_not_fit_is_refused_whole(anna: Person, values: Body, named: str) -> None:
    """Nothing is cut, and what was stored before stays."""
    note = await begun(anna, values={"message": "before"})
    body = {"values": {**values}, "urgent": False, "version": 1}
    refused = await anna.ask("PUT", f"/notes/{note['id']}", body, 422)
    assert (refused["code"], list(refused["fields"])) == ("bad_values", [named])
    assert (await anna.ask("GET", "/calls/c1/notes"))[0]["values"] == {"message": "before"}


@pytest.mark.parametrize(
    "values", [{"message": ["list"]}, {"message": {"a": 1}}, {"x" * 81: "a"}, ["message"], "message", None]
)
async def test_what_is_no_form_at_all_is_refused(anna: Person, values: Any) -> None:
    """Lists, objects, endless names: a sentence, never a fault of ours."""
    note = await begun(anna)
    body = {"values": values, "urgent": False, "version": 1}
    assert (await anna.ask("PUT", f"/notes/{note['id']}", body, 422))["code"] == "bad_request"


async def test_a_megabyte_is_not_even_read(anna: Person) -> None:
    """The page is told; the note stays."""
    note = await begun(anna)
    body = {"values": {"message": "x" * 1_000_000}, "urgent": False, "version": 1}
    assert (await anna.ask("PUT", f"/notes/{note['id']}", body, 413))["code"] == "too_long"
    assert await anna.ask("GET", "/calls/c1/notes") == [note]


async def test_hostile_text_stays_text(anna: Person) -> None:
    """HTML and emoji come back as they were; control characters and marks of direction do not."""
    note = await begun(anna)
    typed = {"message": "<script>alert(1)</script>\r\n👩‍👩‍👧 \0\x1b[31m\u202eneb\u0085律师", "regarding": "a\r\nBcc: b"}
    saved = await kept(anna, note, typed)
    assert saved["values"] == {"message": "<script>alert(1)</script>\n👩‍👩‍👧 [31mneb\n律师", "regarding": "a Bcc: b"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"values": {"\\ud800": "x"}, "urgent": false, "version": 1}',
        b'{"values": {"message": NaN}, "urgent": false, "version": 1}',
        b'{"values": {"message": 1e999}, "urgent": false, "version": 1}',
        b'{"values": {}, "urgent": false, "version": 99999999999999999999}',
        b'{"values": {"message": ' + b"9" * 5000 + b'}, "urgent": false, "version": 1}',
        b"[" * 20_000,
        b"\xff\xfe",
        b"",
    ],
)
async def test_broken_json_is_refused(anna: Person, body: bytes) -> None:
    """Half characters, numbers beyond all bounds, nesting without end: refused, and no fault of ours."""
    note = await begun(anna)
    answer = await anna.client.put(
        f"/api/notes/{note['id']}", content=body, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, answer.text


async def test_half_a_character_is_left_out(anna: Person) -> None:
    """Some pages cut an emoji in two; what no database takes is not kept, the rest is."""
    note = await begun(anna)
    body = b'{"values": {"message": "a\\ud83d"}, "urgent": false, "version": 1}'
    json = {"Content-Type": "application/json"}
    answer = await anna.client.put(f"/api/notes/{note['id']}", content=body, headers=json)
    assert answer.json()["values"] == {"message": "a"}


async def test_the_client_is_corrected_with_a_reason(anna: Person, house_of_notes: NoteHouse) -> None:
    """Only to one whom the agent may serve; what was noted stays, in its form, and the trace says who and why."""
    note = await finished(anna, await begun(anna))
    path = f"/notes/{note['id']}/client"
    unknown = await anna.ask("POST", path, {"client": "nobody", "reason": "x"}, 422)
    assert await anna.ask("POST", path, {"client": "geheim", "reason": "x"}, 422) == unknown
    assert (await anna.ask("POST", path, {"client": "baecker", "reason": " \n "}, 422))["fields"].keys() == {"reason"}
    moved = await anna.ask("POST", path, {"client": "baecker", "reason": "falsche\nLeitung"})
    assert (moved["client"], moved["form"], moved["values"]) == ("baecker", note["form"], note["values"])
    assert moved["contacts"] == []
    assert await anna.ask("POST", path, {"client": "baecker", "reason": "x"}) == moved
    conn = await asyncpg.connect(house_of_notes.dsn)
    (row,) = await conn.fetch("SELECT by, from_client, client, reason FROM note_change WHERE what = 'client'")
    await conn.close()
    assert tuple(row) == ("u-anna", "mueller", "baecker", "falsche Leitung")
    boss = await house_of_notes.person("boss")
    assert (await boss.ask("POST", path, {"client": "geheim", "reason": "x"}))["client"] == "geheim"


async def test_a_finished_note_is_reopened_and_no_draft_lasts_for_ever(anna: Person) -> None:
    """A finished note is neither changed nor deleted before it is opened; opening an open one changes nothing."""
    note = await finished(anna, await begun(anna))
    path = f"/notes/{note['id']}"
    body = {"values": {}, "urgent": False, "version": note["version"]}
    assert (await anna.ask("PUT", path, body, 409))["code"] == "newer"
    assert (await anna.ask("DELETE", path, None, 409))["code"] == "finished"
    opened = await anna.ask("POST", f"{path}/reopen")
    assert (opened["state"], opened["done_at"]) == ("draft", None)
    assert await anna.ask("POST", f"{path}/reopen") == opened
    assert await anna.ask("DELETE", path) == {"id": note["id"]}
    assert (await anna.ask("DELETE", path, None, 404))["code"] == "unknown"
    assert await anna.ask("GET", "/calls/c1/notes") == []


async def test_own_notes_of_a_day(anna: Person, house_of_notes: NoteHouse) -> None:
    """Days are cut by the house's clock."""
    note = await begun(anna)
    conn = await asyncpg.connect(house_of_notes.dsn)
    await conn.execute("UPDATE note SET created_at = '2026-03-01T23:30:00Z'")
    await conn.close()
    (found,) = await anna.ask("GET", "/notes?day=2026-03-02")
    assert found["id"] == note["id"]
    assert await anna.ask("GET", "/notes?day=2026-03-01") == []
    for day in ("0001-01-01", "9999-12-31", "yesterday"):
        await anna.ask("GET", f"/notes?day={day}", None, 422)


@pytest.mark.parametrize("path", ["/notes/x/reopen", "/notes/../reopen", "/calls/c%2F1/notes/x/reopen"])
async def test_a_path_that_is_none(anna: Person, path: str) -> None:
    """Ids are checked before anything is looked up."""
    answer = await anna.client.post(f"/api{path}")
    assert answer.status_code in (404, 405, 422)


async def test_with_the_database_away_the_page_is_told(house_of_notes: NoteHouse, anna: Person) -> None:
    """It keeps what was typed and tries again; nothing pretends to be saved."""
    house_of_notes.parts.database._away_until = float("inf")
    assert (await anna.ask("POST", "/calls/c1/notes", {"form": "message"}, 503))["code"] == "database_away"
