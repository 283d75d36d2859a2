"""The people of a client who may use its pages: invited by mail, by one another or by an admin.

They all have the same rights, those of the client's users, and nobody here can give any other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

import asyncpg
import structlog
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict

from vorzimmer.core.model import Address
from vorzimmer.core.role import Role
from vorzimmer.store import audit, users
from vorzimmer.store.users import Account, User
from vorzimmer.web import mailed_links, passwords
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.client_access import ClientSeat, ClientToChange, TheirClient
from vorzimmer.web.names import Name
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown

log = structlog.get_logger()
router = APIRouter(prefix="/api/clients/{client}/users", tags=["portal"])

MOST = 100
"""Users of a client."""

LONGEST = 63
"""Characters of an id."""

UserId = Annotated[str, Path(alias="user", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class ClientUser(BaseModel):
    """One of the client's users. `invited`: has not chosen a password yet; `yourself`: who asks."""

    id: str
    name: str
    email: str | None
    language: str
    invited: bool
    disabled: bool
    totp: bool
    yourself: bool
    created_at: datetime


class ClientUserWanted(BaseModel):
    """Somebody to invite. The id to sign in with is made here and stands in the mail."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Address
    language: Literal["de", "en"] = "de"


class ClientUserChange(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    email: Address | None = None
    language: Literal["de", "en"] | None = None
    disabled: bool | None = None


@router.get("", responses=told(401, 403, 404, 422, 503))
async def client_users(seat: TheirClient, parts: TheParts) -> list[ClientUser]:
    """The client's users, by id."""
    async with parts.database.connection() as conn:
        return [_view(user, seat) for user in await users.of_client(conn, seat.client.id)]


@router.post("", status_code=201, responses=told(401, 403, 404, 409, 422, 503))
async def invite(wanted: ClientUserWanted, seat: ClientToChange, request: Request, parts: TheParts) -> ClientUser:
    """Add a user and mail a link by which a password is chosen. 409 `too_many`; `taken`: the address is a user's."""
    client = seat.client.id
    async with parts.database.connection() as conn, conn.transaction():
        await conn.execute("SELECT FROM client WHERE id = $1 FOR NO KEY UPDATE", client)  # two invitations at once
        there = await users.of_client(conn, client)
        if len(there) >= MOST:
            raise Problem(409, "too_many", f"a client has at most {MOST} users; remove one")
        if any((one.email or "").casefold() == wanted.email.casefold() for one in there):
            raise Problem(409, "taken", "there is a user with this address already", fields={"email": "is taken"})
        account = await _added(conn, client, wanted)
        await _note(conn, seat, "user.invite", account.user, after={"name": account.name, "email": account.email})
        found = await _found(conn, account.user, seat)
        await _send(conn, found, seat, parts)
    log.info("user.invited", user=account.user, client=client, by=seat.actor.name, address=address_of(request))
    return _view(found, seat)


@router.post("/{user}/invitation", status_code=204, responses=told(401, 403, 404, 409, 422, 429, 503))
async def invite_again(user: UserId, seat: ClientToChange, parts: TheParts) -> None:
    """Mail another link to somebody who has not chosen a password yet. 409 `not_invited`; 429: so many are enough."""
    async with parts.database.connection() as conn, conn.transaction():
        found = await _found(conn, user, seat)
        if not _is_invited(found) or found.disabled_at is not None:
            raise Problem(409, "not_invited", "this user has a password, or is disabled")
        if not await _send(conn, found, seat, parts):
            raise Problem(429, "too_often", "enough mails were sent to this user for now")
        await _note(conn, seat, "user.invite", user)


