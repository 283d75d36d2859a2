"""Messages and the notes they wait for, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from tests.store.leasing import lease
from tests.store.noting import DOMAIN, begin, finish, open_house, outbox, ship
from vorzimmer.store import notes
from vorzimmer.store import outbox as stored
from vorzimmer.store.release import release

A, B, BAKER = "a@mueller.example", "b@mueller.example", "laden@baecker.example"
PAST = timedelta(seconds=121)
"""Longer than the client's mails wait for a note."""


@pytest.fixture
async def house(conn: Any) -> Any:
    """A connection to a house with clients."""
    await open_house(conn)
    return conn


async def let_go(conn: Any) -> list[tuple[str, bool, list[str], bool]]:
    """Release, and see what the outbox holds."""
    async with conn.transaction():
        await release(conn, DOMAIN)
    return await outbox(conn)


async def test_a_call_waits_for_its_note(house: Any) -> None:
    """Nobody leases what waits; when the note is done all recipients get the same, at once."""
    await ship(house, "c1")
    assert await let_go(house) == [(A, True, [], False), (B, True, [], False)]
    assert await lease(house, 10, 60) == ()
    note = await begin(house, "c1")
    assert (await let_go(house))[0][1]
    await finish(house, note, "Rückruf")
    assert await let_go(house) == [(A, False, ["Rückruf"], False), (B, False, ["Rückruf"], False)]
    assert len(await lease(house, 10, 60)) == 2
    told = await notes.get(house, note.id)
    assert told is not None
    assert told.told_at is not None
    assert len(await let_go(house)) == 2


async def test_the_wait_ends(house: Any) -> None:
    """Without a note the mail goes as it is; with one that is still being written it says that it follows."""
    await ship(house, "c1", ended=PAST)
    await ship(house, "c2", ended=PAST)
    await begin(house, "c2")
    await ship(house, "c3", ended=timedelta(seconds=100))
    found = await let_go(house)
    by_call = dict(await house.fetch("SELECT call_id, bool_or(held) FROM outbox GROUP BY call_id"))
    assert by_call == {"c1": False, "c2": False, "c3": True}
    assert sorted((texts, follows) for to, _, texts, follows in found if to == A) == [
        ([], False),
        ([], False),
        ([], True),
    ]


async def test_the_wait_counts_from_the_calls_end(house: Any) -> None:
    """After an outage of the database nobody waits once more; the row says until when."""
    await ship(house, "c1", ended=timedelta(seconds=50))
    left = await house.fetchval("SELECT extract(epoch FROM next_at - now()) FROM outbox LIMIT 1")
    assert 60 < left <= 71


async def test_a_draft_beside_a_finished_note_is_waited_for(house: Any) -> None:
    """Two notes about a call go in one mail, the urgent one first; at the end of the wait what is there goes."""
    await ship(house, "c1")
    first, second = await begin(house, "c1"), await begin(house, "c1")
    await finish(house, first, "one")
    assert (await let_go(house))[0][1]
    await finish(house, second, "two", urgent=True)
    assert (await let_go(house))[0] == (A, False, ["two", "one"], False)


async def test_a_draft_thrown_away_is_waited_for_no_longer(house: Any) -> None:
    """The finished note beside it goes."""
    await ship(house, "c1")
    first, second = await begin(house, "c1"), await begin(house, "c1")
    await finish(house, first, "one")
    assert (await let_go(house))[0][1]
    await notes.delete_draft(house, second.id, "anna")
    assert (await let_go(house))[0] == (A, False, ["one"], False)


async def test_a_note_finished_before_the_call_is_shipped_is_in_its_mail(house: Any) -> None:
    """During the call, or while the journal waits for the database: it is told with the call, not before."""
    await finish(house, await begin(house, "c1"), "early")
    assert await let_go(house) == []
    await ship(house, "c1")
    assert await let_go(house) == [(A, False, ["early"], False), (B, False, ["early"], False)]


