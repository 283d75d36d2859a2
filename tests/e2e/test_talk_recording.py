"""Talks that are recorded, and above all those that are not, on the real Asterisk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, OFFICE, client, group, talking
from tests.sipp import sound
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from vorzimmer.calls.consenting import ask
from vorzimmer.calls.session import Session
from vorzimmer.calls.supervisor import Supervisor
from vorzimmer.calls.talk_recording import NotRecorded, TalkRecording
from vorzimmer.core.agent import Agent
from vorzimmer.core.consent import spoken

ANNA = Agent.model_validate({"id": "anna", "name": "Anna", "phones": ["agent1"], "records_since": "2026-01-01"})
BERT = Agent.model_validate({"id": "bert", "name": "Bert", "phones": ["agent2"]})
SECONDS = 1.2

Kill = Callable[[], Awaitable[None]]


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Session]:
    """The only call of the daemon that runs."""
    supervisors: list[Supervisor] = []
    made = Supervisor.__init__

    def watched(supervisor: Supervisor, *args: Any, **options: Any) -> None:
        supervisors.append(supervisor)
        made(supervisor, *args, **options)

    monkeypatch.setattr(Supervisor, "__init__", watched)

    def only_call() -> Session:
        [call] = supervisors[-1].calls.values()
        return call

    return only_call


async def in_talk(house: House) -> tuple[Outgoing, Incoming]:
    """A caller of a client that allows recording, and the agent who has answered."""
    allowed = client(group(), recording={"allowed": True}, announcements={"consent": "consent.wav"})
    await house.use(allowed, groups=(OFFICE,))
    await house.announce("mueller", 1.0, consent=70)
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    return call, talk


def sounds_on_disk(house: House) -> list[Path]:
    """Every file that could hold somebody's words, wherever Asterisk or we may write."""
    folders = (house.sandbox.folder / "asterisk" / "spool", house.settings.paths.recordings, house.sandbox.fallback)
    found = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [file for file in found if file.suffix in {".wav", ".WAV", ".gsm", ".alaw", ".raw", ".sln", ".mp3", ".new"}]


async def say(call: Outgoing, talk: Incoming, seed: int) -> None:
    """Both say something at the same time: the caller the sound of `seed`, the agent that of the next one."""
    call.line.speak(sound.announcement(seed, SECONDS))
    talk.line.speak(sound.announcement(seed + 1, SECONDS))
    await call.line.sent()
    await talk.line.sent()
    await talk.line.hears(sound.announcement(seed, SECONDS))


def holds(file: Path, *seeds: int) -> list[bool]:
    """Whether the sounds of these seeds are in the file; unsure is an error."""
    heard = sound.load(file)
    scores = [sound.similarity(heard, sound.announcement(seed, SECONDS)) for seed in seeds]
    assert all(score > 0.9 or score < 0.2 for score in scores), scores
    return [score > 0.9 for score in scores]


def yes(call: Session) -> Any:
    """The agent confirms the caller's spoken consent."""
    return spoken("anna", "api", call.now())


async def kept(house: House) -> tuple[Path, Path]:
    """The two files, and nothing else, once the call is over; its row names them."""
    await house.cdr()
    [row] = await eventually(lambda: house.query("SELECT * FROM talk_recording"), lambda rows: len(rows) > 0)
    files = [house.settings.paths.recordings / row[name] for name in ("caller_file", "agent_file")]
    assert sorted(sounds_on_disk(house)) == sorted(files)
    return files[0], files[1]


async def test_caller_and_agent_are_two_files_from_the_consent_on(house: House, inside: Callable[[], Session]) -> None:
    """Nothing is on disk before; each file holds one side only; a pause is silent; proof, length and term are kept."""
    call, talk = await in_talk(house)
    session = inside()
    await say(call, talk, 10)
    assert sounds_on_disk(house) == []
    await session.talk_recording.start(ANNA, yes(session))
    await say(call, talk, 20)
    await session.talk_recording.pause()
    await say(call, talk, 30)
    await session.talk_recording.resume(ANNA)
    await say(call, talk, 40)
    await call.hang_up()
    caller, agent = await kept(house)
    assert holds(caller, 10, 20, 30, 40, 21, 41) == [False, True, False, True, False, False]
    assert holds(agent, 11, 21, 31, 41, 20, 40) == [False, True, False, True, False, False]
    [row] = await house.query("SELECT *, extract(day FROM keep_until - kept_at) AS days FROM talk_recording")
    consent = json.loads(row["consent"])
    assert (consent["caller"]["confirmed_by"], consent["agent"]) == ("anna", {"id": "anna", "since": "2026-01-01"})
    assert (row["seconds"] > 3 * SECONDS, row["days"], row["deleted_at"]) == (True, 30, None)
    assert (await house.cdr())["recording"] is None


