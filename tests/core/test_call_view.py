"""What is seen of a living call, at any moment of its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.call_view import Asking, Recording, view_of
from vorzimmer.core.ledger import CallEvent, Kind, Phase

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

ARRIVED: tuple[Kind, Mapping[str, Any]] = (
    Kind.ARRIVED,
    {"dialled": "+4989123456", "caller": "+49301", "caller_name": "Frau Sauer", "withheld": False},
)
ROUTED: tuple[Kind, Mapping[str, Any]] = (Kind.ROUTED, {"client": "law", "treatment": "vip"})
QUEUED: tuple[Kind, Mapping[str, Any]] = (Kind.QUEUED, {"ahead": 0})
DIALLED: tuple[Kind, Mapping[str, Any]] = (Kind.LEG_DIALLED, {"leg": "l1", "target": "agent1", "agent": "anna"})
TALK: tuple[Kind, Mapping[str, Any]] = (Kind.TALKING, {"leg": "l1", "by": "anna"})
HELD: tuple[Kind, Mapping[str, Any]] = (Kind.HELD, {"leg": "l1", "agent": "anna"})
ASKED: tuple[Kind, Mapping[str, Any]] = (Kind.TRANSFERRING, {"to": "contact:chief", "attended": True, "agent": "anna"})
REACHED: tuple[Kind, Mapping[str, Any]] = (Kind.CONSULTED, {"leg": "l2", "by": "chief", "number": "+4989555"})
IN_TALK = (ARRIVED, ROUTED, QUEUED, DIALLED, TALK)


def ledger(*happened: tuple[Kind, Mapping[str, Any]]) -> list[CallEvent]:
    """A call to which that happened, a second each."""
    return [
        CallEvent(f"{n:032x}", "c1", n, START + timedelta(seconds=n), kind, data)
        for n, (kind, data) in enumerate(happened)
    ]


def test_who_calls_is_known_from_the_first_event_and_for_whom_from_the_decision() -> None:
    """The screen pop is made of these two: nothing may be lost on the way."""
    view = view_of(ledger(ARRIVED))
    assert (view.call, view.did, view.caller, view.caller_name) == ("c1", "+4989123456", "+49301", "Frau Sauer")
    assert (view.client, view.treatment, view.direction, view.arrived) == (None, None, "in", START)
    view = view_of(ledger(ARRIVED, ROUTED))
    assert (view.client, view.treatment) == ("law", "vip")


def test_a_caller_waits_until_a_telephone_rings() -> None:
    """Whom the agent's page counts as waiting: in the line, and nobody's telephone rings for them."""
    assert not view_of(ledger(ARRIVED, ROUTED)).waiting
    assert view_of(ledger(ARRIVED, ROUTED, QUEUED)).waiting
    assert not view_of(ledger(ARRIVED, ROUTED, QUEUED, DIALLED)).waiting
    missed = (Kind.LEG_ENDED, {"leg": "l1", "cause": 19})
    assert view_of(ledger(ARRIVED, ROUTED, QUEUED, DIALLED, missed)).waiting
    for gone in (Kind.OVERFLOWED, Kind.HANGUP, Kind.CALLBACK_ASKED):
        assert not view_of(ledger(ARRIVED, ROUTED, QUEUED, (gone, {}))).waiting


def test_the_talk_is_one_agents_until_the_caller_is_put_through() -> None:
    """What an agent may do with a call depends on it: also on hold it is the same agent's."""
    assert view_of(ledger(ARRIVED, ROUTED, QUEUED, DIALLED)).talking is None
    assert view_of(ledger(*IN_TALK)).talking == "anna"
    held = view_of(ledger(*IN_TALK, HELD))
    assert (held.talking, held.held, held.phase) == ("anna", True, Phase.HOLD)
    gone = view_of(ledger(*IN_TALK, HELD, ASKED, REACHED, (Kind.PUT_THROUGH, {"leg": "l2", "by": "chief"})))
    assert (gone.talking, gone.phase) == (None, Phase.PUT_THROUGH)


@pytest.mark.parametrize(
    ("happened", "asking"),
    [
        ((), None),
        ((HELD, ASKED), Asking("contact:chief", attended=True)),
        ((HELD, ASKED, REACHED), Asking("contact:chief", attended=True, reached=True, by="chief")),
        (
            (HELD, ASKED, REACHED, (Kind.TALKING, {"leg": "l1", "by": "anna", "three": True})),
            Asking("contact:chief", attended=True, reached=True, by="chief", three=True),
        ),
        ((HELD, ASKED, (Kind.TALKING, {"leg": "l1", "by": "anna", "again": True})), None),
        ((HELD, ASKED, REACHED, (Kind.LEG_ENDED, {"leg": "l2", "cause": 16})), None),
        (
            (HELD, ASKED, (Kind.LEG_ENDED, {"leg": "l9", "cause": 19})),
            Asking("contact:chief", attended=True),
        ),
    ],
)
def test_a_transfer_is_followed_from_the_wish_to_its_end(
    happened: tuple[tuple[Kind, Mapping[str, Any]], ...], asking: Asking | None
) -> None:
    """The page's buttons depend on it: connect, back and join are there while somebody is asked, and no longer."""
    assert view_of(ledger(*IN_TALK, *happened)).asking == asking


def test_a_talk_that_moves_keeps_who_is_asked() -> None:
    """Changing telephones in the middle of a question does not make the page forget the question."""
    moved = (Kind.TALKING, {"leg": "l3", "by": "anna", "moved": True})
    assert view_of(ledger(*IN_TALK, ASKED, REACHED, moved)).asking is not None


@pytest.mark.parametrize(
    ("last", "recording"),
    [
        (Kind.CONSENTED, Recording.NONE),
        (Kind.TALK_RECORDING, Recording.ON),
        (Kind.RECORDING_PAUSED, Recording.PAUSED),
        (Kind.RECORDING_RESUMED, Recording.ON),
        (Kind.WITHDRAWN, Recording.NONE),
        (Kind.TALK_RECORDED, Recording.NONE),
    ],
)
def test_whether_the_talk_is_recorded_is_never_in_doubt(last: Kind, recording: Recording) -> None:
    """The agent must see it: consent alone records nothing yet, and what is withdrawn is over."""
    assert view_of(ledger(*IN_TALK, (Kind.TALK_RECORDING, {"agent": "anna"}), (last, {}))).recording is (
        Recording.ON if last is Kind.CONSENTED else recording
    )


def test_a_refusal_is_told_until_something_else_is_done() -> None:
    """Why the last wish was not done stands on the page until the next one."""
    refused = (Kind.WISH_REFUSED, {"to": "x", "reason": "no contact"})
    assert view_of(ledger(*IN_TALK, refused)).refused == "no contact"
    assert view_of(ledger(*IN_TALK, refused, HELD)).refused is None


def test_whoever_hangs_up_ends_it() -> None:
    """After a hang-up nothing can be asked of the call, though its record is not written yet."""
    assert not view_of(ledger(*IN_TALK)).over
    assert view_of(ledger(*IN_TALK, (Kind.HANGUP, {"by": "caller", "cause": 16}))).over


@given(st.lists(st.tuples(st.sampled_from(Kind), st.fixed_dictionaries({}, optional={"leg": st.text(max_size=3)}))))
def test_no_ledger_is_too_strange(happened: list[tuple[Kind, dict[str, Any]]]) -> None:
    """Whatever events come after the arrival, there is a view: one odd call must not blind the pages to all others."""
    view = view_of(ledger(ARRIVED, *happened))
    assert view.since >= view.arrived
