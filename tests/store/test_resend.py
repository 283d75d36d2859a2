"""What a person may do with a message: have it sent again, or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.store.leasing import lease
from tests.store.test_outbox import put
from vorzimmer.core.retry import ATTEMPTS
from vorzimmer.store import audit, letters, outbox
from vorzimmer.store.audit import Actor

ANNA = Actor("anna")


async def test_a_dead_message_goes_again_with_its_tries_anew(conn: Any) -> None:
    """After the address is mended on the other side; under its old id, and who wanted it stands in the trail."""
    await put(conn, "a@example.org")
    await conn.execute("UPDATE outbox SET attempts = $1", ATTEMPTS - 1)
    (message,) = await lease(conn, 1, 60)
    await outbox.mark_dead(conn, message.id, "550 no such user")
    assert await outbox.resend(conn, message.id, ANNA)
    (again,) = await lease(conn, 1, 60)
    assert (again.message_id, again.attempts, again.tries) == (message.message_id, ATTEMPTS + 1, 1)
    assert again.age < timedelta(minutes=1)
    (entry,) = await audit.entries(conn)
    assert (entry.actor, entry.client, entry.what, entry.about) == (ANNA, "mueller", "message.resend", str(message.id))


async def test_an_unclear_message_goes_again_without_being_asked_for(conn: Any) -> None:
    """A person has decided that it has not arrived."""
    await put(conn, "+4989", channel="sms")
    (message,) = await lease(conn, 1, 60)
    await outbox.mark_retry(conn, message.id, timedelta(hours=1), "no answer", unclear=True)
    assert await outbox.resend(conn, message.id, ANNA)
    (again,) = await lease(conn, 1, 60)
    assert not again.unclear
    await outbox.mark_retry(conn, again.id, timedelta(0), "no answer", unclear=True)
    assert (await lease(conn, 1, 60))[0].unclear


async def test_only_what_needs_it_goes_again(conn: Any) -> None:
    """Not what waits, is under way or was sent; nor a letter whose words are gone, nor what is not there."""
    to = ["letter@example.org"]
    await letters.post(conn, key="order:1", kind="order_link", to=to, language="de", data={"url": "x"})
    await put(conn, "sent@example.org", "leased@example.org", "waits@example.org")
    letter, sent, _ = await lease(conn, 3, 60)
    await outbox.mark_dead(conn, letter.id, "550")
    await outbox.mark_sent(conn, sent.id, "250")
    assert [await outbox.resend(conn, id_, ANNA) for id_ in (1, 2, 3, 4, 99)] == [False] * 5
    assert await audit.entries(conn) == []


async def test_what_waits_is_given_up(conn: Any) -> None:
    """It is sent no more, the attempt's line says by whom, and nothing else can be given up."""
    await put(conn, "waits@example.org", "leased@example.org")
    await conn.execute("UPDATE outbox SET next_at = now() + interval '1 h' WHERE id = 1")
    await lease(conn, 2, 60)
    await conn.execute("UPDATE outbox SET state = 'pending', leased_until = NULL WHERE id = 1")
    assert [await outbox.give_up(conn, id_, ANNA) for id_ in (1, 1, 2, 99)] == [True, False, False, False]
    assert await conn.fetchval("SELECT state FROM outbox WHERE id = 1") == "dead"
    assert await conn.fetchval("SELECT detail FROM outbox_attempt") == "given up by anna"
    assert [entry.what for entry in await audit.entries(conn)] == ["message.give-up"]
