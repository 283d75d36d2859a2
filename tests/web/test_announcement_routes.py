"""Announcements over the API: uploaded, heard, approved, withdrawn, ordered; what cannot be taken leaves nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.e2e.scarcity import no_room
from tests.web.door import Browser
from tests.web.portal_house import PortalHouse
from vorzimmer.core.announcement import BYTES
from vorzimmer.store import announcement_queue as queue
from vorzimmer.store.announcements import Sound

HERE = "/clients/mueller/announcements"
ITEM = "a" * 16


async def send(browser: Browser, path: str, content: Any, **query: str) -> httpx.Response:
    """Send a file as the page does."""
    headers = {**browser.headers, "X-CSRF-Token": browser.csrf}
    return await browser.client.post(f"/api{path}", params=query, content=content, headers=headers)


async def uploaded(browser: Browser, name: str = "closed", file: str = "zu.mp3") -> Any:
    """A file that waits."""
    answer = await send(browser, f"{HERE}/{name}/versions", b"sound", filename=file)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def converted(portal: PortalHouse, version: int) -> None:
    """The worker has made a draft of it."""
    await queue.converted(portal.conn, version, Sound(ITEM, Decimal("1.5"), Decimal("-23.1"), (0.5, 1.0), "clipped"))
    folder = portal.parts.library / "mueller"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{ITEM}.sln16").write_bytes(bytes(range(250)) * 4)


async def test_a_file_becomes_what_callers_hear(portal: PortalHouse) -> None:
    """Upload, look, listen, approve for later; the list says what is heard now, and the trail who said so."""
    erika = await portal.inside("erika")
    version = await uploaded(erika, file="C:\\fakepath\\Wir sind zu.MP3")
    place = f"{HERE}/closed/versions/{version['id']}"
    assert (version["state"], version["file_name"]) == ("waiting", "Wir sind zu.MP3")
    await converted(portal, version["id"])
    draft = (await erika.ask("GET", place)).json()
    assert (draft["state"], draft["seconds"], draft["loudness"], draft["peaks"]) == ("draft", 1.5, -23.1, [0.5, 1.0])
    assert draft["warning"] == "clipped"
    sound = await erika.ask("GET", f"{place}/audio")
    assert (sound.headers["content-type"], sound.content[44:]) == ("audio/wav", bytes(range(250)) * 4)
    assert sound.content[24:28] == (16_000).to_bytes(4, "little")
    assert (await erika.ask("GET", f"{place}/audio", Range="bytes=44-47")).content == b"\0\1\2\3"
    later = portal.watch() + timedelta(minutes=5)
    approved = await erika.ask("POST", f"{place}/approve", {"from": later.isoformat()})
    assert approved.status_code == 200
    for after, current in ((timedelta(), None), (timedelta(minutes=5), version["id"])):
        await portal.refresh()
        portal.watch.at += after
        found = (await erika.ask("GET", HERE)).json()["announcements"]
        closed = next(one for one in found if one["name"] == "closed")
        assert (closed["current"], closed["used_in"]) == (current, ["closed"])
    entry = await portal.conn.fetchrow("SELECT actor, what, client_id FROM audit ORDER BY id DESC LIMIT 1")
    assert tuple(entry) == ("erika", "announcement.approve", "mueller")
    assert (await erika.ask("POST", f"{place}/withdraw")).json()["state"] == "withdrawn"


async def test_what_is_not_possible_now_is_said(portal: PortalHouse) -> None:
    """Nothing unconverted is approved, nothing that callers heard is deleted, nothing is approved twice."""
    erika = await portal.inside("erika")
    version = await uploaded(erika)
    place = f"{HERE}/closed/versions/{version['id']}"
    early = await erika.ask("POST", f"{place}/approve", {})
    assert (early.status_code, early.json()["error"]["text"]) == (409, "it has not been converted yet")
    await converted(portal, version["id"])
    assert (await erika.ask("POST", f"{place}/approve", {})).status_code == 200
    assert (await erika.ask("POST", f"{place}/approve", {})).json()["error"]["text"] == "it is approved already"
    assert (await erika.ask("DELETE", place)).status_code == 409
    other = await uploaded(erika)
    gone = await erika.ask("DELETE", f"{HERE}/closed/versions/{other['id']}")
    assert (gone.status_code, gone.json()) == (200, {"id": other["id"]})


async def test_versions_are_found_under_their_client_and_name_alone(portal: PortalHouse) -> None:
    """Another client's user, another client's path and another name are answered as if there were nothing."""
    erika, stranger, anna = [await portal.inside(who) for who in ("erika", "fremd", "anna")]
    version = (await uploaded(erika))["id"]
    await converted(portal, version)
    for who, path in (
        (stranger, f"{HERE}/closed/versions/{version}"),
        (stranger, f"/clients/meier/announcements/closed/versions/{version}"),
        (erika, f"{HERE}/greeting/versions/{version}"),
    ):
        for method, more in (("GET", ""), ("GET", "/audio"), ("POST", "/withdraw"), ("DELETE", "")):
            assert (await who.ask(method, path + more)).status_code == 404
        assert (await send(who, f"{path}/file", b"sound", filename="a.wav")).status_code == 404
    assert (await send(stranger, f"{HERE}/closed/versions", b"sound", filename="a.wav")).status_code == 404
    assert (await anna.ask("GET", HERE)).status_code == 403
    assert (await erika.ask("GET", HERE)).status_code == 200
    assert sorted(path.name for path in portal.parts.uploads.glob("[0-9]*")) == [str(version)]


@pytest.mark.parametrize(
    ("content", "query", "status", "says"),
    [
        (b"", {"filename": "a.mp3"}, 422, "the file is empty"),
        (b"text", {"filename": "brief.txt"}, 409, "brief.txt is no sound file by its ending; allowed are wav, mp3"),
        (b"sound", {"filename": ""}, 422, "filename"),
        (b"sound", {}, 422, "filename"),
        (b"sound", {"filename": "a.mp3", "production": "professional"}, 422, "production"),
        (bytes(BYTES + 1), {"filename": "a.mp3"}, 413, "at most 20971520 bytes"),
    ],
)
async def test_what_is_refused_leaves_nothing(
    portal: PortalHouse, content: bytes, query: dict[str, str], status: int, says: str
) -> None:
    """A clear sentence, no row, no file."""
    erika = await portal.inside("erika")
    answer = await send(erika, f"{HERE}/closed/versions", content, **query)
    assert answer.status_code == status
    assert says in answer.json()["error"]["text"]
    await _nothing_kept(portal)


async def test_a_body_of_untold_length_is_cut_off_too(portal: PortalHouse) -> None:
    """Whoever does not say how much comes is stopped at the limit, on the disk too."""

    async def endless() -> Any:
        for _ in range((BYTES >> 20) + 2):
            yield bytes(1 << 20)

    erika = await portal.inside("erika")
    answer = await send(erika, f"{HERE}/closed/versions", endless(), filename="a.mp3")
    assert answer.status_code == 413
    await _nothing_kept(portal)


async def test_a_wrong_name_is_told(portal: PortalHouse) -> None:
    """A slip of the pen makes no announcement that nobody plays, and no path."""
    erika = await portal.inside("erika")
    for name in ("clossed", "..%2Fetc", "A B", ITEM):
        answer = await send(erika, f"{HERE}/{name}/versions", b"sound", filename="a.mp3")
        assert answer.status_code in (404, 422)
    await _nothing_kept(portal)


async def test_a_full_disk_is_said_and_nothing_is_half_done(portal: PortalHouse) -> None:
    """The file that does not fit is gone; a smaller one still comes in."""
    erika = await portal.inside("erika")
    with no_room(100_000):
        answer = await send(erika, f"{HERE}/closed/versions", bytes(300_000), filename="a.mp3")
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "no_room")
    await _nothing_kept(portal)
    await uploaded(erika)


async def test_two_uploads_at_once_are_two_versions(portal: PortalHouse) -> None:
    """Neither gets the other's sound."""
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    sent = [
        send(who, f"{HERE}/closed/versions", bytes([n]) * 500_000, filename=f"{n}.mp3")
        for n, who in enumerate((erika, max_))
    ]
    versions = [answer.json()["id"] for answer in await asyncio.gather(*sent)]
    kept = [(portal.parts.uploads / str(version) / "original.mp3").read_bytes() for version in versions]
    assert kept == [bytes([n]) * 500_000 for n in range(2)]


