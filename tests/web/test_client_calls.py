"""A client's calls over the API: found, read, heard, and taken along as a file."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import orjson
import pytest

from tests.web.door import code_of
from tests.web.portal_house import MARK, PortalHouse
from vorzimmer.core.cdr import Disposition
from vorzimmer.store import erasure
from vorzimmer.web import sounds

CALLS = "/clients/mueller/calls"


async def ids(house: PortalHouse, query: str = "", user: str = "erika") -> list[str]:
    """The calls that are found."""
    answer = await (await house.inside(user)).ask("GET", f"{CALLS}{query}")
    assert answer.status_code == 200, answer.text
    return [call["id"] for call in answer.json()["calls"]]


async def three_calls(house: PortalHouse) -> None:
    """One answered with a note, one withheld with a message, one of another client."""
    at = house.watch.at
    await house.called("talk", "mueller", at - timedelta(days=1))
    await house.noted("talk", "mueller", "Bitte wegen 100% der Miete zurückrufen")
    silent = {"withheld": True, "caller": "+491709999999", "caller_name": "Verborgen"}
    message = {"recording": "m.wav", "recording_seconds": Decimal(2), "disposition": Disposition.MESSAGE}
    await house.called("message", "mueller", at - timedelta(hours=1), **silent, **message)
    await house.called("foreign", "meier", at, caller_name=MARK)
    await house.noted("foreign", "meier", MARK)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["message", "talk"]),
        ("?kind=message", ["message"]),
        ("?kind=message&kind=answered", ["message", "talk"]),
        ("?kind=blocked", []),
        ("?since=2026-11-23", ["message"]),
        ("?until=2026-11-22", ["talk"]),
        ("?q=miete", ["talk"]),
        ("?q=100%25", ["talk"]),
        ("?q=1%25d", []),
        ("?q=0170+1234567", ["talk"]),
        ("?q=groß", ["talk"]),
        ("?q=999", []),
        ("?q=verborgen", []),
        (f"?q={MARK}", []),
        ("?q=%00", ["message", "talk"]),
    ],
)
async def test_calls_are_found(portal: PortalHouse, query: str, found: list[str]) -> None:
    """By day, kind, number, name and what was noted; who withheld the number is not found by it, nor others' calls."""
    await three_calls(portal)
    assert await ids(portal, query) == found


