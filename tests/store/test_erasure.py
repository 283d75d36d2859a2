"""What tells of callers is taken out of the database in time, the rows and their digests stay, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from tests.store.erasing import broken_digests, places_of
from tests.store.noting import BOOK, begin, finish, open_house, ship
from tests.store.records import Troubles, events
from vorzimmer.core.client import Book
from vorzimmer.core.keeping import ERASED, Days, Keep
from vorzimmer.store import batch, book, erasure, erasure_night, notes, outbox, retention, segments
from vorzimmer.store.audit import Actor
from vorzimmer.store.calls import call_timeline
from vorzimmer.store.erasure_night import Nights, Plan

CALLER = "+491701234567"
"""Of every call of `records`."""

NOW = datetime.now(UTC)
HOUSE = Days(numbers=180, recordings=90, notes=365, copies=90)
MOST = Days(numbers=210, recordings=365, notes=1095, copies=210)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A house with the defaults."""
    return Plan(HOUSE, MOST, time(3, 40), "Europe/Berlin", tmp_path)


async def no_records(_: datetime, __: Callable[[Sequence[str]], Awaitable[Mapping[str, datetime]]]) -> int:
    """Asterisk has written nothing."""
    return 0


async def night(conn: Any, plan: Plan, now: datetime = NOW) -> dict[str, int]:
    """A night's erasure without Asterisk."""
    return await erasure_night.night(conn, plan, no_records, now, Troubles())


def names(folder: Path) -> list[str]:
    """The files."""
    return sorted(file.name for file in folder.iterdir())


async def call(conn: Any, call_id: str, *, of: str = "mueller", days: float = 0) -> None:
    """A call that ended so many days ago, with its events and its messages."""
    happened = [segments.render(segments.event_record(event)) for event in events(call_id)]
    await batch.store(conn, happened, "vorzimmer.example")
    await ship(conn, call_id, of=of, ended=timedelta(days=days))
    age = timedelta(days=days)
    await conn.execute("UPDATE outbox SET created_at = created_at - $2::interval WHERE call_id = $1", call_id, age)


async def kept(conn: Any, table: str = "cdr_person") -> set[str]:
    """The calls of which there are rows."""
    rows = await conn.fetch(f"SELECT call_id FROM {table}")  # noqa: S608 - one of ours
    return {row["call_id"] for row in rows}


async def test_numbers_go_when_their_time_is_over_and_digests_still_check(conn: Any, plan: Plan) -> None:
    """Everywhere in the database; the younger call keeps its; a second time the same night nothing is done."""
    await open_house(conn)
    await call(conn, "old.1", days=180.1)
    await finish(conn, await begin(conn, "old.1", text="Erika"), "back to 0170 / 123 45 67 or 040 555555, please")
    await conn.execute("UPDATE outbox_attempt SET detail = detail")
    assert await places_of(conn, CALLER)
    found = await night(conn, plan)
    assert found == {"copies": 2, "recordings": 0, "notes": 0, "numbers": 1, "records": 0}
    assert await places_of(conn, CALLER) == []
    assert await broken_digests(conn) == []
    note = (await notes.of_calls(conn, ["old.1"]))[0]
    assert note.values["message"] == f"back to {ERASED} or 040 555555, please"
    timeline = await call_timeline(conn, "old.1")
    assert timeline is not None
    assert timeline.erased
    assert timeline.events[0].data == {"dialled": "+498912345", "caller": None, "caller_name": None}
    assert await night(conn, plan) == {}


async def test_each_client_has_its_own_time(conn: Any, plan: Plan) -> None:
    """Shorter or longer than the house's, but no longer than the maximum."""
    keep = {"mueller": Keep(numbers=10), "baecker": Keep(numbers=3000)}
    wishes = Book(client=tuple(one.model_copy(update={"keep": keep.get(one.id, Keep())}) for one in BOOK.client))
    await book.save_book(conn, wishes)
    for of, days in (
        ("mueller", 9),
        ("mueller", 11),
        ("baecker", 209),
        ("baecker", 211),
        ("still", 179),
        ("still", 181),
    ):
        await call(conn, f"{of}.{days}", of=of, days=days)
    await night(conn, plan)
    assert await kept(conn) == {"mueller.9", "baecker.209", "still.179"}


