"""A client's own people: whom callers are put through to, and who is on call."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vorzimmer.core import number
from vorzimmer.core.client import Client
from vorzimmer.core.contact import Contact, Rota
from vorzimmer.core.dialing import check_number, policy_for
from vorzimmer.core.model import Address, Hours, Slug
from vorzimmer.core.targets import can_be_reached, on_duty
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientToChange, TheirClient
from vorzimmer.web.client_saving import invalid, read, save, with_values, wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told

router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

MOST = 200
"""Contacts of a client."""


class ContactWanted(BaseModel):
    """One of the client's people. `numbers` in any writing, tried in this order for `seconds` each.

    `hours`: when callers may be put through, by the client's clock; null: always.
    """

    model_config = ConfigDict(extra="forbid")

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Annotated[str, Field(max_length=80)] = ""
    numbers: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=5)]
    seconds: Annotated[int, Field(ge=5, le=120)] = 25
    hours: Hours | None = None
    email: Address | None = None


class PeopleDraft(BaseModel):
    """The contacts in order (their places are their short codes), and who of them is on call when."""

    model_config = ConfigDict(extra="forbid")

    contacts: Annotated[tuple[ContactWanted, ...], Field(max_length=MOST)]
    rota: Rota | None = None


class PeopleWanted(PeopleDraft):
    """The same from now on. `version`: of what it was made from."""

    version: int


class ContactShown(ContactWanted):
    """`refused`: why callers cannot be put through to one of the numbers, whatever the hours; empty: they can."""

    refused: str


class PeopleShown(BaseModel):
    """Contacts and rota as they are."""

    version: int
    timezone: str
    contacts: list[ContactShown]
    rota: Rota | None


class OnCallWanted(BaseModel):
    """`at` without an offset is by the client's clock. `draft`: as if this were saved already."""

    model_config = ConfigDict(extra="forbid")

    at: datetime
    draft: PeopleDraft | None = None


class OnCall(BaseModel):
    """Who would be rung for somebody on call, in this order, `escalate` seconds each; and who can be reached at all."""

    at: datetime
    on_duty: list[str]
    escalate: int | None
    reachable: list[str]


@router.get("/contacts", responses=told(401, 403, 404, 422, 503))
async def contacts(seat: TheirClient, parts: TheParts) -> PeopleShown:
    """Whom callers are put through to."""
    return _shown(parts, *await read(seat, parts))


@router.put("/contacts", responses=told(401, 403, 404, 409, 413, 422, 503))
async def change_contacts(wanted: PeopleWanted, seat: ClientToChange, parts: TheParts) -> PeopleShown:
    """Change contacts and rota, from the next call on. 409 `newer`: somebody else has saved meanwhile."""
    people = _read(wanted, parts)
    saved = await save(seat, parts, "client.contacts", lambda was: _with(was, people, wanted.rota), wanted.version)
    return _shown(parts, *saved)


@router.post("/contacts/on-call", responses=told(401, 403, 404, 413, 422, 503))
async def on_call(wanted: OnCallWanted, seat: TheirClient, parts: TheParts) -> OnCall:
    """Who is on call at an instant; nobody is rung."""
    _, client = await read(seat, parts)
    if wanted.draft is not None:
        try:
            client = _with(client, _read(wanted.draft, parts), wanted.draft.rota)
        except ValidationError as error:
            raise invalid(error, "draft") from None
    if not 2000 <= wanted.at.year < 2100:
        raise wrong({"at": "is no day of this house"})
    at = wanted.at if wanted.at.tzinfo is not None else wanted.at.replace(tzinfo=ZoneInfo(client.timezone))
    return OnCall(
        at=at,
        on_duty=[contact.id for contact in on_duty(client, at)],
        escalate=None if client.rota is None else client.rota.escalate,
        reachable=[contact.id for contact in client.contacts if can_be_reached(contact, client, at)],
    )


def _read(draft: PeopleDraft, parts: Parts) -> tuple[Contact, ...]:
    """The contacts with their numbers read as the house reads them.

    Raises:
        Problem: 422 with the fields that are wrong.
    """
    found: list[Contact] = []
    errors: dict[str, str] = {}
    for n, contact in enumerate(draft.contacts):
        try:
            found.append(Contact.model_validate(contact.model_dump(), context={"region": parts.region}))
        except ValidationError as error:
            errors |= invalid(error, "contacts", str(n)).more["fields"]
    if errors:
        raise wrong(errors)
    return tuple(found)


def _with(client: Client, people: tuple[Contact, ...], rota: Rota | None) -> Client:
    """The client with these people.

    Raises:
        ValidationError: the rota, or a rule for a caller, names somebody who is not among them.
    """
    duties = None if rota is None else rota.model_dump()
    return with_values(client, contacts=[contact.model_dump() for contact in people], rota=duties)


def _shown(parts: Parts, version: int, client: Client) -> PeopleShown:
    countries, own = policy_for(client.forwarding, parts.policy).countries, parts.directory().own_numbers

    def shown(contact: Contact) -> ContactShown:
        refusals = [check_number(one, countries, own) for one in contact.numbers]
        return ContactShown(
            id=contact.id,
            name=contact.name,
            role=contact.role,
            email=contact.email,
            numbers=tuple(number.show(one, parts.region) for one in contact.numbers),
            seconds=contact.seconds,
            hours=contact.hours,
            refused="; ".join(dict.fromkeys(one.reason for one in refusals if one is not None)),
        )

    people = [shown(contact) for contact in client.contacts]
    return PeopleShown(version=version, timezone=client.timezone, contacts=people, rota=client.rota)
