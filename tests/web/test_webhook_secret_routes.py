"""What a client's server checks webhooks by, over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from tests.store.books import book
from tests.web.door import BOOK, START, Door, code_of, door
from vorzimmer.core.directory import Directory
from vorzimmer.store.webhook_secrets import signing
from vorzimmer.web.routes import webhook_secrets

PATH = "/clients/mueller/webhook-secret"


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages, and a second client in the book."""
    async with door(dsn) as opened:
        other = book({"id": "baecker", "dids": ["+4930123456"]}).client
        directory = Directory(BOOK.group, (*BOOK.client, *other), BOOK.agent)
        opened.parts.directory = lambda: directory
        opened.app.include_router(webhook_secrets.router)
        yield opened


async def signed_with(house: Door, at: datetime) -> tuple[str, ...]:
    """The secrets that a message to the client is signed with."""
    async with house.database.connection() as conn:
        return await signing(conn, "mueller", at)


async def test_a_secret_is_made_and_shown_once(house: Door) -> None:
    """By the client's own people and by admins; the one before signs along for a day, and no other answer shows one."""
    kanzlei, root = await house.inside("kanzlei"), await house.inside("root")
    assert (await kanzlei.ask("GET", PATH)).json() == {"made_at": None, "old_until": None}
    first = (await kanzlei.ask("POST", PATH, {})).json()
    assert await signed_with(house, START) == (first["secret"],)
    second = (await root.ask("POST", PATH, {})).json()
    assert await signed_with(house, START) == (second["secret"], first["secret"])
    seen = (await kanzlei.ask("GET", PATH)).json()
    assert seen == {key: second[key] for key in ("made_at", "old_until")}
    assert datetime.fromisoformat(seen["old_until"]) == START + timedelta(days=1)
    trail = await house.sql(
        "SELECT string_agg(actor || ' ' || what, ', ' ORDER BY id) FROM audit WHERE client_id IS NOT NULL"
    )
    assert trail == "kanzlei webhook.secret, root webhook.secret"


async def test_a_secret_that_got_out_ends_at_once(house: Door) -> None:
    """Where the page says so."""
    kanzlei = await house.inside("kanzlei")
    await kanzlei.ask("POST", PATH, {})
    made = (await kanzlei.ask("POST", PATH, {"at_once": True})).json()
    assert made["old_until"] is None
    assert await signed_with(house, START) == (made["secret"],)


async def test_somebody_elses_secret_is_out_of_reach(house: Door) -> None:
    """Agents have no business here, supervisors look only, and a foreign client is like none."""
    kanzlei, chief, anna = [await house.inside(name) for name in ("kanzlei", "chief", "anna")]
    for method, json in (("GET", None), ("POST", {})):
        for client in ("baecker", "nobody"):
            answer = await kanzlei.ask(method, f"/clients/{client}/webhook-secret", json)
            assert code_of(answer) == (404, "unknown_client")
        assert (await anna.ask(method, PATH, json)).status_code == 403
        assert (await chief.ask(method, PATH, json)).status_code == (200 if method == "GET" else 403)
    assert await house.sql("SELECT count(*) FROM webhook_secret") == 0
