"""When its time is over a caller's number is nowhere any more, and every call's record still checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, talking
from tests.e2e.test_queue import agent, queue
from tests.sipp import sound
from tests.sipp.phone import Phone
from tests.store.erasing import broken_digests, places_of, stands_in
from vorzimmer.asterisk import cdr_file
from vorzimmer.control.commands import CallbackCancel, CallbackList, Wall
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.model import Language
from vorzimmer.core.note_form import FormKind
from vorzimmer.core.notes import words
from vorzimmer.roles import erasing
from vorzimmer.roles.running import trouble
from vorzimmer.store import erasure_night, journal_keeping, notes
from vorzimmer.store.notes import Author

MARKED = "+493098765432"
"""The caller who is looked for afterwards."""

OTHER = "+493012345678"
NEXT = "+493055555555"
MAILBOX, AWAY = "+4989123457", "+4989123458"
LATER = timedelta(days=200)

CLIENTS = (
    client(queue(callback=True), music=True, forms=["message"]),
    {
        **client({"to": "machine", "silence": 2}),
        "id": "mailbox",
        "name": "Band",
        "dids": [MAILBOX],
        "announcements": {"machine": "m.wav"},
    },
    {
        **client({"to": "mobile", "number": "+4915112345678", "seconds": 5}),
        "id": "away",
        "name": "Fort",
        "dids": [AWAY],
    },
)


async def answered_with_a_note(house: House, desk: Phone) -> None:
    """The agent talks with the marked caller and writes the number down in three ways."""
    call = await house.call(DID, MARKED)
    talk = await desk.invited()
    await talk.answer()
    await talking(call, talk)
    await talk.hang_up()
    await call.finished()
    cdr = await house.cdr()
    await house.becomes("a1", "available")
    form = built_in(FormKind.MESSAGE, Language.GERMAN)
    values = {"name": "Erika", "phone": MARKED, "message": "ruft zurück: 030 98765432 oder 0049 30/987 65 432"}
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    try:
        author = Author("anna", "Anna", "a1")
        note = await notes.create(conn, uuid4(), cdr["call_id"], "mueller", form, values, author)
        assert note is not None
        told = words(form, values, urgent=False, author="Anna", client=None)
        assert await notes.finish(conn, note.id, note.version, values, told, "anna")
    finally:
        await conn.close()


async def left_a_message(house: House) -> None:
    """The marked caller speaks to the machine."""
    call = await house.call(MAILBOX, MARKED)
    await call.line.hears(sound.announcement(42, 0.5))
    call.line.speak(sound.announcement(7, 2.0))
    await call.line.sent()
    await call.hang_up()


async def forwarded(house: House) -> None:
    """The marked caller talks with somebody over the trunk."""
    outside = await house.trunk()
    call = await house.call(AWAY, MARKED)
    mobile = await outside.invited()
    await mobile.answer()
    mobile.line.press("1")
    await talking(call, mobile)
    await call.hang_up()
    await mobile.finished()


async def abandoned_and_called_back(house: House, desk: Phone) -> None:
    """While the agent talks with another caller, the marked one waits and leaves; then asks for a call, in vain."""
    other = await house.call(DID, OTHER)
    talk = await desk.invited()
    await talk.answer()
    await talking(other, talk)
    for asks in (False, True):
        call = await house.call(DID, MARKED)
        await call.answered()
        await eventually(lambda: house.ask(Wall(actor="test")), lambda wall: len(wall["waiting"]) == 1)
        if asks:
            call.line.press("1")
            await call.finished()
        else:
            await call.hang_up()
            await eventually(lambda: house.ask(Wall(actor="test")), lambda wall: not wall["waiting"])
    [waiting] = (await house.ask(CallbackList(actor="test")))["callbacks"]
    await house.ask(CallbackCancel(actor="test", callback=waiting["callback"]))
    await other.hang_up()
    await talk.finished()


async def written_on(house: House) -> bool:
    """Asterisk's own record goes on behind what was erased: the next caller stands in it."""
    call = await house.call(MAILBOX, NEXT)
    await call.answered()
    await call.hang_up()

    async def callers() -> list[str]:
        return [record.caller for record in cdr_file.read(house.settings.paths.cdr)]

    await eventually(callers, lambda found: found[-1] == NEXT)
    await eventually(lambda: house.query("SELECT count(*) FROM cdr"), lambda rows: rows[0][0] == 8)
    await house.quiet()
    return True


def files_with(house: House, number: str) -> list[str]:
    """The files of the house and of its Asterisk in which the number stands; what clients have got is theirs."""
    paths = house.settings.paths
    folders = [house.folder, paths.fallback, paths.spool, paths.cdr.parent.parent]
    files = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    return sorted(file.name for file in files if stands_in(number, file.read_bytes().decode("latin-1")))


async def test_an_erased_number_is_nowhere(
    house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Answered with a note, message, forwarded, abandoned, callback: in database, files, records and logs it is gone.

    The other caller's digits are gone as well; the digest of every call checks; the daemon runs on meanwhile.
    """
    monkeypatch.setattr(journal_keeping, "EVERY", 0.5)
    await house.use(*CLIENTS, agents=(agent(1),))
    await house.announce("mailbox", seconds=0.5, machine=42)
    await house.start()
    await house.log_in("a1")
    desk = await house.agent(1)
    await answered_with_a_note(house, desk)
    await left_a_message(house)
    await forwarded(house)
    await abandoned_and_called_back(house, desk)
    await house.cdrs(7)
    # What is told of the other caller waits for a note.
    sent = "SELECT state, count(*)::int FROM outbox GROUP BY 1 ORDER BY 1"
    await eventually(
        lambda: house.query(sent), lambda rows: [tuple(row) for row in rows] == [("pending", 1), ("sent", 6)]
    )
    await house.quiet()
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    try:
        stood = {place.partition(":")[0] for place in await places_of(conn, MARKED)}
        assert {"cdr_person.caller", "call_event.data", "note.filled", "note.words", "outbox.payload"} <= stood
        assert "vorzimmer.csv" in files_with(house, MARKED)
        records = partial(erasing.blank_older, house.settings.paths.cdr)
        done = await erasure_night.night(
            conn, erasing.plan(house.settings), records, datetime.now(UTC) + LATER, trouble
        )
        assert (done["numbers"], done["recordings"], done["notes"]) == (7, 1, 0)
        assert done["records"] >= 6  # one was never dialled
        assert await written_on(house)
        for number in (MARKED, OTHER, "+4915112345678"):
            left = [place for place in await places_of(conn, number) if not place.startswith("client.data")]
            assert left == []
        assert await broken_digests(conn) == []
        assert await conn.fetchval("SELECT count(*) FROM cdr") == 8
        told = await conn.fetch(
            "SELECT state, count(*)::int FROM outbox WHERE erased_at IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        assert [tuple(row) for row in told] == [("dead", 1), ("sent", 6)]
    finally:
        await conn.close()

    async def named() -> list[str]:
        return files_with(house, MARKED)

    await eventually(named, lambda files: not files)
    logged = capfd.readouterr().err
    assert "call.ended" in logged
    assert not any(stands_in(number, logged) for number in (MARKED, OTHER))
