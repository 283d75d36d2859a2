"""Calls while the daemon is away: the dialplan rings, then answers alone; the daemon takes them up when it is back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Container
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, MACHINE, OFFICE, client, group, talking
from tests.sipp import sip, sound
from vorzimmer.calls import takeup
from vorzimmer.calls.exchange import Exchange

SHARED = "+498955555"
WORDS = 1.5
"""Seconds of each announcement here."""

WHOSE = 0.5
"""The score that tells whose words were heard: others score under 0.2; a busy machine may send them in two parts."""

ALONE = 20.0
"""Seconds of patience for a caller: the dialplan waits for the daemon for eight of them."""


def notes(house: House) -> list[Path]:
    """What the dialplan has written down and nobody has taken up."""
    return sorted((house.settings.paths.fallback / "calls").iterdir())


async def noted(house: House, said: str, count: int = 1) -> None:
    """Wait until so many notes say this."""

    async def look() -> list[str]:
        return [file.read_text() for file in notes(house) if file.suffix == ".call"]

    await eventually(look, lambda texts: sum(said in text for text in texts) == count)


async def all_taken_up(house: House) -> None:
    """Wait until the daemon has left nothing of the notes."""

    async def look() -> list[Path]:
        return notes(house)

    await eventually(look, lambda files: not files)


async def nothing_doubled(house: House, cdrs: int = 1, mails: int = 1) -> None:
    """After one more stop, by which all is in the database, and one more start, there is still one of each."""
    await house.mails(mails)  # what is not sent at the stop waits for the next worker
    await house.stop()
    await house.start()
    await all_taken_up(house)
    await house.stop()
    await house.cdrs(cdrs)
    await house.mails(mails)
    ids = await house.query("SELECT call_id, seq FROM call_event")
    assert len(ids) == len({tuple(row) for row in ids})


async def test_a_message_is_taken_and_delivered_later(house: House) -> None:
    """Ringing, the client's own words, a message; the daemon comes back: one CDR, one mail, even after a crash."""
    await house.use(client(MACHINE, announcements={"machine": "m.wav"}))
    await house.announce("mueller", seconds=WORDS, machine=12)
    await house.start()
    await house.dialplan_ready()
    await house.stop()
    call = await house.call(DID)
    assert await call.ringing() == 180
    await call.line.hears(sound.announcement(12, WORDS), patience=ALONE)
    await noted(house, "recording=")
    spoken = sound.announcement(77, 2.0)
    call.line.speak(np.concatenate([np.zeros(4000, dtype=np.int16), spoken]))
    await call.line.sent()
    await call.hang_up()
    await noted(house, "ended=")
    before = await asyncio.to_thread(shutil.copytree, notes(house)[0].parent, house.folder / "before")

    await house.start()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["client"], cdr["caller"], cdr["did"]) == ("message", "mueller", CALLER, DID)
    assert cdr["ring"] >= 7
    assert cdr["machine"] >= 1
    recorded = sound.load(house.settings.paths.recordings / cdr["recording"])
    assert sound.similarity(recorded, spoken) > 0.9
    assert sound.similarity(recorded, sound.announcement(78, 2.0)) < 0.2
    [mail] = await house.mails()
    [attachment] = mail.iter_attachments()
    assert attachment.get_content_type() == "audio/mpeg"
    await all_taken_up(house)

    # As if it had been killed after the journal was written and before the note was removed.
    for note in before.glob("*.call"):
        shutil.copy(note, house.settings.paths.fallback / "calls")
    await nothing_doubled(house)