async def test_a_late_note_is_a_message_of_its_own(house: Any) -> None:
    """Once, to each address, under a Message-ID of its own, and it names the call's mail that it belongs to."""
    await ship(house, "c1", ended=PAST)
    await let_go(house)
    await finish(house, await begin(house, "c1"), "late")
    await let_go(house)
    await let_go(house)
    rows = await house.fetch("SELECT * FROM outbox WHERE about <> 'call' ORDER BY recipient")
    assert [row["recipient"] for row in rows] == [A, B]
    payload = orjson.loads(rows[0]["payload"])
    assert payload["note_alone"]
    assert not payload["notes"][0]["corrected"]
    of_call = await house.fetchval("SELECT message_id FROM outbox WHERE about = 'call' AND recipient = $1", A)
    assert payload["references"] == of_call
    assert rows[0]["message_id"] == stored.message_id("c1", "email", A, DOMAIN, rows[0]["about"]) != of_call


async def test_a_note_is_told_again_only_if_it_says_something_else(house: Any) -> None:
    """Reopened and finished as it was: nothing. Changed: a mail that says that it is corrected."""
    await ship(house, "c1")
    note = await finish(house, await begin(house, "c1"), "four")
    await let_go(house)
    opened = await notes.reopen(house, note.id, "anna")
    assert opened is not None
    await finish(house, opened, "four")
    assert len(await let_go(house)) == 2
    opened = await notes.reopen(house, note.id, "anna")
    assert opened is not None
    await finish(house, opened, "five")
    assert [texts for _, _, texts, _ in await let_go(house)] == [["four"], ["five"], ["four"], ["five"]]
    payload = await house.fetchval("SELECT payload FROM outbox WHERE about <> 'call' LIMIT 1")
    assert orjson.loads(payload)["notes"][0]["corrected"]


async def test_a_note_that_was_reopened_in_time_is_not_told(house: Any) -> None:
    """The agent saw the mistake before the mail went."""
    await ship(house, "c1")
    note = await finish(house, await begin(house, "c1"), "wrong")
    await notes.reopen(house, note.id, "anna")
    assert (await let_go(house))[0] == (A, True, [], False)


async def test_a_corrected_note_goes_to_the_right_client_only(house: Any) -> None:
    """The call's own client is not told of it, and the other one learns nothing of the first."""
    await ship(house, "c1")
    note = await finish(house, await begin(house, "c1"), "Brötchen")
    await notes.correct_client(house, note.id, "baecker", "anna", "wrong line")
    assert await let_go(house) == [(A, True, [], False), (B, True, [], False), (BAKER, False, ["Brötchen"], False)]
    payload = await house.fetchval("SELECT payload FROM outbox WHERE recipient = $1", BAKER)
    assert "mueller" not in payload.lower().replace("müller", "mueller").replace("references", "")
    assert "+498912345" not in payload


async def test_a_note_corrected_after_it_was_told_is_new_to_the_right_client(house: Any) -> None:
    """It was told to the wrong one; the right one reads it for the first time."""
    await ship(house, "c1")
    note = await finish(house, await begin(house, "c1"), "Brötchen")
    await let_go(house)
    moved = await notes.correct_client(house, note.id, "baecker", "anna", "wrong line")
    assert moved is not None
    assert moved.told_at is None
    assert (BAKER, False, ["Brötchen"], False) in await let_go(house)
    payload = await house.fetchval("SELECT payload FROM outbox WHERE recipient = $1", BAKER)
    assert not orjson.loads(payload)["notes"][0]["corrected"]


async def test_without_forms_nothing_waits(house: Any) -> None:
    """The call's mail goes at once, and a note follows by itself."""
    await ship(house, "c1", of="baecker")
    note = await begin(house, "c1", of="baecker")
    assert await let_go(house) == [(BAKER, False, [], False)]
    await finish(house, note, "Kuchen")
    assert [texts for _, _, texts, _ in await let_go(house)] == [[], ["Kuchen"]]


