"""Calls that the dialplan handled alone: its notes, the ledger made of them, and taking them up once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from tests.calls.surroundings import DID, EPOCH, START, Pbx, Records, event, make_client, make_exchange
from tests.sipp.sound import write_wav
from vorzimmer.asterisk.errors import Unavailable
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.takeup import REASON, Note, continued, events_of, read_note, take_up, watch
from vorzimmer.core.cdr import Disposition, build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming, Plan

ARRIVED = f"arrived={EPOCH}\ndid=089123456\ncaller=+49301234567\nname=Erika\npresentation=allowed\ndiverted=\n"
WHOLE = f"{ARRIVED}answered={EPOCH + 8}\nrecording={EPOCH + 11}\nended={EPOCH + 20} 16\n"


def note(text: str) -> Note:
    """A note that can be read."""
    read = read_note("call-1", text)
    assert read is not None
    return read


class TestReadNote:
    """The dialplan's `key=value` lines."""

    def test_a_whole_note(self) -> None:
        """Every time the dialplan wrote down is known, with the cause of the end."""
        read = note(WHOLE)
        assert (read.call_id, read.arrived, read.cause) == ("call-1", START, 16)
        assert read.answered == START + timedelta(seconds=8)
        assert read.recording == START + timedelta(seconds=11)
        assert read.ended == START + timedelta(seconds=20)
        assert read.values["did"] == "089123456"
        assert read.values["diverted"] == ""

    @pytest.mark.parametrize("lines", range(2, 10))
    def test_a_note_that_breaks_off_is_used_as_far_as_it_goes(self, lines: int) -> None:
        """Asterisk may have died anywhere: with arrival and number the call counts, without them it cannot."""
        read = note("\n".join(WHOLE.splitlines()[:lines]))
        assert read.arrived == START
        assert (read.answered is None, read.recording is None, read.ended is None) == (lines < 7, lines < 8, lines < 9)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n\n",
            f"arrived={EPOCH}\n",
            "did=089123456\n",
            "arrived=\ndid=1\n",
            "arrived=now\ndid=1\n",
            f"arrived=-{EPOCH}\ndid=1\n",
            f"arrived={EPOCH}000000\ndid=1\n",
            f"arrived={'9' * 5000}\ndid=1\n",
            "arrived=١٢٣\ndid=1\n",
            "\x00\ufffd" * 100,
        ],
    )
    def test_garbage_is_no_note(self, text: str) -> None:
        """What has no readable arrival or no number is None, and never an error that would end the daemon."""
        assert read_note("call-1", text) is None

    def test_other_times_that_are_garbage_count_as_not_written(self) -> None:
        """A damaged line costs what it says and not the whole call."""
        read = note(f"{ARRIVED}answered=soon\nrecording={'9' * 30}\nended= 16\n")
        assert (read.answered, read.recording, read.ended, read.cause) == (None, None, None, 16)

    @pytest.mark.parametrize(
        ("ended", "cause"),
        [("16", 16), ("0", 0), ("127", 127), ("128", 0), ("", 0), ("16 17", 0), ("-1", 0), ("9" * 400, 0)],
    )
    def test_a_cause_is_one_of_q_850_or_none(self, ended: str, cause: int) -> None:
        """What is no cause counts as none given, so that it fits into the CDR's column."""
        assert note(f"{ARRIVED}ended={EPOCH} {ended}\n").cause == cause

    @pytest.mark.parametrize(
        ("written", "micros"), [("", 0), (".5", 500_000), (".322", 322_000), (".000001", 1), (".999999", 999_999)]
    )
    def test_a_time_may_have_a_fraction(self, written: str, micros: int) -> None:
        """The arrival of a rescued call comes from Asterisk's record, to the microsecond, as in the daemon's ledger."""
        read = note(ARRIVED.replace(f"arrived={EPOCH}", f"arrived={EPOCH}{written}"))
        assert read.arrived == START + timedelta(microseconds=micros)

    @pytest.mark.parametrize("written", [".", ".1234567", ".5.5", ",5", ".5 ", "e5"])
    def test_a_fraction_that_is_none_makes_no_time(self, written: str) -> None:
        """What is no time is not half a time."""
        assert read_note("call-1", ARRIVED.replace(f"arrived={EPOCH}", f"arrived={EPOCH}{written}")) is None

    def test_a_rescued_call_says_when(self) -> None:
        """When the caller was sent to the announcement, beside when the call had arrived."""
        assert note(f"{ARRIVED}rescued={EPOCH + 30}\n").rescued == START + timedelta(seconds=30)

    def test_of_a_repeated_key_the_last_counts(self) -> None:
        """A call that rang in the dialplan twice is noted twice; its last words are the true ones."""
        assert note(f"{ARRIVED}did=+4989999999\ndid={DID}\n").values["did"] == DID

    def test_only_line_feeds_end_a_line(self) -> None:
        """Other line ends of Unicode can stand in a caller's name: they must not begin a key of their own."""
        read = note(f"{ARRIVED}name=Eve\u2028did=+4990012345\x85ended={EPOCH} 1\n")
        assert read.values["did"] == "089123456"
        assert read.ended is None


