"""A desk with a database, clients and agents."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.core.agents import make_agent
from tests.service.keys import Caller
from tests.store.books import book
from tests.web.door import Watch
from vorzimmer.announcements.library import media_uri
from vorzimmer.core.directory import Directory
from vorzimmer.core.model import Language
from vorzimmer.service.desk import Desk
from vorzimmer.service.surroundings import Surroundings
from vorzimmer.service.tries import Tries
from vorzimmer.store import client_pins
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import save_book

PIN = "481516"

BOOK = book(
    {"id": "mueller", "dids": ["+4989123456"], "language": "en"},
    {"id": "geheim", "dids": ["+4989654321"], "secrecy": True},
)


@dataclass
class Office:
    """The desk, and what lies around it."""

    dsn: str
    folder: Path
    clock: Watch = field(default_factory=Watch)
    away: bool = False

    def __post_init__(self) -> None:
        for name in ("spool", "uploads", "recordings"):
            (self.folder / name).mkdir()
        anna = make_agent("anna", phones=["anna-desk"], languages=["en"])
        self.around = Surroundings(
            connected=self.connected,
            directory=lambda: Directory(BOOK.group, BOOK.client, [anna]),
            agent_at=lambda endpoint: anna if endpoint == "anna-desk" else None,
            media_uri=partial(media_uri, self.folder / "library"),
            pin_fits=self.fits,
            spool=self.folder / "spool",
            uploads=self.folder / "uploads",
            recordings=self.folder / "recordings",
            tries=Tries(self.clock),
            clock=self.clock,
            language=Language.GERMAN,
        )
        self.desk = Desk(self.around)

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """With the database, unless it is away."""
        if self.away:
            raise ConnectionRefusedError
        conn = await asyncpg.connect(self.dsn)
        try:
            yield conn
        finally:
            await conn.close()

    async def fits(self, kept: str | None, pin: str) -> bool:
        """Hashes cost nothing here."""
        return kept == f"hash of {pin}"

    async def code(self, client: str = "mueller") -> str:
        """The client's code."""
        async with self.connected() as conn:
            found = await client_pins.code_of(conn, client)
        assert found is not None
        return found

    async def query(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows of the database."""
        async with self.connected() as conn:
            return list(await conn.fetch(sql, *args))

    async def call(self, script: str, keys: str, **more: Any) -> Caller:
        """A call in which these keys are pressed."""
        caller = Caller(keys, **more)
        await caller.calls(self.desk.answer, f"service/{script}")
        return caller

    def files(self) -> list[str]:
        """All that lies in the folders."""
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file())


@pytest.fixture
async def office(dsn: str, tmp_path: Path) -> Office:
    """Two clients, one of them with a PIN, and Anna, who has no pledge."""
    office = Office(dsn, tmp_path)
    async with office.connected() as conn:
        await save_book(conn, BOOK)
        await client_pins.set_pin(conn, "mueller", f"hash of {PIN}", actor=Actor("test"))
    return office
