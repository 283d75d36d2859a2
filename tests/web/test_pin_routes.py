"""A client's PIN for the service number over the API, and the sound of a notice that was spoken there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sipp import sound
from tests.store.books import book
from tests.web.door import BOOK, START, Door, code_of, door
from vorzimmer.core.directory import Directory
from vorzimmer.store import notices
from vorzimmer.store.audit import Actor
from vorzimmer.web.passwords import fits
from vorzimmer.web.routes import notices as notice_routes
from vorzimmer.web.routes import pins

NUMBER = "+4930990000"


def files(folder: Path) -> set[str]:
    """What lies there."""
    return {file.name for file in folder.iterdir()}


@pytest.fixture
async def house(dsn: str, tmp_path: Path) -> AsyncIterator[Door]:
    """The pages, a second client in the book, and a service number."""
    async with door(dsn) as opened:
        other = book({"id": "baecker", "dids": ["+4930123456"]}).client
        directory = Directory(BOOK.group, (*BOOK.client, *other), BOOK.agent)
        opened.parts.directory = lambda: directory
        opened.parts.service_number, opened.parts.region = NUMBER, "DE"
        opened.parts.recordings = tmp_path
        opened.parts.today = lambda: START
        for module in (pins, notice_routes):
            opened.app.include_router(module.router)
        yield opened


async def test_a_pin_is_made_shown_once_and_taken_away(house: Door) -> None:
    """By the client's own user and by admins; what is kept fits it, and no answer but the first one shows it."""
    kanzlei = await house.inside("kanzlei")
    before = (await kanzlei.ask("GET", "/clients/mueller/pin")).json()
    assert before == {"code": "1001", "number": NUMBER, "number_shown": "030 990000", "set_at": None}
    made = (await kanzlei.ask("POST", "/clients/mueller/pin")).json()
    async with house.database.connection() as conn:
        row = await conn.fetchrow("SELECT * FROM client_pin")
    assert row["set_by"] == "kanzlei"
    assert await fits(row["hash"], made.pop("pin"))
    after = (await (await house.inside("root")).ask("GET", "/clients/mueller/pin")).json()
    assert after == made
    assert after["set_at"] is not None
    assert (await kanzlei.ask("DELETE", "/clients/mueller/pin")).json() == before


async def test_somebody_elses_pin_is_out_of_reach(house: Door) -> None:
    """Agents have no seat, supervisors look only, a foreign client is like none."""
    kanzlei, chief, anna = [await house.inside(name) for name in ("kanzlei", "chief", "anna")]
    for method in ("GET", "POST", "DELETE"):
        for client in ("baecker", "nobody"):
            assert code_of(await kanzlei.ask(method, f"/clients/{client}/pin")) == (404, "unknown_client")
        assert (await anna.ask(method, "/clients/mueller/pin")).status_code == 403
        assert (await chief.ask(method, "/clients/mueller/pin")).status_code == (200 if method == "GET" else 403)


async def test_a_spoken_notice_is_heard_by_whoever_reads_it(house: Door, tmp_path: Path) -> None:
    """By agents and the client until it is over; by its path under another client it is not there."""
    sound.write_wav(tmp_path / "notice-1.wav", sound.announcement(1, 1.0))
    (client,) = BOOK.client
    async with house.database.connection() as conn:
        await notices.speak(conn, client, "notice-1.wav", START + timedelta(hours=3), START, Actor("phone:pin"))
    anna, kanzlei = await house.inside("anna"), await house.inside("kanzlei")
    (found,) = (await anna.ask("GET", "/clients/mueller/notices")).json()
    assert (found["text"], found["spoken"], found["by"]) == ("Gesprochener Hinweis", True, client.name)
    for person in (anna, kanzlei):
        heard = await person.ask("GET", f"/clients/mueller/notices/{found['id']}/audio")
        assert heard.headers["Content-Type"] == "audio/wav"
        assert len(heard.content) > 16_000
    part = await anna.ask("GET", f"/clients/mueller/notices/{found['id']}/audio", Range="bytes=0-9")
    assert (part.status_code, len(part.content)) == (206, 10)
    assert (await anna.ask("GET", f"/clients/baecker/notices/{found['id']}/audio")).status_code == 404
    house.watch.pass_by(hours=3)
    assert (await kanzlei.ask("GET", f"/clients/mueller/notices/{found['id']}/audio")).status_code in (401, 404)


async def test_the_sound_of_a_notice_goes_a_week_after_it(house: Door, tmp_path: Path) -> None:
    """Not before; what lies beside it stays."""
    for name in ("notice-1.wav", "notice-2.wav", "talk.wav"):
        sound.write_wav(tmp_path / name, sound.announcement(1, 1.0))
    (client,) = BOOK.client
    async with house.database.connection() as conn:
        for name, hours in (("notice-1.wav", 3), ("notice-2.wav", 24)):
            await notices.speak(conn, client, name, START + timedelta(hours=hours), START, Actor("phone:pin"))
        await conn.execute("UPDATE client_notice SET deleted_at = $1 WHERE deleted_at IS NOT NULL", START)
        await notices.sweep(conn, tmp_path, START + notices.KEPT)
        assert len(files(tmp_path)) == 3
        await notices.sweep(conn, tmp_path, START + notices.KEPT + timedelta(hours=4))
        assert files(tmp_path) == {"notice-2.wav", "talk.wav"}
        await notices.sweep(conn, tmp_path, START + notices.KEPT + timedelta(hours=25))
        assert files(tmp_path) == {"talk.wav"}
