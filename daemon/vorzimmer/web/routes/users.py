"""Users, for admins: who there is, new ones, what somebody may do from now on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
import structlog
from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict

from vorzimmer.core.model import Address, Slug
from vorzimmer.core.role import Role, misfit
from vorzimmer.store import audit, tokens, users
from vorzimmer.store.users import Account, User
from vorzimmer.web import passwords
from vorzimmer.web.access import TheParts, Who, address_of, only
from vorzimmer.web.names import Name
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown

log = structlog.get_logger()
router = APIRouter(prefix="/api/users", tags=["users"])

Admin = Annotated[Who, Depends(only(Role.ADMIN))]
UserId = Annotated[str, Path(alias="user", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class UserView(BaseModel):
    """A user. `totp`: has a second factor; `must_enrol`: needs one before anything else is open."""

    id: str
    name: str
    role: Role
    agent: str | None
    client: str | None
    language: str
    totp: bool
    must_enrol: bool
    disabled: bool
    created_at: datetime
    password_at: datetime
    email: str | None


class UserWanted(BaseModel):
    """A new user. An agent's belongs to an agent, a client's to a client. `email`: where a link for a password goes."""

    model_config = ConfigDict(extra="forbid")

    id: Slug
    name: Name
    role: Role
    agent: Slug | None = None
    client: Slug | None = None
    language: Literal["de", "en"] = "de"
    email: Address | None = None


class UserMade(BaseModel):
    """The new user, and the password: told this once."""

    user: UserView
    password: str


class UserChange(BaseModel):
    """What is to be different; what is left out stays. `reset_totp`: takes the second factor away."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    role: Role | None = None
    agent: Slug | None = None
    client: Slug | None = None
    language: Literal["de", "en"] | None = None
    disabled: bool | None = None
    email: Address | None = None
    reset_totp: bool = False


class PasswordMade(BaseModel):
    """A new password: told this once."""

    password: str


@router.get("", responses=told(401, 403, 503))
async def list_users(_: Admin, parts: TheParts) -> list[UserView]:
    """All users, by id."""
    async with parts.database.connection() as conn:
        return [_view(parts, one) for one in await users.load(conn)]


@router.post("", status_code=201, responses=told(401, 403, 409, 422, 503))
async def add_user(wanted: UserWanted, admin: Admin, request: Request, parts: TheParts) -> UserMade:
    """Add a user with a password made here. 409 `taken`: there is one of this id."""
    _require_fit(wanted.role, wanted.agent, wanted.client)
    account = Account(
        wanted.id, wanted.name, wanted.role, wanted.agent, wanted.client, wanted.language, email=wanted.email
    )
    password = passwords.made()
    kept = await passwords.hashed(password)
    async with parts.database.connection() as conn, conn.transaction():
        try:
            await users.add(conn, account, kept)
        except users.UserTaken:
            raise Problem(409, "taken", f"there is a user {wanted.id} already") from None
        except users.UnknownOwner as error:
            raise _no_owner(wanted.role, error) from None
        await _noted(conn, admin, "user.add", None, account)
        found = await _found(conn, wanted.id)
    log.info("user.added", user=wanted.id, role=wanted.role.value, by=admin.user, address=address_of(request))
    return UserMade(user=_view(parts, found), password=password)


@router.patch("/{user}", responses=told(401, 403, 404, 409, 422, 503))
async def change_user(user: UserId, wanted: UserChange, admin: Admin, request: Request, parts: TheParts) -> UserView:
    """Change a user. Whose rights change is logged out everywhere. 409 `yourself`: another admin has to do that."""
    given = wanted.model_dump(exclude_unset=True)
    if user == admin.user and given.keys() - {"name", "language", "agent", "email"}:
        raise Problem(409, "yourself", "another admin has to do that for you")
    async with parts.database.connection() as conn, conn.transaction():
        before = await users.find(conn, user, to_change=True)
        if before is None:
            raise unknown()
        account = _changed(before, given)
        _require_fit(account.role, account.agent, account.client)
        try:
            ends = await users.change(conn, before, account, parts.clock())
        except users.UnknownOwner as error:
            raise _no_owner(account.role, error) from None
        if wanted.reset_totp:
            await users.reset_totp(conn, user)
        await _noted(conn, admin, "user.change", users.account_of(before), account, reset_totp=wanted.reset_totp)
        after = await _found(conn, user)
    parts.sessions.changed(after.identity)
    if account.disabled:
        parts.sessions.forget_user(user)
    elif ends or wanted.reset_totp:
        parts.sessions.forget_sessions(user)
    log.info("user.changed", user=user, by=admin.user, address=address_of(request), **_told(wanted))
    return _view(parts, after)


@router.post("/{user}/password", responses=told(401, 403, 404, 409, 422, 503))
async def new_password(user: UserId, admin: Admin, request: Request, parts: TheParts) -> PasswordMade:
    """Make a new password. The user is logged out everywhere; the tokens are deleted, for others may have them."""
    if user == admin.user:
        raise Problem(409, "yourself", "change your own password at /me/password")
    password = passwords.made()
    kept = await passwords.hashed(password)
    async with parts.database.connection() as conn, conn.transaction():
        if not await users.set_password(conn, user, kept):
            raise unknown()
        await tokens.remove_all(conn, user)
        client = (await _found(conn, user)).identity.client
        await audit.note(conn, admin.actor, "user.password", client=client, about=user)
    parts.sessions.forget_user(user)
    log.info("password.made", user=user, by=admin.user, address=address_of(request))
    return PasswordMade(password=password)


def _changed(before: User, given: Mapping[str, Any]) -> Account:
    """The user as wanted. `null` takes agent, client or address away; elsewhere it is as if nothing was said."""
    news = {key: value for key, value in given.items() if value is not None or key in ("agent", "client", "email")}
    news.pop("reset_totp", None)
    return replace(users.account_of(before), **news)


async def _noted(
    conn: asyncpg.Connection, admin: Who, what: str, was: Account | None, now: Account, *, reset_totp: bool = False
) -> None:
    """Write down what changed, in the trail of the client whose user it is or was."""
    before, after = audit.differing({} if was is None else asdict(was), asdict(now))
    if reset_totp:
        after["reset_totp"] = True
    client = now.client or (None if was is None else was.client)
    if after:
        kept = None if was is None else before
        await audit.note(conn, admin.actor, what, client=client, about=now.user, before=kept, after=after)


def _told(wanted: UserChange) -> dict[str, object]:
    """What was wanted, for the log."""
    return {f"to_{key}": value for key, value in wanted.model_dump(mode="json", exclude_unset=True).items()}


def _require_fit(role: Role, agent: str | None, client: str | None) -> None:
    if (why := misfit(role, agent, client)) is not None:
        raise Problem(422, "misfit", why, fields={"role": why})


def _no_owner(role: Role, error: users.UnknownOwner) -> Problem:
    kind = "client" if role is Role.CLIENT else "agent"
    return Problem(422, "misfit", f"there is no {kind} {error}", fields={kind: "there is none"})


async def _found(conn: asyncpg.Connection, user: str) -> User:
    found = await users.find(conn, user)
    if found is None:
        raise unknown()
    return found


def _view(parts: Parts, user: User) -> UserView:
    one = user.identity
    return UserView(
        id=one.user,
        name=one.name,
        role=one.role,
        agent=one.agent,
        client=one.client,
        language=one.language,
        totp=one.totp,
        must_enrol=parts.sessions.must_enrol(one),
        disabled=user.disabled_at is not None,
        created_at=user.created_at,
        password_at=user.password_at,
        email=user.email,
    )
