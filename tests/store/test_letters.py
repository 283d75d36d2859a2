"""Letters in the outbox of a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.store.leasing import lease
from vorzimmer.store import letters, outbox


async def post(conn: Any, key: str, *to: str, kind: str = "order_link", **data: Any) -> None:
    """Post a letter in German."""
    await letters.post(conn, key=key, kind=kind, to=to, language="de", data=data, client="mueller")


async def test_a_letter_waits_like_any_message(conn: Any) -> None:
    """The worker finds it under its recipient with what the template needs, and sees that it is about no call."""
    await post(conn, "order:1", "a@example.org", name="Müller")
    [found] = await lease(conn, 9, 60)
    assert (found.call_id, found.client_id, found.channel, found.recipient) == (
        None,
        "mueller",
        "email",
        "a@example.org",
    )
    assert found.payload == {"kind": "order_link", "data": {"name": "Müller"}}


async def test_a_letter_goes_to_everybody_once(conn: Any) -> None:
    """What is posted again, or to the same address in another case, is not sent again; another letter is."""
    await post(conn, "order:1", "a@example.org", "A@example.org", "b@example.org")
    await post(conn, "order:1", "A@Example.org", "c@example.org")
    await post(conn, "order:2", "c@example.org")
    sent = [(message.recipient.casefold()) for message in await lease(conn, 9, 60)]
    assert sent == ["a@example.org", "b@example.org", "c@example.org", "c@example.org"]


async def test_nothing_is_sent_of_what_was_taken_back(conn: Any) -> None:
    """A letter belongs to the change it tells of: if that fails, nobody hears of it."""
    transaction = conn.transaction()
    await transaction.start()
    await post(conn, "order:1", "a@example.org")
    await transaction.rollback()
    assert await lease(conn, 9, 60) == ()


async def test_links_do_not_stay_in_the_database(conn: Any) -> None:
    """A sent or given up letter keeps none of its data, for it may hold a link that opens something."""
    await post(conn, "order:1", "a@example.org", "b@example.org", "c@example.org", url="https://x.example/secret")
    first, second, third = await lease(conn, 9, 60)
    await outbox.mark_sent(conn, first.id, "250")
    await outbox.mark_dead(conn, second.id, "550")
    await outbox.mark_retry(conn, third.id, timedelta(0), "451")
    assert [row["payload"] == "{}" for row in await conn.fetch("SELECT payload FROM outbox ORDER BY id")] == [
        True,
        True,
        False,
    ]
    found = await outbox.given_up(conn, 7)
    assert found is not None
    assert (found.call_id, found.about) == (None, "letter:order:1")
