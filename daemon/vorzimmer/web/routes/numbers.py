"""The house's stock of numbers, for admins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vorzimmer.core import number as telephone
from vorzimmer.core.model import Slug
from vorzimmer.core.number_stock import (
    COOLING_DAYS,
    LONGEST_COOLING,
    MOST_IN_BLOCK,
    NotPossible,
    State,
    Stocked,
    described,
)
from vorzimmer.core.plain_text import single_line
from vorzimmer.store import number_handover, number_stock
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.number_stock import Listed, NotInStock
from vorzimmer.web.access import Role, TheParts, Who, only
from vorzimmer.web.client_access import unknown_client
from vorzimmer.web.client_saving import wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown

router = APIRouter(prefix="/api/numbers", tags=["numbers"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Line = Annotated[str, Field(max_length=120)]
NumberInPath = Annotated[str, Path(pattern=r"^\+[1-9][0-9]{4,14}$", description="E.164")]


class StockNumber(BaseModel):
    """A number of the stock as it counts now.

    `clients`: who has it in the book. `client`: for whom it is reserved, or who had it before it rested or left.
    """

    number: str
    country: str
    kind: str
    state: State
    clients: list[str]
    client: str | None
    order: str
    since: datetime
    until: datetime | None
    cooling_days: int
    note: str

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """As the database has it."""
        one = listed.stocked
        return cls(
            number=one.number,
            country=one.country,
            kind=one.kind,
            state=one.state,
            clients=list(listed.clients),
            client=one.client_id,
            order=one.order,
            since=one.since,
            until=one.until,
            cooling_days=one.cooling_days,
            note=one.note,
        )


class Stock(BaseModel):
    """Numbers, in their order."""

    numbers: list[StockNumber]


class NewNumbers(BaseModel):
    """Numbers that come into the stock, in any writing of `country` (the house's if none is given).

    `cooling_days`: how long nobody else gets one after a client.
    """

    model_config = ConfigDict(extra="forbid")

    numbers: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=MOST_IN_BLOCK)]
    country: Country | None = None
    cooling_days: Annotated[int, Field(ge=0, le=LONGEST_COOLING)] = COOLING_DAYS
    note: Line = ""


class Reservation(BaseModel):
    """For whom, for which order, and until when; without `until` it is kept until it is released."""

    model_config = ConfigDict(extra="forbid")

    client: Slug
    order: Line = ""
    until: AwareDatetime | None = None


class Assignment(BaseModel):
    """To whom."""

    model_config = ConfigDict(extra="forbid")

    client: Slug


class Release(BaseModel):
    """From whom, needed where several share it. `at_once`: the number does not rest."""

    model_config = ConfigDict(extra="forbid")

    client: Slug | None = None
    at_once: bool = False


class Porting(BaseModel):
    """To another house (`out`), or from one (`in`), for the client who brings it, kept until a time."""

    model_config = ConfigDict(extra="forbid")

    direction: Literal["in", "out"]
    client: Slug | None = None
    country: Country | None = None
    until: AwareDatetime | None = None


@router.get("", responses=told(401, 403, 422, 503))
async def stock(
    _: Admin,
    parts: TheParts,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$")] = None,
    state: Annotated[State | None, Query()] = None,
) -> Stock:
    """The stock, of one country or in one state if that is asked for."""
    async with parts.database.connection() as conn:
        found = await number_stock.listed(conn, parts.clock(), country=country, state=state)
    return Stock(numbers=[StockNumber.of(one) for one in found])


@router.post("", status_code=201, responses=told(401, 403, 409, 413, 422, 503))
async def add(admin: Admin, parts: TheParts, new: NewNumbers) -> Stock:
    """Add numbers, all or none. One that a client has already is with that client at once."""
    now = parts.clock()
    given = list(dict.fromkeys(_parsed(one, new.country, parts) for one in new.numbers))
    try:
        note = single_line(new.note)
        fresh = [described(one, new.country, cooling_days=new.cooling_days, note=note, at=now) for one in given]
    except ValueError as error:
        raise wrong({"numbers": str(error)}) from None
    with _said():
        async with parts.database.connection() as conn:
            await number_stock.add(conn, fresh, actor=admin.actor)
            found = [one for one in await number_stock.listed(conn, now) if one.stocked.number in given]
    return Stock(numbers=[StockNumber.of(one) for one in found])


@router.post("/{number}/reserve", responses=told(401, 403, 404, 409, 413, 422, 503))
async def reserve(admin: Admin, parts: TheParts, number: NumberInPath, wanted: Reservation) -> StockNumber:
    """Keep a number for a client."""
    now, order = parts.clock(), single_line(wanted.order)
    with _said():
        async with parts.database.connection() as conn:
            await number_stock.reserve(
                conn, number, wanted.client, now, actor=admin.actor, order=order, until=wanted.until
            )
    return await _shown(parts, number)


@router.post("/{number}/assign", responses=told(401, 403, 404, 409, 413, 422, 503))
async def assign(admin: Admin, parts: TheParts, number: NumberInPath, wanted: Assignment) -> StockNumber:
    """Let a number be one of a client's, from the next call on."""
    with _said():
        async with parts.database.connection() as conn:
            await number_handover.assign(conn, number, wanted.client, parts.clock(), actor=admin.actor)
    return await _shown(parts, number)


@router.post("/{number}/release", responses=told(401, 403, 404, 409, 413, 422, 503))
async def release(admin: Admin, parts: TheParts, number: NumberInPath, wanted: Release) -> StockNumber:
    """Take a number back: a reservation ends, and a client's number rests."""
    now = parts.clock()
    with _said():
        async with parts.database.connection() as conn:
            await number_handover.release(
                conn, number, now, actor=admin.actor, client=wanted.client, at_once=wanted.at_once
            )
    return await _shown(parts, number)


@router.post("/{number}/port", responses=told(401, 403, 404, 409, 413, 422, 503))
async def port(admin: Admin, parts: TheParts, number: NumberInPath, wanted: Porting) -> StockNumber:
    """Note that a number has left for another house, or has come from one."""
    now = parts.clock()
    with _said():
        async with parts.database.connection() as conn:
            if wanted.direction == "out":
                await number_handover.port_out(conn, number, now, actor=admin.actor, client=wanted.client)
            else:
                new = _described(number, wanted.country, parts)
                await number_handover.port_in(
                    conn, new, now, actor=admin.actor, client=wanted.client, until=wanted.until
                )
    return await _shown(parts, number)


def _described(number: str, country: str | None, parts: Parts) -> Stocked:
    try:
        return described(number, country, cooling_days=COOLING_DAYS, note="", at=parts.clock())
    except ValueError as error:
        raise wrong({"country": str(error)}) from None


async def _shown(parts: Parts, number: str) -> StockNumber:
    async with parts.database.connection() as conn:
        found = await number_stock.look_up(conn, number, parts.clock())
    if found is None:
        raise unknown()
    return StockNumber.of(found)


def _parsed(written: str, country: str | None, parts: Parts) -> str:
    try:
        return telephone.parse(written, country or parts.region)
    except ValueError as error:
        raise wrong({"numbers": str(error)}) from None


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What cannot be done becomes a sentence for the page."""
    try:
        yield
    except NotInStock as error:
        raise Problem(404, "unknown", str(error)) from None
    except NotPossible as error:
        raise Problem(409, "not_possible", str(error)) from None
    except NoSuchClient:
        raise unknown_client() from None