async def test_the_caller_consents_by_a_key(house: House, inside: Callable[[], Session]) -> None:
    """Only the caller hears the question; another key than 1 is no; 1 is the proof, with the question's name."""
    call, talk = await in_talk(house)
    session = inside()
    for key, answer in (("2", None), ("1", "1")):
        heard_by_agent = asyncio.get_running_loop().time()
        asking = asyncio.create_task(ask(session))
        await call.line.hears(sound.announcement(70, 1.0), since=heard_by_agent)
        call.line.press(key)
        consent = await asking
        assert (consent.key if consent else None) == answer
        assert sound.similarity(talk.line.heard(heard_by_agent), sound.announcement(70, 1.0)) < 0.2
        assert sounds_on_disk(house) == []
    await session.talk_recording.start(ANNA, consent)
    await say(call, talk, 20)
    await talk.hang_up()
    caller, _ = await kept(house)
    assert holds(caller, 20, 70) == [True, False]
    [row] = await house.query("SELECT consent FROM talk_recording")
    proof = json.loads(row["consent"])["caller"]
    assert (proof["way"], proof["key"], proof["announcement"]) == ("key", "1", "lib:mueller/consent")


async def test_withdrawn_it_is_gone_at_once(house: House, inside: Callable[[], Session]) -> None:
    """The files are gone while the two still talk, none comes after, and a second consent is refused in this call."""
    call, talk = await in_talk(house)
    recording = inside().talk_recording
    await recording.start(ANNA, yes(inside()))
    await say(call, talk, 20)
    assert len(sounds_on_disk(house)) == 2
    await recording.withdraw("caller", "code")
    assert sounds_on_disk(house) == []
    await say(call, talk, 30)
    with pytest.raises(NotRecorded, match="withdrawn"):
        await recording.start(ANNA, yes(inside()))
    assert sounds_on_disk(house) == []
    await call.hang_up()
    await house.cdr()
    assert sounds_on_disk(house) == []
    assert await house.query("SELECT * FROM talk_recording") == []


async def test_it_goes_on_over_the_death_of_the_daemon(house: House, kill: Kill, inside: Callable[[], Session]) -> None:
    """What is said while no daemon lives is recorded too; the next one stops for whoever has not consented."""
    call, talk = await in_talk(house)
    await inside().talk_recording.start(ANNA, yes(inside()))
    await say(call, talk, 20)
    await kill()
    await say(call, talk, 30)
    await house.start()
    await eventually(_async(lambda: inside().talk_recording.runs), bool)
    await inside().talk_recording.talks_with(BERT)
    await say(call, talk, 40)
    await inside().talk_recording.talks_with(ANNA)
    await say(call, talk, 50)
    await talk.hang_up()
    caller, agent = await kept(house)
    assert holds(caller, 20, 30, 40, 50) == [True, True, False, True]
    assert holds(agent, 21, 31, 41, 51) == [True, True, False, True]


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_withdrawal_is_finished_by_the_next_daemon(
    house: House, kill: Kill, inside: Callable[[], Session], monkeypatch: pytest.MonkeyPatch, *, leaves: bool
) -> None:
    """Killed between the word and the deed: the next process deletes, whether the caller is still there or not."""
    call, talk = await in_talk(house)
    recording = inside().talk_recording
    await recording.start(ANNA, yes(inside()))
    await say(call, talk, 20)
    with monkeypatch.context() as dying:
        dying.setattr(TalkRecording, "_discard", lambda _: asyncio.sleep(0))
        await recording.withdraw("caller", "code")
        await kill()
    assert len(sounds_on_disk(house)) == 2
    if leaves:
        await call.hang_up()
    await house.start()
    await eventually(_async(lambda: sounds_on_disk(house)), lambda found: found == [])
    await call.hang_up()
    await house.cdr()
    assert sounds_on_disk(house) == []


def _async(look: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def later() -> Any:
        return look()

    return later
