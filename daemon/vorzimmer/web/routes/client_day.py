"""How a client's office is at this moment, and the switch by which its own people open or close it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict

from vorzimmer.core import office_hours
from vorzimmer.core.calendar import Override
from vorzimmer.core.client import Client
from vorzimmer.core.day import bounds
from vorzimmer.core.office_turns import next_turn
from vorzimmer.core.plan import OfficeState
from vorzimmer.core.targets import can_be_reached, on_duty
from vorzimmer.store import notices, portal_calls
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientToChange, TheirClient
from vorzimmer.web.client_saving import read, save, wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told
from vorzimmer.web.routes.notices import NoticeShown

router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

State = Literal["open", "closed"]


class OverrideShown(BaseModel):
    """The switch. `until`: when the hours hold again; null: when it is taken back."""

    state: State
    until: datetime | None


class OverrideWanted(BaseModel):
    """Open or closed whatever the hours say, until an instant (with its offset), or until it is taken back."""

    model_config = ConfigDict(extra="forbid")

    state: State
    until: AwareDatetime | None = None


class Person(BaseModel):
    """One of the client's own people."""

    id: str
    name: str


class Summary(BaseModel):
    """The client now (`at`). `reason`: why `state`; `until`: when it changes, null: not in sight.

    `today`: how many calls of the client's day ended how. `reachable`: to whom callers can be put through now;
    `on_duty`: who is on call, in order.
    """

    id: str
    name: str
    language: str
    timezone: str
    version: int
    at: datetime
    state: OfficeState
    reason: str
    until: datetime | None
    override: OverrideShown | None
    today: dict[str, int]
    notices: list[NoticeShown]
    reachable: list[Person]
    on_duty: list[Person]


@router.get("", responses=told(401, 403, 404, 422, 503))
async def summary(seat: TheirClient, parts: TheParts) -> Summary:
    """How the office is now, and what it is so far today."""
    return await _summary(parts, *await read(seat, parts))


@router.put("/override", responses=told(401, 403, 404, 409, 422, 503))
async def switch(wanted: OverrideWanted, seat: ClientToChange, parts: TheParts) -> Summary:
    """Open or close the office by hand, from the next call on."""
    if wanted.until is not None and wanted.until <= parts.clock():
        raise wrong({"until": "is over already"})
    override = Override(state=wanted.state, until=wanted.until)
    saved = await save(seat, parts, "client.override", lambda was: was.model_copy(update={"override": override}))
    return await _summary(parts, *saved)


@router.delete("/override", responses=told(401, 403, 404, 409, 422, 503))
async def switch_back(seat: ClientToChange, parts: TheParts) -> Summary:
    """Let the hours hold again."""
    saved = await save(seat, parts, "client.override", lambda was: was.model_copy(update={"override": None}))
    return await _summary(parts, *saved)


async def _summary(parts: Parts, version: int, client: Client) -> Summary:
    at, zone = parts.clock(), ZoneInfo(client.timezone)
    async with parts.database.connection() as conn:
        today = await portal_calls.count_by_kind(conn, client.id, *bounds(at.astimezone(zone).date(), zone))
        noticed = await notices.current(conn, at, client.id)
    did = client.dids[0]
    opening = office_hours.state(client, did, at)
    override = client.override
    if override is not None and override.until is not None and override.until <= at:
        override = None
    return Summary(
        id=client.id,
        name=client.name,
        language=client.language.value,
        timezone=client.timezone,
        version=version,
        at=at,
        state=opening.state,
        reason=opening.reason,
        until=next_turn(client, did, at),
        override=None if override is None else OverrideShown(state=override.state, until=override.until),
        today=today,
        notices=[NoticeShown.model_validate(notice) for notice in noticed],
        reachable=[Person(id=one.id, name=one.name) for one in client.contacts if can_be_reached(one, client, at)],
        on_duty=[Person(id=one.id, name=one.name) for one in on_duty(client, at)],
    )