@router.patch("/{user}", responses=told(401, 403, 404, 409, 422, 503))
async def change_client_user(
    user: UserId, wanted: ClientUserChange, seat: ClientToChange, parts: TheParts
) -> ClientUser:
    """Change a user; who is disabled is logged out everywhere. 409 `yourself`: another user has to disable you.

    409 `not_yours`: of somebody who has a password, the address leads to it; only that user and admins change it.
    """
    given = {key: value for key, value in wanted.model_dump(exclude_unset=True).items() if value is not None}
    async with parts.database.connection() as conn, conn.transaction():
        before = await _found(conn, user, seat)
        if user == seat.who.user and given.get("disabled"):
            raise _yourself()
        if "email" in given and not _may_redirect(seat, before):
            raise Problem(409, "not_yours", "only this user, or the operator, can change the address")
        was = users.account_of(before)
        await users.change(conn, before, replace(was, **given), parts.clock())
        old = {key: getattr(was, key) for key in given if getattr(was, key) != given[key]}
        if old:
            await _note(conn, seat, "user.change", user, before=old, after={key: given[key] for key in old})
        after = await _found(conn, user, seat)
    parts.sessions.changed(after.identity)
    if after.disabled_at is not None:
        parts.sessions.forget_user(user)
    return _view(after, seat)


@router.delete("/{user}", status_code=204, responses=told(401, 403, 404, 409, 422, 503))
async def remove_client_user(user: UserId, seat: ClientToChange, parts: TheParts) -> None:
    """Remove a user for good. What it wrote stays. 409 `yourself`: another user has to do that."""
    async with parts.database.connection() as conn, conn.transaction():
        found = await _found(conn, user, seat)
        if user == seat.who.user:
            raise _yourself()
        await users.remove(conn, user)
        gone = {"name": found.identity.name, "email": found.email}
        await _note(conn, seat, "user.remove", user, before=gone)
    parts.sessions.forget_user(user)


async def _added(conn: asyncpg.Connection, client: str, wanted: ClientUserWanted) -> Account:
    """The new user, under the first id that is free: of the client's and what stands before the @."""
    stem = _slug(f"{client}-{wanted.email.partition('@')[0]}")
    for n in range(1, 1000):
        name = stem if n == 1 else f"{stem[: LONGEST - 4].rstrip('-')}-{n}"
        account = Account(name, wanted.name, Role.CLIENT, None, client, wanted.language, email=wanted.email)
        try:
            async with conn.transaction():
                await users.add(conn, account, passwords.NOBODYS)
        except users.UserTaken:
            continue
        return account
    raise Problem(409, "taken", "there are too many users of this name")


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].rstrip("-")


async def _send(conn: asyncpg.Connection, user: User, seat: ClientSeat, parts: Parts) -> bool:
    return await mailed_links.send(
        conn,
        user,
        "invitation",
        parts.clock(),
        by=seat.who.name,
        base_url=parts.base_url,
        timezone=seat.client.timezone,
    )


async def _found(conn: asyncpg.Connection, user: str, seat: ClientSeat) -> User:
    """This client's user, whom nobody else changes meanwhile.

    Raises:
        Problem: 404, there is none, or it is somebody else's.
    """
    found = await users.find(conn, user, to_change=True)
    if found is None or found.identity.role is not Role.CLIENT or found.identity.client != seat.client.id:
        raise unknown()
    return found


async def _note(
    conn: asyncpg.Connection,
    seat: ClientSeat,
    what: str,
    user: str,
    before: audit.Values | None = None,
    after: audit.Values | None = None,
) -> None:
    await audit.note(conn, seat.actor, what, client=seat.client.id, about=user, before=before, after=after)


def _is_invited(user: User) -> bool:
    return user.password == passwords.NOBODYS


def _may_redirect(seat: ClientSeat, user: User) -> bool:
    """Nobody gets at a colleague's password by a link to the own mailbox."""
    return _is_invited(user) or seat.who.role is Role.ADMIN or seat.who.user == user.identity.user


def _yourself() -> Problem:
    return Problem(409, "yourself", "another user has to do that for you")


def _view(user: User, seat: ClientSeat) -> ClientUser:
    one = user.identity
    return ClientUser(
        id=one.user,
        name=one.name,
        email=user.email,
        language=one.language,
        invited=_is_invited(user),
        disabled=user.disabled_at is not None,
        totp=one.totp,
        yourself=one.user == seat.who.user,
        created_at=user.created_at,
    )
