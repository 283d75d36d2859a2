"""Calls that lived when the daemon died, finished from what the journal knows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.calls.surroundings import DID, Pbx, Records, event, make_exchange
from vorzimmer.asterisk.errors import Unavailable
from vorzimmer.calls import recovery
from vorzimmer.calls.recovery import channels_of, closing_events, finish_lost
from vorzimmer.core.cdr import Disposition, build_cdr
from vorzimmer.core.ledger import CallEvent, Kind

TALK = (
    event(0, Kind.ARRIVED, 0, dialled=DID, caller="+49301234567"),
    event(1, Kind.ROUTED, 0, client="mueller", state="open", reason="open"),
    event(2, Kind.RINGING, 1),
    event(3, Kind.LEG_DIALLED, 1, leg="call-1-l1", target="agent1"),
    event(4, Kind.LEG_DIALLED, 1, leg="call-1-l2", target="agent2"),
    event(5, Kind.ANSWERED, 4),
    event(6, Kind.TALKING, 4, leg="call-1-l1", by="agent1"),
    event(7, Kind.LEG_ENDED, 9, leg="call-1-l2", cause=26),
)
HANGUP = event(8, Kind.HANGUP, 10, by="callee", cause=16)
ENDED = event(9, Kind.ENDED, 11)


def test_a_call_has_the_callers_channel_and_all_legs() -> None:
    """The call lives as long as any of them, also a leg that is told of several times."""
    assert channels_of(TALK) == {"call-1", "call-1-l1", "call-1-l2"}
    assert channels_of(TALK[:1]) == {"call-1"}


@pytest.mark.parametrize("known", range(1, len(TALK) + 1))
def test_a_call_cut_off_anywhere_can_be_closed(known: int) -> None:
    """After whatever event the daemon died, ledger and closing events make a CDR that ends at the last time known."""
    events = [*TALK[:known], *closing_events(TALK[:known])]
    cdr = build_cdr(events)
    assert cdr.ended_at == TALK[known - 1].at
    assert [one.seq for one in events] == list(range(len(events)))
    assert {one.call_id for one in events} == {"call-1"}


def test_what_was_reached_before_the_death_counts() -> None:
    """A call that was talking stays answered, by whom it was; one that rang is the caller's loss."""
    talked = build_cdr([*TALK, *closing_events(TALK)])
    assert (talked.disposition, talked.answered_by, talked.talk) == (Disposition.ANSWERED, "agent1", Decimal(5))
    rang = build_cdr([*TALK[:5], *closing_events(TALK[:5])])
    assert rang.disposition is Disposition.ABANDONED


@pytest.mark.parametrize(
    ("events", "added"),
    [
        (TALK, [Kind.PROBLEM, Kind.HANGUP, Kind.ENDED]),
        ((*TALK, HANGUP), [Kind.PROBLEM, Kind.ENDED]),
        ((*TALK, HANGUP, ENDED), [Kind.PROBLEM]),
    ],
)
def test_only_what_is_missing_is_added(events: tuple[CallEvent, ...], added: list[Kind]) -> None:
    """Who hung up, if it is known, is not overwritten by a guess."""
    assert [one.kind for one in closing_events(events)] == added


def test_closing_twice_gives_the_same_events() -> None:
    """Killed again while it finishes a call, the next daemon adds the same events and not new ones."""
    assert closing_events(TALK) == closing_events(TALK)


async def test_a_lost_call_is_finished_when_its_last_channel_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the agent's leg lives the talk is not over; an Asterisk that does not answer says nothing."""
    monkeypatch.setattr(recovery, "POLL", 0)
    pbx = Pbx([["call-1", "call-1-l1"], Unavailable("GET /channels"), ["call-1-l1", "stranger"], ["stranger"]])
    pbx.bridged = ["call-11-b", "call-1-b"]
    records = Records()
    await finish_lost(make_exchange(tmp_path, pbx, records), {"call-1": TALK})
    assert pbx.answers == [["stranger"]]
    assert pbx.bridged == ["call-11-b"]
    [end] = records.ends
    assert (end["cdr"]["call_id"], end["cdr"]["disposition"]) == ("call-1", "answered")
    assert [message["recipient"] for message in end["messages"]] == ["kanzlei@client.example"]


async def test_one_that_lives_on_keeps_no_other_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lost call is finished at its own end."""
    monkeypatch.setattr(recovery, "POLL", 0)
    other = (CallEvent("e", "call-2", 0, TALK[0].at, Kind.ARRIVED, {"dialled": DID}),)
    pbx, records = Pbx([["call-1"], []]), Records()
    await finish_lost(make_exchange(tmp_path, pbx, records), {"call-1": TALK, "call-2": other})
    assert [end["cdr"]["call_id"] for end in records.ends] == ["call-2", "call-1"]


async def test_a_call_with_a_note_is_left_to_be_taken_up(tmp_path: Path) -> None:
    """Killed in the middle of taking a call up, the daemon must not close it without its message."""
    records = Records()
    exchange = make_exchange(tmp_path, Pbx(), records)
    (exchange.notes / "call-1.call").write_text("arrived=1\ndid=1\n")
    await finish_lost(exchange, {"call-1": TALK[:2]})
    assert records.ends == []
