"""Talks that are recorded, and above all those that are not, on the real Asterisk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client, heard, talking
from tests.e2e.test_queue import agent, events, queue
from tests.sipp import sound
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from vorzimmer.calls.talk_recording import TalkRecording
from vorzimmer.control import commands
from vorzimmer.control.commands import Refused

CONSENTING = {"records_since": "2026-01-01"}
SECONDS = 1.2

Kill = Callable[[], Awaitable[None]]


async def in_talk(house: House) -> tuple[Outgoing, Incoming]:
    """A caller of a client that allows recording, and the agent who has answered, with a consent on file."""
    allowed = client(queue(), recording={"allowed": True}, announcements={"consent": "consent.wav"})
    await house.use(allowed, agents=(agent(1, **CONSENTING), agent(2)))
    await house.announce("mueller", 1.0, consent=70)
    await house.start()
    await house.log_in("a1")
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


async def order(house: House, what: type[commands.CallCommand], **more: Any) -> None:
    """Ask something of the only call."""
    [living] = (await house.ask(commands.Calls(actor="test")))["calls"]
    await house.ask(what(actor="test", call=living["call"], **more))


async def told(house: House, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """What the ledger holds of a kind, once there is so much."""
    return await eventually(lambda: events(house, kind), lambda found: len(found) >= count)


def sounds_on_disk(house: House) -> list[Path]:
    """Every file that could hold somebody's words, wherever Asterisk or we may write."""
    folders = (house.sandbox.folder / "asterisk" / "spool", house.settings.paths.recordings, house.sandbox.fallback)
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file for file in found if file.suffix in {".wav", ".WAV", ".gsm", ".alaw", ".raw", ".sln", ".mp3", ".new"}]


async def say(call: Call, talk: Call, seed: int) -> None:
    """Both say something at the same time: the caller the sound of `seed`, the agent that of the next one."""
    await asyncio.gather(
        heard(call, talk, sound.announcement(seed, SECONDS)), heard(talk, call, sound.announcement(seed + 1, SECONDS))
    )


def holds(file: Path, *seeds: int) -> list[bool]:
    """Whether the sounds of these seeds are in the file; unsure is an error."""
    heard = sound.load(file)
    scores = [sound.similarity(heard, sound.announcement(seed, SECONDS)) for seed in seeds]
    assert all(score > 0.9 or score < 0.2 for score in scores), scores
    return [score > 0.9 for score in scores]


async def kept(house: House) -> tuple[Path, Path]:
    """The two files, and nothing else, once the call is over; its row names them."""
    await house.cdr()
    [row] = await eventually(lambda: house.query("SELECT * FROM talk_recording"), lambda rows: len(rows) > 0)
    files = [house.settings.paths.recordings / row[name] for name in ("caller_file", "agent_file")]
    assert sorted(sounds_on_disk(house)) == sorted(files)
    return files[0], files[1]


async def test_caller_and_agent_are_two_files_from_the_consent_on(house: House) -> None:
    """Nothing is on disk before; each file holds one side only; a pause is silent; proof, length and term are kept.

    The recorder's connection is there only once somebody records: each one costs Asterisk work on every call.
    """
    call, talk = await in_talk(house)
    await say(call, talk, 10)
    assert sounds_on_disk(house) == []
    assert "1 users connected" in await house.sandbox.cli("manager show connected")
    await order(house, commands.RecordingStart, consent="agent")
    assert "2 users connected" in await house.sandbox.cli("manager show connected")
    await say(call, talk, 20)
    await order(house, commands.RecordingPause)
    await say(call, talk, 30)
    await order(house, commands.RecordingResume)
    await say(call, talk, 40)
    await call.hang_up()
    of_caller, of_agent = await kept(house)
    assert holds(of_caller, 10, 20, 30, 40, 21, 41) == [False, True, False, True, False, False]
    assert holds(of_agent, 11, 21, 31, 41, 20, 40) == [False, True, False, True, False, False]
    [row] = await house.query("SELECT *, extract(day FROM keep_until - kept_at) AS days FROM talk_recording")
    proof = json.loads(row["consent"])
    assert (proof["caller"]["confirmed_by"], proof["agent"]) == ("a1", {"id": "a1", "since": "2026-01-01"})
    assert (row["seconds"] > 3 * SECONDS, row["days"], row["deleted_at"]) == (True, 30, None)
    assert (await house.cdr())["recording"] is None
    await house.ask(commands.RecordingWithdraw(actor="test", call=row["call_id"]))
    assert sounds_on_disk(house) == []


