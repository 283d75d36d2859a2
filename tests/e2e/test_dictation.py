"""Announcements spoken on an agent's telephone, by the daemon, a real Asterisk and a telephone that speaks."""

from __future__ import annotations

from typing import Any

import asyncpg

from tests.e2e.house import House, eventually
from tests.e2e.keypad import Keypad
from tests.sipp import sound
from vorzimmer.roles.running import now
from vorzimmer.store import announcements
from vorzimmer.store.audit import Actor

NUMBER = "+4989123456"
CLIENT: dict[str, Any] = {
    "id": "mueller",
    "name": "Kanzlei Müller",
    "language": "en",
    "dids": [NUMBER],
    "open": {"begin": "answer", "chain": [{"to": "announcement", "sound": "greeting"}, {"to": "hangup"}]},
}
ANNA: dict[str, Any] = {"id": "anna", "name": "Anna", "phones": ["softphone1"], "languages": ["en"]}
BEN: dict[str, Any] = {"id": "ben", "name": "Ben", "phones": ["softphone2"], "languages": ["en"]}

WORDS = sound.announcement(71, 3.0)
"""What Anna says."""


async def code_of(house: House, client: str = "mueller") -> str:
    """What an agent keys in for this client."""
    (row,) = await house.query("SELECT code FROM client_code WHERE client_id = $1", client)
    return str(row["code"])


async def version(house: House, wanted: str) -> asyncpg.Record:
    """The only version, once it is in that state."""
    sql = "SELECT * FROM announcement_version"
    (row,) = await eventually(lambda: house.query(sql), lambda rows: [row["state"] for row in rows] == [wanted])
    return row


async def test_what_an_agent_speaks_is_heard_by_the_next_caller_once_it_is_approved(house: House) -> None:
    """Client, announcement, spoken, heard, accepted: a draft, tried by its code, approved, heard by who calls."""
    await house.use(CLIENT, agents=(ANNA, BEN))
    await house.start()
    anna = await Keypad.at(house, "*16")
    await anna.answers("vm-toenternumber", f"{await code_of(house)}#")
    await anna.answers("vm-toenternumber", "1#")
    await anna.speaks(WORDS)
    await anna.answers("vm-review", "2")
    await anna.hears(WORDS)
    await anna.answers("vm-review", "1")
    await anna.asked("vm-msgsaved")
    await anna.call.hang_up()
    draft = await version(house, "draft")
    assert (draft["name"], draft["production"], draft["created_by"]) == ("greeting", "phone", "phone:softphone1")
    (noted,) = await house.query("SELECT actor, acting_as FROM audit WHERE what = 'announcement.add'")
    assert tuple(noted) == ("phone:softphone1", "anna")
    ben, client = await Keypad.at(house, f"*17{draft['test_code']}", "softphone2"), await Keypad.outside(house)
    await client.answers("vm-toenternumber", f"{draft['test_code']}#")
    for trying in (ben, client):
        await trying.hears(WORDS)
        await trying.is_let_go()
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    try:
        await announcements.approve(conn, "mueller", draft["id"], Actor("boss"), since=now(), now=now())
    finally:
        await conn.close()

    async def heard() -> float:
        caller = await house.call(NUMBER)
        await caller.finished()
        return sound.similarity(caller.line.heard(), WORDS)

    await eventually(heard, lambda score: score > 0.9)  # the daemon reads of the approval a moment later
    assert [file.name for file in house.settings.paths.spool.glob("spoken-*")] == []
