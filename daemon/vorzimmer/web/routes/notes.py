"""Notes about calls: begun, kept as drafts on every change, finished, corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from vorzimmer.core.client import Client
from vorzimmer.core.day import bounds
from vorzimmer.core.model import Slug
from vorzimmer.core.note_form import FieldType, Form, FormKind
from vorzimmer.core.notes import Value, beforehand, check, words
from vorzimmer.core.plain_text import single_line
from vorzimmer.store import notes
from vorzimmer.store.notes import MOST, Author, Note, State
from vorzimmer.web.access import Role, Who, only
from vorzimmer.web.noting import call_of, client_for, may_hear_of, note_of, require_right
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.calls import CallId

router = APIRouter(prefix="/api", tags=["notes"])

Here = Annotated[Parts, Depends(parts)]
Writer = Annotated[Who, Depends(only(Role.AGENT, Role.SUPERVISOR, Role.ADMIN))]

READING = told(401, 403, 404, 422, 503)
WRITING = told(401, 403, 404, 409, 413, 422, 503)

MOST_VALUES = 100
"""Entries that are looked at in what is sent: more than a form has fields."""


def _few(sent: Any) -> Any:
    """Ten thousand wrong values would take a second to be refused one by one."""
    if isinstance(sent, Mapping) and len(sent) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} entries")
    return sent


Values = Annotated[dict[Annotated[str, Field(max_length=80)], str | bool | int | float | None], BeforeValidator(_few)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class NoteContact(BaseModel):
    """Somebody whom a note may be for."""

    id: str
    name: str


class NoteShown(BaseModel):
    """A note. `author`: the name of who wrote it; `contacts`: of the client, where the form asks for one."""

    id: UUID
    call: str
    client: str
    form: Form
    kind: FormKind
    values: dict[str, str | bool]
    urgent: bool
    state: Literal["draft", "done"]
    author: str
    created_at: datetime
    updated_at: datetime
    done_at: datetime | None
    told_at: datetime | None
    version: int
    contacts: tuple[NoteContact, ...] = ()


class Sent(BaseModel):
    """What may be as long as a note is."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, sent: Any) -> Any:
        return _few(sent)


class Begin(Sent):
    """Which form; its id. `id`: the page's own, so that a repeated request begins no second note.

    `values`: what is filled in already; none: the form's defaults.
    """

    form: Slug
    id: UUID | None = None
    values: Values | None = None
    urgent: bool = False


class Change(Sent):
    """What is filled in now, all of it. `version`: of the note that was changed."""

    values: Values
    urgent: bool
    version: Version


class Finish(BaseModel):
    """The version that is finished."""

    model_config = ConfigDict(extra="forbid")

    version: Version


class Correction(BaseModel):
    """Whose the note is, and why it was thought otherwise."""

    model_config = ConfigDict(extra="forbid")

    client: Slug
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Deleted(BaseModel):
    """It is gone."""

    id: UUID


@router.get("/calls/{call}/notes", responses=READING)
async def notes_of_call(call: CallId, person: Writer, here: Here) -> list[NoteShown]:
    """The notes about a call, in the order in which they were begun."""
    async with here.database.connection() as conn:
        await call_of(person, here, conn, call)
        found = await notes.of_calls(conn, [call])
    return [_shown(note, here) for note in found if may_hear_of(person, here, note.client, call)]


@router.post("/calls/{call}/notes", responses=WRITING)
async def begin(call: CallId, person: Writer, here: Here, what: Begin) -> NoteShown:
    """Begin a note. It belongs to the call's client, whatever the page believes."""
    async with here.database.connection() as conn:
        called = (await call_of(person, here, conn, call)).called
        client = here.directory().clients.get(called.client or "")
        if client is None:
            raise Problem(409, "no_client", "the call belongs to no client")
        form = next((form for form in client.note_forms if form.id == what.form), None)
        if form is None:
            raise _wrong("form", f"{client.name} has no such form")
        values = beforehand(form, called, timezone=client.timezone, region=here.region)
        if what.values is not None:
            values = _checked(form, what.values, person, here)
        author = Author(person.user, person.name, person.agent)
        note = await notes.create(conn, what.id or uuid4(), call, client.id, form, values, author, urgent=what.urgent)
        if note is None:
            raise Problem(409, "not_begun", f"the id is taken, or the call has {MOST} notes already")
        if what.values is not None and not _says(note, values, urgent=what.urgent):
            # Begun before, by a request whose answer was lost; what was typed meanwhile is this.
            saved = await notes.save(conn, note.id, 1, values, urgent=what.urgent)
            if saved is None:
                raise _newer(note, here)
            note = saved
    return _shown(note, here)


@router.get("/notes", responses=told(401, 403, 422, 503))
async def own_notes(
    person: Writer,
    here: Here,
    state: State | None = None,
    day: Annotated[Day | None, Query(description="on which they were begun, by the house's clock")] = None,
) -> list[NoteShown]:
    """The notes that this user began, newest first, at most 200."""
    since, until = (None, None) if day is None else bounds(day, ZoneInfo(here.timezone))
    async with here.database.connection() as conn:
        found = await notes.by_author(conn, person.user, state, since, until)
    return [_shown(note, here) for note in found if may_hear_of(person, here, note.client, note.call_id)]


