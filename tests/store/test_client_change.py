"""One client of the book is changed: whole or not at all, with a trace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.examples import make_client
from vorzimmer.core.client import Book, Client, Did
from vorzimmer.store import audit, client_change
from vorzimmer.store.audit import Actor
from vorzimmer.store.book import BookConflict, save_book

BOSS = Actor("boss", acting_as="mueller")


def renamed(client: Client) -> Client:
    """The client under another name."""
    return client.model_copy(update={"name": "Anders"})


@pytest.fixture
async def version(conn: Any) -> int:
    """Of one of two clients."""
    mueller = make_client(id="mueller", name="mueller", dids=[Did(number="+4989123456")])
    meier = make_client(id="meier", name="meier", dids=[Did(number="+4989123457")])
    await save_book(conn, Book(client=(mueller, meier)))
    return (await client_change.load(conn, "mueller"))[0]


async def test_a_change_is_saved_and_written_down(conn: Any, version: int) -> None:
    """The trail tells who, in whose place, and the one value that differs, before and after."""
    newer, client = await client_change.change(conn, "mueller", renamed, actor=BOSS, version=version)
    assert (newer > version, client.name) == (True, "Anders")
    (entry,) = await audit.entries(conn, client="mueller")
    assert (entry.actor, entry.what) == (BOSS, "client.change")
    assert (entry.before, entry.after) == ({"name": "mueller"}, {"name": "Anders"})
    assert await client_change.load(conn, "mueller") == (newer, client)


async def test_what_changes_nothing_leaves_no_trace(conn: Any, version: int) -> None:
    """A form saved as it was is no change: no new version, no entry."""
    assert (await client_change.change(conn, "mueller", lambda same: same, actor=BOSS))[0] == version
    assert await audit.entries(conn) == []


async def test_the_second_of_two_changes_is_told_of_the_first(conn: Any, version: int) -> None:
    """Whoever saves what was read before somebody else's change overwrites nothing."""
    await client_change.change(conn, "mueller", renamed, actor=BOSS, version=version)
    with pytest.raises(client_change.NewerClient):
        await client_change.change(conn, "mueller", lambda one: one, actor=BOSS, version=version)


async def test_a_client_that_does_not_fit_the_book_is_not_saved(conn: Any, version: int) -> None:
    """Another client's number is refused by name, and neither row nor trail has changed."""
    theirs = (await client_change.load(conn, "meier"))[1].dids
    with pytest.raises(BookConflict, match="belongs to client 'meier' already"):
        await client_change.change(conn, "mueller", lambda one: one.model_copy(update={"dids": theirs}), actor=BOSS)
    assert (await client_change.load(conn, "mueller"))[0] == version
    assert await audit.entries(conn) == []


async def test_nobody_is_changed_who_is_not_there(conn: Any) -> None:
    """An unknown id is said as such."""
    with pytest.raises(client_change.NoSuchClient):
        await client_change.change(conn, "nobody", renamed, actor=BOSS)
