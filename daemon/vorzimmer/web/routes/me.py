"""What people do with their own account: language, password, second factor, tokens for programs.

What would let somebody in for good (password, second factor, tokens) is for the person at the page: not for a program.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.login import weakness
from vorzimmer.store import tokens, users
from vorzimmer.store.users import User
from vorzimmer.web import passwords
from vorzimmer.web.access import AtPage, Entered, Oneself, TheParts, address_of, who
from vorzimmer.web.names import Name
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.session import Code, Me, Secret, enter, me_of, require_no_wait
from vorzimmer.web.sessions import digest_of, new_token

log = structlog.get_logger()
router = APIRouter(prefix="/api/me", tags=["me"])

FOR_EVER = 36500
"""Days; whoever wants longer says nothing."""


class Wanted(BaseModel):
    """What is asked for holds nothing else."""

    model_config = ConfigDict(extra="forbid")


class NewPassword(Wanted):
    """The password so far, and from now on."""

    old: Secret
    new: Secret


class Offer(BaseModel):
    """A second factor to take over into an authenticator app: by its QR code (SVG), its address or its secret."""

    secret: str
    uri: str
    qr_svg: str


class Confirmation(Wanted):
    """A code that the app shows."""

    code: Code


class LanguageChoice(Wanted):
    """The language of the page."""

    language: Literal["de", "en"]


class TokenWanted(Wanted):
    """A name for people, and the days after which it is void; none: never."""

    name: Name
    days: Annotated[int, Field(ge=1, le=FOR_EVER)] | None = None


class TokenView(BaseModel):
    """A token without its text. `used_at`: the last time, to the minute."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenMade(TokenView):
    """A new token; its text is told this once."""

    token: str


@router.get("", responses=told(401, 503))
async def me(session: Entered, request: Request, parts: TheParts) -> Me:
    """Who is logged in."""
    return me_of(parts, session, request)


@router.put("/language", responses=told(401, 403, 422, 503))
async def language(wanted: LanguageChoice, session: Oneself, request: Request, parts: TheParts) -> Me:
    """Choose the language."""
    user = session.identity.user
    async with parts.database.connection() as conn:
        await users.set_language(conn, user, wanted.language)
    found = await _user(parts, user)
    parts.sessions.changed(found.identity)
    return me_of(parts, session, request)


@router.post("/password", responses=told(401, 403, 422, 429, 503))
async def password(wanted: NewPassword, session: AtPage, request: Request, response: Response, parts: TheParts) -> Me:
    """Change the password. All sessions of this user end; the page goes on in a new one (cookie and `csrf`).

    422 `wrong`: the old one is not right; `weak`: the new one is not good enough.
    """
    user, address = session.identity.user, address_of(request)
    attempt = parts.throttle.begin(user, address)
    require_no_wait(attempt, address)
    found = await _user(parts, user)
    if not await passwords.fits(found.password, wanted.old):
        log.info("password.refused", user=user, address=address)
        raise Problem(422, "wrong", "the old password is wrong", fields={"old": "wrong"})
    parts.throttle.succeeded(attempt)
    if (why := weakness(wanted.new, user, session.identity.name)) is not None:
        raise Problem(422, "weak", why, fields={"new": why})
    kept = await passwords.hashed(wanted.new)
    async with parts.database.connection() as conn:
        await users.set_password(conn, user, kept)
    log.info("password.changed", user=user, address=address)
    return await _enter_anew(parts, user, request, response)


@router.post("/totp", responses=told(401, 403, 409, 503))
async def offer_totp(session: AtPage, parts: TheParts) -> Offer:
    """Offer a second factor; it counts once a code of it was confirmed. 409 `has_totp`: an admin can take it away."""
    user, secret = session.identity.user, passwords.new_secret()
    async with parts.database.connection() as conn:
        if not await users.offer_totp(conn, user, secret):
            raise Problem(409, "has_totp", "there is a second factor; an admin can reset it")
    uri = passwords.address_of(secret, user, parts.house)
    return Offer(secret=secret, uri=uri, qr_svg=passwords.drawn(uri))


@router.post("/totp/confirm", responses=told(401, 403, 409, 422, 503))
async def confirm_totp(
    wanted: Confirmation, session: AtPage, request: Request, response: Response, parts: TheParts
) -> Me:
    """Take the offered second factor. All sessions of this user end; the page goes on in a new one.

    409 `no_offer`: none was offered, or another one since; 422 `wrong`: this is not its code.
    """
    user = session.identity.user
    found = await _user(parts, user)
    if found.totp_offered is None:
        raise _no_offer()
    step = passwords.step_of(found.totp_offered, wanted.code, parts.clock(), None)
    if step is None:
        raise Problem(422, "wrong", "this is not the code of now", fields={"code": "wrong"})
    async with parts.database.connection() as conn:
        if not await users.confirm_totp(conn, user, found.totp_offered, step):
            raise _no_offer()
    log.info("totp.confirmed", user=user, address=address_of(request))
    return await _enter_anew(parts, user, request, response)


@router.get("/tokens", responses=told(401, 403, 503))
async def list_tokens(session: Oneself, parts: TheParts) -> list[TokenView]:
    """The own tokens, the oldest first."""
    async with parts.database.connection() as conn:
        found = await tokens.of_user(conn, session.identity.user)
    return [TokenView.model_validate(one, from_attributes=True) for one in found]


@router.post("/tokens", status_code=201, responses=told(401, 403, 409, 422, 503), dependencies=[Depends(who)])
async def make_token(wanted: TokenWanted, session: AtPage, request: Request, parts: TheParts) -> TokenMade:
    """Make a token for a program: it may do what this user may. 409 `too_many`."""
    user, text, at = session.identity.user, new_token(), parts.clock()
    expires_at = None if wanted.days is None else at + timedelta(days=wanted.days)
    try:
        async with parts.database.connection() as conn:
            made = await tokens.add(conn, digest_of(text), user, wanted.name, at, expires_at)
    except tokens.TooMany:
        raise Problem(409, "too_many", f"one has at most {tokens.MOST} tokens; delete one first") from None
    log.info("user.program_admitted", user=user, address=address_of(request), number=made.id, name=made.name)
    return TokenMade(**TokenView.model_validate(made, from_attributes=True).model_dump(), token=text)


@router.delete("/tokens/{number}", status_code=204, responses=told(401, 403, 404, 422, 503))
async def delete_token(
    number: Annotated[int, Path(ge=1, lt=2**63)], session: AtPage, request: Request, parts: TheParts
) -> None:
    """Delete a token of one's own; programs that use it are out at once."""
    user = session.identity.user
    async with parts.database.connection() as conn:
        digest = await tokens.remove(conn, user, number)
    if digest is None:
        raise unknown()
    parts.sessions.forget_token(digest)
    log.info("user.program_dismissed", user=user, address=address_of(request), number=number)


async def _user(parts: Parts, user: str) -> User:
    """This user's row.

    Raises:
        Problem: 401 `login`: the user was removed a moment ago.
    """
    async with parts.database.connection() as conn:
        found = await users.find(conn, user)
    if found is None:
        raise Problem(401, "login", "nobody is logged in here")
    return found


async def _enter_anew(parts: Parts, user: str, request: Request, response: Response) -> Me:
    """The user's sessions were ended in the database: end them here too, and begin another one for this browser."""
    parts.sessions.forget_sessions(user)
    return await enter(parts, await _user(parts, user), request, response)


def _no_offer() -> Problem:
    return Problem(409, "no_offer", "no second factor is offered, or another one by now; begin again")