@router.put("/notes/{note}", responses=WRITING)
async def save(note: UUID, person: Writer, here: Here, change: Change) -> NoteShown:
    """Keep a draft as it is now, finished or not."""
    async with here.database.connection() as conn:
        known = await note_of(person, here, conn, note)
        values = _checked(known.form, change.values, person, here)
        saved = await notes.save(conn, note, change.version, values, urgent=change.urgent)
        if saved is None:
            saved = await note_of(person, here, conn, note)
            if saved.state == "done" or not _says(saved, values, urgent=change.urgent):
                raise _newer(saved, here)
    return _shown(saved, here)


@router.post("/notes/{note}/finish", responses=WRITING)
async def finish(note: UUID, person: Writer, here: Here, what: Finish) -> NoteShown:
    """Finish a draft: all must be right. The client is told as soon as the call is over."""
    async with here.database.connection() as conn:
        known = await note_of(person, here, conn, note)
        if known.state == "done" and known.version == what.version + 1:
            return _shown(known, here)  # asked for again, for the answer was lost
        if (known.state, known.version) != ("draft", what.version):
            raise _newer(known, here)
        client = here.directory().clients.get(known.client)
        checked = check(known.form, known.values, complete=True, client=client, region=here.region)
        require_right(checked, "incomplete", person.language)
        told_as = words(known.form, checked.values, urgent=known.urgent, author=known.author_name, client=client)
        done = await notes.finish(conn, note, what.version, checked.values, told_as, person.user)
        if done is None:
            raise _newer(await note_of(person, here, conn, note), here)
    return _shown(done, here)


@router.post("/notes/{note}/reopen", responses=WRITING)
async def reopen(note: UUID, person: Writer, here: Here) -> NoteShown:
    """Make a draft of a finished note. If it says something else then, the client is told that it was corrected."""
    async with here.database.connection() as conn:
        known = await note_of(person, here, conn, note)
        opened = await notes.reopen(conn, note, person.user)
    return _shown(opened or known, here)


@router.post("/notes/{note}/client", responses=WRITING)
async def correct_client(note: UUID, person: Writer, here: Here, what: Correction) -> NoteShown:
    """The note was for another client: one whom this person may serve. It keeps its form, and its trace."""
    reason = single_line(what.reason).strip()
    if not reason:
        raise _wrong("reason", "say why")
    async with here.database.connection() as conn:
        known = await note_of(person, here, conn, note)
        if client_for(person, here, what.client) is None:
            raise _wrong("client", "there is no such client")
        moved = await notes.correct_client(conn, note, what.client, person.user, reason)
    return _shown(moved or known, here)


@router.delete("/notes/{note}", responses=WRITING)
async def delete_draft(note: UUID, person: Writer, here: Here) -> Deleted:
    """Throw a draft away; that there was one stays known."""
    async with here.database.connection() as conn:
        known = await note_of(person, here, conn, note)
        gone = await notes.delete_draft(conn, note, person.user)
        if not gone and (known.state == "done" or await notes.get(conn, note) is not None):
            raise Problem(409, "finished", "it is finished; reopen it first")
    return Deleted(id=note)


def _checked(form: Form, values: Mapping[str, object], person: Who, here: Parts) -> Mapping[str, Value]:
    checked = check(form, values, complete=False, client=None, region=here.region)
    require_right(checked, "bad_values", person.language)
    return checked.values


def _says(note: Note, values: Mapping[str, Value], *, urgent: bool) -> bool:
    return note.values == values and note.urgent == urgent


def _wrong(field: str, text: str) -> Problem:
    return Problem(422, "bad_request", f"{field}: {text}", fields={field: text})


def _newer(stored: Note, here: Parts) -> Problem:
    """Somebody else was faster; the answer holds what is stored."""
    text = "the note is finished" if stored.state == "done" else "the note was changed on another page"
    return Problem(409, "newer", text, note=_shown(stored, here).model_dump(mode="json"))


def _shown(note: Note, here: Parts) -> NoteShown:
    client = here.directory().clients.get(note.client)
    asked = any(field.type is FieldType.CONTACT for field in note.form.fields)
    return NoteShown(
        id=note.id,
        call=note.call_id,
        client=note.client,
        form=note.form,
        kind=note.form.kind,
        values=dict(note.values),
        urgent=note.urgent,
        state=note.state,
        author=note.author_name,
        created_at=note.created_at,
        updated_at=note.updated_at,
        done_at=note.done_at,
        told_at=note.told_at,
        version=note.version,
        contacts=_contacts(client) if asked and client is not None else (),
    )


def _contacts(client: Client) -> tuple[NoteContact, ...]:
    return tuple(NoteContact(id=contact.id, name=contact.name) for contact in client.contacts)