@pytest.mark.parametrize("of", ["still", "gone"])
async def test_a_client_without_addresses_is_told_nothing_and_nobody_looks_again(house: Any, of: str) -> None:
    """A note for a client without mail, or that left the book, holds nobody up."""
    await ship(house, "c1", of="baecker")
    note = await finish(house, await begin(house, "c1", of=of))
    await let_go(house)
    assert await house.fetchval("SELECT count(*) FROM note WHERE to_tell") == 0
    known = await notes.get(house, note.id)
    assert known is not None
    assert known.told_at is None


async def test_records_of_an_earlier_version_wait_for_nothing(house: Any) -> None:
    """A journal written before an upgrade says nothing of a wait."""
    await ship(house, "c1", hold_seconds=None)
    assert [held for _, held, _, _ in await outbox(house)] == [False, False]
    assert len(await lease(house, 10, 60)) == 2


async def test_two_workers_release_at_once(house: Any, dsn: str) -> None:
    """Each of fifty notes is told exactly once, and to both recipients the same, whoever is faster."""
    for n in range(50):
        await ship(house, f"c{n}")
        await finish(house, await begin(house, f"c{n}"), f"note {n}")
    workers = [await asyncpg.connect(dsn) for _ in range(4)]
    for _ in range(3):
        await asyncio.gather(*(_round(worker) for worker in workers))
    for worker in workers:
        await worker.close()
    rows = await house.fetch("SELECT call_id, held, about, payload FROM outbox ORDER BY id")
    assert len(rows) == 100
    for row in rows:
        (note,) = orjson.loads(row["payload"])["notes"]
        assert (row["held"], row["about"]) == (False, "call")
        assert note["fields"][-1]["value"] == f"note {row['call_id'][1:]}"


async def test_finishing_races_with_shipping_and_release(house: Any, dsn: str) -> None:
    """Whichever of the three is first, each note is told exactly once to each recipient."""
    shipper, writer, worker = [await asyncpg.connect(dsn) for _ in range(3)]
    drafts = [await begin(house, f"c{n}") for n in range(40)]
    done = asyncio.Event()

    async def write() -> None:
        for n, draft in enumerate(drafts):
            await finish(writer, draft, f"note {n}")

    async def end() -> None:
        for n in range(len(drafts)):
            await ship(shipper, f"c{n}", ended=PAST if n % 2 else timedelta(0))

    async def work() -> None:
        while not done.is_set():
            await _round(worker)

    working = asyncio.create_task(work())
    async with asyncio.timeout(60):
        await asyncio.gather(write(), end())
        done.set()
        await working
        await _round(worker)
    for conn in (shipper, writer, worker):
        await conn.close()
    told = [(to, text) for to, held, texts, _ in await outbox(house) for text in texts if not held]
    assert sorted(told) == sorted((to, f"note {n}") for to in (A, B) for n in range(len(drafts)))


async def test_reopening_races_with_release(house: Any, dsn: str) -> None:
    """A note taken back at that instant is either told, and says so, or not told at all."""
    other = await asyncpg.connect(dsn)
    taken = []
    for n in range(30):
        await ship(house, f"c{n}")
        note = await finish(house, await begin(house, f"c{n}"), f"note {n}")
        _, opened = await asyncio.gather(_round(house), notes.reopen(other, note.id, "anna"))
        assert opened is not None
        taken.append(note.id)
    await other.close()
    for n, name in enumerate(taken):
        known = await notes.get(house, name)
        assert known is not None
        held = await house.fetchval("SELECT bool_or(held) FROM outbox WHERE call_id = $1", f"c{n}")
        assert held == (known.told_at is None)


async def _round(conn: Any) -> None:
    async with conn.transaction():
        await release(conn, DOMAIN)
