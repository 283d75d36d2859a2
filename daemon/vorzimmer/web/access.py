"""Who asks, and whether that person may: the dependencies of every route but the login.

A browser comes with a cookie, and shows with every unsafe request what only our own page can have read
(`X-CSRF-Token`); a program comes with `Authorization: Bearer TOKEN`, which no foreign page can make a browser send.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from vorzimmer.core.role import Role
from vorzimmer.store.audit import Actor
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem
from vorzimmer.web.sessions import Session, csrf

__all__ = [
    "AgentWho",
    "AtPage",
    "Entered",
    "Oneself",
    "Role",
    "TheParts",
    "Who",
    "address_of",
    "agent_only",
    "at_page",
    "entered",
    "goes_on",
    "only",
    "require_our_page",
    "streaming",
    "who",
]

COOKIE = "vorzimmer_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_COOKIE = APIKeyCookie(
    name=COOKIE, auto_error=False, description="From POST /login; unsafe methods need X-CSRF-Token too (GET /me)."
)
_BEARER = HTTPBearer(auto_error=False, description="A token from POST /me/tokens.")

TheParts = Annotated[Parts, Depends(parts)]


@dataclass(frozen=True)
class Who:
    """A person, or a program on that person's behalf. `agent` and `client` are in the book.

    `admin`: the user who is really there, and acts as this person.
    """

    user: str
    name: str
    role: Role
    agent: str | None
    client: str | None
    language: str
    admin: str | None = None

    @property
    def actor(self) -> Actor:
        """Whose name stands in the trail of changes."""
        return Actor(self.user) if self.admin is None else Actor(self.admin, acting_as=self.user)


@dataclass(frozen=True)
class WhoAnswers(Who):
    """One who is an agent, whatever else."""

    agent: str


async def entered(
    request: Request,
    parts: TheParts,
    cookie: Annotated[str | None, Security(_COOKIE)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Session:
    """Somebody who is logged in, though perhaps without the second factor that the role needs.

    Raises:
        Problem: 401 `login`, 403 `csrf` or `foreign`, 503 `database_away` (nobody knows who this is).
    """
    session = None
    if bearer is not None:
        session = await parts.sessions.of_token(bearer.credentials)
    elif cookie is not None:
        if request.method not in SAFE:
            require_our_page(request, parts)
        session = await parts.sessions.of_cookie(cookie)
        if session is not None and request.method not in SAFE:
            require_csrf(request, cookie)
    if session is None:
        raise Problem(401, "login", "nobody is logged in here", headers={"WWW-Authenticate": "Bearer"})
    request.state.session, request.state.rights = session, _rights(session, parts)
    return session


Entered = Annotated[Session, Depends(entered)]


async def oneself(session: Entered) -> Session:
    """Somebody in person, no admin in somebody's place; else 403 `acting`."""
    if session.admin is not None:
        raise Problem(403, "acting", "not while you act for somebody else")
    return session


Oneself = Annotated[Session, Depends(oneself)]


async def at_page(session: Oneself) -> Session:
    """Somebody at the page in person, not a program; else 403 `acting` or `page_only`."""
    if session.program:
        raise Problem(403, "page_only", "only the person at the page may do this, no program")
    return session


AtPage = Annotated[Session, Depends(at_page)]


def _rights(session: Session, parts: Parts) -> tuple[object, ...]:
    """What decides who may enter where."""
    one, directory = session.identity, parts.directory()
    known = one.agent in directory.agents, one.client in directory.clients
    return one.user, one.role, one.agent, one.client, *known, parts.sessions.held_up(session)


async def who(session: Entered, parts: TheParts) -> Who:
    """Somebody who may be here.

    Raises:
        Problem: as `entered`; 403 `must_enrol`, or `no_agent` or `no_client` for one whose own is not in the book.
    """
    one = session.identity
    if parts.sessions.held_up(session):
        raise Problem(403, "must_enrol", "set up a second factor first")
    directory = parts.directory()
    agent = one.agent if one.agent is not None and one.agent in directory.agents else None
    if one.role is Role.AGENT and agent is None:
        raise Problem(403, "no_agent", "this user's agent is not in the book")
    if one.role is Role.CLIENT and one.client not in directory.clients:
        raise Problem(403, "no_client", "this user's client is not in the book")
    admin = session.admin.user if session.admin is not None else None
    return Who(one.user, one.name, one.role, agent, one.client, one.language, admin)


Someone = Annotated[Who, Depends(who)]


def only(*roles: Role) -> Callable[[Who], Awaitable[Who]]:
    """A dependency: a person of one of these roles, else 403 `forbidden`."""

    async def allowed(person: Someone) -> Who:
        if person.role not in roles:
            raise Problem(403, "forbidden", "this is not for your role")
        return person

    return allowed


async def agent_only(person: Someone) -> WhoAnswers:
    """A person who is an agent, whatever else; else 403 `no_agent`."""
    if person.agent is None:
        raise Problem(403, "no_agent", "this is for agents")
    return WhoAnswers(person.user, person.name, person.role, person.agent, person.client, person.language)


AgentWho = Annotated[WhoAnswers, Depends(agent_only)]


def goes_on(request: Request) -> bool:
    """Whether somebody whose request stays open may still be there; ask every few seconds, and end the stream if not.

    A stream that goes on keeps its session from getting idle. It does not outlive a right that it began with: who is
    something else by now, a program too, begins anew.
    """
    parts: Parts = request.app.state.parts
    session: Session = request.state.session
    return parts.sessions.goes_on(session) and _rights(session, parts) == request.state.rights


async def streaming(person: Someone, parts: TheParts) -> AsyncIterator[None]:
    """A dependency of what stays open: it counts among the user's streams until it ends."""
    with parts.streams.one_more(person.user):
        yield


def require_our_page(request: Request, parts: Parts) -> None:
    """Refuse what a page from elsewhere makes a browser send. Programs say neither header.

    Raises:
        Problem: 403 `foreign`.
    """
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    ours = origin is None or _plain_origin(origin) == _plain_origin(parts.base_url)
    if not ours or site in ("cross-site", "same-site"):
        raise Problem(403, "foreign", "this request comes from another site's page")


def _plain_origin(url: str) -> str:
    """As a browser writes it: in lower case, without the port that goes without saying."""
    plain = url.lower().removesuffix("/")
    return plain.removesuffix(":443" if plain.startswith("https:") else ":80")


def require_csrf(request: Request, cookie: str) -> None:
    """Refuse a browser's request that our page did not make.

    Raises:
        Problem: 403 `csrf`.
    """
    shown = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(shown.encode(), csrf(cookie).encode()):
        raise Problem(403, "csrf", "X-CSRF-Token is missing or is not this session's; GET /api/me tells it")


def address_of(request: Request) -> str:
    """Where the request comes from, as the server in front of us says, if there is one."""
    return request.client.host if request.client is not None else "unknown"
