"""A house as its wall sees it: the routes with their real surroundings, but for the calls process."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests.core.examples import HOUSE, make_client
from tests.orders.house import SETTING_UP
from vorzimmer.billing.paper import House
from vorzimmer.control.wall import AgentSeen, Caller, View
from vorzimmer.core.agent import Agent
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import Kind
from vorzimmer.core.notify_rule import Channel
from vorzimmer.core.presence import State
from vorzimmer.core.role import Role
from vorzimmer.roles.bills import bills_of
from vorzimmer.roles.writing import writing
from vorzimmer.store.users import Identity
from vorzimmer.web import app
from vorzimmer.web.database import Database
from vorzimmer.web.live import Live
from vorzimmer.web.notices import Notices
from vorzimmer.web.parts import BrowserPhones, Parts
from vorzimmer.web.phone_pages import PhonePages
from vorzimmer.web.routes import me, supervise, wall
from vorzimmer.web.sessions import Session, Sessions, digest_of, new_token
from vorzimmer.web.throttle import Throttle

NOW = datetime(2026, 3, 2, 11, 0, 30, tzinfo=UTC)
"""Noon in Berlin."""

AWAY = "postgresql://nobody@127.0.0.1:1/nothing"
"""No database listens there."""


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@dataclass
class WallHouse:
    """The pages of a house; `client_of` a role asks them as that role's user."""

    parts: Parts
    app: FastAPI
    clock: Clock
    tokens: Mapping[Role, str]
    cookies: Mapping[Role, str]

    @contextlib.asynccontextmanager
    async def client_of(self, role: Role | None) -> AsyncIterator[httpx.AsyncClient]:
        """A program with the token of a user of this role; None: without any."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role is not None else {}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://wall", headers=headers) as client:
            yield client

    def see(self, *, callers: tuple[Caller, ...] = (), agents: tuple[AgentSeen, ...] = ()) -> None:
        """The calls process answers, and this is what it tells."""
        self.parts.live._see(View(at=self.clock(), waiting=callers, calls=(), agents=agents))
        self.parts.live._set_away(away=False)

    def happens(self, call: str, *events: tuple[Kind, Mapping[str, Any]]) -> None:
        """A call begins, and this is its ledger."""
        for seq, (kind, data) in enumerate(events):
            at = self.clock().isoformat()
            self.parts.live._hear({"event": kind.value, "at": at, "call": call, "seq": seq, "data": data})


def seen(agent: str, state: State = State.AVAILABLE, **about: Any) -> AgentSeen:
    """An agent's state."""
    known = {"agent": agent, "name": agent.title(), "state": state, "since": NOW, "reason": "", "phone": ""}
    return AgentSeen(**{**known, "reachable": True, "call": "", "expected": True, **about})


def queued(house: WallHouse, call: str) -> None:
    """A caller joins the line."""
    house.happens(
        call,
        (Kind.ARRIVED, {"dialled": "+498912345", "caller": "+491701234567"}),
        (Kind.ROUTED, {"client": "kanzlei"}),
        (Kind.QUEUED, {}),
        (Kind.WAITING, {}),
    )


@contextlib.asynccontextmanager
async def wall_house(
    dsn: str, folder: Path, clock: Clock | None = None, base_url: str = "http://wall"
) -> AsyncIterator[WallHouse]:
    """The pages of a house with an agent, a supervisor and a client; `clock` stands still if none is given."""
    agents = [
        Agent(id="anna", name="Anna", phones=("anna1",)),
        Agent(id="boss", name="Boss", phones=("boss1", "boss2"), supervisor=True),
    ]
    directory = Directory((), (make_client(),), agents)
    clock = clock or Clock()
    async with Database(dsn) as database:
        sessions = Sessions(database, clock, frozenset())
        parts = Parts(
            directory=lambda: directory,
            live=Live(folder / "control.sock", clock),
            database=database,
            sessions=sessions,
            throttle=Throttle(clock),
            notices=Notices(database, clock),
            phone_pages=PhonePages(),
            clock=clock,
            house="Test",
            base_url=base_url,
            region="DE",
            timezone="Europe/Berlin",
            phones=BrowserPhones("ws://wall/ws"),
            setting_up=SETTING_UP,
            policy=HOUSE,
            recordings=folder,
            library=folder / "library",
            uploads=folder,
            writing=writing("DE", tuple(Channel)),
            bills=bills_of(House("Test")),
        )
        tokens = {role: new_token() for role in Role}
        cookies = {role: secrets.token_urlsafe(32) for role in Role}
        for role in Role:
            for secret, program in ((tokens[role], True), (cookies[role], False)):
                _remember(sessions, role, secret, clock(), program=program)
        application = app.create(parts, (me.router, wall.router, supervise.router))
        yield WallHouse(parts, application, clock, tokens, cookies)


def _remember(sessions: Sessions, role: Role, secret: str, at: datetime, *, program: bool) -> None:
    """A session of a user of this role, known already: no database is asked for it."""
    agent = {Role.AGENT: "anna", Role.SUPERVISOR: "boss"}.get(role)
    client = "kanzlei" if role is Role.CLIENT else None
    identity = Identity(role.value, role.value.title(), role, agent, client, "en", totp=True)
    sessions._remember(Session(digest_of(secret), identity, at + timedelta(days=9), at, at, program=program))
