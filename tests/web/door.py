"""The pages' door: an application with a real PostgreSQL, users in it, browsers and programs that knock."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import dumps
from types import SimpleNamespace
from typing import Annotated, Any, cast

import asyncpg
import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import APIRouter, Depends, FastAPI

from tests.store.books import book
from vorzimmer.core.directory import Directory
from vorzimmer.core.role import Role
from vorzimmer.store import users
from vorzimmer.store.book import save_book
from vorzimmer.store.users import Account
from vorzimmer.web import app, passwords
from vorzimmer.web.access import AgentWho, Who, goes_on, only, who
from vorzimmer.web.database import Database
from vorzimmer.web.parts import Parts
from vorzimmer.web.routes import me, session
from vorzimmer.web.routes import users as user_routes
from vorzimmer.web.sessions import Sessions
from vorzimmer.web.throttle import Throttle

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "richtig-langes-Passwort"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
BASE = "http://pages.example"

BOOK = book(
    {"id": "mueller", "dids": [{"number": "+4989123456"}]},
    agents=({"id": "anna", "name": "Anna"}, {"id": "ben", "name": "Ben"}),
)

PEOPLE = {
    "root": Account("root", "Root", Role.ADMIN),
    "chief": Account("chief", "Chief", Role.SUPERVISOR),
    "lead": Account("lead", "Lead", Role.SUPERVISOR, agent="ben"),
    "anna": Account("anna", "Anna", Role.AGENT, agent="anna"),
    "kanzlei": Account("kanzlei", "Kanzlei", Role.CLIENT, client="mueller"),
}

rooms = APIRouter(prefix="/api/rooms")
"""What the door leads to: a route for each way to say who may enter."""


@rooms.get("/anybody")
@rooms.post("/anybody")
async def anybody(person: Annotated[Who, Depends(who)]) -> Any:
    """Everybody who may be here."""
    return person


@rooms.get("/supervisors")
async def supervisors(person: Annotated[Who, Depends(only(Role.ADMIN, Role.SUPERVISOR))]) -> Any:
    """Two of the roles."""
    return person


@rooms.get("/agents")
async def agents(person: AgentWho) -> Any:
    """Whoever answers calls."""
    return person


@rooms.get("/stream", dependencies=[Depends(who)])
async def stream(going: Annotated[bool, Depends(goes_on)]) -> bool:
    """What a stream of events asks every few seconds."""
    return going


CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""A hundred logins cost these tests nothing; that the real parameters are dear is tested apart."""


@contextlib.contextmanager
def cheap_hashes() -> Iterator[None]:
    """Hash quickly while inside."""
    real, passwords.HASHER = passwords.HASHER, CHEAP
    try:
        yield
    finally:
        passwords.HASHER = real


@dataclass
class Watch:
    """A clock that the test moves."""

    at: datetime = START

    def __call__(self) -> datetime:
        """Now."""
        return self.at

    def pass_by(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)

    def code(self) -> str:
        """What the authenticator app with SECRET shows now."""
        return pyotp.TOTP(SECRET).at(self.at)


@dataclass
class Browser:
    """Somebody at an address. Shows the token of its page, and says where its requests come from, as browsers do."""

    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=lambda: {"Origin": BASE, "Sec-Fetch-Site": "same-origin"})
    csrf: str = ""

    async def ask(self, method: str, path: str, json: Any = None, **headers: str | bytes) -> httpx.Response:
        """Make a request; `headers` come on top, with _ for -."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent: dict[str, str | bytes] = {**self.headers, "X-CSRF-Token": self.csrf, **more}
        if json is not None:
            sent["Content-Type"] = "application/json"
        pairs = [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in sent.items()]
        content = None if json is None else dumps(json)
        answer = await self.client.request(method, f"/api{path}", content=content, headers=pairs)
        told = answer.is_success and answer.content and answer.headers.get("content-type") == "application/json"
        if told and isinstance(found := answer.json(), dict):
            self.csrf = found.get("csrf", self.csrf)
        return answer

    async def log_in(self, user: str, password: str = PASSWORD, code: str | None = None) -> httpx.Response:
        """Log in."""
        return await self.ask("POST", "/login", {"user": user, "password": password, "code": code})

    @property
    def cookie(self) -> str | None:
        """The session's."""
        return self.client.cookies.get("vorzimmer_session")


