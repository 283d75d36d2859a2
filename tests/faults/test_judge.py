"""The judge of the fault rounds: it must find what is wrong, and find nothing where all is right."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.evidence import Evidence, Kind, Leg, Offered, Stored, Witnessed
from tests.faults.judge import Outcome, Verdict, judge, normal_after
from vorzimmer.calls.takeup import REASON

CALLER = "+49300100001"
TALK = Offered(CALLER, Kind.TALK, invited=10.0, answered=10.3, ended=16.3, by="caller", status=200, bye=200)
LEG = Leg(CALLER, "agent1", invited=10.1, answered=10.3, ended=16.3)
CDR = Stored("vz-1", CALLER, "answered", "open", talk=6.0, recorded=None, message_id="<1@x>")
SEEN = Witnessed("vz-1", CALLER, "Stasis")
HOLD = replace(TALK, kind=Kind.HOLD, answered=10.0, heard=((10.1, 16.2),))


def verdict(
    call: Offered = TALK,
    legs: tuple[Leg, ...] = (LEG,),
    stored: tuple[Stored, ...] = (CDR,),
    witnessed: tuple[Witnessed, ...] = (SEEN,),
    mails: dict[str, int] | None = None,
) -> Verdict:
    """The verdict on a single call."""
    return judge(Evidence(12.0, 20.0, [call], legs, witnessed, stored, {"<1@x>": 1} if mails is None else mails))


def test_a_talk_that_the_caller_ends_is_as_it_should_be() -> None:
    """Nothing is found in an undisturbed talk, or every round would fail."""
    found = verdict()
    assert found.findings == []
    assert found.outcomes == {Outcome.ANSWERED: 1}


def test_a_talk_that_the_caller_does_not_end_is_dropped() -> None:
    """Hung up on, a dead line, the agent cut off before, and a call without any end: each is a dropped talk."""
    cut = replace(LEG, ended=13.0)
    assert verdict(replace(TALK, by="called", ended=13.0), (cut,), (replace(CDR, talk=2.7),)).dropped == 1
    assert verdict(replace(TALK, bye=481)).dropped == 1
    assert verdict(replace(TALK, bye=0)).dropped == 1
    assert verdict(TALK, (cut,)).dropped == 1
    assert verdict(replace(TALK, ended=None, by=None)).dropped == 1


def test_a_ringing_call_is_no_talk() -> None:
    """A leg that is answered while the caller hears music on was not connected: its end drops nothing."""
    unconnected = replace(LEG, answered=12.0, ended=14.0)
    found = verdict(HOLD, (unconnected,), (replace(CDR, disposition="abandoned", talk=0.0),))
    assert found.outcomes == {Outcome.LEFT: 1}
    assert found.dropped == 0


def test_music_that_stops_is_a_talk() -> None:
    """A waiting caller talks from the moment the music stops."""
    found = verdict(replace(HOLD, heard=((10.1, 12.0),)), (replace(LEG, answered=12.0),), (replace(CDR, talk=4.3),))
    assert found.outcomes == {Outcome.ANSWERED: 1}
    assert found.findings == []


def test_silence_makes_a_waiting_caller_lost() -> None:
    """A caller who left after music without a gap has waited; after seconds of dead air he is lost."""
    waited = replace(CDR, disposition="abandoned", talk=0.0)
    assert verdict(HOLD, (), (waited,)).outcomes == {Outcome.LEFT: 1}
    gap = verdict(replace(HOLD, heard=((10.1, 11.0), (15.0, 16.2))), (), (waited,))
    assert gap.outcomes == {Outcome.LOST: 1}
    assert gap.silence == 4.0
    assert verdict(replace(HOLD, heard=()), (), (waited,)).outcomes == {Outcome.LOST: 1}


def test_whom_the_dialplan_served_is_counted_apart() -> None:
    """The CDR's reason says so, and Asterisk's record alone is enough where the CDR is not there yet."""
    announced = replace(CDR, disposition="announced", reason=REASON, talk=0.0)
    assert verdict(legs=(), stored=(announced,)).outcomes == {Outcome.FALLBACK: 1}
    assert verdict(legs=(), stored=(), witnessed=(replace(SEEN, app="Record"),)).outcomes == {Outcome.FALLBACK: 1}


def test_who_met_nobody_is_lost() -> None:
    """No answer, or hung up on without having been served."""
    refused = Offered(CALLER, Kind.TALK, invited=10.0, ended=10.5, by="called", status=603)
    assert verdict(refused, (), (replace(CDR, disposition="failed", talk=0.0),)).outcomes == {Outcome.LOST: 1}
    cut = verdict(replace(HOLD, by="called"), (), (replace(CDR, disposition="failed", talk=0.0),))
    assert cut.outcomes == {Outcome.LOST: 1}


def test_missing_and_double_cdrs_are_counted() -> None:
    """A CDR is due for each call that was answered or that Asterisk's record holds, once."""
    refused = Offered(CALLER, Kind.TALK, invited=10.0, ended=10.5, by="called", status=603)
    assert verdict(stored=()).cdrs_missing == 1
    assert verdict(refused, (), ()).cdrs_missing == 1
    assert verdict(refused, (), (), ()).cdrs_missing == 0
    assert verdict(stored=(CDR, replace(CDR, call_id="vz-2"))).cdrs_double == 1
    assert verdict(witnessed=(SEEN, SEEN)).cdrs_missing == 0
    assert (
        verdict(stored=(CDR, replace(CDR, call_id="vz-2")), witnessed=(SEEN, replace(SEEN, call_id="vz-2"))).findings
        == []
    )


