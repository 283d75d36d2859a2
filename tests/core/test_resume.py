"""Where a call was when its daemon died, read from its ledger; and a ledger made up where none is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, HOUSE, START, event, make_client, make_groups
from vorzimmer.core.acd import Pool
from vorzimmer.core.cdr import Disposition, build_cdr
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import CallEvent, Kind, phases
from vorzimmer.core.plan import Incoming, Machine, Plan, RingGroup
from vorzimmer.core.resume import (
    NOTHING,
    Begun,
    Talk,
    arrival,
    begun,
    client_of,
    incoming_of,
    is_outgoing,
    is_planned,
    legs_of,
    made_up,
    place_in,
    place_of_target,
    rebuilt,
    routed,
    wanted,
)
from vorzimmer.core.routing import decide
from vorzimmer.core.way import Place, deed_at

CALLER = Incoming(dialled=DID, caller="+49301234567", caller_name="Erika", diverted_from="+498911111")
MOBILE = "+4915112345678"
GREETING = "lib:kanzlei/greeting"
GROUP = {"to": "group", "group": "first"}
CHAIN = [GROUP, {"to": "mobile", "number": MOBILE}, {"to": "machine"}]
SOUNDS = {"announcements": {"greeting": "greeting.wav", "machine": "m.wav"}}


def decided(*chain: dict[str, Any], begin: str = "early", **more: Any) -> Plan:
    """The plan of a client that is always open."""
    handling = {"chain": list(chain or CHAIN), "begin": begin, **more}
    client = make_client(hours="always", open=handling, **SOUNDS)
    return decide(CALLER, Directory(make_groups("first"), (client,)), HOUSE, Pool(), START)


PLAN = decided()
"""Greeting, group of two phones, the mobile, answer, machine."""

Told = tuple[Kind, float, dict[str, Any]]
"""What happened, and after how many seconds."""


def ledger(*told: Told) -> list[CallEvent]:
    """A ledger that begins with the arrival and the plan."""
    begins: list[Told] = [(Kind.ARRIVED, 0, arrival(CALLER)), (Kind.ROUTED, 0, routed(PLAN))]
    return [event(seq, kind, after, **data) for seq, (kind, after, data) in enumerate([*begins, *told])]


def leg(number: int, target: str = "") -> dict[str, str]:
    """What stands in an event of the call's n-th leg."""
    return {"leg": f"call-1-l{number}", **({"target": target} if target else {})}


def step(place: int, after: float) -> Told:
    """A step begins, for the first time or again."""
    return (Kind.STEP, after, {"n": place, "step": type(PLAN.steps[place]).__name__})


GREETED: list[Told] = [step(0, 0), (Kind.ANNOUNCING, 0.1, {"media": GREETING})]
RUNG: list[Told] = [
    step(1, 4),
    (Kind.RINGING, 4, {}),
    (Kind.LEG_DIALLED, 4.1, leg(1, "first-1")),
    (Kind.LEG_DIALLED, 4.1, leg(2, "first-2")),
    (Kind.LEG_RINGING, 4.2, leg(1, "first-1")),
    (Kind.LEG_RINGING, 4.3, leg(2, "first-2")),
]
TALKED: list[Told] = [
    (Kind.LEG_ANSWERED, 6, leg(2, "first-2")),
    (Kind.ANSWERED, 6, {}),
    (Kind.TALKING, 6, {**leg(2), "by": "first-2"}),
    (Kind.LEG_ENDED, 6.1, {**leg(1, "first-1"), "cause": 26}),
]
IN_TURN: list[Told] = [
    step(1, 4),
    (Kind.LEG_DIALLED, 4, leg(1, "first-1")),
    (Kind.LEG_ENDED, 9, {**leg(1, "first-1"), "cause": 19}),
    (Kind.LEG_DIALLED, 9, leg(2, "first-2")),
]
FORWARDED: list[Told] = [
    step(2, 10),
    (Kind.LEG_DIALLED, 10, leg(1, MOBILE)),
    (Kind.LEG_RINGING, 11, leg(1, MOBILE)),
    (Kind.LEG_ANSWERED, 14, leg(1, MOBILE)),
    (Kind.LEG_CONFIRMED, 16, leg(1)),
    (Kind.ANSWERED, 16, {}),
    (Kind.FORWARDED, 16, {**leg(1), "by": "mobile", "number": MOBILE}),
]
RECORDED: list[Told] = [
    step(4, 20),
    (Kind.ANSWERED, 20, {}),
    (Kind.ANNOUNCING, 20, {"media": "lib:kanzlei/machine"}),
    (Kind.RECORDING, 23, {}),
]
KINDS = {"all": RUNG + TALKED, "in turn": IN_TURN, "forward": FORWARDED, "machine": RECORDED, "greeting": GREETED}


