"""The clients that somebody has to do with, their forms, and what they say of their day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vorzimmer.core.client import Client
from vorzimmer.core.model import Slug
from vorzimmer.core.note_form import Form
from vorzimmer.core.plain_text import single_line
from vorzimmer.store import audit, notices
from vorzimmer.store.notices import MOST
from vorzimmer.web import sounds
from vorzimmer.web.access import Role, Who, only
from vorzimmer.web.noting import client_for
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told, unknown

router = APIRouter(prefix="/api/clients", tags=["clients"])

Here = Annotated[Parts, Depends(parts)]
Anyone = Annotated[Who, Depends(only(*Role))]
ClientId = Annotated[Slug, Path(description="of the client")]
NoticeId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="of the notice")]

LONGEST = timedelta(days=366)
"""How far ahead a notice may end."""

AT_ONCE = 200
"""Clients that are looked at before others get their turn: each is read from its row when first asked for."""


class ClientName(BaseModel):
    """A client."""

    id: str
    name: str


class NoticeShown(BaseModel):
    """What is to be known today. `by`: the name of who gave it. `spoken`: it is heard at its `audio`."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    until: datetime
    by: str
    created_at: datetime
    spoken: bool


class NewNotice(BaseModel):
    """One paragraph, and until when it holds (with its offset)."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=500)]
    until: AwareDatetime


class Deleted(BaseModel):
    """It is gone."""

    id: str


@router.get("", responses=told(401, 403))
async def clients(person: Anyone, here: Here) -> list[ClientName]:
    """Those whom this person may serve; a client's own user has its own."""
    found = []
    for n, name in enumerate(tuple(here.directory().clients), 1):
        if (client := client_for(person, here, name)) is not None:
            found.append(ClientName(id=client.id, name=client.name))
        if n % AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


@router.get("/{client}/forms", responses=told(401, 403, 404, 422))
async def forms(client: ClientId, person: Anyone, here: Here) -> list[Form]:
    """The forms in which notes for this client are taken."""
    return list(_own(person, here, client).note_forms)


@router.get("/{client}/notices", responses=told(401, 403, 404, 422, 503))
async def current_notices(client: ClientId, person: Anyone, here: Here) -> list[NoticeShown]:
    """What holds now, the oldest first."""
    known = _own(person, here, client)
    async with here.database.connection() as conn:
        found = await notices.current(conn, here.clock(), known.id)
    return [NoticeShown.model_validate(notice) for notice in found]


@router.post("/{client}/notices", responses=told(401, 403, 404, 409, 413, 422, 503))
async def write_notice(client: ClientId, person: Anyone, here: Here, new: NewNotice) -> NoticeShown:
    """Tell all agents who answer for this client, with its next call at the latest."""
    known, now = _own(person, here, client), here.clock()
    text = " ".join(single_line(new.text).split())
    if not text:
        raise _wrong("text", "says nothing")
    if not now < new.until <= now + LONGEST:
        raise _wrong("until", "is over already, or more than a year away")
    by = (person.user, person.name)
    async with here.database.connection() as conn, conn.transaction():
        notice = await notices.write(conn, known.id, text, new.until.astimezone(UTC), by, now)
        if notice is None:
            raise Problem(409, "too_many", f"a client has at most {MOST} notices at once; delete one")
        after = {"text": notice.text, "until": notice.until}
        await audit.note(conn, person.actor, "notice.write", client=known.id, about=notice.id, after=after)
    here.notices.look_again()
    return NoticeShown.model_validate(notice)


@router.get(
    "/{client}/notices/{notice}/audio",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"audio/wav": {}}},
        206: {"content": {"audio/wav": {}}},
        **told(401, 403, 404, 416, 422, 503),
    },
)
async def hear_notice(
    client: ClientId, notice: NoticeId, person: Anyone, here: Here, request: Request
) -> StreamingResponse:
    """A notice that was spoken, as wav; by parts if asked."""
    known = _own(person, here, client)
    async with here.database.connection() as conn:
        file = await notices.audio_of(conn, notice, known.id, here.clock())
    sound = await asyncio.to_thread(sounds.opened, here.recordings, (file,)) if file is not None else None
    if sound is None:
        raise unknown()
    return sounds.answer(sound, request.headers.get("range"), "notice.wav", download=False)


@router.delete("/{client}/notices/{notice}", responses=told(401, 403, 404, 422, 503))
async def delete_notice(
    client: ClientId,
    notice: NoticeId,
    person: Anyone,
    here: Here,
) -> Deleted:
    """Take a notice back."""
    known = _own(person, here, client)
    async with here.database.connection() as conn, conn.transaction():
        if not await notices.delete(conn, notice, known.id, person.user):
            raise unknown()
        await audit.note(conn, person.actor, "notice.delete", client=known.id, about=notice)
    here.notices.look_again()
    return Deleted(id=notice)


def _own(person: Who, here: Parts, client_id: str) -> Client:
    client = client_for(person, here, client_id)
    if client is None:
        raise unknown()
    return client


def _wrong(field: str, text: str) -> Problem:
    return Problem(422, "bad_request", f"{field}: {text}", fields={field: text})
