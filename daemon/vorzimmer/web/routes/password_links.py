"""Choosing a password by a mailed link: for who was invited, and for who has forgotten it. Needs no login.

Whoever asks learns nothing of who is a user here: the answer is the same for everybody, and what is sent is sent after
it. A link that is used, late or made up is one and the same.
"""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, BackgroundTasks, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.login import weakness
from vorzimmer.store import audit, password_links, users
from vorzimmer.store.audit import Actor
from vorzimmer.store.password_links import Kind, Link
from vorzimmer.store.users import User
from vorzimmer.web import mailed_links, passwords
from vorzimmer.web.access import TheParts, address_of, require_our_page
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.session import Secret, require_no_wait
from vorzimmer.web.sessions import digest_of

log = structlog.get_logger()
router = APIRouter(prefix="/api", tags=["session"])

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", description="from the mail")]


class PasswordChosen(BaseModel):
    """The password from now on."""

    model_config = ConfigDict(extra="forbid")

    password: Secret


class LinkShown(BaseModel):
    """Whose password the link sets: what to sign in as."""

    user: str
    name: str
    language: str


class Forgotten(BaseModel):
    """Who has forgotten the password, as typed to sign in."""

    model_config = ConfigDict(extra="forbid")

    user: Annotated[str, Field(min_length=1, max_length=64)]


@router.get("/invitations/{token}", responses=told(404, 422, 503))
async def invitation(token: Token, parts: TheParts) -> LinkShown:
    """Who is invited. 404 `unknown_link`: it is used, late, or none."""
    return await _shown(parts, token, "invitation")


@router.post("/invitations/{token}", responses=told(403, 404, 422, 503))
async def accept_invitation(token: Token, wanted: PasswordChosen, request: Request, parts: TheParts) -> LinkShown:
    """Choose the password and be a user. 422 `weak`: it is not good enough."""
    return await _chosen(parts, token, "invitation", wanted.password, request)


@router.get("/password/reset/{token}", responses=told(404, 422, 503))
async def reset(token: Token, parts: TheParts) -> LinkShown:
    """Whose password is to be set anew. 404 `unknown_link`: it is used, late, or none."""
    return await _shown(parts, token, "password_reset")


@router.post("/password/reset/{token}", responses=told(403, 404, 422, 503))
async def reset_password(token: Token, wanted: PasswordChosen, request: Request, parts: TheParts) -> LinkShown:
    """Choose a new password. The user is logged out everywhere, and programs too; a second factor stays."""
    return await _chosen(parts, token, "password_reset", wanted.password, request)


@router.post("/password/forgotten", status_code=204, responses=told(403, 422, 429, 503))
async def forgotten(wanted: Forgotten, request: Request, tasks: BackgroundTasks, parts: TheParts) -> None:
    """Have a link mailed by which a new password is chosen, if there is such a user with an address."""
    require_our_page(request, parts)
    user, address = wanted.user.strip().lower(), address_of(request)
    require_no_wait(parts.throttle.begin(f"forgotten {user}", address), address)
    async with parts.database.connection() as conn:
        found = await users.find(conn, user) if "\0" not in user else None
    if found is not None:
        tasks.add_task(_send_reset, parts, found, address)


async def _send_reset(parts: Parts, user: User, address: str) -> None:
    """Behind the answer, so that it does not take longer for who is a user."""
    name = user.identity.user
    try:
        async with parts.database.connection() as conn, conn.transaction():
            sent = await mailed_links.send(
                conn,
                user,
                "password_reset",
                parts.clock(),
                by=user.identity.name,
                base_url=parts.base_url,
                timezone=parts.timezone,
            )
    except Problem as problem:
        log.warning("password.link_not_sent", user=name, why=problem.text)
        return
    log.info("password.forgotten", user=name, address=address, sent=sent)


async def _shown(parts: Parts, token: str, kind: Kind) -> LinkShown:
    link = await _link(parts, token, kind)
    return LinkShown(user=link.user, name=link.name, language=link.language)


async def _link(parts: Parts, token: str, kind: Kind) -> Link:
    async with parts.database.connection() as conn:
        link = await password_links.find(conn, digest_of(token), kind, parts.clock())
    if link is None:
        raise _unknown_link()
    return link


async def _chosen(parts: Parts, token: str, kind: Kind, password: str, request: Request) -> LinkShown:
    """Set the password; of two who come with one link at once, one does."""
    require_our_page(request, parts)
    link = await _link(parts, token, kind)
    if (why := weakness(password, link.user, link.name)) is not None:
        raise Problem(422, "weak", why, fields={"password": why})
    kept = await passwords.hashed(password)
    async with parts.database.connection() as conn, conn.transaction():
        user = await password_links.redeem(conn, digest_of(token), kind, kept, parts.clock())
        if user is None:
            raise _unknown_link()
        found = await users.find(conn, user)
        client = None if found is None else found.identity.client
        await audit.note(conn, Actor(user), f"user.{kind}", client=client, about=user)
    parts.sessions.forget_user(user)
    log.info("password.chosen", user=user, kind=kind, address=address_of(request))
    return LinkShown(user=link.user, name=link.name, language=link.language)


def _unknown_link() -> Problem:
    return Problem(404, "unknown_link", "this link is used, too old, or none of ours; ask for another one")
