"""Messages that go by their client's rules, on a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.store import noting
from tests.store.books import book
from tests.store.leasing import lease
from tests.store.noting import DOMAIN, begin, finish
from vorzimmer.store.book import save_book
from vorzimmer.store.release import release

OFFICE, CHIEF, EVENING = "office@mueller.example", "+491711234567", "partner@mueller.example"
PAST = timedelta(seconds=121)

BOOK = book(
    {
        "id": "mueller",
        "name": "Kanzlei Müller",
        "dids": ["+49 89 12345"],
        "notify": [
            {"id": "urgent", "channel": "sms", "to": [CHIEF], "of": ["urgent"], "numbers": "shortened"},
            {"id": "office", "channel": "email", "to": [OFFICE], "of": ["noted"], "language": "en"},
            {"id": "evening", "channel": "email", "to": [EVENING], "digest": ["00:00", "12:00"]},
        ],
    },
)


@pytest.fixture
async def house(conn: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A connection to a house with a client that is told by rules."""
    monkeypatch.setattr(noting, "BOOK", BOOK)
    await save_book(conn, BOOK)
    return conn


async def let_go(conn: Any) -> dict[str, tuple[str, bool]]:
    """Release; each recipient's last message: its state, and whether it still waits."""
    async with conn.transaction():
        await release(conn, DOMAIN)
    rows = await conn.fetch("SELECT recipient, state, held FROM outbox ORDER BY id")
    return {row["recipient"]: (row["state"], row["held"]) for row in rows}


async def evening_comes(conn: Any) -> None:
    """The digests' time."""
    await conn.execute("UPDATE outbox SET next_at = now() WHERE digest")
    async with conn.transaction():
        await release(conn, DOMAIN)


async def test_the_note_says_which_rule_holds(house: Any) -> None:
    """A note that is not urgent wakes nobody; the row keeps the rule by which it went, in the rule's language."""
    await noting.ship(house, "c1")
    await finish(house, await begin(house, "c1"), "Rückruf")
    assert await let_go(house) == {
        CHIEF: ("skipped", False),
        OFFICE: ("pending", False),
        EVENING: ("pending", True),
    }
    [leased] = await lease(house, 10, 60)
    assert (leased.recipient, leased.rule, leased.language) == (OFFICE, "office", "en")
    assert leased.payload["rule"] == {"id": "office"}
    assert "rules" not in leased.payload


async def test_an_urgent_note_waits_for_no_evening(house: Any) -> None:
    """It goes to everybody at once."""
    await noting.ship(house, "c1")
    await finish(house, await begin(house, "c1"), "Brand", urgent=True)
    assert set((await let_go(house)).values()) == {("pending", False)}
    leased = await lease(house, 10, 60)
    assert {one.recipient for one in leased} == {CHIEF, OFFICE, EVENING}
    assert next(one for one in leased if one.channel == "sms").payload["rule"]["numbers"] == "shortened"


async def test_a_call_without_a_note_is_told_to_those_who_want_it(house: Any) -> None:
    """When the wait is over; what only a note would have called for is kept as skipped, not sent."""
    await noting.ship(house, "c1", ended=PAST)
    assert await let_go(house) == {
        CHIEF: ("skipped", False),
        OFFICE: ("skipped", False),
        EVENING: ("pending", True),
    }


async def test_a_late_note_goes_by_the_rules_too(house: Any) -> None:
    """Whoever was spared the call without a note gets its note, and the digest has both."""
    await noting.ship(house, "c1", ended=PAST)
    await let_go(house)
    await finish(house, await begin(house, "c1"), "late")
    await let_go(house)
    [leased] = await lease(house, 10, 60)
    assert (leased.recipient, leased.rule) == (OFFICE, "office")
    assert leased.payload["note_alone"]
    await evening_comes(house)
    [digest] = await lease(house, 10, 60)
    assert [bool(one.get("note_alone")) for one in digest.payload["digest"]] == [False, True]


async def test_a_digest_is_one_message(house: Any) -> None:
    """The calls in their order, each told in it once; each call's own row says where it was told."""
    for call in ("c1", "c2", "c3"):
        await noting.ship(house, call, ended=PAST)
    await let_go(house)
    await evening_comes(house)
    await evening_comes(house)
    [digest] = await lease(house, 10, 60)
    assert (digest.call_id, digest.recipient, digest.rule) == (None, EVENING, "evening")
    assert [one["call_id"] for one in digest.payload["digest"]] == ["c1", "c2", "c3"]
    assert digest.payload["client_name"] == "Kanzlei Müller"
    rows = await house.fetch("SELECT state, part_of FROM outbox WHERE digest")
    assert {(row["state"], row["part_of"]) for row in rows} == {("digested", digest.id)}


async def test_a_digest_that_tells_too_much_is_two(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call is lost for the message's length."""
    monkeypatch.setattr("vorzimmer.store.ruled.MOST_CALLS", 2)
    for call in ("c1", "c2", "c3"):
        await noting.ship(house, call, ended=PAST)
    await let_go(house)
    await evening_comes(house)
    await evening_comes(house)
    leased = await lease(house, 10, 60)
    assert [[one["call_id"] for one in digest.payload["digest"]] for digest in leased] == [["c1", "c2"], ["c3"]]


async def test_rules_that_were_changed_hold_for_later_calls(house: Any) -> None:
    """A call is told by the rules that held when it ended."""
    await noting.ship(house, "c1", ended=PAST)
    await house.execute("UPDATE client SET data = data - 'notify'")
    assert (await let_go(house))[EVENING] == ("pending", True)
    row = await house.fetchrow("SELECT payload FROM outbox WHERE recipient = $1", EVENING)
    assert orjson.loads(row["payload"])["rule"] == {"id": "evening"}


@pytest.mark.parametrize(
    "broken", ['{"rules": [{"channel": "pigeon"}]}', '{"disposition": "eaten"}', '{"timezone": 7}']
)
async def test_a_row_that_cannot_be_read_stops_no_other(house: Any, broken: str) -> None:
    """It is given up with a reason, where all of the house's messages would wait behind it for ever."""
    for call in ("c1", "c2"):
        await noting.ship(house, call, ended=PAST)
    await house.execute("UPDATE outbox SET payload = payload || $1::jsonb WHERE call_id = 'c1'", broken)
    assert (await let_go(house))[EVENING] == ("pending", True)
    dead = await house.fetch("SELECT call_id, detail FROM outbox JOIN outbox_attempt ON outbox_id = outbox.id")
    assert {row["call_id"] for row in dead} == {"c1"}
    assert all(row["detail"].startswith("its rules cannot be read") for row in dead)
