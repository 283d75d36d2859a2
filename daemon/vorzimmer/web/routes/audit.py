"""Who changed what: a client's own trail for its people, the whole one for admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from vorzimmer.core.model import Slug
from vorzimmer.core.role import Role
from vorzimmer.store import audit, users
from vorzimmer.web import audit_words
from vorzimmer.web.access import TheParts, Who, only
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import TheirClient
from vorzimmer.web.problems import told

router = APIRouter(prefix="/api", tags=["audit"])

PAGE = 50
"""Changes of one page."""

Before = Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of a page")]
Admin = Annotated[Who, Depends(only(Role.ADMIN))]


class ClientChanged(BaseModel):
    """A change. `by` and `text` in words, in the reader's language; `before` and `after`: what differs."""

    id: int
    at: datetime
    by: str
    what: str
    text: str
    about: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ClientTrail(BaseModel):
    """Changes, newest first. `next`: what to ask for as `before` to get older ones; null: there are none."""

    changes: list[ClientChanged]
    next: int | None


class Changed(BaseModel):
    """A change. `actor`: a user, `cli:NAME`, `phone:ENDPOINT` or `system`; `acting_as`: in the place of this user."""

    id: int
    at: datetime
    actor: str
    acting_as: str | None
    client: str | None
    what: str
    about: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Trail(BaseModel):
    """Changes, newest first. `next` as in `ClientTrail`."""

    changes: list[Changed]
    next: int | None


@router.get("/clients/{client}/audit", responses=told(401, 403, 404, 422, 503))
async def client_trail(seat: TheirClient, parts: TheParts, before: Before = None) -> ClientTrail:
    """Who changed what of this client."""
    async with parts.database.connection() as conn:
        found = await audit.entries(conn, client=seat.client.id, before=before, most=PAGE + 1)
        names = {one.identity.user: one.identity.name for one in await users.of_client(conn, seat.client.id)}
    language = language_of(seat.who.language)
    changes = [
        ClientChanged(
            id=one.id,
            at=one.at,
            by=audit_words.by(one.actor, names, parts.house, language),
            what=one.what,
            text=audit_words.said(one, language),
            about=one.about,
            before=audit_words.theirs(one.before),
            after=audit_words.theirs(one.after),
        )
        for one in found[:PAGE]
    ]
    return ClientTrail(changes=changes, next=changes[-1].id if len(found) > PAGE else None)


@router.get("/audit", responses=told(401, 403, 422, 503))
async def trail(
    _: Admin,
    parts: TheParts,
    client: Annotated[Slug | None, Query()] = None,
    actor: Annotated[str | None, Query(max_length=80, pattern=r"^[\x21-\x7e]+$")] = None,
    what: Annotated[str | None, Query(pattern=r"^[a-z_.]{1,40}$", description="how it begins: `client.`")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: Before = None,
) -> Trail:
    """Who changed what in the whole house."""
    async with parts.database.connection() as conn:
        found = await audit.entries(
            conn, client=client, actor=actor, what=what, since=since, until=until, before=before, most=PAGE + 1
        )
    changes = [
        Changed(
            id=one.id,
            at=one.at,
            actor=one.actor.name,
            acting_as=one.actor.acting_as,
            client=one.client,
            what=one.what,
            about=one.about,
            before=None if one.before is None else dict(one.before),
            after=None if one.after is None else dict(one.after),
        )
        for one in found[:PAGE]
    ]
    return Trail(changes=changes, next=changes[-1].id if len(found) > PAGE else None)