class TestEvents:
    """The ledger of such a call."""

    INCOMING = Incoming(dialled=DID, caller="+49301234567")
    PLAN = Plan(make_client(), None, None, "", ())
    MESSAGE: ClassVar = {"file": "message-call-1.wav", "seconds": "7.500"}

    def test_a_message_makes_all_phases(self) -> None:
        """Ringing, announcement and machine are told apart, the whole second each that the dialplan measures."""
        cdr = build_cdr(events_of(note(WHOLE), self.INCOMING, self.PLAN, self.MESSAGE))
        assert [cdr.ring, cdr.announcement, cdr.machine, cdr.duration] == [8, 3, 9, 20]
        assert (cdr.disposition, cdr.client, cdr.cause) == (Disposition.MESSAGE, "mueller", 16)
        assert (cdr.recording, cdr.recording_seconds) == ("message-call-1.wav", Decimal("7.500"))
        assert cdr.reason == "the daemon was away: the dialplan answered alone"

    @pytest.mark.parametrize(
        ("lines", "disposition"), [("", "abandoned"), ("answered", "announced"), ("recording", "announced")]
    )
    def test_how_far_the_caller_came(self, lines: str, disposition: str) -> None:
        """Hung up while it rang: abandoned. Heard the announcement and left no message: announced."""
        written = {"": "", "answered": f"answered={EPOCH + 8}\n"}
        written["recording"] = f"{written['answered']}recording={EPOCH + 11}\n"
        text = f"{ARRIVED}{written[lines]}ended={EPOCH + 12} 16\n"
        assert build_cdr(events_of(note(text), self.INCOMING, self.PLAN, None)).disposition == disposition

    @pytest.mark.parametrize(("lines", "seconds"), [(6, 0), (7, 8), (8, 11)])
    def test_without_an_end_the_last_thing_known_is_the_end(self, lines: int, seconds: int) -> None:
        """Asterisk was killed: the call is closed at its last line, as nobody knows better."""
        read = note("\n".join(WHOLE.splitlines()[:lines]))
        assert build_cdr(events_of(read, self.INCOMING, self.PLAN, None)).duration == seconds

    def test_without_an_end_a_message_says_how_long_it_went_on(self) -> None:
        """The recording is the last witness: its length counts as time on the machine."""
        read = note("\n".join(WHOLE.splitlines()[:8]))
        cdr = build_cdr(events_of(read, self.INCOMING, self.PLAN, self.MESSAGE))
        assert cdr.machine == cdr.recording_seconds

    def test_a_number_of_nobody_makes_a_record_too(self) -> None:
        """No client, but a CDR: no call is lost."""
        plan = Plan(None, None, None, "no client has this number", ())
        cdr = build_cdr(events_of(note(WHOLE), self.INCOMING, plan, None))
        assert (cdr.client, cdr.did) == (None, DID)

    def test_the_same_note_makes_the_same_events(self) -> None:
        """Ids follow from call and number of the event: stored twice they are stored once."""
        once, again = (events_of(note(WHOLE), self.INCOMING, self.PLAN, self.MESSAGE) for _ in range(2))
        assert once == again
        assert len({event.id for event in once}) == len(once)
        assert [event.seq for event in once] == list(range(len(once)))


@pytest.fixture
def pbx() -> Pbx:
    """An Asterisk on which no channel lives."""
    return Pbx()


