"""Announcements from the file that somebody sends to what a caller hears, on the real Asterisk."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.announcements import sounds
from tests.e2e.desk import Desk, add_user
from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client
from tests.sipp import sound
from vorzimmer.core.role import Role

PICTURE = np.random.default_rng(7).bytes(200_000)
CLOSED: dict[str, Any] = {"to": "announcement", "sound": "closed"}
HERE = "/clients/mueller/announcements"


def mp3_with_cover(spoken: sound.Samples) -> bytes:
    """As it comes out of a music program."""
    picture = b"\0image/png\0\3\0\x89PNG\r\n\x1a\n" + PICTURE
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + frame + sounds.mp3(spoken / 32768, sound.RATE)


async def test_an_uploaded_mp3_is_heard_by_the_next_caller(house: House) -> None:
    """Sent on the client's page, converted by the worker, approved: from then on callers hear it and nothing else."""
    await house.use(client(CLOSED, begin="answer", announcements={"closed": "closed.wav"}))
    await house.announce("mueller", closed=11)
    await add_user(house.settings, "erika", Role.CLIENT, client="mueller")
    await house.start()
    new = sound.announcement(42)
    async with Desk.open(house.settings, "erika") as page:
        sent = await page.http.post(
            f"/api{HERE}/closed/versions", params={"filename": "Ansage.mp3"}, content=mp3_with_cover(new)
        )
        place = f"{HERE}/closed/versions/{sent.json()['id']}"
        draft = await eventually(lambda: page.get(place), lambda version: version["state"] != "waiting")
        assert (draft["state"], draft["refused_because"]) == ("draft", None)
        before = await house.call(DID)
        await before.line.hears(sound.announcement(11))
        await before.hang_up()
        await page.post(f"{place}/approve")
    item = await house.query("SELECT item FROM announcement_version")

    async def said() -> str:
        call = await house.call(DID)
        await call.finished()
        (row,) = await house.query(
            "SELECT data ->> 'media' AS media FROM call_event WHERE kind = 'phase.announcement'"
            " ORDER BY at DESC LIMIT 1"
        )
        return str(row["media"])

    await eventually(said, lambda media: media == f"lib:mueller/{item[0]['item']}")
    call = await house.call(DID)
    await call.line.hears(new)
    assert sound.similarity(call.line.heard(), sound.announcement(11)) < 0.2
    await call.hang_up()


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", ["tomorrow", "at", "8", "oclock", "30"]), ("en", ["tomorrow", "at", "8", "30", "a-m"])],
)
async def test_a_closed_office_says_when_it_opens(house: House, language: str, said: list[str]) -> None:
    """In one go behind the client's own words, in the client's language, by the hours as they are."""
    chain = [{**CLOSED, "then": ["back", "@opening"]}]
    names = {"closed": "closed.wav", "back": "back.wav"}
    hours = {"mon-fri": ["08:30-18:00"]}
    closed = {"begin": "answer", "chain": chain}
    await house.use(client(CLOSED, hours=hours, closed=closed, announcements=names, language=language))
    await house.announce("mueller", seconds=1.5, closed=31, back=32)
    house.now = datetime.fromisoformat("2026-11-24T22:00:00+01:00")
    await house.start()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(31, 1.5))
    await call.line.hears(sound.announcement(32, 1.5))
    words = house.sandbox.asterisk.root.data / "sounds" / language / "digits"
    for word in said:
        await call.line.hears(_spoken(words / f"{word}.gsm"), score=0.8)
    await call.finished()
    (row,) = await house.query("SELECT data ->> 'media' AS media FROM call_event WHERE kind = 'phase.announcement'")
    assert row["media"].split(",") == [
        "lib:mueller/closed",
        "lib:mueller/back",
        *(f"sys:digits/{word}" for word in said),
    ]


def _spoken(file: Path) -> sound.Samples:
    """One of Asterisk's own words; some are too short to be known by their content."""
    with av.open(str(file), format="gsm") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    words: sound.Samples = np.concatenate(frames).astype(np.int16)
    return words