def shown(found: Begun) -> dict[str, Any]:
    """What was begun, without what stands at its default; legs by target, each with how far it had come."""
    marks = ("rang", "answered", "confirmed", "ended")
    legs = {one.target: "".join(mark[0] for mark in marks if getattr(one, mark)) for one in found.legs}
    talk = found.talk and found.talk.removeprefix("call-1-")
    seen = {"announced": list(found.announced), "recording": found.recording, "legs": legs, "talk": talk}
    return {name: value for name, value in seen.items() if value}


class TestBegun:
    """What the step in which the daemon died had begun."""

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            (RUNG[:1], {}),
            (RUNG[:2], {}),
            (RUNG[:3], {"legs": {"first-1": ""}}),
            (RUNG[:4], {"legs": {"first-1": "", "first-2": ""}}),
            (RUNG, {"legs": {"first-1": "r", "first-2": "r"}}),
            (RUNG + TALKED[:1], {"legs": {"first-1": "r", "first-2": "ra"}}),
            (RUNG + TALKED[:3], {"legs": {"first-1": "r", "first-2": "ra"}, "talk": "l2"}),
            (RUNG + TALKED, {"legs": {"first-1": "re", "first-2": "ra"}, "talk": "l2"}),
            (IN_TURN[:3], {"legs": {"first-1": "e"}}),
            (IN_TURN, {"legs": {"first-1": "e", "first-2": ""}}),
            (FORWARDED[:2], {"legs": {MOBILE: ""}}),
            (FORWARDED[:4], {"legs": {MOBILE: "ra"}}),
            (FORWARDED[:5], {"legs": {MOBILE: "rac"}}),
            (FORWARDED, {"legs": {MOBILE: "rac"}, "talk": "l1"}),
            (RECORDED[:2], {}),
            (RECORDED[:3], {"announced": ["lib:kanzlei/machine"]}),
            (RECORDED, {"announced": ["lib:kanzlei/machine"], "recording": True}),
            (GREETED, {"announced": [GREETING]}),
        ],
    )
    def test_the_last_event_says_how_far_it_came(self, told: list[Told], expected: dict[str, Any]) -> None:
        """Legs dialled are not dialled again, words begun are not said again, and who talks is known."""
        assert shown(begun(ledger(*told))) == expected

    @pytest.mark.parametrize("kind", list(KINDS))
    def test_after_every_event_the_place_is_the_last_step(self, kind: str) -> None:
        """Whatever the last record is, it belongs to the step that had begun last, since when that had begun."""
        known = ledger(*KINDS[kind])
        for end in range(1, len(known) + 1):
            steps = [one for one in known[:end] if one.kind is Kind.STEP]
            found = begun(known[:end])
            if steps:
                assert (found.place, found.since) == (Place(steps[-1].data["n"]), steps[-1].at)
            else:
                assert found == NOTHING

    def test_what_an_earlier_step_did_is_over(self) -> None:
        """A greeting heard and phones rung by former steps are not taken over by this one."""
        found = begun(ledger(*GREETED, *RUNG, step(2, 10)))
        assert (found.place, shown(found), found.tried) == (Place(2), {}, frozenset())

    def test_a_step_resumed_twice_remembers_its_first_beginning(self) -> None:
        """Killed, resumed and killed again: the wait goes on from its beginning, the first phone is not rung again."""
        again: list[Told] = [(Kind.RECOVERED, 12, {}), step(1, 12)]
        found = begun(ledger(*IN_TURN, *again, (Kind.RECOVERED, 14, {}), step(1, 14)))
        assert found.since == START + timedelta(seconds=4)
        assert found.tried == {"first-1", "first-2"}
        assert shown(found) == {"legs": {"first-1": "e", "first-2": ""}}

    def test_a_step_that_was_begun_anew_began_there(self) -> None:
        """Asterisk could not be reached in its middle: what the first try had begun was taken down before."""
        anew: list[Told] = [
            (Kind.PROBLEM, 6, {"step": "RingGroup"}),
            step(1, 7),
            (Kind.LEG_DIALLED, 7, leg(3, "first-1")),
        ]
        for resumed in ([], [(Kind.RECOVERED, 8, {}), step(1, 8)]):
            found = begun(ledger(*RUNG, *anew, *resumed))
            assert (found.since, [one.leg for one in found.legs]) == (START + timedelta(seconds=7), ["call-1-l3"])

    def test_words_that_were_begun_anew_are_said_once_more_at_most(self) -> None:
        """Only those of the last try may still be playing."""
        twice = [*GREETED, (Kind.PROBLEM, 2, {}), step(0, 3), (Kind.ANNOUNCING, 3, {"media": GREETING})]
        assert begun(ledger(*twice)).announced == (GREETING,)

    def test_a_step_of_a_new_plan_begins_with_it(self) -> None:
        """The same place in another plan is another step."""
        found = begun(ledger(*RUNG, (Kind.RECOVERED, 8, {}), (Kind.ROUTED, 8, {"steps": ["Machine"]}), step(1, 8)))
        assert (found.since, found.legs) == (START + timedelta(seconds=8), ())

    def test_the_last_talk_is_the_one_that_goes_on(self) -> None:
        """An agent who left before the two could talk does not count as the partner of the one who came after."""
        second: list[Told] = [
            (Kind.LEG_ENDED, 7, leg(2)),
            (Kind.LEG_DIALLED, 7, leg(3, "first-1")),
            (Kind.TALKING, 9, {**leg(3), "by": "first-1"}),
        ]
        assert begun(ledger(*RUNG, *TALKED, *second)).talk == "call-1-l3"