async def test_the_caller_consents_by_a_key(house: House) -> None:
    """Only the caller hears the question; another key than 1 is no; 1 is the proof, with the question's name."""
    call, talk = await in_talk(house)
    for key in "21":
        since = asyncio.get_running_loop().time()
        asking = asyncio.create_task(order(house, commands.RecordingStart, consent="key"))
        await call.line.hears(sound.announcement(70, 1.0), since=since)
        assert sounds_on_disk(house) == []
        call.line.press(key)
        if key == "2":
            with pytest.raises(Refused, match="not proven"):
                await asking
        else:
            await asking
        assert sound.similarity(talk.line.heard(since), sound.announcement(70, 1.0)) < 0.2
    await say(call, talk, 20)
    await talk.hang_up()
    of_caller, _ = await kept(house)
    assert holds(of_caller, 20, 70) == [True, False]
    [row] = await house.query("SELECT consent FROM talk_recording")
    proof = json.loads(row["consent"])["caller"]
    assert (proof["way"], proof["key"], proof["announcement"]) == ("key", "1", "lib:mueller/consent")


async def test_withdrawn_it_is_gone_at_once(house: House) -> None:
    """By the agent's codes: the files are gone while the two still talk, and a second consent is refused."""
    call, talk = await in_talk(house)
    talk.line.press("*7")
    beep = house.sandbox.asterisk.root.data / "sounds" / "en" / "beep.gsm"
    await talk.line.hears(sound.load(beep))
    await say(call, talk, 20)
    assert len(sounds_on_disk(house)) == 2
    talk.line.press("*8")
    await eventually(look(lambda: sounds_on_disk(house)), lambda found: found == [])
    await say(call, talk, 30)
    talk.line.press("*7")
    [refused] = await told(house, "wish.refused")
    assert "withdrawn" in refused["reason"]
    assert sounds_on_disk(house) == []
    await call.hang_up()
    await house.cdr()
    assert sounds_on_disk(house) == []
    assert await house.query("SELECT * FROM talk_recording") == []


async def test_it_goes_on_over_the_death_of_the_daemon(house: House, kill: Kill) -> None:
    """What is said while no daemon lives is recorded too, and who has not consented and takes the talk over is not."""
    call, talk = await in_talk(house)
    other = await house.agent(2)
    await order(house, commands.RecordingStart, consent="agent")
    await say(call, talk, 20)
    await kill()
    await say(call, talk, 30)
    await house.start()
    await told(house, "call.recovered")
    await house.log_in("a2")
    await order(house, commands.Transfer, to="a2", attended=True)
    second = await other.invited()
    await second.answer()
    await told(house, "transfer.reached")
    await order(house, commands.Join)
    await say(call, second, 40)
    resumed = len(await events(house, "recording.resumed"))
    await order(house, commands.Back)
    await told(house, "recording.resumed", resumed + 1)
    await say(call, talk, 50)
    await talk.hang_up()
    of_caller, of_agent = await kept(house)
    assert holds(of_caller, 20, 30, 40, 50) == [True, True, False, True]
    assert holds(of_agent, 21, 31, 41, 51) == [True, True, False, True]


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_withdrawal_is_finished_by_the_next_daemon(
    house: House, kill: Kill, monkeypatch: pytest.MonkeyPatch, *, leaves: bool
) -> None:
    """Killed between the word and the deed: the next process deletes, whether the caller is still there or not."""
    call, talk = await in_talk(house)
    await order(house, commands.RecordingStart, consent="agent")
    await say(call, talk, 20)
    with monkeypatch.context() as dying:
        dying.setattr(TalkRecording, "_discard", lambda _: asyncio.sleep(0))
        await order(house, commands.RecordingWithdraw)
        await kill()
    assert len(sounds_on_disk(house)) == 2
    if leaves:
        await call.hang_up()
    await house.start()
    await eventually(look(lambda: sounds_on_disk(house)), lambda found: found == [])
    await call.hang_up()
    await house.cdr()
    assert sounds_on_disk(house) == []


def look(at: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    """As `eventually` wants it."""

    async def later() -> Any:
        return at()

    return later