async def test_a_professional_is_asked_by_letter_and_delivers(portal: PortalHouse) -> None:
    """The order stands among the versions; its file takes the same way as every other."""
    erika = await portal.inside("erika")
    ordered = (
        await erika.ask("POST", f"{HERE}/greeting/order", {"text": "Guten Tag,\nKanzlei Müller.", "voice": "Frau"})
    ).json()
    assert (ordered["state"], ordered["production"], ordered["text"]) == (
        "ordered",
        "professional",
        "Guten Tag,\nKanzlei Müller.",
    )
    ((_, letter),) = await portal.letters("announcement_ordered")
    assert (letter["client"], letter["name"], letter["version"]) == ("mueller", "greeting", ordered["id"])
    place = f"{HERE}/greeting/versions/{ordered['id']}/file"
    assert (await send(erika, place, b"sound", filename="fertig.wav")).json()["state"] == "waiting"
    assert (await send(erika, place, b"sound", filename="noch.wav")).status_code == 409
    assert (await erika.ask("POST", f"{HERE}/greeting/order", {"text": " \n"})).status_code == 422


async def _nothing_kept(portal: PortalHouse) -> None:
    assert await portal.conn.fetchval("SELECT count(*) FROM announcement_version") == 0
    assert list(portal.parts.uploads.glob(".incoming*")) == []
    assert list(portal.parts.uploads.glob("[0-9]*")) == []
