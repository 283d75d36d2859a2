"""A client's numbers: those of ours that it has, its own that forward to them, and whether they do."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, field_serializer

from vorzimmer.control.commands import NumberCheck
from vorzimmer.core import number as telephone
from vorzimmer.core.client import Client
from vorzimmer.core.forwarding_watch import Verdict
from vorzimmer.store import forwarding_checks
from vorzimmer.store.forwarding_checks import Check
from vorzimmer.web.access import Role, TheParts, only
from vorzimmer.web.client_access import ClientToChange, TheirClient
from vorzimmer.web.client_saving import read, save, with_values, wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told, unknown

router = APIRouter(prefix="/api/clients/{client}", tags=["numbers"])

CHECK_SECONDS = 90.0
"""How long a page waits for a check: the longest ringing, and the check before it."""

SHOWN = 100
"""Checks that a page shows."""


class Did(BaseModel):
    """A number that is answered for the client; `diverted_from`: only for calls that these forwarded."""

    number: str
    diverted_from: list[str]


class CheckShown(BaseModel):
    """One check. `opening`: before which it was made, null if a person asked; `seen`: where it came back."""

    number: str
    did: str
    at: datetime
    opening: datetime | None
    verdict: Verdict
    reason: str
    seen: list[str]
    seconds: Decimal

    @field_serializer("seconds")
    def _number(self, seconds: Decimal) -> float:
        return float(seconds)

    @classmethod
    def of(cls, check: Check) -> Self:
        """As the database has it."""
        return cls(
            number=check.number,
            did=check.did,
            at=check.at,
            opening=check.opening,
            verdict=check.verdict,
            reason=check.reason,
            seen=list(check.seen),
            seconds=check.seconds,
        )


class OwnNumberShown(BaseModel):
    """A number that the client's callers dial, and where it is forwarded."""

    number: str
    did: str
    watch: bool
    tell_client: bool
    last_check: CheckShown | None


class Numbers(BaseModel):
    """All of them; `checks`: the last ones, the newest first."""

    version: int
    numbers: list[Did]
    own: list[OwnNumberShown]
    checks: list[CheckShown]


class OwnNumberWanted(BaseModel):
    """A number of the client's own, in any writing, and the DID to which it is forwarded."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=40)]
    did: Annotated[str, Field(max_length=40)]
    watch: bool = True
    tell_client: bool = False


class OwnNumbersWanted(BaseModel):
    """The client's own numbers from now on. `version`: of what they were made from."""

    model_config = ConfigDict(extra="forbid")

    version: int
    own: Annotated[list[OwnNumberWanted], Field(max_length=20)]


@router.get("/numbers", responses=told(401, 403, 404, 422, 503))
async def numbers(seat: TheirClient, parts: TheParts) -> Numbers:
    """The client's numbers."""
    return await _shown(parts, *await read(seat, parts))


@router.put(
    "/own-numbers",
    responses=told(401, 403, 404, 409, 413, 422, 503),
    dependencies=[Depends(only(Role.ADMIN))],
)
async def change_own_numbers(wanted: OwnNumbersWanted, seat: ClientToChange, parts: TheParts) -> Numbers:
    """Say which numbers forward where; for admins, for watching them costs calls. 409 `newer`."""
    own = [
        {**one.model_dump(), "number": _parsed(one.number, parts), "did": _parsed(one.did, parts)} for one in wanted.own
    ]
    saved = await save(seat, parts, "client.own_numbers", lambda was: with_values(was, own_numbers=own), wanted.version)
    return await _shown(parts, *saved)


@router.post("/own-numbers/{number}/check", responses=told(401, 403, 404, 409, 422, 429, 503))
async def check(
    number: Annotated[str, Path(pattern=r"^\+[1-9][0-9]{4,14}$", description="E.164")],
    seat: ClientToChange,
    parts: TheParts,
) -> CheckShown:
    """Ring the number now, and see where it comes back; takes up to a minute."""
    if all(own.number != number for own in seat.client.own_numbers):
        raise unknown()
    actor, now = seat.actor.name, parts.clock().astimezone(UTC)
    command = NumberCheck(actor=f"page:{actor}", client=seat.client.id, number=number)
    seen = forwarding_checks.read(await parts.live.ask(command, CHECK_SECONDS), now, actor=actor)
    async with parts.database.connection() as conn:
        await forwarding_checks.note(conn, seen)
    return CheckShown.of(seen)


async def _shown(parts: Parts, version: int, client: Client) -> Numbers:
    async with parts.database.connection() as conn:
        checks = await forwarding_checks.of_client(conn, client.id, most=SHOWN)
    last = {one.number: CheckShown.of(one) for one in reversed(checks)}
    return Numbers(
        version=version,
        numbers=[Did(number=did.number, diverted_from=list(did.diverted_from)) for did in client.dids],
        own=[OwnNumberShown(**own.model_dump(), last_check=last.get(own.number)) for own in client.own_numbers],
        checks=[CheckShown.of(one) for one in checks],
    )


def _parsed(written: str, parts: Parts) -> str:
    try:
        return telephone.parse(written, parts.region)
    except ValueError as error:
        raise wrong({"own": str(error)}) from None
