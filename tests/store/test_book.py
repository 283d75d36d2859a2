"""The book in a real PostgreSQL: saved whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError

from tests.store.books import RICH, book
from vorzimmer.store import phones
from vorzimmer.store.book import BookConflict, Changes, load_book, save_book, version
from vorzimmer.store.book_file import import_file

HUBER = {"id": "huber", "dids": ["+49891234567"]}
MEIER = {"id": "meier", "dids": [{"number": "+49891234568", "diverted_from": ["+49301234567"]}]}


async def conflict(
    conn: Any, *clients: dict[str, Any], agents: tuple[dict[str, Any], ...] = (), prune: bool = False
) -> Sequence[str]:
    """The sentences of the conflict that saving these raises; nothing has changed then."""
    before = await load_book(conn)
    with pytest.raises(BookConflict) as caught:
        await save_book(conn, book(*clients, agents=agents), prune=prune)
    assert await load_book(conn) == before
    return caught.value.lines


async def test_what_is_saved_is_loaded(conn: Any, tmp_path: Path) -> None:
    """A book with every key survives the database; only the order is by id."""
    (tmp_path / "rich.toml").write_text(RICH)
    rich = import_file(tmp_path / "rich.toml", "DE")
    saved = await save_book(conn, rich)
    assert saved.clients == Changes(added=("mueller", "baecker"))
    assert saved.groups == Changes(added=("office", "home"))
    assert saved.agents == Changes(added=("anna", "ben"))
    _, loaded = await load_book(conn)
    assert loaded.client == (rich.client[1], rich.client[0])
    assert loaded.group == (rich.group[1], rich.group[0])
    assert loaded.agent == rich.agent


async def test_saving_again_changes_nothing(conn: Any) -> None:
    """The same file twice neither bumps the version nor wakes the daemons."""
    await save_book(conn, book(HUBER, MEIER))
    before = await version(conn)
    saved = await save_book(conn, book(HUBER, MEIER), prune=True)
    assert saved.clients == Changes(unchanged=("huber", "meier"))
    assert await version(conn) == before


async def test_only_what_differs_is_written(conn: Any) -> None:
    """A client that did not change keeps its row's version; what is not in the file stays without `prune`."""
    await save_book(conn, book(HUBER, MEIER))
    kept = await conn.fetchval("SELECT version FROM client WHERE id = 'huber'")
    saved = await save_book(conn, book(HUBER, {**MEIER, "name": "Meier GmbH"}, {"id": "new", "dids": ["+4930999999"]}))
    assert saved.clients == Changes(added=("new",), changed=("meier",), unchanged=("huber",))
    assert await conn.fetchval("SELECT version FROM client WHERE id = 'huber'") == kept
    assert (await save_book(conn, book(groups=()))).clients == Changes()
    assert len((await load_book(conn))[1].client) == 3


async def test_prune_removes_what_is_not_in_the_file(conn: Any) -> None:
    """With `prune` the database holds exactly the file, and the removed client's number is free again."""
    await save_book(conn, book(HUBER, MEIER, groups=("office", "home")))
    saved = await save_book(conn, book({**MEIER, "dids": HUBER["dids"]}), prune=True)
    assert saved.clients == Changes(changed=("meier",), removed=("huber",))
    assert saved.groups == Changes(removed=("home",), unchanged=("office",))
    assert [client.id for client in (await load_book(conn))[1].client] == ["meier"]


async def test_a_number_of_another_client_is_refused(conn: Any) -> None:
    """A DID that a client outside the file has is a conflict that names the number and both clients."""
    await save_book(conn, book(HUBER, MEIER))
    (line,) = await conflict(conn, {"id": "new", "dids": HUBER["dids"]})
    assert line.startswith("client 'new': number +49891234567 belongs to client 'huber' already;")
    (line,) = await conflict(conn, {"id": "new", "dids": MEIER["dids"]})
    assert "number +49891234568 diverted from +49301234567 belongs to client 'meier' already" in line
    await save_book(conn, book({"id": "new", "dids": ["+49891234568"]}))


