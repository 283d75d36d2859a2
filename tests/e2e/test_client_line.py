"""The service number: a client with a PIN switches its line and speaks a notice; strangers get nowhere."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.e2e.house import House, eventually
from tests.e2e.keypad import Keypad
from tests.sipp import sip, sound
from vorzimmer.asterisk import cdr_file
from vorzimmer.core.witness import by_call
from vorzimmer.roles.running import now
from vorzimmer.store import client_pins
from vorzimmer.store.audit import Actor
from vorzimmer.store.sound_file import wav_seconds
from vorzimmer.web import passwords

NUMBER = "+4989123456"
CLIENT: dict[str, Any] = {
    "id": "mueller",
    "name": "Kanzlei Müller",
    "dids": [NUMBER],
    "open": {"begin": "answer", "chain": [{"to": "announcement", "sound": "greeting"}, {"to": "hangup"}]},
    "closed": {"begin": "answer", "chain": [{"to": "announcement", "sound": "closed"}, {"to": "hangup"}]},
    "announcements": {"greeting": "greeting.wav", "closed": "closed.wav"},
}
GREETING, CLOSED = 41, 42
PIN = "481516"
WORDS = sound.announcement(43, 2.0)


@pytest.fixture
async def code(house: House) -> str:
    """The code of a client that has a PIN; the daemon runs, and the office never closes by itself."""
    await house.use(CLIENT)
    await house.announce("mueller", 1.5, greeting=GREETING, closed=CLOSED)
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    try:
        await client_pins.set_pin(conn, "mueller", passwords.hashed_here(PIN), actor=Actor("test"))
        found = await client_pins.code_of(conn, "mueller")
    finally:
        await conn.close()
    await house.start()
    assert found is not None
    return found


async def logged_in(house: House, code: str, written: str = "+4930990000") -> Keypad:
    """A client at the menu."""
    client = await Keypad.outside(house, written)
    await client.answers("vm-toenternumber", f"{code}#")
    await client.answers("vm-password", f"{PIN}#")
    return client


async def next_caller_hears(house: House, seed: int) -> None:
    """What somebody hears who calls the client now."""
    caller = await house.call(NUMBER)
    await caller.answered()
    await caller.line.hears(sound.announcement(seed, 1.5))
    await caller.finished()


async def override(house: House) -> Any:
    """The client's switch, as it stands in the database."""
    (row,) = await house.query("SELECT data -> 'override' ->> 'state' AS state FROM client")
    return row["state"]


async def test_not_reachable_changes_what_the_next_caller_gets(house: House, code: str) -> None:
    """By PIN, in the carrier's national writing; then reachable again. Noted; and no record of a call that is none."""
    begun = now()
    await next_caller_hears(house, GREETING)
    client = await logged_in(house, code, "030990000")
    await client.answers("agent-loginok", "2")
    await client.asked("vm-isunavail")
    assert await override(house) == "closed"
    await next_caller_hears(house, CLOSED)
    await client.press("1")
    await client.asked("agent-loginok")
    assert await override(house) is None
    await client.press("9")
    await client.asked("vm-goodbye")
    await client.is_let_go()
    rows = await house.query("SELECT actor, what, client_id FROM audit WHERE what = 'client.override'")
    assert [tuple(row) for row in rows] == [("phone:pin", "client.override", "mueller")] * 2
    cdrs = await house.cdrs(2)
    written = [*cdr_file.read(house.settings.paths.cdr, begun)]
    assert by_call(written).keys() == {row["call_id"] for row in cdrs}
    assert len(written) == 3  # the third is none that `reconcile` would miss
    await house.stop()
    stranger = await Keypad.outside(house)
    await stranger.asked("im-sorry")
    await stranger.is_let_go()
    assert [*(house.settings.paths.fallback / "calls").iterdir()] == []


async def test_a_wrong_pin_three_times_ends_the_call_and_the_right_one_is_good_in_the_next(
    house: House, code: str
) -> None:
    """A slip costs nothing; whether there is such a client is not told; the star leaves."""
    stranger = await Keypad.outside(house)
    for question, keyed in (("vm-toenternumber", code), ("vm-incorrect", "9999"), ("vm-incorrect", code)):
        await stranger.answers(question, f"{keyed}#")
        await stranger.answers("vm-password", "000000#")
    await stranger.asked("vm-incorrect")
    await stranger.is_let_go()
    client = await logged_in(house, code)
    await client.answers("agent-loginok", "*")
    await client.is_let_go()


async def test_a_spoken_notice_is_heard_and_replaced(house: House, code: str) -> None:
    """Spoken, heard again, a second one takes its place; agents find it with the client, until midnight."""
    client = await logged_in(house, code)
    await client.answers("agent-loginok", "3")
    await client.answers("vm-rec-temp", "#")
    await client.speaks(WORDS)
    await client.answers("vm-review", "1")
    await client.answers("vm-msgsaved", "")
    await client.answers("agent-loginok", "4")
    await client.hears(WORDS)
    (notice,) = await house.query("SELECT * FROM client_notice WHERE deleted_at IS NULL")
    assert (notice["text"], notice["by_name"], notice["client"]) == (
        "Gesprochener Hinweis",
        "Kanzlei Müller",
        "mueller",
    )
    assert float(wav_seconds(house.settings.paths.recordings / notice["audio"])) == pytest.approx(2.0, abs=1.0)
    await client.call.hang_up()


async def test_who_hangs_up_anywhere_leaves_nothing_behind(house: House, code: str) -> None:
    """At every question, and while speaking: no file, no notice, no switch; the next caller is served."""
    way = (
        ("vm-toenternumber", f"{code}#"),
        ("vm-password", f"{PIN}#"),
        ("agent-loginok", "3"),
        ("vm-rec-temp", "#"),
        ("beep", "#"),
    )

    async def go(steps: int) -> None:
        client = await Keypad.outside(house)
        for question, keys in way[:steps]:
            await client.answers(question, keys)
        await client.asked(way[steps][0])
        await client.call.hang_up()

    await asyncio.gather(*(go(steps) for steps in range(len(way))))

    async def left() -> list[str]:
        return [file.name for file in house.settings.paths.spool.glob("spoken-*")]

    await eventually(left, lambda files: not files)
    assert await house.query("SELECT * FROM client_notice") == []
    assert await override(house) is None
    await next_caller_hears(house, GREETING)


async def test_another_number_with_the_same_end_is_a_clients(house: House) -> None:
    """Only the whole service number leads away from the calls, however the number is written."""
    await house.use({**CLIENT, "dids": ["+4989990000"]})
    await house.announce("mueller", 1.5, greeting=GREETING, closed=CLOSED)
    await house.start()
    forged = "%0aagi_arg_1%3a%20x%0a%0a200%20result%3d1%20(softphone2)%0a"
    for written in ("089990000", "+4989990000", "004989990000"):
        caller = await house.call(written, headers=(sip.diverted_from(forged),))
        await caller.answered()
        await caller.line.hears(sound.announcement(GREETING, 1.5))
        await caller.finished()
    await house.cdrs(3)
    for written in ("4930990000", "004930990000"):
        stranger = await house.call(written, headers=(sip.diverted_from(forged),))
        await stranger.answered()
        await Keypad(house, stranger, "de").answers("vm-toenternumber", "*")
        await stranger.finished()
    assert len(await house.cdrs(3)) == 3
