"""A call cut into segments."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, START, event
from vorzimmer.core.call_segments import Segment, plain, segments_of
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind, Phase, seconds_between

MOBILE = "+491713920055"
Told = tuple[Kind, float, dict[str, Any]]


def call(*then: Told) -> list[CallEvent]:
    """A call that arrives, does what is given, and is over with the last of it, or at 60."""
    told: list[Told] = [(Kind.ARRIVED, 0, {"dialled": DID}), *then]
    if Kind.ENDED not in {kind for kind, _, _ in then}:
        told.append((Kind.ENDED, 60, {}))
    return [event(n, kind, after, **data) for n, (kind, after, data) in enumerate(told)]


def dialled(leg: str, at: float, target: str, agent: str | None = None) -> Told:
    """A telephone starts to be rung."""
    return (Kind.LEG_DIALLED, at, {"leg": leg, "target": target, "agent": agent or ""})


def ended(leg: str, at: float, cause: int = 16) -> Told:
    """Its channel is gone."""
    return (Kind.LEG_ENDED, at, {"leg": leg, "cause": cause})


def answered(leg: str, at: float) -> Told:
    """It is picked up."""
    return (Kind.LEG_ANSWERED, at, {"leg": leg})


def left(at: float) -> Told:
    """The caller hangs up."""
    return (Kind.HANGUP, at, {"by": "caller", "cause": 16})


def lines(events: list[CallEvent]) -> list[tuple[Any, ...]]:
    """The segments, with seconds from the start."""
    return [
        (
            one.kind.value,
            (one.began - START).total_seconds(),
            (one.ended - START).total_seconds(),
            one.agent,
            one.target,
            one.outcome and one.outcome.value,
        )
        for one in segments_of(events)
    ]


def test_a_whole_call() -> None:
    """Two agents offered in turn, a talk, a hold with a question back, a put-through: in order, with names."""
    events = call(
        (Kind.ANSWERED, 1, {}),
        (Kind.ANNOUNCING, 1, {}),
        (Kind.WAITING, 4, {}),
        dialled("l1", 5, "alice1", "alice"),
        ended("l1", 20, 19),
        dialled("l2", 20, "bob1", "bob"),
        answered("l2", 24),
        (Kind.TALKING, 25, {"leg": "l2", "by": "bob1", "agent": "bob"}),
        (Kind.HELD, 30, {}),
        dialled("l3", 31, MOBILE),
        answered("l3", 35),
        (Kind.PUT_THROUGH, 38, {"leg": "l3", "number": MOBILE}),
        ended("l2", 39),
        left(58),
        ended("l3", 59),
    )
    assert lines(events) == [
        ("announcement", 1, 4, None, None, None),
        ("queue", 4, 25, None, None, "answered"),
        ("ring", 5, 20, "alice", "alice1", "no answer"),
        ("ring", 20, 24, "bob", "bob1", "answered"),
        ("talk", 25, 30, "bob", "bob1", None),
        ("hold", 30, 38, "bob", None, None),
        ("ring", 31, 35, None, MOBILE, "answered"),
        ("put_through", 38, 58, "bob", MOBILE, None),
    ]


@pytest.mark.parametrize(
    ("then", "outcomes"),
    [
        pytest.param([ended("l1", 20, 19)], ["no answer"], id="it rang out"),
        pytest.param([ended("l1", 20, 20)], ["no answer"], id="unreachable"),
        pytest.param([ended("l1", 6, 17)], ["refused"], id="busy"),
        pytest.param([ended("l1", 6, 21)], ["refused"], id="declined"),
        pytest.param([left(8), ended("l1", 8.1)], ["caller left"], id="the caller left while it rang"),
        pytest.param([left(8)], ["caller left"], id="its end was not told"),
        pytest.param([ended("l1", 7, 19), left(8)], ["no answer"], id="it had rung out before the caller left"),
        pytest.param([answered("l1", 7), ended("l1", 9)], ["refused"], id="answered and not accepted"),
        pytest.param([answered("l1", 7), left(7.5), ended("l1", 8)], ["caller left"], id="left in the whisper"),
        pytest.param(
            [
                dialled("l2", 5, "b"),
                answered("l2", 7),
                (Kind.TALKING, 7, {"leg": "l2", "by": "b"}),
                ended("l1", 7.2, 26),
            ],
            ["elsewhere", "answered"],
            id="another was faster",
        ),
        pytest.param(
            [
                dialled("l2", 5, "b"),
                answered("l2", 7),
                answered("l1", 7.001),
                (Kind.TALKING, 7.1, {"leg": "l2", "by": "b"}),
                ended("l1", 7.2),
            ],
            ["elsewhere", "answered"],
            id="both answered and one got it",
        ),
        pytest.param(
            [dialled("l2", 5, "b"), left(8), ended("l1", 8, 16), ended("l2", 8, 16)],
            ["caller left", "caller left"],
            id="several rang when the caller left",
        ),
    ],
)
def test_how_an_offer_ended(then: list[Told], outcomes: list[str]) -> None:
    """Each telephone that rang says why it did not get the call; exactly one can have answered it."""
    events = call((Kind.WAITING, 1, {}), dialled("l1", 5, "a"), *then)
    assert [line[-1] for line in lines(events) if line[0] == "ring"] == outcomes


def test_a_question_back_was_answered() -> None:
    """Who was rung for the agent while the caller was on hold has answered, though the caller never talked to him."""
    events = call(
        dialled("l1", 1, "alice1", "alice"),
        answered("l1", 2),
        (Kind.TALKING, 2, {"leg": "l1", "by": "alice1"}),
        (Kind.HELD, 5, {}),
        dialled("l2", 6, MOBILE),
        answered("l2", 9),
        ended("l2", 15),
        (Kind.TALKING, 15, {"leg": "l1", "by": "alice1"}),
    )
    assert [line for line in lines(events) if line[4] == MOBILE] == [("ring", 6, 9, None, MOBILE, "answered")]
    assert lines(events)[-1] == ("talk", 15, 60, "alice", "alice1", None)


def test_a_number_that_may_not_be_dialled_stands_there() -> None:
    """A refusal of the gate took no time, and is told."""
    events = call((Kind.LEG_REFUSED, 7, {"number": MOBILE, "code": "premium", "reason": "…"}))
    assert lines(events) == [("ring", 7, 7, None, MOBILE, "refused")]


def test_waiting_says_how_it_ended() -> None:
    """Interrupted by an announcement it goes on; then the caller overflowed, waited for the next, and left."""
    events = call(
        (Kind.WAITING, 1, {}),
        (Kind.ANNOUNCING, 10, {}),
        (Kind.WAITING, 13, {}),
        (Kind.OVERFLOWED, 20, {"reason": "waited 19 s"}),
        (Kind.WAITING, 20, {}),
        left(30),
    )
    assert lines(events) == [
        ("queue", 1, 10, None, None, None),
        ("announcement", 10, 13, None, None, None),
        ("queue", 13, 20, None, None, "overflow"),
        ("queue", 20, 30, None, None, "caller left"),
    ]


def test_a_phase_that_is_entered_again_goes_on() -> None:
    """The same person talking on after an event that changed nothing is one talk."""
    talking = {"by": "alice1", "agent": "alice"}
    events = call(
        (Kind.TALKING, 2, talking), (Kind.TALKING, 10, talking), (Kind.TALKING, 20, {"by": "b", "agent": "b"})
    )
    assert lines(events) == [("talk", 2, 20, "alice", "alice1", None), ("talk", 20, 60, "b", "b", None)]


def test_a_call_that_lasts_has_no_segments_yet() -> None:
    """They are computed once, of the whole call."""
    with pytest.raises(ValueError, match="end"):
        segments_of(call((Kind.WAITING, 1, {}))[:-1])


def test_segments_are_plain_json() -> None:
    """They go through the journal as JSON."""
    (segment,) = segments_of(call((Kind.TALKING, 2, {"by": "alice1", "agent": "alice"})))
    assert json.loads(json.dumps(plain([segment]))) == [
        {
            "kind": "talk",
            "began": "2026-11-23T09:00:02+00:00",
            "ended": "2026-11-23T09:01:00+00:00",
            "agent": "alice",
            "target": "alice1",
            "outcome": None,
        }
    ]


_kinds = st.sampled_from(list(Kind))
_stories = st.lists(st.tuples(_kinds, st.integers(-20, 120), st.sampled_from(["l1", "l2", "l3"])), max_size=25)


@given(_stories, st.integers(0, 90))
def test_segments_agree_with_the_record(story: list[tuple[Kind, int, str]], end: int) -> None:
    """Whatever a ledger holds, clocks set back included: no segment is negative, and each phase's sum is the CDR's."""
    about = {"by": "x", "number": MOBILE, "reason": "r", "file": "f", "seconds": 1, "cause": 16, "target": "t"}
    events = call(
        *((kind, after, {**about, "leg": leg}) for kind, after, leg in story if kind not in (Kind.ARRIVED, Kind.ENDED)),
        (Kind.ENDED, end, {}),
    )
    segments = segments_of(events)
    cdr = build_cdr(events)
    assert all(segment.began <= segment.ended for segment in segments)
    for phase in set(Phase) - {Phase.RING}:
        assert sum(_seconds(one) for one in segments if one.kind is phase) == getattr(cdr, phase.value)


def _seconds(segment: Segment) -> Any:
    return seconds_between(segment.began, segment.ended)


def test_who_is_called_back_has_left_the_line() -> None:
    """The wait ends with the key press, whatever is said after it."""
    events = call(
        (Kind.ANSWERED, 1, {}), (Kind.WAITING, 1, {}), (Kind.CALLBACK_ASKED, 9, {}), (Kind.ANNOUNCING, 10, {}), left(12)
    )
    assert ("queue", 1.0, 10.0, None, None, "callback") in lines(events)


def test_who_is_called_back_answers() -> None:
    """The agent's telephone was answered though nobody talked yet, another's was not needed; then the caller's."""
    arrived, *rest = call(
        dialled("l1", 1, "alice1", "alice"),
        dialled("l2", 1, "bob1", "bob"),
        answered("l1", 3),
        ended("l2", 3, 26),
        dialled("call-1", 4, MOBILE),
        answered("call-1", 9),
        (Kind.ANSWERED, 9, {}),
        (Kind.TALKING, 9, {"leg": "l1", "by": "alice"}),
        ended("l1", 20),
        ended("call-1", 20),
    )
    found = lines([replace(arrived, data={**arrived.data, "direction": "out"}), *rest])
    assert ("ring", 1.0, 3.0, "alice", "alice1", "answered") in found
    assert ("ring", 1.0, 3.0, "bob", "bob1", "elsewhere") in found
    assert ("ring", 4.0, 9.0, None, MOBILE, "answered") in found


def test_who_is_called_back_does_not_answer() -> None:
    """The agent is not blamed for it."""
    arrived, *rest = call(
        dialled("l1", 1, "alice1", "alice"),
        answered("l1", 3),
        dialled("call-1", 4, MOBILE),
        ended("call-1", 34, 19),
        ended("l1", 36),
    )
    found = lines([replace(arrived, data={**arrived.data, "direction": "out"}), *rest])
    assert ("ring", 1.0, 3.0, "alice", "alice1", "answered") in found
    assert ("ring", 4.0, 34.0, None, MOBILE, "no answer") in found
