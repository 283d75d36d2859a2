"""The messages of the whole house, for the operator: what was given up, and sending it again."""

from __future__ import annotations

from typing import Annotated

import asyncpg
import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.model import Slug
from vorzimmer.core.notify_rule import Channel
from vorzimmer.core.role import Role
from vorzimmer.store import outbox, sent_messages
from vorzimmer.store.sent_messages import Wanted
from vorzimmer.web.access import TheParts, Who, only
from vorzimmer.web.message_views import Before, MessageId, MessagePage, MessageTold, State, page_of, told_of
from vorzimmer.web.problems import Problem, told, unknown

log = structlog.get_logger()
router = APIRouter(prefix="/api/messages", tags=["messages"])

AT_ONCE = 500
"""Messages that are sent again by one request."""

Admin = Annotated[Who, Depends(only(Role.ADMIN))]


class Which(BaseModel):
    """Which of the messages that were given up: at least one of these. `target`: a webhook's host, a fax number."""

    model_config = ConfigDict(extra="forbid")

    client: Slug | None = None
    channel: Channel | None = None
    target: Annotated[str, Field(min_length=1, max_length=300)] | None = None


class ManyDone(BaseModel):
    """How many it was done to; `more`: there are others left, ask again."""

    count: int
    more: bool


@router.get("", responses=told(401, 403, 422, 503))
async def all_messages(
    _: Admin,
    parts: TheParts,
    before: Before = None,
    state: State | None = None,
    channel: Channel | None = None,
    client: Annotated[Slug | None, Query()] = None,
    target: Annotated[str | None, Query(max_length=300, pattern=r"^[^\x00-\x1f]*$")] = None,
) -> MessagePage:
    """The messages of all clients, newest first; letters too."""
    return await page_of(parts, Wanted(client=client, state=state, channel=channel, target=target), before)


@router.get("/{message}", responses=told(401, 403, 404, 422, 503))
async def any_message(message: MessageId, _: Admin, parts: TheParts) -> MessageTold:
    """One of them: every attempt, and what was sent; of letters without what was sent."""
    return await told_of(parts, message, None)


@router.post("/resend", responses=told(401, 403, 422, 503))
async def resend_many(which: Which, person: Admin, parts: TheParts) -> ManyDone:
    """Send again what was given up of a client, a channel or a target."""
    if which.client is None and which.channel is None and which.target is None:
        raise Problem(422, "bad_request", "say of which client, channel or target")
    wanted = Wanted(client=which.client, channel=which.channel, target=which.target)
    async with parts.database.connection() as conn, conn.transaction():
        found = await sent_messages.dead(conn, wanted, AT_ONCE + 1)
        done = [await outbox.resend(conn, message, person.actor) for message in found[:AT_ONCE]]
    log.info("messages.resent", count=sum(done), by=person.user, **which.model_dump(mode="json"))
    return ManyDone(count=sum(done), more=len(found) > AT_ONCE)


@router.post("/{message}/resend", responses=told(401, 403, 404, 409, 422, 503))
async def resend(message: MessageId, person: Admin, parts: TheParts) -> MessageTold:
    """Try it anew from now on. 409 `not_now`: it was not given up."""
    async with parts.database.connection() as conn, conn.transaction():
        await _require(conn, message)
        if not await outbox.resend(conn, message, person.actor):
            raise Problem(409, "not_now", "only what was given up can be sent again, and no letter")
    return await told_of(parts, message, None)


@router.post("/{message}/give-up", responses=told(401, 403, 404, 409, 422, 503))
async def give_up(message: MessageId, person: Admin, parts: TheParts) -> MessageTold:
    """Try it no more. 409 `not_now`: it is sent, or given up already."""
    async with parts.database.connection() as conn, conn.transaction():
        await _require(conn, message)
        if not await outbox.give_up(conn, message, person.actor):
            raise Problem(409, "not_now", "only what still waits can be given up")
    return await told_of(parts, message, None)


async def _require(conn: asyncpg.Connection, message: int) -> None:
    if await sent_messages.one(conn, message) is None:
        raise unknown()