async def test_pages_follow_one_another(portal: PortalHouse) -> None:
    """All calls once, newest first, also of one instant; another client's call is no place to go on from."""
    for n in range(120):
        await portal.called(f"call{n:03}", "mueller", portal.watch.at - timedelta(minutes=n // 3))
    await portal.called("foreign", "meier", portal.watch.at)
    erika, seen, before = await portal.inside("erika"), [], ""
    for length in (50, 50, 20):
        page = (await erika.ask("GET", f"{CALLS}{before}")).json()
        assert len(page["calls"]) == length
        seen += [call["id"] for call in page["calls"]]
        before = f"?before={page['next']}"
    assert page["next"] is None
    assert sorted(seen) == [f"call{n:03}" for n in range(120)]
    foreign, none = [await erika.ask("GET", f"{CALLS}?before={call}") for call in ("foreign", "nothing")]
    assert (foreign.status_code, foreign.content) == (404, none.content)


async def test_one_call_in_words(portal: PortalHouse) -> None:
    """Who answered by name, what the caller met, the note as the client was told it; no endpoint, no file's name."""
    await three_calls(portal)
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    told = (await erika.ask("GET", f"{CALLS}/talk")).json()
    assert told["agents"] == ["Anna Weber"]
    assert (told["caller"], told["caller_shown"], told["talked"]) == ("+491701234567", "0170 1234567", 60.0)
    assert [(phase["kind"], phase["text"]) for phase in told["phases"]] == [
        ("ring", "es klingelt"),
        ("talk", "spricht mit Anna Weber"),
    ]
    assert told["notes"][0]["fields"][-1]["value"] == "Bitte wegen 100% der Miete zurückrufen"
    assert "alice" not in orjson.dumps(told).decode()
    english = (await max_.ask("GET", f"{CALLS}/talk")).json()
    assert english["phases"][1]["text"] == "talks with Anna Weber"
    silent = (await erika.ask("GET", f"{CALLS}/message")).json()
    assert (silent["withheld"], silent["caller"], silent["caller_name"]) == (True, None, None)
    assert silent["sounds"] == [{"n": 0, "kind": "message", "seconds": 2.0, "gone": True}]
    assert code_of(await erika.ask("GET", f"{CALLS}/message/audio/0")) == (404, "gone")
    foreign, none = [await erika.ask("GET", f"{CALLS}/{call}") for call in ("foreign", "nothing")]
    assert (foreign.status_code, foreign.content) == (404, none.content)


async def test_a_message_is_heard_by_parts(portal: PortalHouse) -> None:
    """A player asks for a piece and gets it, byte for byte; the file is kept by one who asks for that."""
    await three_calls(portal)
    file = portal.sound("m.wav", bytes(range(256)) * 625).read_bytes()
    erika = await portal.inside("erika")
    whole = await erika.ask("GET", f"{CALLS}/message/audio/0")
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", file)
    for asked, start, stop in (
        ("0-9", 0, 10),
        ("40-99", 40, 100),
        ("101-", 101, len(file)),
        ("-3", len(file) - 3, None),
    ):
        part = await erika.ask("GET", f"{CALLS}/message/audio/0", Range=f"bytes={asked}")
        assert (part.status_code, part.content) == (206, file[start:stop]), asked
        assert part.headers["content-range"].endswith(f"/{len(file)}")
    beyond = await erika.ask("GET", f"{CALLS}/message/audio/0", Range=f"bytes={len(file)}-")
    assert code_of(beyond) == (416, "no_such_part")
    for nonsense in ("bytes=", "bytes=-", "bytes=1-2,5-6", "lines=1-2"):
        assert (await erika.ask("GET", f"{CALLS}/message/audio/0", Range=nonsense)).status_code == 200
    kept = await erika.ask("GET", f"{CALLS}/message/audio/0?download=true")
    assert kept.headers["content-disposition"] == 'attachment; filename="2026-11-23-0900-message.wav"'
    assert code_of(await erika.ask("GET", f"{CALLS}/message/audio/1")) == (404, "unknown")


async def test_a_recorded_talk_is_one_sound(portal: PortalHouse) -> None:
    """The caller on the left, the other side on the right, the shorter one silent at its end; every piece fits."""
    portal.sound("c.wav", struct.pack("<4h", 1, 2, 3, 4))
    portal.sound("a.wav", struct.pack("<3h", -1, -2, -3))
    sound = sounds.opened(portal.folder, ("c.wav", "a.wav"))
    assert sound is not None
    whole = sound.read(0, sound.length)
    assert struct.unpack("<8h", whole[44:]) == (1, -1, 2, -2, 3, -3, 4, 0)
    assert struct.unpack("<HHIIHH", whole[20:36]) == (1, 2, 8000, 32000, 4, 16)
    assert len(whole) == sound.length
    for start in range(sound.length):
        for stop in range(start + 1, sound.length + 1):
            assert sound.read(start, stop) == whole[start:stop]
    assert sounds.opened(portal.folder, ("../c.wav",)) is None
    assert sounds.opened(portal.folder, ()) is None


async def test_calls_as_lines(portal: PortalHouse) -> None:
    """What the list holds, in the reader's language; a name that a spreadsheet would compute is a text."""
    await three_calls(portal)
    await portal.called("evil", "mueller", portal.watch.at, caller_name="=HYPERLINK(1)", caller=None)
    query = "?since=2026-11-01&until=2026-11-30"
    answer = await (await portal.inside("erika")).ask("GET", f"/clients/mueller/calls.csv{query}")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [row[0] for row in rows] == ["Datum", "2026-11-23", "2026-11-23", "2026-11-22"]
    assert [row[5] for row in rows[1:]] == ["'=HYPERLINK(1)", "", "Jürgen Groß"]
    assert [row[4] for row in rows[1:]] == ["", "unterdrückt", "0170 1234567"]
    assert (rows[3][8], rows[3][11]) == ("60,000", "Anna Weber")
    assert "100% der Miete" in rows[3][12]
    assert MARK not in answer.text
    long = await (await portal.inside("erika")).ask(
        "GET", "/clients/mueller/calls.csv?since=2025-01-01&until=2026-11-30"
    )
    assert code_of(long) == (422, "bad_request")


async def test_calls_as_a_workbook(portal: PortalHouse) -> None:
    """Numbers are numbers, texts are texts, nothing is a formula or a link."""
    await three_calls(portal)
    await portal.called("evil", "mueller", portal.watch.at, caller_name="=1+1", caller=None)
    query = "?since=2026-11-01&until=2026-11-30"
    answer = await (await portal.inside("max")).ask("GET", f"/clients/mueller/calls.xlsx{query}")
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - our own file
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    rows: list[list[Any]] = [
        ["".join(cell.itertext()) for cell in row.findall("x:c", space)] for row in sheet.iterfind(".//x:row", space)
    ]
    assert (len(rows), rows[0][0], rows[1][5]) == (4, "day", "=1+1")
    assert sheet.findall(".//x:f", space) == []
    assert float(rows[3][8]) == 60


async def test_an_erased_call_is_shown_as_one(portal: PortalHouse) -> None:
    """Lists, details, files: that there was a call, when and how it ended; not who called, nor what was noted."""
    await three_calls(portal)
    await erasure.erase_numbers(portal.conn, ["talk"], portal.watch.at)
    written = [row["id"] for row in await portal.conn.fetch("SELECT id::text FROM note WHERE call_id = 'talk'")]
    await erasure.erase_notes(portal.conn, written, portal.watch.at)
    erika = await portal.inside("erika")
    listed = (await erika.ask("GET", CALLS)).json()["calls"]
    assert [(one["id"], one["erased"], one["caller"]) for one in listed] == [
        ("message", False, None),
        ("talk", True, None),
    ]
    told = (await erika.ask("GET", f"{CALLS}/talk")).json()
    assert (told["erased"], told["caller_shown"], told["caller_name"]) == (True, None, None)
    assert (told["talked"], [note["fields"] for note in told["notes"]]) == (60.0, [[]])
    lines = await erika.ask("GET", "/clients/mueller/calls.csv?since=2026-11-01&until=2026-11-30")
    rows = list(csv.reader(io.StringIO(lines.text.removeprefix("\ufeff")), delimiter=";"))
    assert [row[4] for row in rows[1:]] == ["unterdrückt", "gelöscht"]
    assert "1234567" not in lines.text
