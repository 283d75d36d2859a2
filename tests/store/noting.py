"""Notes as the tests of the database and the worker need them: clients, calls that ended, notes about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from tests.store.books import book
from tests.store.records import events
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.client import Client
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.core.model import Language
from vorzimmer.core.note_form import FormKind
from vorzimmer.core.notes import words
from vorzimmer.store import batch, notes
from vorzimmer.store.book import save_book
from vorzimmer.store.notes import Author, Note

ANNA = Author("anna-user", "Anna Weber", "anna")
DOMAIN = "vorzimmer.example"
FORM = built_in(FormKind.MESSAGE, Language.GERMAN)

BOOK = book(
    {
        "id": "mueller",
        "name": "Kanzlei Müller",
        "dids": ["+49 89 12345"],
        "forms": ["message"],
        "mail": ["a@mueller.example", "b@mueller.example"],
    },
    {"id": "baecker", "name": "Bäckerei", "dids": ["+49 30 1234567"], "mail": ["laden@baecker.example"]},
    {"id": "still", "name": "Ohne Mail", "dids": ["+49 30 7654321"]},
)


async def open_house(conn: Any) -> None:
    """Three clients in the database: one with forms, one without, one that is told nothing."""
    await save_book(conn, BOOK)


def client(name: str) -> Client:
    """One of the clients."""
    return next(one for one in BOOK.client if one.id == name)


async def ship(
    conn: Any, call_id: str, *, of: str = "mueller", ended: timedelta = timedelta(0), **changed: Any
) -> None:
    """Store a call that an agent answered and that ended so long ago, with its messages, as the shipper does.

    `changed`: keys of the messages in the journal that shall differ; None leaves one out.
    """
    cdr = replace(build_cdr(events(call_id)), client=of)
    length = cdr.ended_at - cdr.started_at
    end = datetime.now(UTC) - ended
    cdr = replace(cdr, started_at=end - length, answered_at=None, ended_at=end)
    record = end_record(cdr, messages_for(cdr, client(of)), segments_of(events(call_id)))
    gone = {name for name, value in changed.items() if value is None}
    record["messages"] = [
        {name: value for name, value in {**message, **changed}.items() if name not in gone}
        for message in record["messages"]
    ]
    await batch.store(conn, [orjson.dumps({"t": "end", "record": record})], DOMAIN)


async def begin(conn: Any, call_id: str, *, of: str = "mueller", author: Author = ANNA, text: str = "Hallo") -> Note:
    """A draft."""
    note = await notes.create(conn, uuid4(), call_id, of, FORM, {"name": "Erika", "message": text}, author)
    assert note is not None
    return note


async def finish(conn: Any, note: Note, text: str = "Hallo", *, urgent: bool = False) -> Note:
    """End it with this text."""
    values = {**note.values, "message": text}
    saved = await notes.save(conn, note.id, note.version, values, urgent=urgent)
    assert saved is not None
    told = words(note.form, values, urgent=urgent, author=note.author_name, client=None)
    done = await notes.finish(conn, note.id, saved.version, values, told, note.author)
    assert done is not None
    return done


async def outbox(conn: Any) -> list[tuple[str, bool, list[str], bool]]:
    """Each message by its recipient: recipient, held, what the notes in it say, whether one follows."""
    rows = await conn.fetch("SELECT recipient, held, payload FROM outbox ORDER BY recipient, id")
    found = []
    for row in rows:
        payload = orjson.loads(row["payload"])
        texts = [field["value"] for note in payload.get("notes", ()) for field in note["fields"][1:]]
        found.append((row["recipient"], row["held"], texts, payload.get("note_follows", False)))
    return found


async def traces(conn: Any, note_id: UUID) -> list[str]:
    """What happened to a note, in order."""
    return [
        row["what"] for row in await conn.fetch("SELECT what FROM note_change WHERE note_id = $1 ORDER BY id", note_id)
    ]
