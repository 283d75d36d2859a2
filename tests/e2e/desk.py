"""An agent's page without a browser: the API over HTTP, and what its events tell."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import asyncpg
import httpx
from argon2 import PasswordHasher

from tests.e2e.house import PATIENCE
from vorzimmer.settings import Settings
from vorzimmer.store import users
from vorzimmer.store.users import Account
from vorzimmer.web.access import Role

PASSWORD = "correct horse battery staple"

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What protects nobody; tests make many users."""


async def add_user(
    settings: Settings, user: str, role: Role, *, agent: str | None = None, client: str | None = None
) -> None:
    """A user with `PASSWORD`."""
    account = Account(user, user.title(), role, agent, client)
    conn = await asyncpg.connect(settings.database.dsn.get_secret_value())
    try:
        await users.add(conn, account, _QUICK.hash(PASSWORD))
    finally:
        await conn.close()


class Refusal(Exception):
    """The API said no. `code` and `text`: as it said it."""

    def __init__(self, answer: httpx.Response) -> None:
        error = answer.json()["error"]
        super().__init__(f"{answer.status_code} {error['code']}: {error['text']}")
        self.status = answer.status_code
        self.code = error["code"]
        self.more = error


class Desk:
    """Somebody at a page. `view` and `pop`: as the events told them last."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.view: dict[str, Any] = {}
        self.pop: dict[str, Any] | None = None
        self.told: list[tuple[str, Any]] = []
        self._news = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings, user: str) -> AsyncIterator[Self]:
        """Log in."""
        base = f"http://{settings.web.host}:{settings.web.port}"
        async with httpx.AsyncClient(base_url=base, timeout=PATIENCE, trust_env=False) as http:
            me = await http.post("/api/login", json={"user": user, "password": PASSWORD})
            assert me.status_code == 200, me.text
            http.headers["X-CSRF-Token"] = me.json()["csrf"]
            yield cls(http)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[Self]:
        """With the page open: its events come."""
        following = asyncio.create_task(self._follow())
        try:
            await self.sees(lambda desk: bool(desk.view))
            yield self
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following

    async def _follow(self) -> None:
        async with self.http.stream("GET", "/api/agent/events", timeout=None) as stream:
            assert stream.status_code == 200
            name = ""
            async for line in stream.aiter_lines():
                kind, _, value = line.partition(": ")
                if kind == "event":
                    name = value
                elif kind == "data":
                    self._hear(name, json.loads(value))

    def _hear(self, name: str, data: Any) -> None:
        self.told.append((name, data))
        if name == "view":
            self.view = data
        elif name == "pop":
            self.pop = data
        self._news.set()

    async def sees(self, what: Callable[[Desk], bool]) -> None:
        """Wait until the page shows it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not what(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"the page shows {self.view} and {self.pop}") from None

    async def is_in(self, state: str) -> None:
        """Wait until the page shows this state of the agent's."""
        await self.sees(lambda desk: desk.view.get("state") == state)

    async def get(self, path: str) -> Any:
        """What the API has there."""
        return _said(await self.http.get(f"/api{path}"))

    async def post(self, path: str, **body: Any) -> Any:
        """Have something done."""
        return _said(await self.http.post(f"/api{path}", json=body))

    async def put(self, path: str, **body: Any) -> Any:
        """Have something kept."""
        return _said(await self.http.put(f"/api{path}", json=body))


def _said(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        raise Refusal(answer)
    return answer.json() if answer.content else None
