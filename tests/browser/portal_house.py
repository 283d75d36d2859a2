"""A house without telephones: the pages and the worker on a real PostgreSQL, with a client that has a past."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from playwright.async_api import BrowserContext, Page

from tests.e2e.desk import PASSWORD, add_user
from tests.sipp import sound
from tests.store.books import book
from tests.store.noting import DOMAIN, begin, finish
from tests.store.records import events
from vorzimmer import app
from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import Disposition, build_cdr
from vorzimmer.core.messages import end_record
from vorzimmer.core.role import Role
from vorzimmer.sandbox.ports import free
from vorzimmer.settings import Settings, load
from vorzimmer.store import batch
from vorzimmer.store.book import save_book

PATIENCE = 20.0

FOLDERS = ("state", "web", "library", "fallback", "recordings", "spool", "uploads")
FILES = ("cdr", "control")
"""What the settings call the paths of this house."""

LAW: dict[str, Any] = {
    "id": "law",
    "name": "Kanzlei Müller & Partner mbB",
    "dids": ["+4989123456"],
    "hours": {"mon-fri": ["08:00-18:00"]},
    "lunch": ["12:00-13:00"],
    "holidays": "DE-BY",
    "special_days": [{"date": "2030-12-24", "name": "Heiligabend", "hours": ["09:00-12:00"]}],
    "mail": ["kanzlei@law.example"],
    "open": {"chain": [{"to": "menu", "menu": "main"}, {"to": "machine"}]},
    "announcements": {"menu-main": "menu.wav"},
    "menus": [
        {
            "id": "main",
            "title": "Hauptmenü",
            "prompt": "menu-main",
            "keys": {"1": [{"to": "queue"}], "2": [{"to": "contact", "contact": "chief"}, {"to": "machine"}]},
            "otherwise": [{"to": "queue"}],
        }
    ],
    "contacts": [
        {"id": "chief", "name": "Frau Müller", "role": "Anwältin", "numbers": ["+4989555001"]},
        {"id": "deputy", "name": "Herr Huber", "numbers": ["+4989555002"]},
    ],
    "rota": {"duties": [{"contact": "deputy"}]},
}
SHOP: dict[str, Any] = {"id": "shop", "name": "Blumen Rot", "dids": ["+4989123457"]}

KINDS = (
    (Disposition.ANSWERED, "+491701234567", "Erika Muster"),
    (Disposition.MESSAGE, "+493012345678", None),
    (Disposition.FORWARDED, "+498955500011", None),
    (Disposition.ABANDONED, "+4940111222", None),
    (Disposition.CALLBACK, "+43112345678", "Bäckerei Schmidt & Söhne, Inhaber Klaus-Dieter Schmidt"),
    (Disposition.ANNOUNCED, None, None),
)
"""How the calls of a day end, and whose they are."""


@dataclass
class PortalHouse:
    """What a test does and sees."""

    settings: Settings
    folder: Path

    @property
    def url(self) -> str:
        """Of the pages."""
        return self.settings.web.base_url

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        """A connection to the house's database."""
        conn = await asyncpg.connect(self.settings.database.dsn.get_secret_value())
        try:
            yield conn
        finally:
            await conn.close()

    async def furnish(self, days: int = 3) -> None:
        """Two clients, a user of every role that comes to the portal, and calls of some days."""
        async with self.database() as conn:
            await save_book(conn, book(LAW, SHOP, agents=({"id": "anna", "name": "Anna Weber"},)))
            for day in range(days):
                for n, (kind, caller, name) in enumerate(KINDS):
                    ago = timedelta(days=day, minutes=7 * n + 1)
                    await self.call(conn, f"call-{day}-{n}", kind, ago, caller, name)
            told = await begin(conn, "call-0-0", of="law")
            await finish(conn, told, "Bittet um Rückruf wegen des Termins am Freitag", urgent=True)
        await add_user(self.settings, "kanzlei", Role.CLIENT, client="law")
        await add_user(self.settings, "root", Role.ADMIN)

    async def call(
        self, conn: Any, call_id: str, kind: Disposition, ago: timedelta, caller: str | None, name: str | None
    ) -> None:
        """A call that ended so long ago; one with a message has its sound on the disk."""
        built = build_cdr(events(call_id))
        end = datetime.now(UTC) - ago
        length = built.ended_at - built.started_at
        left = kind is Disposition.MESSAGE
        cdr = replace(
            built,
            client="law",
            did="+4989123456",
            started_at=end - length,
            answered_at=None,
            ended_at=end,
            disposition=kind,
            caller=caller,
            caller_name=name,
            withheld=caller is None,
            reason="open: Monday 08:00-18:00",
            recording=f"{call_id}.wav" if left else None,
            recording_seconds=Decimal("2.000") if left else None,
        )
        if left:
            sound.write_wav(self.settings.paths.recordings / f"{call_id}.wav", sound.announcement(5, 2.0))
        record = end_record(cdr, (), segments_of(events(call_id)))
        await batch.store(conn, [orjson.dumps({"t": "end", "record": record})], DOMAIN)


@contextlib.asynccontextmanager
async def running(dsn: str, folder: Path, *roles: app.Role, port: int = 0) -> AsyncIterator[PortalHouse]:
    """Furnish it and run these roles while inside."""
    for name in FOLDERS:
        (folder / name).mkdir()
    port = port or free()
    lines = [
        '[house]\nname = "Büroservice Beispiel"',
        '[ari]\npassword = "-"\n[ami]\npassword = "-"',
        f'[database]\ndsn = "{dsn}"',
        "[smtp]\nport = 1",
        "[watch]\ncalls = 0\nworker = 0\nweb = 0",
        f'[web]\nport = {port}\nbase_url = "http://localhost:{port}"\ntotp_for = []',
        "[paths]",
        *(f'{name} = "{folder / name}"' for name in (*FOLDERS, *FILES)),
    ]
    toml = folder / "vorzimmer.toml"
    toml.write_text("\n".join(lines), encoding="utf-8")
    settings = load(toml)
    house = PortalHouse(settings, folder)
    await house.furnish()
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for role in roles:
            ready = asyncio.Event()
            group.create_task(app.serve(settings, role, stop, ready=ready.set))
            async with asyncio.timeout(PATIENCE):
                await ready.wait()
        try:
            yield house
        finally:
            stop.set()


async def signed_in(house: PortalHouse, window: BrowserContext, user: str, path: str = "/") -> Page:
    """A page at which this user is signed in."""
    page = await window.new_page()
    await page.goto(f"{house.url}{path}")
    await page.get_by_label("Benutzername").fill(user)
    await page.get_by_label("Passwort").fill(PASSWORD)
    await page.keyboard.press("Enter")
    return page