def test_a_cdr_that_contradicts_the_witnesses_is_wrong() -> None:
    """Whether they talked, and for how long, is what is billed."""
    assert verdict(stored=(replace(CDR, talk=66.0),)).cdrs_wrong == 1
    assert verdict(stored=(replace(CDR, disposition="abandoned"),)).cdrs_wrong == 1
    assert verdict(legs=()).cdrs_wrong == 1
    assert verdict(replace(TALK, bye=481), stored=(replace(CDR, talk=2.0),)).cdrs_wrong == 0


def test_a_spoken_message_must_be_kept() -> None:
    """Who spoke to the end is owed a recording."""
    spoke = replace(TALK, kind=Kind.MESSAGE, spoke=True)
    kept = replace(CDR, disposition="message", talk=0.0, recorded=3.4)
    assert verdict(spoke, (), (kept,)).findings == []
    assert verdict(spoke, (), (kept,)).outcomes == {Outcome.MACHINE: 1}
    assert verdict(spoke, (), (replace(kept, recorded=None),)).messages_missing == 1


def test_mails_are_counted_by_their_message_id() -> None:
    """One for each CDR; a second one under the same id is counted beside."""
    assert verdict(mails={}).mails_missing == 1
    assert (verdict(mails={"<1@x>": 3}).mails_missing, verdict(mails={"<1@x>": 3}).mails_double) == (0, 2)


def test_an_agent_must_not_be_rung_while_talking_nor_sit_alone() -> None:
    """A second leg at a busy telephone, and a leg that outlives its caller, are seen."""
    assert verdict(legs=(LEG, Leg("+49300100002", "agent1", invited=12.0))).rung_while_talking == 1
    assert verdict(legs=(LEG, Leg("+49300100002", "agent1", invited=17.0))).rung_while_talking == 0
    assert round(verdict(legs=(replace(LEG, ended=19.3),)).alone, 1) == 3.0


def test_normal_begins_after_the_last_disturbed_probe() -> None:
    """A probe that happens to be answered between two that are not does not make the house normal."""
    assert normal_after([(1.0, False), (2.0, True)], 1.5) == 0.0
    assert normal_after([(2.0, False), (3.0, True), (4.0, False), (5.0, True), (6.0, True)], 1.5) == 3.5
    assert normal_after([(2.0, True), (3.0, False)], 1.5) is None
