"""A recording whose Asterisk does not do what it is asked, or whose daemon died: what is on disk, what is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.calls.surroundings import START, Pbx, Records, event, make_client, make_exchange
from tests.sipp.sound import write_wav
from vorzimmer.asterisk.ami import Ami, Disconnected, Response
from vorzimmer.calls import talk_recording
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.talk_files import keep_left
from vorzimmer.calls.talk_recording import NotRecorded, TalkRecording
from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.consent import proof, spoken
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import CallEvent, Kind

CLIENT = make_client(recording={"allowed": True})
ANNA = Agent.model_validate({"id": "anna", "name": "Anna", "phones": ["agent1"], "records_since": "2026-01-01"})
BERT = Agent.model_validate({"id": "bert", "name": "Bert", "phones": ["agent2"]})
YES = spoken("anna", "code", START)
PROOF = proof(CLIENT, ANNA, YES)
CALLER, AGENT = "talk-call-1-caller.wav", "talk-call-1-agent.wav"


@dataclass
class Recorder:
    """AMI as far as the recorder needs it: what was asked, and whether it is done. An exception is raised."""

    does: bool | Exception = True
    asked: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        """It is there."""

    async def action(self, name: str, **_: Any) -> Response:
        """Answer."""
        self.asked.append(name)
        if isinstance(self.does, Exception):
            raise self.does
        return Response(self.does, "" if self.does else "No such channel", {})


@dataclass
class Call:
    """A call as far as its recording needs it."""

    exchange: Exchange
    events: list[CallEvent] = field(default_factory=list)
    id: str = "call-1"
    client: Client | None = CLIENT
    destroyed: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        """The one instant of these tests."""
        return START

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        """Keep it."""
        self.events.append(CallEvent(f"e{len(self.events)}", self.id, len(self.events), at or START, kind, data))

    @property
    def kinds(self) -> list[Kind]:
        """What was told."""
        return [one.kind for one in self.events]


@pytest.fixture
def recorder() -> Recorder:
    """One that does what it is asked."""
    return Recorder()


@pytest.fixture
def call(tmp_path: Path, recorder: Recorder) -> Call:
    """A call with such a recorder, in a house with two agents."""
    exchange = make_exchange(tmp_path, Pbx(), Records(), CLIENT)
    directory = Directory((), (CLIENT,), (ANNA, BERT))
    return Call(replace(exchange, recorder=cast(Ami, recorder), directory=lambda: directory))


def begin(call: Call, *kinds: Kind) -> None:
    """Asterisk has written two seconds; the ledger tells these things."""
    for name in (CALLER, AGENT):
        write_wav(call.exchange.spool / name, np.ones(2 * 8000, dtype=np.int16))
    call.events += [event(n, kind, **(PROOF if kind is Kind.CONSENTED else {})) for n, kind in enumerate(kinds)]


def on_disk(call: Call) -> list[str]:
    """Every file, wherever it may lie."""
    folders: Sequence[Path] = (call.exchange.spool, call.exchange.recordings)
    return sorted(str(file.relative_to(folder.parent)) for folder in folders for file in folder.iterdir())


async def test_without_consent_asterisk_is_asked_for_nothing(call: Call, recorder: Recorder) -> None:
    """A refusal has its code, and leaves no trace in Asterisk or the ledger."""
    for agent, consent, code in ((ANNA, None, "caller"), (BERT, YES, "agent")):
        with pytest.raises(NotRecorded) as refused:
            await TalkRecording(call).start(agent, consent)
        assert refused.value.code == code
    assert (recorder.asked, call.events) == ([], [])


async def test_a_house_without_a_recorder_says_so(call: Call) -> None:
    """No password in the settings: the answer names them, and nothing is written down as begun."""
    call.exchange = replace(call.exchange, recorder=None)
    with pytest.raises(NotRecorded, match=r"\[recorder\]"):
        await TalkRecording(call).start(ANNA, YES)
    assert call.events == []


async def test_it_begins_once(call: Call, recorder: Recorder) -> None:
    """The consent stands in the ledger before the beginning; pressing the code again changes nothing."""
    recording = TalkRecording(call)
    await recording.start(ANNA, YES)
    await recording.start(ANNA, YES)
    assert recorder.asked == ["MixMonitor"]
    assert call.kinds == [Kind.CONSENTED, Kind.TALK_RECORDING]
    assert call.events[0].data == PROOF


@pytest.mark.parametrize("does", [False, TimeoutError("no answer"), Disconnected("away")])
async def test_what_did_not_begin_can_be_asked_for_again(
    call: Call,
    recorder: Recorder,
    does: bool | Exception,  # noqa: FBT001 - what the recorder answers
) -> None:
    """Refused or unheard, it is a problem in the ledger; the next try first stops what may run unheard."""
    recorder.does = does
    recording = TalkRecording(call)
    with pytest.raises(NotRecorded) as failed:
        await recording.start(ANNA, YES)
    assert (failed.value.code, recording.runs) == ("recorder", False)
    recorder.does = True
    await recording.start(ANNA, YES)
    assert recorder.asked == ["MixMonitor", "StopMixMonitor", "MixMonitor"]
    assert recording.runs


async def test_whoever_has_not_consented_is_not_recorded(call: Call, recorder: Recorder) -> None:
    """On hold, with a stranger, with an agent without consent it pauses; with the agent back it goes on by itself."""
    recording = TalkRecording(call)
    await recording.start(ANNA, YES)
    for others in ((), ("",), ("bert",), ("anna", "bert"), ("anna", "")):
        await recording.talks_with(*others)
        assert recording.tape.paused, others
        await recording.talks_with("anna")
        assert not recording.tape.paused, others
    assert recorder.asked[1:] == ["MixMonitorMute"] * 10


async def test_a_pause_that_was_asked_for_stays(call: Call) -> None:
    """What the agent paused, because of a card's number perhaps, is not taken up again by a change of who talks."""
    recording = TalkRecording(call)
    await recording.start(ANNA, YES)
    await recording.pause()
    await recording.talks_with()
    await recording.talks_with("anna")
    assert recording.tape.paused