async def test_a_number_can_move_within_a_file(conn: Any) -> None:
    """Two clients may exchange their numbers in one import."""
    await save_book(conn, book(HUBER, MEIER))
    await save_book(conn, book({**HUBER, "dids": MEIER["dids"]}, {**MEIER, "dids": HUBER["dids"]}))
    rows = await conn.fetch("SELECT client_id FROM client_number ORDER BY number")
    assert [row["client_id"] for row in rows] == ["meier", "huber"]


async def test_conflicts_within_the_book_and_missing_groups(conn: Any) -> None:
    """A number of two clients or a group that exists nowhere is refused; a group of the database will do."""
    ring = {"chain": [{"to": "group", "group": "night"}]}
    (line,) = await conflict(conn, HUBER, {"id": "twin", "dids": HUBER["dids"]})
    assert "belongs to clients 'huber' and 'twin'" in line
    missing = ("client 'huber', open.chain[1]: there is no group 'night'",)
    assert await conflict(conn, {**HUBER, "open": ring}) == missing
    await save_book(conn, book(groups=("night",)))
    await save_book(conn, book({**HUBER, "open": ring}))
    assert await conflict(conn, {**HUBER, "open": ring}, prune=True) == missing


async def test_an_agents_clients_must_exist(conn: Any) -> None:
    """An agent for a client that exists nowhere would serve nobody, silently; a client of the database will do.

    A team or skill that no agent has is no mistake: the agent comes later, the overflow chain answers until then.
    """
    anna = {"id": "anna", "clients": ["huber"]}
    missing = ("agent 'anna', clients: there is no client 'huber'",)
    assert await conflict(conn, agents=(anna,)) == missing
    await save_book(conn, book({**HUBER, "team": "law", "skills": ["latin"]}))
    await save_book(conn, book(agents=(anna,)))
    assert await conflict(conn, agents=(anna,), prune=True) == missing


async def test_an_extension_of_another_agent_is_refused(conn: Any) -> None:
    """A short number that an agent outside the file has would lead colleagues to either; within a file it can move."""
    await save_book(conn, book(agents=({"id": "anna", "extension": "121"}, {"id": "ben", "extension": "122"})))
    assert await conflict(conn, agents=({"id": "carol", "extension": "122"},)) == (
        "agent 'carol': extension 122 belongs to agent 'ben' already; take it from that agent first",
    )
    await save_book(conn, book(agents=({"id": "anna", "extension": "122"}, {"id": "ben", "extension": "121"})))


async def test_agents_are_pruned_like_clients(conn: Any) -> None:
    """With `prune` an agent whom the file does not hold is gone, and the telephone can be given to another."""
    await save_book(conn, book(agents=({"id": "anna"}, {"id": "ben"})))
    saved = await save_book(conn, book(agents=({"id": "ben"}, {"id": "carol", "phones": ["anna"]})), prune=True)
    assert saved.agents == Changes(added=("carol",), removed=("anna",), unchanged=("ben",))
    assert [(phone.endpoint, phone.agent) for phone in await phones.load(conn)] == [("anna", "carol"), ("ben", "ben")]


async def test_two_imports_at_once_cannot_share_a_number(dsn: str, conn: Any) -> None:
    """The second waits for the first and then sees its number: one conflict, no half-saved book."""
    other = await asyncpg.connect(dsn)
    outcomes = await asyncio.gather(
        save_book(conn, book({"id": "one", "dids": ["+49891234567"]})),
        save_book(other, book({"id": "two", "dids": ["+49891234567"]})),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BookConflict", "Saved"]
    await other.close()


async def test_what_was_altered_by_hand_is_still_checked(conn: Any) -> None:
    """A stored number in its final form is taken as it is; anything else is read, and refused if it is no number."""
    await save_book(conn, book(HUBER))
    alter = "UPDATE client SET data = jsonb_set(data, '{dids,0,number}', $1)"
    await conn.execute(alter, '"089 1234568"')
    assert (await load_book(conn))[1].client[0].dids[0].number == "+49891234568"
    await conn.execute(alter, '"+49891234568,Dial(SIP/x)"')
    with pytest.raises(ValidationError, match="is not a telephone number"):
        await load_book(conn)
