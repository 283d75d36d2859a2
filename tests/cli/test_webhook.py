"""`vorzimmer webhook`."""

from __future__ import annotations

import asyncio

import asyncpg

from tests.cli.conftest import Vorzimmer
from tests.store.books import book
from vorzimmer.store.book import save_book


async def _book(dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    await save_book(conn, book({"id": "mueller", "dids": ["+4989123456"]}))
    await conn.close()


def test_a_secret_is_printed_when_it_is_made(vorzimmer: Vorzimmer, dsn: str) -> None:
    """The first time, and when another is wanted; else only since when there is one."""
    asyncio.run(_book(dsn))
    first = vorzimmer("webhook", "secret", "mueller")
    assert (first.exit_code, first.output[:6]) == (0, "whsec_")
    again = vorzimmer("webhook", "secret", "mueller")
    assert (again.exit_code, "whsec" in again.output, "since" in again.output) == (0, False, True)
    second = vorzimmer("webhook", "secret", "mueller", "--rotate")
    assert second.output.startswith("whsec_")
    assert second.output != first.output


def test_wrong_requests_are_told(vorzimmer: Vorzimmer) -> None:
    """A client that is not there, and an option that means nothing alone."""
    unknown = vorzimmer("webhook", "secret", "nobody")
    assert (unknown.exit_code, unknown.output.strip()) == (1, "there is no client 'nobody'")
    assert vorzimmer("webhook", "secret", "nobody", "--at-once").exit_code == 2
