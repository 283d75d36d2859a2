"""Links by which a client orders: mailed by an admin, opened by whoever has the mail, without a login."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.login import neighbourhood
from vorzimmer.core.model import Address
from vorzimmer.core.setup_booking import book_setup
from vorzimmer.store import client_change, order_links, orders
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.order_links import LONGEST_TOKEN, LinkRefused
from vorzimmer.web.access import Role, TheParts, Who, address_of, only, require_our_page
from vorzimmer.web.client_access import TheirClient
from vorzimmer.web.order_views import (
    OptionsShown,
    OrderShown,
    SetupWanted,
    options_shown,
    order_shown,
    refusals,
)
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.session import require_no_wait

router = APIRouter(prefix="/api", tags=["orders"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]
Token = Annotated[str, Path(max_length=LONGEST_TOKEN, description="from the mail")]


class LinkWanted(BaseModel):
    """To whom the link goes; nobody named: to where the client's messages go."""

    model_config = ConfigDict(extra="forbid")

    to: Annotated[tuple[Address, ...], Field(max_length=5)] = ()


class LinkSent(BaseModel):
    """A link that is on its way."""

    id: int
    to: list[str]
    expires_at: datetime


class LinkOpened(BaseModel):
    """What a link is for. `language`: of the client."""

    client_name: str
    language: str
    expires_at: datetime
    prices: OptionsShown


@router.post("/clients/{client}/order-links", status_code=201, responses=told(401, 403, 404, 409, 413, 422, 503))
async def send_link(_: Admin, seat: TheirClient, parts: TheParts, wanted: LinkWanted) -> LinkSent:
    """Mail the client a link by which it orders. 409 `no_mail`: nobody is named, and the client has no address."""
    to = wanted.to or seat.client.addresses
    if not to:
        raise Problem(409, "no_mail", "the client has no mail address; say to whom the link goes")
    async with parts.database.connection() as conn:
        link, _url = await order_links.send(conn, seat.client, to, parts.setting_up, actor=seat.actor, at=parts.clock())
    return LinkSent(id=link.id, to=list(link.mail), expires_at=link.expires_at)


@router.get("/order-links/{token}", responses=told(404, 410, 422, 429, 503))
async def open_link(token: Token, request: Request, parts: TheParts) -> LinkOpened:
    """What the link is for, and what there is to order. 404 `forged`, 410 `link_expired` or `link_used`."""
    with _attempt(parts, request):
        async with parts.database.connection() as conn:
            link = await order_links.open_link(conn, token, parts.clock())
            _version, client = await client_change.load(conn, link.client)
    return LinkOpened(
        client_name=client.name,
        language=client.language.value,
        expires_at=link.expires_at,
        prices=options_shown(parts.setting_up),
    )


@router.post("/order-links/{token}", status_code=201, responses=told(403, 404, 409, 410, 413, 422, 429, 503))
async def order_by_link(token: Token, request: Request, parts: TheParts, new: SetupWanted) -> OrderShown:
    """Order by the link, which is used up with that. Of two who do so at once, one has ordered."""
    require_our_page(request, parts)
    at, setting_up = parts.clock(), parts.setting_up
    with _attempt(parts, request), refusals():
        async with parts.database.connection() as conn, conn.transaction():
            link = await order_links.open_link(conn, token, at, lock=True)
            _version, client = await client_change.load(conn, link.client)
            by = Actor(f"link:{link.id}")
            order = book_setup(client, new.wanted(), setting_up, mail=link.mail, by=by.name, at=at)
            placed = await orders.place(conn, order, setting_up, actor=by)
            await order_links.use_up(conn, link, placed.id, at)
    return order_shown(placed, parts, inside=False)


@contextlib.contextmanager
def _attempt(parts: Parts, request: Request) -> Iterator[None]:
    """Count the tokens that somebody makes up, and let who does so wait; who has a real one is never held up."""
    address = address_of(request)
    attempt = parts.throttle.begin(f"link {neighbourhood(address)}", address)
    require_no_wait(attempt, address)
    try:
        yield
    except LinkRefused as refused:
        if refused.code == "forged":
            raise Problem(404, "forged", str(refused)) from None
        parts.throttle.take_back(attempt)
        raise Problem(410, f"link_{refused.code}", str(refused)) from None
    except NoSuchClient:
        parts.throttle.take_back(attempt)
        raise Problem(410, "link_expired", "whom this link is for is not our client any more") from None
    except Problem:
        parts.throttle.take_back(attempt)
        raise
    parts.throttle.take_back(attempt)
