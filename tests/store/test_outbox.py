"""Leasing and marking messages on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from tests.store.leasing import lease
from vorzimmer.store import outbox


async def put(conn: Any, *recipients: str, channel: str = "email") -> None:
    """Lay messages into the outbox."""
    for recipient in recipients:
        await conn.execute(
            "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id)"
            " VALUES ('c1', 'mueller', $1, $2, 'de', '{\"did\": \"+4989\"}', $3)",
            channel,
            recipient,
            f"<{channel}-{recipient}@test>",
        )


async def attempts(conn: Any) -> list[tuple[str, str]]:
    """Every attempt as (outcome, detail), in order."""
    rows = await conn.fetch("SELECT outcome, detail FROM outbox_attempt ORDER BY id")
    return [(row["outcome"], row["detail"]) for row in rows]


async def test_a_leased_message_is_complete_and_nobody_else_gets_it(conn: Any) -> None:
    """A second worker never sends what the first is sending."""
    await put(conn, "a@example.org")
    (message,) = await lease(conn, 10, 60)
    assert (message.recipient, message.payload, message.attempts) == ("a@example.org", {"did": "+4989"}, 1)
    assert await lease(conn, 10, 60) == ()


async def test_two_workers_share_the_rows(dsn: str, conn: Any) -> None:
    """Workers that lease at the same instant wait for neither, and what one has the other gets not."""
    await put(conn, *(f"{n}@example.org" for n in range(20)))
    other = await asyncpg.connect(dsn)
    taken = [message.id for some in await asyncio.gather(lease(conn, 10, 60), lease(other, 10, 60)) for message in some]
    taken += [message.id for message in await lease(other, 20, 60)]
    assert sorted(taken) == list(range(1, 21))
    await other.close()


async def test_the_backlog_is_counted(conn: Any) -> None:
    """Whoever watches sees what is not delivered, and for how long something has been due; what was sent is no part."""
    assert await outbox.backlog(conn) == outbox.Backlog()
    await put(conn, "sent", "dead", "leased", "late", "later")
    sent, dead, *_ = await lease(conn, 3, 60)
    await outbox.mark_sent(conn, sent.id, "well")
    await outbox.mark_dead(conn, dead.id, "unknown")
    await conn.execute("UPDATE outbox SET next_at = now() - interval '50 s' WHERE recipient = 'late'")
    await conn.execute("UPDATE outbox SET next_at = now() + interval '50 s' WHERE recipient = 'later'")
    found = await outbox.backlog(conn)
    assert (found.pending, found.leased, found.dead) == (2, 1, 1)
    assert 50 <= found.oldest_due < 70


async def test_a_lease_that_ran_out_frees_the_row(conn: Any) -> None:
    """The message of a worker that died is sent by the next one, and the lost attempt is counted."""
    await put(conn, "a@example.org")
    await lease(conn, 1, 0)
    (again,) = await lease(conn, 1, 60)
    assert again.attempts == 2


async def test_who_comes_alone_frees_what_a_dead_worker_held(dsn: str, conn: Any) -> None:
    """After the death of the only worker its messages wait for no lease; beside a living one nothing is freed."""
    await put(conn, "a@example.org")
    dead, living = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    await outbox.enter(dead, fresh=True)
    await lease(dead, 1, 3600)
    await outbox.enter(living, fresh=True)
    assert await lease(living, 1, 60) == ()
    for worker in (dead, living):
        await worker.close()
    await outbox.enter(conn, fresh=True)
    (again,) = await lease(conn, 1, 60)
    assert again.attempts == 2


async def test_a_worker_that_comes_back_keeps_what_it_has_under_way(conn: Any) -> None:
    """A reconnect is no new start: what is being sent at this moment must not be leased a second time."""
    await put(conn, "a@example.org")
    await lease(conn, 1, 3600)
    await outbox.enter(conn, fresh=False)
    assert await lease(conn, 1, 60) == ()


async def test_sent_and_dead_stay_so(conn: Any) -> None:
    """A message that was sent or given up is never leased again, and a late mark of a slow worker changes nothing."""
    await put(conn, "a@example.org", "b@example.org")
    first, second = await lease(conn, 2, 60)
    assert await outbox.mark_sent(conn, first.id, "250 queued")
    assert await outbox.mark_dead(conn, second.id, "550 no such user\0")
    assert not await outbox.mark_retry(conn, first.id, timedelta(0), "too late")
    assert await lease(conn, 2, 60) == ()
    assert await attempts(conn) == [("sent", "250 queued"), ("dead", "550 no such user")]


async def test_retry_is_due_at_its_time(conn: Any) -> None:
    """A temporary error puts the message back until its next time, not before."""
    await put(conn, "later@example.org", "now@example.org")
    later, soon = await lease(conn, 2, 60)
    await outbox.mark_retry(conn, later.id, timedelta(hours=1), "451 busy")
    await outbox.mark_retry(conn, soon.id, timedelta(0), "451 busy")
    assert [message.id for message in await lease(conn, 2, 60)] == [soon.id]