_kinds = st.sampled_from(sorted(set(Kind) - {Kind.ARRIVED, Kind.ROUTED}))
_targets = st.sampled_from(["first-1", "first-2", MOBILE])
_happenings = st.lists(st.tuples(_kinds, st.integers(0, 4), st.integers(1, 4), _targets, st.integers(0, 50)))


@given(_happenings)
def test_no_ledger_is_too_strange(happened: list[tuple[Kind, int, int, str, int]]) -> None:
    """Events in any order: a place that is one of the steps told of, no leg that was not dialled, no time ahead."""
    told: list[Told] = []
    at = 0.0
    for kind, place, number, target, later in happened:
        at += later / 10
        data = {"n": place, "media": f"lib:{number}", "by": target, **leg(number, target)}
        told.append((kind, at, data))
    known = ledger(*told)
    found = begun(known)
    steps = [one.data["n"] for one in known if one.kind is Kind.STEP]
    assert found.place == (Place(steps[-1]) if steps else None)
    assert found.since is None or found.since <= known[-1].at
    dialled = [one.data["leg"] for one in known if one.kind is Kind.LEG_DIALLED]
    assert [one.leg for one in found.legs] == dialled[len(dialled) - len(found.legs) :]
    assert 0 <= place_in(PLAN, known).n < len(PLAN.steps)