@pytest.fixture
def records() -> Records:
    """The journal."""
    return Records()


@pytest.fixture
def exchange(tmp_path: Path, pbx: Pbx, records: Records) -> Exchange:
    """A daemon that has just come back."""
    return make_exchange(tmp_path, pbx, records)


def left_behind(exchange: Exchange, call_id: str = "call-1", text: str = WHOLE, seconds: int = 0) -> None:
    """A note, and a message of so many seconds."""
    (exchange.notes / f"{call_id}.call").write_text(text)
    if seconds:
        write_wav(exchange.notes / f"{call_id}.wav", np.ones(seconds * 8000, dtype=np.int16))


def files(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(file.name for file in folder.iterdir())


class TestTakeUp:
    """From the folder to the journal."""

    async def test_a_message_becomes_cdr_and_mail(self, exchange: Exchange, records: Records) -> None:
        """Recording among ours, CDR and message to the client in the journal, nothing left in the folder."""
        left_behind(exchange, seconds=7)
        assert await take_up(exchange) == 1
        [end] = records.ends
        assert (end["cdr"]["did"], end["cdr"]["caller"]) == (DID, "+49301234567")
        assert (end["cdr"]["recording"], end["cdr"]["recording_seconds"]) == ("message-call-1.wav", "7.000")
        assert [message["recipient"] for message in end["messages"]] == ["kanzlei@client.example"]
        assert (files(exchange.notes), files(exchange.recordings)) == ([], ["message-call-1.wav"])
        assert await take_up(exchange) == 0

    async def test_a_call_that_lives_is_left_alone(self, exchange: Exchange, pbx: Pbx, records: Records) -> None:
        """While it rings or talks to the machine nothing is touched; once its channel is gone it is taken up."""
        left_behind(exchange, text=ARRIVED)
        pbx.answers = [["call-1"], []]
        assert await take_up(exchange) == 0
        assert (files(exchange.notes), records.events) == (["call-1.call"], [])
        assert await take_up(exchange) == 1

    async def test_after_a_crash_the_same_is_done_again(self, exchange: Exchange, records: Records) -> None:
        """Killed between journal and removal, the next daemon writes the very same records: none counts twice."""
        left_behind(exchange, seconds=7)
        await take_up(exchange)
        left_behind(exchange)  # the message has been moved already
        await take_up(exchange)
        assert records.ends[0] == records.ends[1]
        half = len(records.events) // 2
        assert records.events[:half] == records.events[half:]

    async def test_the_note_is_read_after_the_call_is_over(
        self, exchange: Exchange, pbx: Pbx, records: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A call that ends while Asterisk is asked for its channels is taken up with its end, not cut short."""
        left_behind(exchange, text=ARRIVED)
        ask = pbx.list

        async def ending_meanwhile() -> object:
            left_behind(exchange, text=WHOLE, seconds=7)
            return await ask()

        monkeypatch.setattr(pbx, "list", ending_meanwhile)
        await take_up(exchange)
        assert records.ends[0]["cdr"]["disposition"] == "message"

    async def test_a_call_that_reached_the_daemon_is_not_taken_up(
        self, exchange: Exchange, pbx: Pbx, records: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its note goes when the daemon takes it; a look at the folder at that moment must not make a second CDR."""
        left_behind(exchange, text=ARRIVED)

        async def taken_meanwhile() -> list[object]:
            (exchange.notes / "call-1.call").unlink()
            return []

        monkeypatch.setattr(pbx, "list", taken_meanwhile)
        assert await take_up(exchange) == 0
        assert records.events == []

    async def test_an_unreadable_note_is_set_aside(self, exchange: Exchange, records: Records) -> None:
        """What cannot be read is kept for a person, and not looked at again every few seconds."""
        left_behind(exchange, "bad", "\x00\x01")
        left_behind(exchange)
        assert await take_up(exchange) == 1
        assert files(exchange.notes) == ["bad.unreadable"]
        assert [end["cdr"]["call_id"] for end in records.ends] == ["call-1"]

    async def test_one_that_cannot_be_moved_keeps_no_other_waiting(self, exchange: Exchange, records: Records) -> None:
        """A disk that refuses one message is no reason to hold back the others; that one is tried again."""
        left_behind(exchange, "call-0", seconds=7)
        left_behind(exchange, "call-1")
        (exchange.recordings / "message-call-0.wav").mkdir()
        assert await take_up(exchange) == 1
        assert [end["cdr"]["call_id"] for end in records.ends] == ["call-1"]
        (exchange.recordings / "message-call-0.wav").rmdir()
        assert await take_up(exchange) == 1
        assert files(exchange.recordings) == ["message-call-0.wav"]

    async def test_without_asterisk_nothing_is_taken_up(self, exchange: Exchange, pbx: Pbx, records: Records) -> None:
        """As long as nobody can say which calls live, every note waits."""
        left_behind(exchange)
        pbx.answers = [Unavailable("GET /channels")]
        with pytest.raises(Unavailable):
            await take_up(exchange)
        assert (files(exchange.notes), records.events) == (["call-1.call"], [])


TALK = (
    event(0, Kind.ARRIVED, 0, dialled=DID, caller="+49301234567", caller_name="Erika"),
    event(1, Kind.ROUTED, 0, client="mueller", state="open", reason="open", steps=["RingGroup"]),
    event(2, Kind.RINGING, 1),
    event(3, Kind.LEG_DIALLED, 1, leg="call-1-l1", target="agent1"),
    event(4, Kind.LEG_DIALLED, 1, leg="call-1-l2", target="agent2"),
    event(5, Kind.ANSWERED, 4),
    event(6, Kind.TALKING, 4, leg="call-1-l1", by="agent1"),
    event(7, Kind.LEG_ENDED, 9, leg="call-1-l2", cause=26),
)
HANGUP = event(8, Kind.HANGUP, 10, by="callee", cause=16)
WAITED = TALK[:5]
RESCUED = f"{ARRIVED}rescued={EPOCH + 30}\nanswered={EPOCH + 30}\nrecording={EPOCH + 33}\nended={EPOCH + 40} 16\n"


class TestContinued:
    """What a note adds to the ledger of a call that a daemon had begun."""

    MESSAGE: ClassVar = {"file": "message-call-1.wav", "seconds": "7.000"}

    @pytest.mark.parametrize("known", range(1, len(TALK) + 1))
    @pytest.mark.parametrize("lines", range(2, 11))
    def test_cut_off_anywhere_it_makes_a_whole_call(self, known: int, lines: int) -> None:
        """Whatever the daemon had last written and however far the note goes: one CDR, no number twice, no gap."""
        added = continued(TALK[:known], note("\n".join(RESCUED.splitlines()[:lines])), None)
        events = [*TALK[:known], *added]
        cdr = build_cdr(events)
        assert [one.seq for one in events] == list(range(len(events)))
        assert {one.call_id for one in events} == {"call-1"}
        assert cdr.started_at == START
        assert sum((cdr.ring, cdr.announcement, cdr.queue, cdr.talk, cdr.forwarded, cdr.machine)) == cdr.duration

    def test_a_message_after_a_wait(self) -> None:
        """The wait counts until the rescue; announcement and message follow; the arrival stays what it was."""
        cdr = build_cdr([*WAITED, *continued(WAITED, note(RESCUED), self.MESSAGE)])
        assert [cdr.ring, cdr.announcement, cdr.machine, cdr.duration] == [30, 3, 7, 40]
        assert (cdr.disposition, cdr.client, cdr.recording) == (Disposition.MESSAGE, "mueller", "message-call-1.wav")

    def test_a_talk_before_it_stays_one(self) -> None:
        """Left alone by the agent after the death of the daemon: answered, by whom it was, until the rescue."""
        cdr = build_cdr([*TALK, *continued(TALK, note(RESCUED), None)])
        assert (cdr.disposition, cdr.answered_by) == (Disposition.ANSWERED, "agent1")
        assert cdr.talk == 26

    def test_who_hung_up_is_not_overwritten(self) -> None:
        """An end that the daemon had seen is not guessed anew."""
        known = (*TALK, HANGUP)
        assert build_cdr([*known, *continued(known, note(f"{ARRIVED}ended={EPOCH + 12} 0\n"), None)]).hung_up_by == (
            "callee"
        )

    def test_what_was_heard_since_does_not_push_the_dialplan_aside(self) -> None:
        """A daemon that came back late heard the legs and the caller go: the announcement was before, and counts."""
        late = (event(5, Kind.LEG_ENDED, 50, leg="call-1-l1", cause=16), event(6, Kind.HANGUP, 51, by="caller"))
        cdr = build_cdr([*WAITED, *late, *continued((*WAITED, *late), note(RESCUED), self.MESSAGE)])
        assert [cdr.ring, cdr.announcement, cdr.machine, cdr.duration] == [30, 3, 7, 40]

    def test_the_reason_stands_in_it(self) -> None:
        """Whoever reads the call sees where the daemon left it."""
        why = continued(WAITED, note(RESCUED), None)[0]
        assert (why.kind, why.data, why.at) == (Kind.PROBLEM, {"what": REASON}, START + timedelta(seconds=30))

    def test_continued_twice_it_is_the_same(self) -> None:
        """Killed again in the middle of it, the next daemon adds the same events and not new ones."""
        assert continued(TALK, note(RESCUED), self.MESSAGE) == continued(TALK, note(RESCUED), self.MESSAGE)


class TestTakeUpOfBegunCalls:
    """Calls in whose ledger the daemon's events stand already, and which went on in the dialplan."""

    def left(self, exchange: Exchange, known: tuple[CallEvent, ...] = WAITED) -> None:
        """The daemon has left the call to the dialplan."""
        exchange.left["call-1"] = known

    async def test_the_note_continues_the_ledger(self, exchange: Exchange, records: Records) -> None:
        """Only what is new is written; the CDR is that of the whole call; then nothing is left of it."""
        self.left(exchange)
        left_behind(exchange, text=RESCUED, seconds=7)
        assert await take_up(exchange) == 1
        assert [one.seq for one in records.events] == list(range(len(WAITED), len(WAITED) + len(records.events)))
        [end] = records.ends
        cdr = end["cdr"]
        assert (cdr["disposition"], cdr["ring"], cdr["caller_name"]) == ("message", "30.000", "Erika")
        assert [message["recipient"] for message in end["messages"]] == ["kanzlei@client.example"]
        assert (files(exchange.notes), exchange.left) == ([], {})
        assert await take_up(exchange) == 0

    async def test_notes_wait_until_it_is_known_whose_calls_they_are(
        self, exchange: Exchange, pbx: Pbx, records: Records, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The daemon has just come back: a call that one before had begun is told once, in the ledger that there is."""
        in_hand, told, asked = asyncio.Event(), asyncio.Event(), list[str]()
        left_behind(exchange, text=RESCUED)

        async def ready() -> None:
            asked.append("ready")

        def end(record: Mapping[str, Any]) -> None:
            records.ends.append(record)
            told.set()

        monkeypatch.setattr(pbx, "ready", ready)
        monkeypatch.setattr(records, "append_end", end)
        watching = asyncio.create_task(watch(exchange, (), in_hand))
        await asyncio.to_thread(files, exchange.notes)
        assert (asked, records.events) == ([], [])
        self.left(exchange)
        in_hand.set()
        await told.wait()
        watching.cancel()
        assert [one.seq for one in records.events] == list(range(len(WAITED), len(WAITED) + len(records.events)))

    @pytest.mark.parametrize("text", [RESCUED, None])
    async def test_one_that_was_not_decided_yet_has_a_client(
        self, exchange: Exchange, records: Records, text: str | None
    ) -> None:
        """The record names whoever is told of it: the database takes no message that is nobody's, nor the call then."""
        self.left(exchange, TALK[:1])
        if text is not None:
            left_behind(exchange, text=text)
        assert await take_up(exchange) == 1
        [end] = records.ends
        assert {message["payload"]["client"] for message in end["messages"]} == {end["cdr"]["client"]} == {"mueller"}

    async def test_one_that_lives_is_left_alone(self, exchange: Exchange, pbx: Pbx, records: Records) -> None:
        """Note or no note: while its channel lives the dialplan has it."""
        self.left(exchange)
        pbx.answers = [["call-1"]]
        assert await take_up(exchange) == 0
        left_behind(exchange, text=RESCUED)
        assert await take_up(exchange) == 0
        assert (records.events, list(exchange.left)) == ([], ["call-1"])

    @pytest.mark.parametrize(("witnessed", "seconds"), [(25.5, 25.5), (None, 1)])
    async def test_without_a_note_asterisks_record_says_when_it_ended(
        self, exchange: Exchange, pbx: Pbx, records: Records, witnessed: float | None, seconds: float
    ) -> None:
        """It ended on its way into the dialplan: at Asterisk's time, else at the last that is known of it."""
        if witnessed is not None:
            pbx.ended["call-1"] = START + timedelta(seconds=witnessed)
        self.left(exchange)
        assert await take_up(exchange) == 1
        [end] = records.ends
        assert (end["cdr"]["disposition"], Decimal(end["cdr"]["duration"])) == ("abandoned", Decimal(seconds))
        assert exchange.left == {}

    @pytest.mark.parametrize("folder", ["spool", "recordings"])
    async def test_a_message_that_the_daemon_was_recording(
        self, exchange: Exchange, records: Records, folder: str
    ) -> None:
        """What the caller had said before the daemon died is the message, wherever it lies."""
        place = {"spool": exchange.spool, "recordings": exchange.recordings}[folder]
        write_wav(place / "message-call-1.wav", np.ones(5 * 8000, dtype=np.int16))
        self.left(exchange, (*WAITED, event(5, Kind.RECORDING, 6)))
        await take_up(exchange)
        assert (records.ends[0]["cdr"]["recording_seconds"], files(exchange.recordings)) == (
            "5.000",
            ["message-call-1.wav"],
        )

    async def test_the_recorded_talk_of_one_that_was_left_is_kept(self, exchange: Exchange, records: Records) -> None:
        """Recorded until the agent left while no daemon lived: both files and their proof are kept with the call."""
        consent = {"keep_days": 30, "agent": {"id": "anna"}}
        began = (event(5, Kind.CONSENTED, 6, **consent), event(6, Kind.TALK_RECORDING, 6))
        for who in ("caller", "agent"):
            write_wav(exchange.spool / f"talk-call-1-{who}.wav", np.ones(8000, dtype=np.int16))
        self.left(exchange, (*WAITED, *began))
        left_behind(exchange, text=RESCUED)
        await take_up(exchange)
        assert files(exchange.recordings) == ["talk-call-1-agent.wav", "talk-call-1-caller.wav"]
        [kept] = [one for one in records.events if one.kind is Kind.TALK_RECORDED]
        assert kept.data["consent"] == consent
        assert (records.ends[0]["cdr"]["duration"], kept.seq) == ("40.000", len(WAITED) + 2)

    async def test_an_unreadable_note_is_set_aside_and_the_call_closed(
        self, exchange: Exchange, pbx: Pbx, records: Records
    ) -> None:
        """The note is kept for a person; the call is closed from the ledger and Asterisk's record."""
        pbx.ended["call-1"] = START + timedelta(seconds=20)
        self.left(exchange)
        left_behind(exchange, text="\x00")
        assert await take_up(exchange) == 1
        assert files(exchange.notes) == ["call-1.unreadable"]
        assert records.ends[0]["cdr"]["duration"] == "20.000"

    async def test_after_a_crash_the_same_is_done_again(self, exchange: Exchange, records: Records) -> None:
        """Killed between journal and the note's removal: the same records once more."""
        for _ in range(2):
            self.left(exchange)
            left_behind(exchange, text=RESCUED)
            await take_up(exchange)
        assert records.ends[0] == records.ends[1]
        half = len(records.events) // 2
        assert records.events[:half] == records.events[half:]

    async def test_the_client_who_was_found_first_is_told(self, tmp_path: Path, pbx: Pbx, records: Records) -> None:
        """The number went to another client meanwhile: the call, its CDR and its mail stay the first one's."""
        mueller = make_client(dids=["+4989111111"])
        other = make_client(id="huber", name="Huber", mail=["huber@client.example"])
        exchange = make_exchange(tmp_path, pbx, records, mueller, other)
        self.left(exchange)
        left_behind(exchange, text=RESCUED)
        await take_up(exchange)
        [end] = records.ends
        recipients = [message["recipient"] for message in end["messages"]]
        assert (end["cdr"]["client"], recipients) == ("mueller", ["kanzlei@client.example"])