async def test_each_caller_hears_the_right_words(house: House) -> None:
    """National form, diversion at a shared number, a withheld number, a number of nobody: each finds its folder."""
    named = {"announcements": {"machine": "m.wav"}}
    patient = {"to": "machine", "silence": 20}
    await house.use(
        client(patient, **named),
        client(patient, id="first", dids=[{"number": SHARED, "diverted_from": ["+498911111"]}], **named),
        client(patient, id="second", dids=[{"number": SHARED, "diverted_from": ["+498922222"]}], **named),
    )
    seeds = {"mueller": 31, "first": 32, "second": 33}
    for name, seed in seeds.items():
        await house.announce(name, seconds=WORDS, machine=seed)
    await house.start()
    await house.dialplan_ready(len(seeds))
    await house.stop()
    calls = {
        await house.call("089123456", "+49300000001"): "mueller",
        await house.call("0049" + SHARED[3:], "+49300000002", (sip.diverted_from("08911111"),)): "first",
        await house.call(SHARED[1:], "+49300000003", (sip.history_info("+498922222", SHARED),)): "second",
        await house.call(DID, sip.ANONYMOUS, sip.withheld("+49307654321")): "mueller",
    }
    nobody = await house.call("+498999999", "+49300000004")
    await asyncio.gather(*(call.ringing(180) for call in calls))
    await nobody.finished(patience=ALONE)
    assert nobody.line.packets > 25
    await noted(house, "recording=", 4)
    words = {name: sound.announcement(seed, WORDS) for name, seed in seeds.items()}
    for call, name in calls.items():
        heard, score = sound.find(call.line.heard(), words)
        assert (heard, score > WHOSE) == (name, True)
    await asyncio.gather(*(call.hang_up() for call in calls))
    await noted(house, "ended=", 5)
    assert not any("7654321" in file.read_text() for file in notes(house) if file.suffix == ".call")

    await house.start()
    cdrs = {cdr["caller"]: cdr for cdr in await house.cdrs(5)}
    found = {caller: (cdr["client"], cdr["did"], cdr["diverted_from"]) for caller, cdr in cdrs.items()}
    assert found == {
        "+49300000001": ("mueller", DID, None),
        "+49300000002": ("first", SHARED, "+498911111"),
        "+49300000003": ("second", SHARED, "+498922222"),
        "+49300000004": (None, "+498999999", None),
        None: ("mueller", DID, None),
    }
    assert cdrs[None]["withheld"]
    assert cdrs["+49300000004"]["disposition"] == "announced"
    await house.mails(4)


async def test_the_daemon_is_back_while_it_rings(house: House) -> None:
    """A restart is not heard: nothing but ringing, then the agent; one CDR as of any call, and no note stays."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    await house.stop()
    phone = await house.agent(1)
    call = await house.call(DID)
    await call.ringing(180)
    await noted(house, f"did={DID}")
    await house.start()
    ringing = await phone.invited()
    assert (ringing.caller, call.statuses, call.line.packets) == (CALLER, [100, 180], 0)
    assert notes(house) == []
    await ringing.answer()
    await talking(call, ringing)
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "agent1")
    await nothing_doubled(house)


async def test_the_caller_gives_up_while_it_rings(house: House) -> None:
    """Who hangs up before anybody or anything answered is in the books as abandoned, and the client is told."""
    await house.use(client(MACHINE))
    await house.start()
    await house.stop()
    call = await house.call(DID)
    await call.ringing(180)
    await noted(house, f"did={DID}")
    await call.hang_up()
    await noted(house, "ended=")
    await house.start()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["client"], cdr["hung_up_by"]) == ("abandoned", "mueller", "caller")
    assert cdr["recording"] is None
    await nothing_doubled(house)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[int]:
    """What each look of the daemon at the notes took up; it looks without a pause worth the name."""
    seen: asyncio.Queue[int] = asyncio.Queue()
    look = takeup.take_up

    async def watched(exchange: Exchange, mine: Container[str]) -> int:
        taken = await look(exchange, mine)
        seen.put_nowait(taken)
        return taken

    monkeypatch.setattr(takeup, "take_up", watched)
    monkeypatch.setattr(takeup, "POLL", 0.1)
    return seen


async def test_who_talks_to_the_machine_is_not_disturbed(house: House, looks: asyncio.Queue[int]) -> None:
    """The daemon is back in the middle of a message: the message goes on, and is taken up after its end, whole."""
    await house.use(client(MACHINE, announcements={"machine": "m.wav"}))
    await house.announce("mueller", seconds=WORDS, machine=12)
    await house.start()
    await house.dialplan_ready()
    await house.stop()
    while not looks.empty():
        looks.get_nowait()
    call = await house.call(DID)
    await call.line.hears(sound.announcement(12, WORDS), patience=ALONE)
    await noted(house, "recording=")
    before, after = sound.announcement(81, 1.5), sound.announcement(82, 1.5)
    call.line.speak(np.concatenate([np.zeros(4000, dtype=np.int16), before]))
    await call.line.sent()
    await house.start()
    assert [await looks.get() for _ in range(3)] == [0, 0, 0]
    assert call.ended is None
    call.line.speak(after)
    await call.line.sent()
    await call.hang_up()
    cdr = await house.cdr()
    assert cdr["disposition"] == "message"
    recorded = sound.load(house.settings.paths.recordings / cdr["recording"])
    assert min(sound.similarity(recorded, before), sound.similarity(recorded, after)) > 0.9
    await all_taken_up(house)