class TestPlace:
    """Where to go on in a plan that was decided again."""

    @pytest.mark.parametrize("place", range(len(PLAN.steps)))
    def test_the_same_plan_goes_on_where_it_was(self, place: int) -> None:
        """Nothing was changed: the step that was being done is done to its end."""
        assert place_in(PLAN, ledger(step(place, 5))) == Place(place)

    def test_before_the_first_step_it_begins_with_it(self) -> None:
        """Killed right after the arrival, or after the decision: nothing has been done yet."""
        assert place_in(PLAN, ledger()) == Place(0)
        assert place_in(PLAN, ledger()[:1]) == Place(0)

    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            (decided({"to": "machine"}), 2),  # greeting, answer, machine
            (decided({"to": "mobile", "number": MOBILE}, {"to": "machine"}), 1),
            (decided(GROUP, begin="ring"), 0),
            (decided(GROUP, begin="answer"), 2),  # answer, greeting, group
        ],
    )
    def test_a_changed_plan_goes_on_behind_the_greeting(self, changed: Plan, place: int) -> None:
        """The client's data were changed meanwhile: by the new ones, but nobody is greeted twice."""
        assert [type(one).__name__ for one in changed.steps] != routed(PLAN)["steps"]
        assert place_in(changed, ledger(*GREETED, *RUNG)) == Place(place)

    def test_who_leaves_a_message_stays_with_the_machine(self) -> None:
        """A group before it is not rung for a caller who has begun to speak."""
        changed = decided(GROUP, {"to": "machine"})
        assert isinstance(deed_at(changed, place_in(changed, ledger(*RECORDED))), Machine)
        assert isinstance(deed_at(changed, place_in(changed, ledger(*RECORDED[:3]))), RingGroup)
        assert place_in(decided(GROUP), ledger(*RECORDED)) == Place(1)

    def test_in_a_changed_plan_the_place_is_kept_from_then_on(self) -> None:
        """Killed a second time, the call is where the new plan had brought it, and not at its beginning again."""
        changed = decided(GROUP, {"to": "machine"}, begin="ring")
        known = ledger(*RUNG, (Kind.RECOVERED, 8, {}), (Kind.ROUTED, 8, routed(changed)), (Kind.STEP, 8, {"n": 1}))
        assert (is_planned(changed, known), is_planned(PLAN, known)) == (True, False)
        assert place_in(changed, known) == Place(1)

    @pytest.mark.parametrize(
        ("told", "place", "expected"),
        [
            (RUNG, 1, {"call-1-l1", "call-1-l2"}),
            (RUNG, 2, set()),
            (RUNG, 4, set()),
            (RUNG + TALKED, 1, {"call-1-l2"}),
            (RUNG + TALKED, 4, {"call-1-l2"}),
            (FORWARDED[:3], 2, {"call-1-l1"}),
            (FORWARDED[:3], 1, set()),
        ],
    )
    def test_only_legs_of_the_step_are_wanted(self, told: list[Told], place: int, expected: set[str]) -> None:
        """A phone of the former step must not ring on for nobody; who talks is wanted whatever the step is."""
        assert wanted(begun(ledger(*told)), deed_at(PLAN, Place(place))) == expected

    def test_a_plan_of_greetings_only_is_begun_again(self) -> None:
        """Nothing but answering and announcements before the end: there is always a step to go on with."""
        changed = replace(PLAN, steps=PLAN.steps[:1])
        assert place_in(changed, ledger(*GREETED, *RUNG)) == Place(0)

    def test_a_target_is_found_in_the_step_that_dials_it(self) -> None:
        """An endpoint in its group, a number in its forward; a stranger nowhere."""
        found = [place_of_target(PLAN, target) for target in ("first-1", "first-2", MOBILE, "agent9", "")]
        assert found == [Place(1), Place(1), Place(2), None, None]


@pytest.mark.parametrize(
    ("known", "expected"),
    [(ledger()[:1], "second"), (ledger(), "kanzlei"), ([event(0, Kind.ARRIVED), event(1, Kind.ROUTED)], None)],
)
def test_a_call_stays_with_the_client_who_was_found_first(known: list[CallEvent], expected: str | None) -> None:
    """The number went to a second client meanwhile: the new one gets none of the calls that had begun before."""
    first, second = make_client(dids=["+498999998300"]), make_client(id="second")
    plan = decide(CALLER, Directory((), (first, second)), HOUSE, Pool(), START)
    found = client_of(known, plan, Directory((), (first, second)))
    assert (found and found.id) == expected


def test_a_call_of_a_client_who_is_gone_is_nobodys() -> None:
    """Neither is it the second client's if the first one was removed."""
    directory = Directory((), (make_client(id="second"),))
    assert client_of(ledger(), decide(CALLER, directory, HOUSE, Pool(), START), directory) is None


@pytest.mark.parametrize(
    "incoming",
    [
        CALLER,
        Incoming(dialled=DID),
        Incoming(dialled=DID, withheld=True, looped=True),
        Incoming(dialled=DID, caller="+43123456", diverted_from="+498922222"),
    ],
)
def test_an_arrival_is_read_back_as_it_was_written(incoming: Incoming) -> None:
    """The next daemon decides for the same call: who called, for whom, and whether it came round in a circle."""
    assert incoming_of(event(0, Kind.ARRIVED, **arrival(incoming))) == incoming


