"""What webhooks are signed with, on a real database."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.store.books import book
from vorzimmer.store import audit
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import save_book
from vorzimmer.store.webhook_secrets import MOST, SIGNS_ALONG, Standing, replace, signing, standing

AT = datetime(2026, 12, 25, 10, 0, tzinfo=UTC)
ANNA = Actor("anna")


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A database with two clients."""
    conn = await asyncpg.connect(dsn)
    await save_book(conn, book({"id": "mueller", "dids": ["+4989123456"]}, {"id": "baecker", "dids": ["+4930123456"]}))
    yield conn
    await conn.close()


async def test_an_old_secret_signs_along_for_a_day(conn: asyncpg.Connection) -> None:
    """The new one comes first; after the day it stands alone. The other client has its own."""
    first = await replace(conn, "mueller", AT, actor=ANNA)
    assert await signing(conn, "mueller", AT) == (first,)
    second = await replace(conn, "mueller", AT, actor=ANNA)
    assert await standing(conn, "mueller", AT) == Standing(AT, AT + SIGNS_ALONG)
    assert await signing(conn, "mueller", AT + SIGNS_ALONG - timedelta(seconds=1)) == (second, first)
    assert await signing(conn, "mueller", AT + SIGNS_ALONG) == (second,)
    assert await standing(conn, "mueller", AT + SIGNS_ALONG) == Standing(AT, None)
    assert first not in await signing(conn, "baecker", AT)


async def test_a_secret_that_is_known_elsewhere_ends_at_once(conn: asyncpg.Connection) -> None:
    """So do those that still signed along."""
    for _ in range(2):
        await replace(conn, "mueller", AT, actor=ANNA)
    only = await replace(conn, "mueller", AT, actor=ANNA, at_once=True)
    assert await signing(conn, "mueller", AT) == (only,)
    assert await conn.fetchval("SELECT count(*) FROM webhook_secret") == 1


async def test_a_header_stays_short(conn: asyncpg.Connection) -> None:
    """Of many secrets of one day only the youngest sign."""
    made = [await replace(conn, "mueller", AT + timedelta(minutes=n), actor=ANNA) for n in range(6)]
    assert await signing(conn, "mueller", AT + timedelta(hours=1)) == tuple(made[: -MOST - 1 : -1])


async def test_secrets_are_long_and_written_as_the_convention_says(conn: asyncpg.Connection) -> None:
    """`whsec_` and base64 of 24 to 64 bytes."""
    made = await replace(conn, "mueller", AT, actor=ANNA)
    assert made is not None
    prefix, _, rest = made.partition("_")
    assert (prefix, len(base64.b64decode(rest, validate=True))) == ("whsec", 32)


async def test_who_has_none_gets_one_and_keeps_it(conn: asyncpg.Connection, dsn: str) -> None:
    """No message goes unsigned, and two workers at once sign with the same."""
    other = await asyncpg.connect(dsn)
    try:
        one, two = await asyncio.gather(signing(conn, "mueller", AT), signing(other, "mueller", AT))
    finally:
        await other.close()
    assert len(one) == 1
    assert one == two == await signing(conn, "mueller", AT)


async def test_a_client_that_is_gone_has_no_secret(conn: asyncpg.Connection) -> None:
    """None is made for it, and those it had are gone with it."""
    await replace(conn, "mueller", AT, actor=ANNA)
    await conn.execute("DELETE FROM client_number")
    await conn.execute("DELETE FROM client")
    assert await conn.fetchval("SELECT count(*) FROM webhook_secret") == 0
    assert await signing(conn, "mueller", AT) == ()
    assert await replace(conn, "mueller", AT, actor=ANNA) is None
    assert await standing(conn, "mueller", AT) is None


async def test_the_trail_has_who_and_when_and_never_the_secret(conn: asyncpg.Connection) -> None:
    """A change by a person is noted; what is noted can be shown."""
    made = await replace(conn, "mueller", AT, actor=ANNA)
    assert made is not None
    (entry,) = await audit.entries(conn, client="mueller")
    assert (entry.what, entry.actor, entry.before) == ("webhook.secret", ANNA, None)
    assert entry.after == {"made_at": AT.isoformat()}
    assert made.removeprefix("whsec_") not in str(entry)
