"""A client's hours, as its own people read and change them; and what would happen to a call."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vorzimmer.core import acd, number, public_holidays
from vorzimmer.core.calendar import SpecialDay, Vacation
from vorzimmer.core.client import Client, Did
from vorzimmer.core.model import DayHours, Hours
from vorzimmer.core.plan import Incoming, OfficeState
from vorzimmer.core.routing import decide
from vorzimmer.web.access import TheParts
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import ClientToChange, TheirClient
from vorzimmer.web.client_saving import invalid, read, save, with_values, wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.plan_words import StepKind, in_steps
from vorzimmer.web.problems import told

router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

FIRST, LAST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - days of no zone
"""Between these a day is one that anybody asks about."""


class HoursDraft(BaseModel):
    """When the office is open. `holidays`: the country, or country and state, whose public holidays it keeps.

    `hours`, `lunch` and those of days: wall-clock times of the client's zone, "08:00-12:00"; an end that is not after
    its beginning is on the next day. `hours` name days as `mon`, `mon-fri`, `daily`; "always" is 24 hours.
    """

    model_config = ConfigDict(extra="forbid")

    hours: Hours
    lunch: DayHours = ()
    special_days: Annotated[tuple[SpecialDay, ...], Field(max_length=400)] = ()
    vacations: Annotated[tuple[Vacation, ...], Field(max_length=100)] = ()
    holidays: Annotated[str, Field(max_length=10)] | None = None


class HoursWanted(HoursDraft):
    """The hours from now on. `version`: of what they were made from."""

    version: int


class Holiday(BaseModel):
    """A public holiday that the client keeps."""

    date: date
    name: str


class HoursShown(HoursDraft):
    """The hours. `next_holidays`: of a year from now. `numbers_apart`: numbers that have hours of their own."""

    version: int
    timezone: str
    next_holidays: list[Holiday]
    numbers_apart: list[str]


class PreviewWanted(BaseModel):
    """A call to be. `at` without an offset is by the client's clock. `draft`: as if these were the hours already.

    `caller`: in any writing; null: nobody in particular. `did`: which of the client's numbers; null: the first.
    """

    model_config = ConfigDict(extra="forbid")

    at: datetime
    caller: Annotated[str, Field(max_length=40)] | None = None
    did: Annotated[str, Field(max_length=40)] | None = None
    draft: HoursDraft | None = None


class PreviewStep(BaseModel):
    """One thing that happens: `text` in the reader's language; `reason`: why it does."""

    kind: StepKind
    text: str
    reason: str


class Preview(BaseModel):
    """What would happen. `left_out`: what the client's settings ask for and cannot be done, and why."""

    at: datetime
    did: str
    state: OfficeState | None
    reason: str
    steps: list[PreviewStep]
    left_out: list[str]


@router.get("/hours", responses=told(401, 403, 404, 422, 503))
async def hours(seat: TheirClient, parts: TheParts) -> HoursShown:
    """When the office is open."""
    return _shown(parts, *await read(seat, parts))


@router.put("/hours", responses=told(401, 403, 404, 409, 413, 422, 503))
async def change_hours(wanted: HoursWanted, seat: ClientToChange, parts: TheParts) -> HoursShown:
    """Change when the office is open, from the next call on. 409 `newer`: somebody else has saved meanwhile."""
    saved = await save(seat, parts, "client.hours", lambda was: _with(was, wanted), wanted.version)
    return _shown(parts, *saved)


@router.post("/preview", responses=told(401, 403, 404, 413, 422, 503))
async def preview(wanted: PreviewWanted, seat: TheirClient, parts: TheParts) -> Preview:
    """What would happen to a call, decided as for a real one; nobody is rung. Whoever can be free is taken as free."""
    _, client = await read(seat, parts)
    if wanted.draft is not None:
        try:
            client = _with(client, wanted.draft)
        except ValidationError as error:
            raise invalid(error, "draft") from None
    did, at = _did(client, wanted.did, parts), _instant(wanted.at, client)
    call = Incoming(did.number, _caller(wanted.caller, parts), diverted_from=next(iter(did.diverted_from), None))
    directory = parts.directory().with_client(client)
    plan = decide(call, directory, parts.policy, acd.Pool(), at)
    steps, left_out = in_steps(plan, language_of(seat.who.language), parts.region)
    return Preview(
        at=at,
        did=did.number,
        state=plan.state,
        reason=plan.reason.split("; client found ")[0],
        steps=[PreviewStep(kind=one.kind, text=one.text, reason=one.reason) for one in steps],
        left_out=left_out,
    )


def _with(client: Client, draft: HoursDraft) -> Client:
    """The client with these hours.

    Raises:
        ValidationError: they contradict each other.
    """
    return with_values(
        client,
        hours=draft.hours,
        lunch=draft.lunch,
        special_days=[day.model_dump() for day in draft.special_days],
        vacations=[one.model_dump() for one in draft.vacations],
        holidays=draft.holidays or None,
    )


def _instant(at: datetime, client: Client) -> datetime:
    """The instant that is meant.

    Raises:
        Problem: 422, it is out of all calendars.
    """
    if not FIRST <= at.replace(tzinfo=None) <= LAST:
        raise wrong({"at": "is no day of this house"})
    return at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(client.timezone))


def _caller(written: str | None, parts: Parts) -> str | None:
    if not written:
        return None
    try:
        return number.parse(written, parts.region)
    except ValueError as error:
        raise wrong({"caller": str(error)}) from None


def _did(client: Client, written: str | None, parts: Parts) -> Did:
    if written is None:
        return client.dids[0]
    asked = number.clean(written, parts.region)
    found = next((did for did in client.dids if did.number == asked), None)
    if found is None:
        raise wrong({"did": "is none of this client's numbers"})
    return found


def _shown(parts: Parts, version: int, client: Client) -> HoursShown:
    today = parts.clock().astimezone(ZoneInfo(client.timezone)).date()
    kept = () if client.holidays is None else public_holidays.coming(client.holidays, today)
    return HoursShown(
        version=version,
        timezone=client.timezone,
        hours=client.hours,
        lunch=client.lunch,
        special_days=client.special_days,
        vacations=client.vacations,
        holidays=client.holidays,
        next_holidays=[Holiday(date=day, name=name) for day, name in kept],
        numbers_apart=[did.number for did in client.dids if did.hours is not None],
    )
