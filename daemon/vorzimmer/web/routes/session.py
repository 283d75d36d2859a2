"""Logging in and out. Who may try when stands in `core.login`; a refusal never tells which part was wrong."""

from __future__ import annotations

import contextlib
import re
from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.role import Role
from vorzimmer.store import users
from vorzimmer.store.users import User
from vorzimmer.web import passwords
from vorzimmer.web.access import COOKIE, TheParts, address_of, require_csrf, require_our_page
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.sessions import Session, csrf
from vorzimmer.web.throttle import Attempt

log = structlog.get_logger()
router = APIRouter(prefix="/api", tags=["session"])

Secret = Annotated[str, Field(min_length=1, max_length=256)]
Code = Annotated[str, Field(max_length=16)]

_ID = re.compile("[a-z0-9][a-z0-9-]{0,62}")


class Login(BaseModel):
    """Who wants in. `code`: of the second factor, for those who have one."""

    model_config = ConfigDict(extra="forbid")

    user: Annotated[str, Field(min_length=1, max_length=64)]
    password: Secret
    code: Code | None = None


class ActingFor(BaseModel):
    """An admin is at this page in the place of a client's user: of `user`, whom all else in `Me` tells of."""

    user: str
    name: str
    client: str | None
    admin: str
    admin_name: str


class Me(BaseModel):
    """Who is logged in here.

    `csrf`: for the header X-CSRF-Token of unsafe requests; empty for a program. `totp`: has a second factor.
    `must_enrol`: needs one before anything else is open. `acting_for`: it is an admin who acts as this user.
    `timezone`: the house's, in which pages show times of day that are no client's.
    """

    user: str
    name: str
    role: Role
    agent: str | None
    client: str | None
    language: str
    csrf: str
    totp: bool
    must_enrol: bool
    timezone: str
    acting_for: ActingFor | None = None


@router.post("/login", responses=told(401, 403, 422, 429, 503))
async def login(wanted: Login, request: Request, response: Response, parts: TheParts) -> Me:
    """Log in. 401 `wrong`, or `code_needed` where the password was right and a second factor is missing."""
    require_our_page(request, parts)
    user, address = wanted.user.strip().lower(), address_of(request)
    attempt = parts.throttle.begin(user, address)
    require_no_wait(attempt, address)
    try:
        found = await _proven(parts, user, wanted)
    except Problem as problem:
        if problem.code != "wrong":
            parts.throttle.take_back(attempt)
        log.info("login.refused", user=user, address=address, why=problem.code)
        raise
    parts.throttle.succeeded(attempt)
    if (before := request.cookies.get(COOKIE)) is not None:
        await parts.sessions.end(before)
    log.info("login.done", user=user, address=address)
    return await enter(parts, found, request, response)


@router.post("/logout", status_code=204, responses=told(403))
async def logout(request: Request, response: Response, parts: TheParts) -> None:
    """Log out; who is not logged in has nothing to fear. A program cannot: its token is deleted instead."""
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return
    require_our_page(request, parts)
    require_csrf(request, cookie)
    session = await parts.sessions.end(cookie)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_secure(parts))
    admin = None if session is None else session.admin
    user = None if session is None else session.identity.user
    if admin is not None:
        log.info("impersonation.ended", user=user, by=admin.user, address=address_of(request))
    log.info("logout.done", user=user if admin is None else admin.user, address=address_of(request))


def require_no_wait(attempt: Attempt, address: str) -> None:
    """Refuse an attempt that has to wait.

    Raises:
        Problem: 429 `too_often`, with Retry-After in whole seconds.
    """
    if attempt.wait:
        seconds = -int(-attempt.wait.total_seconds() // 1)
        log.warning("login.throttled", user=attempt.user, address=address, seconds=seconds)
        text = f"too many attempts; the next one may be made in {seconds} s"
        raise Problem(429, "too_often", text, headers={"Retry-After": str(seconds)}, seconds=seconds)


async def enter(parts: Parts, user: User, request: Request, response: Response) -> Me:
    """Begin a session of the user's and give it to the browser.

    Raises:
        Problem: 401 `wrong`: what the user proved is void by now.
    """
    async with parts.database.connection() as conn:
        cookie = await parts.sessions.begin(conn, user, address_of(request))
    if cookie is None:
        raise _wrong()
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=_secure(parts))
    return _me(parts, user.identity, csrf(cookie))


def me_of(parts: Parts, session: Session, request: Request) -> Me:
    """Who is logged in with this session."""
    one, admin = session.identity, session.admin
    me = _me(parts, one, "" if session.program else csrf(request.cookies[COOKIE]))
    if admin is None:
        return me
    acting = ActingFor(user=one.user, name=one.name, client=one.client, admin=admin.user, admin_name=admin.name)
    return me.model_copy(update={"acting_for": acting, "must_enrol": False})


async def _proven(parts: Parts, user: str, wanted: Login) -> User:
    """The user, who is who it says: by the password, and by the code where there is a second factor.

    Raises:
        Problem: 401 `wrong`, the same whatever was wrong, and as late; 401 `code_needed`; 503.
    """
    async with parts.database.connection() as conn:
        found = await users.find(conn, user) if _ID.fullmatch(user) else None
    fits = await passwords.fits(None if found is None else found.password, wanted.password)
    if found is None or not fits or found.disabled_at is not None:
        raise _wrong()
    if found.totp_secret is not None:
        await _require_code(parts, found, found.totp_secret, wanted.code)
    if passwords.outdated(found.password):
        await _rehash(parts, found, wanted.password)
    return found


async def _require_code(parts: Parts, user: User, secret: str, code: str | None) -> None:
    if not code:
        raise Problem(401, "code_needed", "the code of the second factor is missing")
    step = passwords.step_of(secret, code, parts.clock(), user.totp_step)
    if step is None:
        raise _wrong()
    async with parts.database.connection() as conn:
        if not await users.use_step(conn, user.identity.user, step):
            raise _wrong()


async def _rehash(parts: Parts, user: User, password: str) -> None:
    """Keep the password under today's parameters."""
    with contextlib.suppress(Problem):  # the next login will do
        new = await passwords.hashed(password)
        async with parts.database.connection() as conn:
            await users.rehash(conn, user.identity.user, user.password, new)


def _wrong() -> Problem:
    return Problem(401, "wrong", "user, password or code is wrong")


def _me(parts: Parts, who: users.Identity, csrf: str) -> Me:
    must_enrol = parts.sessions.must_enrol(who)
    return Me(
        user=who.user,
        name=who.name,
        role=who.role,
        agent=who.agent,
        client=who.client,
        language=who.language,
        csrf=csrf,
        totp=who.totp,
        must_enrol=must_enrol,
        timezone=parts.timezone,
    )


def _secure(parts: Parts) -> bool:
    return parts.base_url.startswith("https:")
