"""What is sent is bounded before it is looked at, for all pages share one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.web.door import Door, code_of, door
from tests.web.note_house import NoteHouse
from vorzimmer.store.notes import MOST_LISTED
from vorzimmer.web.app import LONGEST_BODY, LONGEST_NOTE


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages with their users."""
    async with door(dsn) as opened:
        yield opened


async def test_nobody_holds_up_the_pages_with_a_login_of_a_thousand_fields(house: Door) -> None:
    """Twenty thousand wrong fields would be refused one by one, for a fifth of a second, and nobody need log in."""
    stranger = await house.browser()
    answer = await stranger.ask("POST", "/login", {f"k{n}": 1 for n in range(20_000)})
    assert code_of(answer) == (413, "too_long")


async def test_a_body_of_untold_length_is_cut_off(house: Door) -> None:
    """Who sends in pieces and never says how much is told the same, and no more is read than one may send."""
    stranger, sent = await house.browser(), 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LONGEST_BODY:
            sent += 1024
            yield b"[" * 1024

    headers = {**stranger.headers, "Content-Type": "application/json"}
    answer = await stranger.client.post("/api/login", content=pieces(), headers=headers)
    assert code_of(answer) == (413, "too_long")
    assert sent <= LONGEST_BODY + 1024


@pytest.mark.parametrize("field", ["values", "itself"])
async def test_a_note_of_a_thousand_fields_is_refused_at_once(house_of_notes: NoteHouse, field: str) -> None:
    """A note may be long, but not of as many entries as fit: the answer names the first thing wrong, not each."""
    house_of_notes.rings("c1", "anna")
    anna = await house_of_notes.person("anna")
    many: dict[str, Any] = {f"k{n}": [] for n in range(LONGEST_NOTE // 20)}
    body = {"form": "message", "values": many} if field == "values" else {"form": "message", **many}
    refused = await anna.ask("POST", "/calls/c1/notes", body, 422)
    assert len(refused["fields"]) == 1


async def test_a_list_of_notes_ends(house_of_notes: NoteHouse) -> None:
    """However many notes somebody has written, a list holds what can be written while others wait."""
    house_of_notes.rings("c1", "anna")
    anna = await house_of_notes.person("anna")
    await anna.ask("POST", "/calls/c1/notes", {"form": "message"})
    async with house_of_notes.parts.database.connection() as conn:
        await conn.execute(
            "INSERT INTO note (id, call_id, client, form, filled, author, author_name)"
            " SELECT gen_random_uuid(), call_id, client, form, filled, author, author_name"
            " FROM note, generate_series(1, $1)",
            MOST_LISTED,
        )
    assert len(await anna.ask("GET", "/notes")) == MOST_LISTED
