"""What a client keys in at the service number to switch its line by telephone: its code and a PIN."""

from __future__ import annotations

import secrets
from datetime import datetime

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel

from vorzimmer.core import number
from vorzimmer.core.login import PIN_DIGITS
from vorzimmer.store import client_pins
from vorzimmer.web import passwords
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientToChange, TheirClient, unknown_client
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told

router = APIRouter(prefix="/api/clients", tags=["clients"])


class PinState(BaseModel):
    """`code`: the client's number on telephones. `set_at`: since when there is a PIN; None: there is none.

    `number`: the number to call, None where the house has none; `number_shown`: as people write it.
    """

    code: str
    number: str | None
    number_shown: str | None
    set_at: datetime | None


class NewPin(PinState):
    """The PIN, which is shown this once."""

    pin: str


def made() -> str:
    """A new PIN."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"


@router.get("/{client}/pin", responses=told(401, 403, 404, 422, 503))
async def pin(seat: TheirClient, here: TheParts) -> PinState:
    """Whether there is a PIN, and what is keyed in before it."""
    async with here.database.connection() as conn:
        code = await client_pins.code_of(conn, seat.client.id)
        kept = await client_pins.pin_of(conn, seat.client.id)
    if code is None:
        raise unknown_client()
    return _state(here, code, kept.set_at if kept is not None else None)


@router.post("/{client}/pin", responses=told(401, 403, 404, 422, 503))
async def new_pin(seat: ClientToChange, here: TheParts) -> NewPin:
    """Make a PIN; one that there was is good no more."""
    chosen = made()
    hashed = await passwords.hashed(chosen)
    async with here.database.connection() as conn:
        code = await client_pins.code_of(conn, seat.client.id)
        try:
            kept = await client_pins.set_pin(conn, seat.client.id, hashed, actor=seat.actor)
        except asyncpg.ForeignKeyViolationError:
            raise unknown_client() from None
    if code is None:
        raise unknown_client()
    return NewPin(**_state(here, code, kept.set_at).model_dump(), pin=chosen)


@router.delete("/{client}/pin", responses=told(401, 403, 404, 422, 503))
async def no_pin(seat: ClientToChange, here: TheParts) -> PinState:
    """Nobody switches the line by telephone any more."""
    async with here.database.connection() as conn:
        code = await client_pins.code_of(conn, seat.client.id)
        await client_pins.remove_pin(conn, seat.client.id, actor=seat.actor)
    if code is None:
        raise unknown_client()
    return _state(here, code, None)


def _state(here: Parts, code: str, set_at: datetime | None) -> PinState:
    to_call = here.service_number
    shown = None if to_call is None else number.show(to_call, here.region)
    return PinState(code=code, number=to_call, number_shown=shown, set_at=set_at)