async def test_a_note_is_emptied_and_stays_as_a_row(conn: Any, plan: Plan) -> None:
    """With what was sent of it and what the client answered; what the form was and who wrote it stay."""
    await open_house(conn)
    await call(conn, "c.1")
    done = await finish(conn, await begin(conn, "c.1"), "Frau Schmidt hat Krebs")
    await conn.execute(
        "INSERT INTO client_answer (call_id, client, kind, text, by, via, at)"
        " VALUES ('c.1', 'mueller', 'reply', 'Krebs?', 'a@mueller.example', 'mail', now())"
    )
    await conn.execute("UPDATE note SET updated_at = $1", NOW - timedelta(days=366))
    found = await night(conn, plan)
    assert (found["notes"], found["numbers"]) == (1, 0)
    row = await conn.fetchrow("SELECT * FROM note")
    words = orjson.loads(row["words"])
    assert (row["filled"], words["fields"], words["erased"], words["author"]) == ("{}", [], True, "Anna Weber")
    assert (row["state"], row["version"]) == ("done", done.version + 1)
    assert await conn.fetchval("SELECT count(*) FROM client_answer") == 0
    states = await conn.fetch("SELECT state, payload, erased_at IS NOT NULL AS erased FROM outbox")
    assert {tuple(one) for one in states} == {("dead", "{}", True)}
    assert await kept(conn) == {"c.1"}


async def test_what_still_waits_is_given_up_and_never_sent_empty(conn: Any) -> None:
    """Pending, held and leased messages are dead, with the reason; a sent one stays sent, without its copy.

    Nobody can have one sent again, and nobody is asked to look at it.
    """
    await open_house(conn)
    await ship(conn, "c.1", of="baecker")
    await ship(conn, "c.2", of="baecker")
    await ship(conn, "c.3", of="mueller")
    await conn.execute("UPDATE outbox SET state = 'sent' WHERE call_id = 'c.1'")
    await conn.execute("INSERT INTO outbox_copy SELECT id, now(), 'text/plain', 'x' FROM outbox WHERE call_id = 'c.1'")
    await conn.execute("UPDATE outbox SET state = 'leased', leased_until = now() WHERE call_id = 'c.2'")
    ids = [row["id"] for row in await conn.fetch("SELECT id FROM outbox")]
    assert (await erasure.erase_messages(conn, ids, NOW)).messages == 4
    rows = await conn.fetch(
        "SELECT call_id, state, held, (SELECT detail FROM outbox_attempt WHERE outbox_id = outbox.id) AS detail"
        " FROM outbox ORDER BY id"
    )
    dead = ("dead", False, "erased")
    assert [tuple(row)[1:] for row in rows] == [("sent", False, None), dead, dead, dead]
    assert await conn.fetchval("SELECT count(*) FROM outbox_copy") == 0
    assert not any([await outbox.resend(conn, one, Actor("admin")) for one in ids])
    assert (await outbox.backlog(conn)).dead == 0
    assert await outbox.given_up(conn, 7) is None
    assert (await erasure.erase_messages(conn, ids, NOW)).messages == 0


async def test_a_digest_keeps_the_calls_whose_time_is_not_over(conn: Any) -> None:
    """Of what tells of several calls only the erased one goes; with the last one the message goes."""
    await open_house(conn)
    for name in ("c.1", "c.2"):
        await ship(conn, name, of="baecker")
    payload = {"digest": [{"call_id": "c.1", "caller": CALLER}, {"call_id": "c.2", "caller": CALLER}], "rule": {}}
    digest = await conn.fetchval(
        "INSERT INTO outbox (client_id, channel, recipient, language, payload, message_id, about)"
        " VALUES ('baecker', 'email', 'x@y.example', 'de', $1, '<d@x>', 'digest:r:1') RETURNING id",
        orjson.dumps(payload).decode(),
    )
    await conn.execute("UPDATE outbox SET state = 'digested', part_of = $1 WHERE call_id IS NOT NULL", digest)
    await erasure.erase_numbers(conn, ["c.1"], NOW)
    left = await conn.fetchrow("SELECT state, payload FROM outbox WHERE id = $1", digest)
    assert [one["call_id"] for one in orjson.loads(left["payload"])["digest"]] == ["c.2"]
    assert left["state"] == "pending"
    await erasure.erase_numbers(conn, ["c.2"], NOW)
    left = await conn.fetchrow("SELECT state, payload FROM outbox WHERE id = $1", digest)
    assert tuple(left) == ("dead", "{}")