async def test_what_cannot_be_paused_is_given_up(call: Call, recorder: Recorder) -> None:
    """Asterisk cannot be told to pause for somebody who has not consented: the files go, which needs nobody's help."""
    begin(call, Kind.CONSENTED, Kind.TALK_RECORDING)
    recorder.does = Disconnected("away")
    await TalkRecording(call).talks_with("bert")
    assert on_disk(call) == []
    assert call.events[-1].data["by"] == "system"


@pytest.mark.parametrize("does", [True, False, Disconnected("away")])
async def test_withdrawn_the_files_go_whatever_asterisk_says(
    call: Call,
    recorder: Recorder,
    does: bool | Exception,  # noqa: FBT001 - what the recorder answers
) -> None:
    """They go at once, and nothing is kept at the end, even if Asterisk had written on."""
    begin(call, Kind.CONSENTED, Kind.TALK_RECORDING)
    recorder.does = does
    recording = TalkRecording(call)
    await recording.withdraw("caller", "code")
    assert on_disk(call) == []
    begin(call)
    await recording.settle()
    assert (on_disk(call), Kind.TALK_RECORDED in call.kinds) == ([], False)


@pytest.mark.parametrize(
    ("ledger", "left", "told"),
    [
        ([], [], [Kind.WITHDRAWN]),
        ([Kind.CONSENTED], [f"spool/{AGENT}", f"spool/{CALLER}"], [Kind.TALK_RECORDING]),
        ([Kind.CONSENTED, Kind.TALK_RECORDING], [f"spool/{AGENT}", f"spool/{CALLER}"], []),
        ([Kind.CONSENTED, Kind.TALK_RECORDING, Kind.WITHDRAWN], [], []),
    ],
)
async def test_found_after_a_death(call: Call, ledger: list[Kind], left: list[str], told: list[Kind]) -> None:
    """Proven and begun it goes on, begun unheard it is known; withdrawn, or with the proof lost, it is deleted."""
    begin(call, *ledger)
    recording = TalkRecording(call)
    recording.found()
    await asyncio.gather(*recording._work)
    assert on_disk(call) == left
    assert call.kinds[len(ledger) :] == told


async def test_at_the_end_it_is_kept_with_its_proof(call: Call) -> None:
    """Both files are moved; the ledger names them, their length, the consent and until when."""
    begin(call, Kind.CONSENTED, Kind.TALK_RECORDING)
    await TalkRecording(call).settle()
    assert on_disk(call) == [f"recordings/{AGENT}", f"recordings/{CALLER}"]
    assert call.events[-1].data == {
        "caller_file": CALLER,
        "agent_file": AGENT,
        "seconds": "2.000",
        "consent": PROOF,
        "keep_until": "2026-12-23T09:00:00+00:00",
    }


async def test_a_full_disk_loses_nothing(call: Call) -> None:
    """Our folder takes nothing: told all the same, and moved later, but never while the call lives."""
    begin(call, Kind.CONSENTED, Kind.TALK_RECORDING)
    exchange = call.exchange
    exchange.recordings.rmdir()
    exchange.recordings.write_text("no folder")
    await TalkRecording(call).settle()
    assert call.kinds[-2:] == [Kind.PROBLEM, Kind.TALK_RECORDED]
    exchange.recordings.unlink()
    exchange.recordings.mkdir()
    assert keep_left(exchange.spool, exchange.recordings, {"call-1"}) == []
    assert sorted(keep_left(exchange.spool, exchange.recordings, ())) == [AGENT, CALLER]
    assert on_disk(call) == [f"recordings/{AGENT}", f"recordings/{CALLER}"]


async def test_without_a_word_nothing_is_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The talk ended with the consent: no file, and the ledger says that there is none."""
    begin(call, Kind.CONSENTED, Kind.TALK_RECORDING)
    for name in (CALLER, AGENT):
        write_wav(call.exchange.spool / name, np.zeros(0, dtype=np.int16))
    monkeypatch.setattr(talk_recording, "LOOKS", 1)
    await TalkRecording(call).settle()
    assert (on_disk(call), call.kinds[-1]) == ([], Kind.PROBLEM)
