"""Notes on a real PostgreSQL: drafts, versions, corrections, and the trace of all of it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.store.noting import ANNA, FORM, begin, finish, open_house, ship, traces
from tests.store.records import events
from vorzimmer.store import notes
from vorzimmer.store.notes import MOST, Author, Count
from vorzimmer.store.outbox import WAKE_UP
from vorzimmer.store.segments import event_record, render


async def test_a_note_comes_back_as_it_was_left(conn: Any) -> None:
    """With its whole form, so that a form that is changed later changes no note."""
    note = await begin(conn, "c1", text="Zeile 1\nZeile 2 👩‍👩‍👧 <b>")
    assert (note.form, note.state, note.version, note.agent) == (FORM, "draft", 1, "anna")
    assert await notes.get(conn, note.id) == note
    assert await notes.of_calls(conn, ["c1", "c2"]) == [note]
    assert await notes.of_calls(conn, ["c1"], "other") == []
    assert await notes.get(conn, uuid4()) is None


async def test_only_the_stored_version_can_be_changed(conn: Any) -> None:
    """Of two pages the one that is behind changes nothing, nor does one that has a finished note for a draft."""
    note = await begin(conn, "c1")
    second = await notes.save(conn, note.id, 1, {"message": "two"}, urgent=True)
    assert second is not None
    assert (second.version, second.values, second.urgent) == (2, {"message": "two"}, True)
    assert await notes.save(conn, note.id, 1, {"message": "old"}, urgent=False) is None
    assert await notes.finish(conn, note.id, 1, {}, {}, "anna") is None
    done = await finish(conn, second)
    assert (done.state, done.version) == ("done", 4)
    assert done.done_at is not None
    assert await notes.save(conn, note.id, 4, {"message": "late"}, urgent=False) is None


async def test_a_repeated_beginning_is_the_same_note(conn: Any) -> None:
    """A page whose answer was lost asks again under its id; nobody else gets the note by knowing the id."""
    name = uuid4()
    one = await notes.create(conn, name, "c1", "mueller", FORM, {"message": "one"}, ANNA)
    again = await notes.create(conn, name, "c1", "mueller", FORM, {"message": "two"}, ANNA)
    assert one == again
    assert await notes.create(conn, name, "c2", "mueller", FORM, {}, ANNA) is None
    assert await notes.create(conn, name, "c1", "mueller", FORM, {}, Author("ben-user", "Ben", "ben")) is None
    assert await traces(conn, name) == ["created"]


async def test_a_call_has_so_many_notes_at_most(conn: Any) -> None:
    """A page that has gone mad fills no database."""
    for _ in range(MOST):
        await begin(conn, "c1")
    assert await notes.create(conn, uuid4(), "c1", "mueller", FORM, {}, ANNA) is None
    assert await notes.counts(conn, ["c1", "c2"]) == {"c1": Count(drafts=MOST, done=0)}


async def test_everything_leaves_a_trace_that_nobody_can_change(conn: Any) -> None:
    """Who did what to a note stays known, also of a draft that was thrown away; what it said does not."""
    await open_house(conn)
    note = await finish(conn, await begin(conn, "c1"), "secret")
    moved = await notes.correct_client(conn, note.id, "baecker", "boss", "wrong line")
    assert moved is not None
    assert (moved.client, moved.values, moved.form) == ("baecker", note.values, FORM)
    assert await notes.correct_client(conn, note.id, "baecker", "boss", "again") is None
    opened = await notes.reopen(conn, note.id, "anna-user")
    assert opened is not None
    assert (opened.state, opened.done_at) == ("draft", None)
    assert await notes.reopen(conn, note.id, "anna-user") is None
    assert await notes.delete_draft(conn, note.id, "anna-user")
    assert not await notes.delete_draft(conn, note.id, "anna-user")
    assert await notes.get(conn, note.id) is None
    assert await traces(conn, note.id) == ["created", "finished", "client", "reopened", "deleted"]
    rows = await conn.fetch("SELECT * FROM note_change WHERE what = 'client'")
    assert [(row["from_client"], row["client"], row["reason"], row["by"]) for row in rows] == [
        ("mueller", "baecker", "wrong line", "boss")
    ]
    assert "secret" not in str(await conn.fetch("SELECT * FROM note_change"))
    for change in ("UPDATE note_change SET by = 'x'", "DELETE FROM note_change", "TRUNCATE note_change"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute(change)


async def test_a_finished_note_is_no_draft_to_delete(conn: Any) -> None:
    """What the client was told stays."""
    note = await finish(conn, await begin(conn, "c1"))
    assert not await notes.delete_draft(conn, note.id, "anna")
    assert await notes.get(conn, note.id) == note


async def test_an_author_finds_the_own_notes(conn: Any) -> None:
    """Drafts that are left, and a day's notes, newest first; not a colleague's."""
    one = await begin(conn, "c1")
    two = await finish(conn, await begin(conn, "c2"))
    await begin(conn, "c1", author=Author("ben-user", "Ben", "ben"))
    assert await notes.by_author(conn, "anna-user") == [two, one]
    assert await notes.by_author(conn, "anna-user", "draft") == [one]
    assert await notes.by_author(conn, "anna-user", since=two.created_at) == [two]
    assert await notes.by_author(conn, "anna-user", until=two.created_at) == [one]


async def test_the_worker_hears_of_what_is_to_be_told(dsn: str, conn: Any) -> None:
    """Finishing, correcting and throwing away wake it; keeping a draft does not."""
    heard = asyncio.Event()
    other = await asyncpg.connect(dsn)
    await other.add_listener(WAKE_UP, lambda *_: heard.set())

    async def wakes() -> bool:
        """Whether it was told of what has happened: a roundtrip later everything has come."""
        await other.execute("SELECT 1")
        told = heard.is_set()
        heard.clear()
        return told

    note = await begin(conn, "c1")
    await notes.save(conn, note.id, 1, {}, urgent=False)
    assert not await wakes()
    saved = await notes.get(conn, note.id)
    assert saved is not None
    await finish(conn, saved)
    assert await wakes()
    await notes.correct_client(conn, note.id, "baecker", "x", "y")
    assert await wakes()
    await notes.reopen(conn, note.id, "x")
    await notes.delete_draft(conn, note.id, "x")
    assert await wakes()
    await other.close()


async def test_a_living_call_is_known_from_its_events(conn: Any) -> None:
    """Its client and caller, and the agents who talked; who was only rung has no part in it."""
    legs = [("leg.dialled", {"leg": "l1", "agent": "anna"}), ("leg.dialled", {"leg": "l2", "agent": "ben"})]
    for event in events("c1", 2):
        record = event_record(event)
        await _put(conn, record["seq"], record["kind"], render(record["data"]).decode())
    for n, (kind, data) in enumerate([*legs, ("phase.talk", {"leg": "l1", "by": "anna"})], 5):
        await _put(conn, n, kind, render(data).decode())
    known = await notes.call_known(conn, "c1")
    assert known is not None
    assert known.agents == {"anna"}
    assert (known.called.client, known.called.caller, known.called.caller_name) == (
        "mueller",
        "+491701234567",
        "Jürgen Groß",
    )
    assert await notes.call_known(conn, "unknown") is None


async def test_a_call_that_is_over_is_known_from_its_record(conn: Any) -> None:
    """The agents are those of its segments but for the ringing; a withheld number is not told."""
    await open_house(conn)
    await ship(conn, "c1")
    await conn.execute(
        "INSERT INTO call_segment (call_id, n, kind, agent, began, ended) VALUES"
        " ('c1', 90, 'ring', 'ben', now(), now()), ('c1', 91, 'hold', 'anna', now(), now())"
    )
    known = await notes.call_known(conn, "c1")
    assert known is not None
    assert known.agents == {"anna"}
    assert known.called.caller == "+491701234567"
    await conn.execute("ALTER TABLE cdr DISABLE TRIGGER ALL; UPDATE cdr SET withheld = true")
    known = await notes.call_known(conn, "c1")
    assert known is not None
    assert (known.called.caller, known.called.caller_name) == (None, None)


async def _put(conn: Any, seq: int, kind: str, data: str) -> None:
    await conn.execute(
        "INSERT INTO call_event (id, call_id, seq, at, kind, data) VALUES (gen_random_uuid(), 'c1', $1, now(), $2, $3)",
        seq,
        kind,
        data,
    )