class TestRebuilt:
    """The ledger of a talk of which no record is left."""

    SINCE = START + timedelta(seconds=7)
    END = START + timedelta(seconds=60)

    def closed(self, talk: Talk, plan: Plan = PLAN) -> Sequence[CallEvent]:
        """Rebuilt, and ended by the caller a minute after the arrival."""
        known = rebuilt("call-1", CALLER, plan, START, talk)
        hangup = made_up("call-1", len(known), self.END, Kind.HANGUP, {"by": "caller", "cause": 16})
        return [*known, hangup, made_up("call-1", len(known) + 1, self.END, Kind.ENDED, {})]

    def test_a_talk_with_an_agent(self) -> None:
        """The CDR has the client, the agent, and the talk from the instant when Asterisk put the two together."""
        cdr = build_cdr(self.closed(Talk("call-1-l2", "first-2", self.SINCE)))
        assert (cdr.client, cdr.disposition, cdr.answered_by) == ("kanzlei", Disposition.ANSWERED, "first-2")
        assert (cdr.caller, cdr.did, cdr.diverted_from) == (CALLER.caller, DID, CALLER.diverted_from)
        assert (cdr.started_at, cdr.answered_at) == (START, self.SINCE)
        assert [cdr.ring, cdr.talk] == [7, 53]
        assert cdr.duration == sum(phases(self.closed(Talk("l", "first-2", self.SINCE)), self.END).values())

    def test_a_talk_over_the_trunk(self) -> None:
        """A forward counts as one, with the number it went to: it is billed otherwise."""
        cdr = build_cdr(self.closed(Talk("call-1-l1", MOBILE, self.SINCE)))
        assert (cdr.disposition, cdr.answered_by, cdr.forwarded_to) == (Disposition.FORWARDED, "mobile", MOBILE)
        assert [cdr.forwarded, cdr.talk] == [53, 0]

    @pytest.mark.parametrize("target", ["agent9", ""])
    def test_a_partner_whom_no_step_dials(self, target: str) -> None:
        """The client's data were changed too: it stays a talk with whom Asterisk says."""
        cdr = build_cdr(self.closed(Talk("call-1-l1", target, self.SINCE)))
        assert (cdr.disposition, cdr.answered_by) == (Disposition.ANSWERED, target)

    def test_a_number_of_nobody(self) -> None:
        """No client has the number any more: a CDR, without a client."""
        nobody = decide(CALLER, Directory((), ()), HOUSE, Pool(), START)
        assert build_cdr(self.closed(Talk("call-1-l1", "first-1", self.SINCE), nobody)).client is None

    @pytest.mark.parametrize("place", [1, 2])
    def test_it_goes_on_as_any_ledger(self, place: int) -> None:
        """What is read from it is the talk in its step, so the next daemon resumes it like one of its own."""
        target = {1: "first-2", 2: MOBILE}[place]
        found = begun(rebuilt("call-1", CALLER, PLAN, START, Talk("call-1-l7", target, self.SINCE)))
        assert (found.place, found.talk, found.tried) == (Place(place), "call-1-l7", frozenset({target}))

    def test_a_call_that_we_made_stays_one(self) -> None:
        """The caller's channel is a leg too, which the next daemon listens to; and the CDR tells who called whom."""
        known = rebuilt("call-1", CALLER, PLAN, START, Talk("l7-call-1", "agent1", self.SINCE), outgoing=True)
        assert is_outgoing(known[0])
        own = next(leg for leg in legs_of(known) if leg.leg == "call-1")
        assert (own.target, own.answered, own.ended) == (CALLER.caller, True, False)

    def test_made_twice_it_is_the_same(self) -> None:
        """Killed once more before anything was shipped, the same events are written again and stored once."""
        one, two = (rebuilt("call-1", CALLER, PLAN, START, Talk("call-1-l1", "first-1", self.SINCE)) for _ in range(2))
        assert one == two
        assert [event.seq for event in one] == list(range(len(one)))
        assert len({event.id for event in one}) == len(one)


@given(st.text(max_size=12), st.integers(0, 99), st.text(max_size=12), st.integers(0, 99))
def test_ids_follow_from_call_and_place(call: str, seq: int, other: str, place: int) -> None:
    """Two events have the same id only if they are the same event of the same call."""
    one, two = made_up(call, seq, START, Kind.ENDED, {}), made_up(other, place, START, Kind.HANGUP, {})
    assert (one.id == two.id) == ((call, seq) == (other, place))