@dataclass
class Door:
    """The application and what it stands on. The agents in `directory` may be taken away."""

    dsn: str
    watch: Watch
    database: Database
    app: FastAPI
    parts: Any
    stack: contextlib.AsyncExitStack

    async def browser(self, address: str = "192.0.2.1", base: str = BASE) -> Browser:
        """Somebody at this address, who has never been here."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711))
        client = httpx.AsyncClient(transport=transport, base_url=base)
        return Browser(await self.stack.enter_async_context(client))

    async def inside(self, user: str, address: str = "192.0.2.1") -> Browser:
        """Somebody who is logged in. Those who need a second factor have one."""
        browser = await self.browser(address)
        role = PEOPLE[user].role
        code = self.watch.code() if role in (Role.ADMIN, Role.SUPERVISOR) else None
        assert (await browser.log_in(user, code=code)).status_code == 200
        return browser

    async def program(self, token: str) -> Browser:
        """A program with a token; it says nothing of where it comes from."""
        browser = await self.browser("198.51.100.1")
        browser.headers = {"Authorization": f"Bearer {token}"}
        return browser

    async def sql(self, query: str, *arguments: Any) -> Any:
        """The first value of a query, past the application."""
        conn = await asyncpg.connect(self.dsn)
        try:
            return await conn.fetchval(query, *arguments)
        finally:
            await conn.close()

    def another(self) -> Sessions:
        """What another process, or this one after a restart, knows of the sessions."""
        return Sessions(self.database, self.watch, frozenset((Role.ADMIN, Role.SUPERVISOR)))

    @contextlib.asynccontextmanager
    async def database_away(self, server_dsn: str) -> AsyncIterator[None]:
        """Nobody gets at the database while inside, and who was there is thrown out."""
        name = self.dsn.rpartition("/")[2].partition("?")[0]
        conn = await asyncpg.connect(server_dsn)
        try:
            await conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            yield
            await conn.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            self.database._away_until = 0.0  # as if the second had passed in which nobody looks again
        finally:
            await conn.close()


@contextlib.asynccontextmanager
async def door(dsn: str, base_url: str = BASE) -> AsyncIterator[Door]:
    """Open the door: the people above have PASSWORD, and admins and supervisors the second factor SECRET."""
    conn = await asyncpg.connect(dsn)
    try:
        await save_book(conn, BOOK)
        for account in PEOPLE.values():
            await users.add(conn, account, CHEAP.hash(PASSWORD))
        await conn.execute("UPDATE web_user SET totp_secret = $1 WHERE role IN ('admin', 'supervisor')", SECRET)
    finally:
        await conn.close()
    watch = Watch()
    directory = Directory(BOOK.group, BOOK.client, BOOK.agent)
    async with Database(dsn) as database, contextlib.AsyncExitStack() as stack:
        stack.enter_context(cheap_hashes())
        parts = SimpleNamespace(
            directory=lambda: directory,
            database=database,
            clock=watch,
            sessions=Sessions(database, watch, frozenset((Role.ADMIN, Role.SUPERVISOR))),
            throttle=Throttle(watch),
            house="Büroservice Beispiel",
            base_url=base_url,
            timezone="Europe/Berlin",
            phones=SimpleNamespace(sip_url="ws://pages.example/ws"),
        )
        routers = (session.router, me.router, user_routes.router, rooms)
        yield Door(dsn, watch, database, app.create(cast("Parts", parts), routers), parts, stack)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes with which passwords are compared from now on."""
    seen: list[str] = []

    def compared(kept: str, password: str) -> bool:
        seen.append(kept)
        return password == PASSWORD

    monkeypatch.setattr(passwords, "_fits", compared)
    return seen
