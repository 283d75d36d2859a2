"""An admin in the place of a client's user, to see what that user sees: shown on every page, logged, ended at will."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from vorzimmer.core.model import Slug
from vorzimmer.core.role import Role
from vorzimmer.store import audit, users
from vorzimmer.store.audit import Actor
from vorzimmer.web.access import AtPage, Entered, TheParts, address_of, only
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.session import Me, me_of

log = structlog.get_logger()
router = APIRouter(prefix="/api/impersonation", tags=["session"])


class ActingWanted(BaseModel):
    """In whose place."""

    model_config = ConfigDict(extra="forbid")

    user: Slug


@router.post("", responses=told(401, 403, 404, 409, 422, 503), dependencies=[Depends(only(Role.ADMIN))])
async def begin(wanted: ActingWanted, session: AtPage, request: Request, parts: TheParts) -> Me:
    """Be at the pages as a client's user would be. 409 `not_a_client`: nobody acts for the operator's own people."""
    admin = session.identity
    async with parts.database.connection() as conn, conn.transaction():
        found = await users.find(conn, wanted.user)
        if found is None or found.disabled_at is not None:
            raise unknown()
        other = found.identity
        if other.role is not Role.CLIENT:
            raise Problem(409, "not_a_client", "one acts for clients' users only")
        actor = Actor(admin.user, acting_as=other.user)
        await audit.note(conn, actor, "impersonation.begin", client=other.client, about=other.user)
        if not await parts.sessions.act(conn, session, other):
            raise Problem(401, "login", "nobody is logged in here")
    log.info("impersonation.began", user=other.user, by=admin.user, address=address_of(request))
    return me_of(parts, session, request)


@router.delete("", responses=told(401, 403, 409, 503))
async def end(session: Entered, request: Request, parts: TheParts) -> Me:
    """Be oneself again. 409 `not_acting`: one is."""
    admin, other = session.admin, session.identity
    if admin is None:
        raise Problem(409, "not_acting", "you act for nobody")
    async with parts.database.connection() as conn, conn.transaction():
        actor = Actor(admin.user, acting_as=other.user)
        await audit.note(conn, actor, "impersonation.end", client=other.client, about=other.user)
        if not await parts.sessions.act(conn, session, None):
            raise Problem(401, "login", "nobody is logged in here")
    log.info("impersonation.ended", user=other.user, by=admin.user, address=address_of(request))
    return me_of(parts, session, request)
