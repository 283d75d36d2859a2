"""Feature codes from a real telephone: what is done, and what the agent hears."""

from __future__ import annotations

from typing import Any

import asyncpg

from tests.e2e.house import House, eventually
from tests.sipp import sip, sound
from tests.sipp.phone import Login, Outgoing
from vorzimmer.core.client import Book
from vorzimmer.store import book as books

ANNA: dict[str, Any] = {"id": "anna", "name": "Anna Adler", "phones": ["softphone1"], "languages": ["en", "de"]}


async def staffed(house: House, *agents: dict[str, Any]) -> None:
    """Import agents."""
    conn = await asyncpg.connect(house.settings.database.dsn.get_secret_value())
    try:
        await books.save_book(conn, Book.model_validate({"agent": agents}), prune=True)
    finally:
        await conn.close()


async def dial(house: House, code: str, phone: str = "softphone1", headers: tuple[str, ...] = ()) -> Outgoing:
    """Dial something on an agent's telephone, which has to show its password."""
    login = Login(phone, house.sandbox.state.passwords[phone])
    wire = await house.phone()
    return await wire.call(code, ("127.0.0.1", house.sandbox.sip_port), phone, headers, login)


async def hears(house: House, code: str, *names: str, headers: tuple[str, ...] = (), phone: str = "softphone1") -> None:
    """Dial a code, hear these of Asterisk's sounds, and be hung up."""
    call = await dial(house, code, phone, headers)
    await call.answered()
    sounds = house.sandbox.asterisk.root.data / "sounds" / "en"
    for name in names:
        await call.line.hears(sound.load(sounds / f"{name}.gsm"))
    assert (await call.finished()).by == "far"


async def states(house: House, count: int) -> list[tuple[str, str, str]]:
    """State, reason and telephone of every event of an agent in the database, once there are so many."""
    sql = "SELECT state, reason, phone FROM agent_event ORDER BY at"
    rows = await eventually(lambda: house.query(sql), lambda rows: len(rows) >= count)
    return [tuple(row) for row in rows]


async def test_an_agents_day(house: House) -> None:
    """Log in, lunch, ready, log out from the telephone; each is heard, and stands in the database."""
    await staffed(house, ANNA)
    await house.start()
    # Who forwards and who calls comes raw from the network; of an agent nobody asks for either.
    forged = "%0aagi_arg_1%3a%20x%0a%0a200%20result%3d1%20(softphone2)%0a"
    await hears(house, "*10", "agent-loginok", headers=(sip.diverted_from(forged),))
    await hears(house, "*121", "vm-isunavail", "digits/1")
    await hears(house, "*13", "agent-loginok")
    await hears(house, "*11", "agent-loggedoff")
    assert await states(house, 4) == [
        ("available", "", "softphone1"),
        ("paused", "lunch", "softphone1"),
        ("available", "", "softphone1"),
        ("logged_out", "", ""),
    ]


async def test_a_strangers_telephone_and_a_wrong_code(house: House) -> None:
    """A telephone with a password that is no agent's is told so; what is no code is not found, outside numbers too."""
    await staffed(house, ANNA)
    await house.start()
    await hears(house, "*10", "feature-not-avail-line", phone="softphone2")
    for number in ("*99", "*124", "ask", "089123456", "+4989123456"):
        assert (await (await dial(house, number)).finished()).status == 404
    await house.stop()
    assert await house.query("SELECT * FROM agent_event") == []


async def test_a_log_in_outlives_the_daemon_and_its_absence_is_said(house: House) -> None:
    """While the daemon is away a code is answered by an apology; when it is back everybody is logged in as before."""
    await staffed(house, ANNA)
    await house.start()
    await hears(house, "*10", "agent-loginok")
    await house.stop()
    await hears(house, "*11", "im-sorry", "please-try-call-later")
    await house.start()
    await hears(house, "*14", "agent-loginok")
    assert len(await states(house, 1)) == 1
