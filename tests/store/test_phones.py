"""The agents' telephones in a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.books import book
from vorzimmer.store import phones
from vorzimmer.store.book import BookConflict, save_book

DIGEST = "0123456789abcdef" * 2


def agent(name: str, *endpoints: str, transport: str = "udp") -> dict[str, Any]:
    """An agent with these telephones."""
    return {"id": name, "phones": [{"endpoint": one, "transport": transport} for one in endpoints]}


async def digests(conn: Any) -> dict[tuple[str, str], str | None]:
    """What is stored, by agent and endpoint."""
    return {(phone.agent, phone.endpoint): phone.digest for phone in await phones.load(conn)}


async def test_an_import_keeps_the_passwords(conn: Any) -> None:
    """Telephones go on working when something else of their agent changes, the transport included."""
    await save_book(conn, book(agents=(agent("anna", "desk", "home"),)))
    assert await digests(conn) == {("anna", "desk"): None, ("anna", "home"): None}
    assert await phones.set_digest(conn, "desk", DIGEST)
    await save_book(conn, book(agents=(agent("anna", "desk", "mobile", transport="tls"),)))
    assert await digests(conn) == {("anna", "desk"): DIGEST, ("anna", "mobile"): None}
    assert {phone.transport.value for phone in await phones.load(conn)} == {"tls"}


async def test_a_telephone_that_moves_loses_its_password(conn: Any) -> None:
    """Who had it knows the password, and could answer, and call, as the one who has it now."""
    await save_book(conn, book(agents=(agent("anna", "one"), agent("ben", "two"))))
    for endpoint in ("one", "two"):
        await phones.set_digest(conn, endpoint, DIGEST)
    await save_book(conn, book(agents=(agent("anna", "two"), agent("ben", "one"))))
    assert await digests(conn) == {("ben", "one"): None, ("anna", "two"): None}


async def test_a_telephone_of_another_agent_is_refused(conn: Any) -> None:
    """Two agents with one telephone would both be rung there; the sentence names both."""
    await save_book(conn, book(agents=(agent("anna", "desk"),)))
    with pytest.raises(BookConflict) as caught:
        await save_book(conn, book(agents=(agent("ben", "desk"),)))
    assert caught.value.lines == (
        "agent 'ben': telephone desk belongs to agent 'anna' already; take it from that agent first",
    )


async def test_nobodys_telephone_gets_no_password(conn: Any) -> None:
    """A slip of the pen does not make a telephone."""
    assert not await phones.set_digest(conn, "desk", DIGEST)
    assert await phones.load(conn) == ()
