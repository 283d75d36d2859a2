"""Notices of clients on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.store.records import START
from vorzimmer.store import notices
from vorzimmer.store.notices import MOST

HOUR = timedelta(hours=1)
ANNA = ("anna-user", "Anna")


async def test_a_notice_holds_until_its_time(conn: Any) -> None:
    """It is told with who wrote it, of its client only, and not a moment after."""
    notice = await notices.write(conn, "mueller", "bei Gericht", START + HOUR, ANNA, START)
    assert notice is not None
    assert (notice.text, notice.by, notice.client) == ("bei Gericht", "Anna", "mueller")
    assert await notices.current(conn, START) == (notice,)
    assert await notices.current(conn, START, "mueller") == (notice,)
    assert await notices.current(conn, START, "other") == ()
    assert await notices.current(conn, START + HOUR) == ()


async def test_a_notice_is_taken_back_by_its_own_client_only(conn: Any) -> None:
    """Another client's id does not reach it; who took it back stays known."""
    notice = await notices.write(conn, "mueller", "zu Tisch", START + HOUR, ANNA, START)
    assert notice is not None
    assert not await notices.delete(conn, notice.id, "other", "x")
    assert not await notices.delete(conn, str(uuid4()), "mueller", "x")
    assert await notices.delete(conn, notice.id, "mueller", "boss")
    assert not await notices.delete(conn, notice.id, "mueller", "boss")
    assert await notices.current(conn, START) == ()
    assert await conn.fetchval("SELECT deleted_by FROM client_notice") == "boss"


async def test_a_client_has_so_many_at_most(conn: Any) -> None:
    """The screen pop stays readable; what is over does not count."""
    await notices.write(conn, "mueller", "old", START - HOUR, ANNA, START)
    for n in range(MOST):
        assert await notices.write(conn, "mueller", str(n), START + HOUR, ANNA, START) is not None
    assert await notices.write(conn, "mueller", "one more", START + HOUR, ANNA, START) is None
    assert await notices.write(conn, "other", "its first", START + HOUR, ANNA, START) is not None
