"""Delivery reports on a real PostgreSQL: late, repeated, in any order, and before their message."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import asyncpg
import pytest

from vorzimmer.store.delivery_reports import Taken, take

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


_UNTIL_WAITS = """
DO $$ BEGIN
    WHILE NOT EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database() AND NOT granted
    ) LOOP
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$
"""
"""Ends when somebody waits for a lock that this connection holds."""


async def put(conn: Any) -> int:
    """Lay a text message into the outbox; returns its number."""
    number: int = await conn.fetchval(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id)"
        " VALUES ('c1', 'mueller', 'sms', '+4915112345678', 'de', '{}', '<1@test>') RETURNING id"
    )
    return number


async def mark(conn: Any, message: int, provider_id: str = "p1") -> None:
    """The gateway took it, and gave it an id."""
    await conn.execute("UPDATE outbox SET state = 'sent', provider_id = $2 WHERE id = $1", message, provider_id)


async def sent(conn: Any) -> int:
    """A message that has gone; returns its number."""
    message = await put(conn)
    await mark(conn, message)
    return message


async def report(conn: Any, message: int) -> tuple[str | None, datetime | None]:
    """What is known of it."""
    row = await conn.fetchrow("SELECT report, reported_at FROM outbox WHERE id = $1", message)
    return row["report"], row["reported_at"]


@pytest.mark.parametrize("words", list(permutations(["buffered", "undelivered", "delivered"])), ids=",".join)
async def test_delivered_is_the_last_word(conn: Any, words: tuple[str, ...]) -> None:
    """In whatever order reports come, the message was delivered once one says so."""
    message = await sent(conn)
    for minute, word in enumerate(words):
        await take(conn, "sms", "p1", word, AT + timedelta(minutes=minute))
    assert (await report(conn, message))[0] == "delivered"


async def test_a_word_in_between_gives_way_to_a_newer_one(conn: Any) -> None:
    """`buffered` follows `accepted`, not the other way round; a failure gives way to no such word."""
    message = await sent(conn)
    assert await take(conn, "sms", "p1", "accepted", AT) == Taken(message, "mueller", "c1", news=True)
    assert (await take(conn, "sms", "p1", "buffered", AT + timedelta(minutes=1))).news
    assert not (await take(conn, "sms", "p1", "accepted", AT)).news
    assert await report(conn, message) == ("buffered", AT + timedelta(minutes=1))
    await take(conn, "sms", "p1", "undelivered", AT)
    assert not (await take(conn, "sms", "p1", "buffered", AT + timedelta(hours=1))).news
    assert await report(conn, message) == ("undelivered", AT)


async def test_a_repeated_report_is_no_news(conn: Any) -> None:
    """Nobody is told twice."""
    message = await sent(conn)
    assert (await take(conn, "sms", "p1", "undelivered", AT)).news
    assert not (await take(conn, "sms", "p1", "undelivered", AT + timedelta(hours=1))).news
    assert await report(conn, message) == ("undelivered", AT)


async def test_a_report_may_come_before_its_message(conn: Any) -> None:
    """What was told of an id before a message had it is the message's when it has."""
    assert await take(conn, "sms", "p1", "delivered", AT) == Taken(None, "", None, news=True)
    assert not (await take(conn, "sms", "p1", "buffered", AT + timedelta(minutes=1))).news
    message = await sent(conn)
    assert await report(conn, message) == ("delivered", AT)
    assert await conn.fetchval("SELECT count(*) FROM delivery_report") == 0


async def test_a_report_at_the_very_instant_of_the_mark(dsn: str, conn: Any) -> None:
    """While the mark is being written the report waits, and then finds the message."""
    message = await put(conn)
    other = await asyncpg.connect(dsn)
    marking = conn.transaction()
    await marking.start()
    await mark(conn, message)
    waiting = asyncio.create_task(take(other, "sms", "p1", "delivered", AT))
    await conn.execute(_UNTIL_WAITS)
    await marking.commit()
    assert (await waiting).message == message
    assert (await report(conn, message))[0] == "delivered"
    await other.close()


async def test_reports_of_nobody_are_forgotten(conn: Any) -> None:
    """An id that no message ever gets is not kept for good; another channel's id is another's."""
    await sent(conn)
    assert (await take(conn, "fax", "p1", "delivered", AT)).message is None
    await take(conn, "sms", "p2", "delivered", AT + timedelta(days=8))
    assert await conn.fetchval("SELECT string_agg(provider_id, ' ') FROM delivery_report") == "p2"
