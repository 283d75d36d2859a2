"""What clients answer: kept once, never changed, new to agents until one has seen it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.store.noting import begin, finish, open_house, ship
from vorzimmer.core.answer import GOOD_FOR, LONGEST, Kind, Via
from vorzimmer.store import answers
from vorzimmer.store.answers import MOST, NotTaken, Said
from vorzimmer.store.reply_addresses import About, open_reply_addresses

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REPLY = Said(Kind.REPLY, "Bitte zurückrufen", "erika@mueller.example", Via.MAIL, "<1@mueller.example>")
DONE = Said(Kind.DONE, "", "link", Via.LINK)


@pytest.fixture(autouse=True)
async def house(conn: Any) -> None:
    """A call of one client, with a note by Anna."""
    await open_house(conn)
    await ship(conn, "c1")
    await finish(conn, await begin(conn, "c1"))


async def test_a_reply_that_comes_again_under_its_message_id_is_kept_once(conn: Any) -> None:
    """A mail server that did not hear our answer sends the mail again."""
    first = await answers.add(conn, "c1", "mueller", REPLY, AT)
    again = await answers.add(conn, "c1", "mueller", replace(REPLY, text="anders"), AT + timedelta(hours=1))
    assert again == first
    assert [one.text for one in await answers.of_calls(conn, ["c1"], "mueller")] == ["Bitte zurückrufen"]


async def test_done_is_said_once_until_it_is_opened_again(conn: Any) -> None:
    """Two presses of the button are one answer; a reply does not open what is done."""
    await answers.add(conn, "c1", "mueller", DONE, AT)
    await answers.add(conn, "c1", "mueller", DONE, AT)
    await answers.add(conn, "c1", "mueller", REPLY, AT)
    found = await answers.of_calls(conn, ["c1"])
    assert [one.kind for one in found] == [Kind.DONE, Kind.REPLY]
    assert answers.is_done(found)
    await answers.add(conn, "c1", "mueller", replace(DONE, kind=Kind.REOPENED), AT)
    assert not answers.is_done(await answers.of_calls(conn, ["c1"]))
    with pytest.raises(NotTaken) as refused:
        await answers.add(conn, "c1", "mueller", replace(DONE, kind=Kind.REOPENED), AT)
    assert refused.value.code == "not_done"


async def test_somebody_elses_call_cannot_be_answered(conn: Any) -> None:
    """The call of another client, and one that does not exist, are refused alike."""
    for call, client in (("c1", "baecker"), ("none", "mueller")):
        with pytest.raises(NotTaken) as refused:
            await answers.add(conn, call, client, REPLY, AT)
        assert (refused.value.code, str(refused.value)) == ("unknown", "there is no such call")
    assert await answers.of_calls(conn, ["c1", "none"]) == []


async def test_whoever_answers_without_end_is_refused(conn: Any) -> None:
    """Two machines that reply to each other end after `MOST` answers."""
    for n in range(MOST):
        await answers.add(conn, "c1", "mueller", replace(REPLY, message_id=f"<{n}@x>"), AT)
    with pytest.raises(NotTaken) as refused:
        await answers.add(conn, "c1", "mueller", replace(REPLY, message_id="<one more@x>"), AT)
    assert refused.value.code == "too_many"


async def test_words_are_made_harmless_and_cut(conn: Any) -> None:
    """Controls and NUL go, markup stays text, five thousand characters are kept."""
    said = replace(REPLY, text="<b>\x00Hallo\r\n\u202eWelt" + "x" * LONGEST)
    kept = await answers.add(conn, "c1", "mueller", said, AT)
    assert kept.text.startswith("<b>Hallo\nWelt")
    assert len(kept.text) == LONGEST


async def test_an_answer_is_never_changed(conn: Any) -> None:
    """Not even by whoever owns the table; erasing it with its call is possible."""
    await answers.add(conn, "c1", "mueller", REPLY, AT)
    with pytest.raises(asyncpg.RestrictViolationError):
        await conn.execute("UPDATE client_answer SET text = 'anders'")
    await conn.execute("DELETE FROM client_answer WHERE call_id = 'c1'")
    assert await answers.of_calls(conn, ["c1"]) == []


async def test_an_answer_is_new_until_somebody_has_seen_it(conn: Any) -> None:
    """It tells who wrote the note, and wakes whoever listens."""
    told: list[str] = []
    await conn.add_listener(answers.WAKE_UP, lambda *_: told.append("woken"))
    added = await answers.add(conn, "c1", "mueller", REPLY, AT)
    (new,) = await answers.new(conn, AT - timedelta(days=1))
    assert new.answer == added
    assert new.wrote == {"anna"}
    assert not new.talked
    assert new.caller == "+491701234567"
    await answers.see(conn, added.id, "anna-user")
    await answers.see(conn, added.id, "ben-user")
    assert await answers.new(conn, AT - timedelta(days=1)) == []
    assert await conn.fetchval("SELECT by FROM client_answer_seen") == "anna-user"
    assert told


async def test_an_address_is_short_and_read_again_in_any_case(conn: Any) -> None:
    """The part before the @ fits into 64 characters, whatever the call's id; mail servers may change its case."""
    await ship(conn, "c" * 80)
    addresses = await open_reply_addresses(conn, "antwort.example")
    address = addresses.of("c" * 80, "mueller")
    assert len(address.partition("@")[0]) == 38
    assert await addresses.read(conn, address.upper(), datetime.now(UTC)) == About("c" * 80, "mueller")


async def test_a_forged_old_or_foreign_address_is_nobodys(conn: Any) -> None:
    """Each character counts; another client's signature does not fit; after sixty days it is over."""
    addresses = await open_reply_addresses(conn, "antwort.example")
    address, now = addresses.of("c1", "mueller"), datetime.now(UTC)
    assert await addresses.read(conn, address, now) == About("c1", "mueller")
    for n in range(6, 38):
        other = "a" if address[n] != "a" else "b"
        assert await addresses.read(conn, address[:n] + other + address[n + 1 :], now) is None, n
    wrong = (
        addresses.of("c1", "baecker"),
        addresses.of("none", "mueller"),
        "reply+@antwort.example",
        "",
        "@",
        "a\rb@c",
    )
    for one in (*wrong, address.replace("antwort", "fremd")):
        assert await addresses.read(conn, one, now) is None, one
    assert await addresses.read(conn, address, now + GOOD_FOR + timedelta(minutes=1)) is None
