"""The operator's side of the clients: which there are and how they are now, new ones, how they are served."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vorzimmer.core import office_hours
from vorzimmer.core.client import Client
from vorzimmer.core.model import Language, Slug
from vorzimmer.core.note_form import Form, FormKind
from vorzimmer.core.plan import OfficeState
from vorzimmer.core.role import Role
from vorzimmer.store import client_new
from vorzimmer.store.book import BookConflict
from vorzimmer.web.access import TheParts, Who, only
from vorzimmer.web.client_access import ClientId, ClientSeat, unknown_client
from vorzimmer.web.client_saving import invalid, read, save, with_values
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.notices import ClientName

router = APIRouter(prefix="/api", tags=["admin"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]

PAGE = 100
"""Clients of one page."""

AT_ONCE = 200
"""Clients that are looked at before others get their turn."""


async def any_client(client: ClientId, person: Admin, parts: TheParts) -> ClientSeat:
    """A client, for an admin."""
    found = parts.directory().clients.get(client)
    if found is None:
        raise unknown_client()
    return ClientSeat(found, person, person.actor)


AnyClient = Annotated[ClientSeat, Depends(any_client)]


class ClientState(BaseModel):
    """A client now. `calls_today`: since midnight by the house's clock."""

    id: str
    name: str
    numbers: list[str]
    team: str | None
    state: OfficeState
    reason: str
    switched: bool
    calls_today: int


class ClientStates(BaseModel):
    """Clients by id. `next`: what to ask for as `after` to get more; null: there are none."""

    clients: list[ClientState]
    next: str | None


class NewClient(BaseModel):
    """A client to begin with: open on weekdays, its calls to a group or the queue, then the answering machine.

    `number`: that is dialled, in any writing.
    """

    model_config = ConfigDict(extra="forbid")

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=120)]
    number: Annotated[str, Field(max_length=40)]
    language: Language = Language.GERMAN
    rings: Literal["queue", "group"] = "queue"
    group: Slug | None = None
    team: Slug | None = None


class SettingsDraft(BaseModel):
    """How a client is served; as in the book."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120)]
    language: Language
    timezone: Annotated[str, Field(max_length=64)]
    greeting: Annotated[str, Field(max_length=500)]
    briefing: Annotated[str, Field(max_length=10_000)]
    team: Slug | None
    skills: Annotated[tuple[Slug, ...], Field(max_length=50)]
    secrecy: bool
    priority: Annotated[int, Field(ge=0, le=9)]
    forms: Annotated[tuple[Form | FormKind, ...], Field(max_length=20)]
    note_wait: Annotated[int, Field(ge=0, le=3600)]


class SettingsWanted(SettingsDraft):
    """The same from now on. `version`: of what they were made from."""

    version: int


@router.get("/admin/clients", responses=told(401, 403, 422, 503))
async def client_states(
    _: Admin,
    parts: TheParts,
    q: Annotated[str, Query(max_length=80, description="in id, name or number")] = "",
    after: Annotated[str, Query(pattern="^[a-z0-9-]{0,63}$", description="`next` of a page")] = "",
) -> ClientStates:
    """The clients, and how they are now."""
    clients, word = parts.directory().clients, q.strip().casefold()
    found: list[Client] = []
    for n, name in enumerate(sorted(name for name in clients if name > after), 1):
        if (client := clients.get(name)) is not None and (not word or _mentions(client, word)):
            found.append(client)
        if len(found) > PAGE:
            break
        if n % AT_ONCE == 0:
            await asyncio.sleep(0)
    page = list(islice(found, PAGE))
    async with parts.database.connection() as conn:
        calls = await client_new.calls_of_each(conn, [client.id for client in page], parts.today())
    states = [_state(client, calls.get(client.id, 0), parts) for client in page]
    return ClientStates(clients=states, next=page[-1].id if len(found) > PAGE else None)


@router.post("/clients", status_code=201, responses=told(401, 403, 409, 422, 503))
async def add_client(wanted: NewClient, admin: Admin, parts: TheParts) -> ClientName:
    """Add a client. 409 `taken`: the id or the number is somebody's, or there is no such group."""
    target = {"to": "queue"} if wanted.rings == "queue" else {"to": "group", "group": wanted.group}
    made = {
        "id": wanted.id,
        "name": wanted.name,
        "language": wanted.language.value,
        "timezone": parts.timezone,
        "hours": {"mon-fri": ["08:00-18:00"]},
        "dids": [wanted.number],
        "open": {"chain": [target, {"to": "machine"}]},
        "team": wanted.team,
    }
    try:
        client = Client.model_validate(made, context={"region": parts.region})
    except ValidationError as error:
        raise invalid(error) from None
    try:
        async with parts.database.connection() as conn:
            await client_new.create(conn, client, admin.actor)
    except client_new.ClientTaken:
        raise Problem(409, "taken", f"there is a client {wanted.id} already", fields={"id": "is taken"}) from None
    except BookConflict as error:
        raise Problem(409, "taken", "; ".join(error.lines)) from None
    return ClientName(id=client.id, name=client.name)


@router.get("/clients/{client}/settings", responses=told(401, 403, 404, 422, 503))
async def settings(seat: AnyClient, parts: TheParts) -> SettingsWanted:
    """How the client is served."""
    return _shown(*await read(seat, parts))


@router.put("/clients/{client}/settings", responses=told(401, 403, 404, 409, 413, 422, 503))
async def change_settings(wanted: SettingsWanted, seat: AnyClient, parts: TheParts) -> SettingsWanted:
    """Change how the client is served, from the next call on. 409 `newer`: somebody else has saved meanwhile."""
    news = wanted.model_dump(mode="json", exclude={"version"})
    saved = await save(seat, parts, "client.settings", lambda was: with_values(was, **news), wanted.version)
    return _shown(*saved)


def _mentions(client: Client, word: str) -> bool:
    digits = word.lstrip("+0")
    return (
        word in client.id
        or word in client.name.casefold()
        or (digits.isdigit() and any(digits in did.number for did in client.dids))
    )


def _state(client: Client, calls: int, parts: Parts) -> ClientState:
    at = parts.clock()
    opening, override = office_hours.state(client, client.dids[0], at), client.override
    return ClientState(
        id=client.id,
        name=client.name,
        numbers=[did.number for did in client.dids],
        team=client.team,
        state=opening.state,
        reason=opening.reason,
        switched=override is not None and (override.until is None or at < override.until),
        calls_today=calls,
    )


def _shown(version: int, client: Client) -> SettingsWanted:
    known: dict[str, Any] = client.model_dump(mode="json")
    return SettingsWanted.model_validate(
        {**{name: known[name] for name in SettingsDraft.model_fields}, "version": version}
    )