async def test_why_a_note_was_moved_can_be_erased_and_nothing_else_changed(conn: Any) -> None:
    """The trace of a note stays append-only but for a number in its reason."""
    await open_house(conn)
    await call(conn, "c.1")
    note = await begin(conn, "c.1")
    await notes.correct_client(conn, note.id, "baecker", "anna", "rang from 0170 1234567")
    await erasure.erase_numbers(conn, ["c.1"], NOW)
    assert await conn.fetchval("SELECT reason FROM note_change WHERE what = 'client'") == f"rang from {ERASED}"
    for by, reason in (("x", f"rang from {ERASED}"), ("anna", "x"), ("x", ERASED)):
        with pytest.raises(asyncpg.RestrictViolationError):
            await conn.execute("UPDATE note_change SET by = $1, reason = $2 WHERE what = 'client'", by, reason)


async def test_a_spoken_message_goes_with_its_file(conn: Any, plan: Plan, tmp_path: Path) -> None:
    """The file is deleted and noted; the record of the call stays; another call's file stays."""
    await open_house(conn)
    for name, days in (("c.1", 91), ("c.2", 89)):
        await call(conn, name, days=days)
        (tmp_path / f"message-{name}.wav").write_bytes(b"sound")
    await conn.execute("ALTER TABLE cdr DISABLE TRIGGER cdr_append_only")
    await conn.execute("UPDATE cdr SET recording = 'message-' || call_id || '.wav'")
    assert (await night(conn, plan))["recordings"] == 1
    assert names(tmp_path) == ["message-c.2.wav"]
    assert await kept(conn, "message_deleted") == {"c.1"}


async def test_calls_that_were_never_completed_are_erased_too(conn: Any, plan: Plan) -> None:
    """Their events are all there is of them."""
    first = segments.event_record(events("lost.1")[0])
    await batch.store(conn, [segments.render({**first, "at": NOW - timedelta(days=181)})], "x")
    assert (await night(conn, plan))["numbers"] == 1
    assert await places_of(conn, CALLER) == []


async def test_a_missed_night_is_made_up_for_once_and_by_one(conn: Any, dsn: str, plan: Plan) -> None:
    """Days later the last night is done, by one of several workers; the next one is due a day later."""
    await open_house(conn)
    await call(conn, "old.1", days=400)
    other = await asyncpg.connect(dsn)
    try:
        done = await asyncio.gather(night(conn, plan), night(other, plan))
    finally:
        await other.close()
    assert sum(map(len, done)) == 5
    assert await conn.fetchval("SELECT count(*) FROM erasure") == 5
    assert await erasure_night.last_done(conn) == NOW
    assert await night(conn, plan, NOW + timedelta(days=1)) == dict.fromkeys(
        ("copies", "recordings", "notes", "numbers", "records"), 0
    )
    assert await conn.fetchval("SELECT count(DISTINCT night) FROM erasure") == 2


async def test_what_fails_is_told_and_done_the_next_time(conn: Any, plan: Plan) -> None:
    """The other kinds are done; the night counts only once all are."""
    troubles = Troubles()

    async def refused(_: datetime, __: Any) -> int:
        raise PermissionError(13, "Permission denied")

    found = await erasure_night.night(conn, plan, refused, NOW, troubles)
    assert "records" not in found
    assert troubles.events == ["erasure.failed"]
    assert await erasure_night.last_done(conn) is None
    assert await night(conn, plan) == {"records": 0}
    assert await erasure_night.last_done(conn) == NOW


async def test_the_loop_tells_watchers(dsn: str, plan: Plan) -> None:
    """When the last night was done stands where watchers read it."""

    class Told(Nights):
        """Says when it is told."""

        told = asyncio.Event()

        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)
            if value is not None:
                self.told.set()

    nights = Told()
    connect = retention.connecting(dsn)
    working = erasure_night.run(
        connect, plan, no_records, clock=lambda: NOW, trouble=Troubles(), nights=nights, look=60
    )
    running = asyncio.create_task(working)
    async with asyncio.timeout(10):
        await nights.told.wait()
    running.cancel()
    assert nights.done == NOW
