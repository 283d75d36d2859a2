"""The plan of a call: every state, every target, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, HOUSE, OTHER_DID, make_client, make_groups
from vorzimmer.core.acd import Pool
from vorzimmer.core.announcement import Sound
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import Strategy
from vorzimmer.core.plan import Announce, Answer, Forward, Hangup, Incoming, Machine, Plan, Queue, RingGroup, Step
from vorzimmer.core.routing import decide, fallback_media

MOBILE = "+491713920055"
OPEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LUNCH = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
HOLIDAY = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
VACATION = datetime(2026, 8, 4, 9, 0, tzinfo=UTC)

CALENDAR: dict[str, Any] = {
    "lunch": ["12:00-13:00"],
    "holidays": "DE",
    "vacations": [{"first": "2026-08-03", "last": "2026-08-14"}],
}
FIRST = {"to": "group", "group": "first", "seconds": 15}
SECOND = {"to": "group", "group": "second", "wait": 60}
TO_MOBILE = {"to": "mobile", "number": MOBILE}
MACHINE = {"to": "machine", "max_seconds": 120, "silence": 5}
SAY_CLOSED = {"to": "announcement", "sound": "closed"}
EVERY_SOUND = {sound.value: f"{sound.value}.mp3" for sound in Sound}


def _plan(client: Client, at: datetime = OPEN, pool: Pool | None = None, **call: Any) -> Plan:
    directory = Directory(make_groups("first", "second"), (client,))
    return decide(Incoming(**{"dialled": DID, **call}), directory, HOUSE, pool or Pool(), at)


def _short(step: Step) -> str:
    """A step on one word or two: what it does and with what."""
    match step:
        case Answer():
            short = "answer"
        case Announce(media, early):
            said = " + ".join(one.removeprefix("lib:kanzlei/") for one in media)
            short = f"{'early' if early else 'say'} {said}"
        case RingGroup():
            short = f"ring {step.group}{' with music' if step.music else ''}"
        case Queue():
            short = f"queue {step.priority}{' with music' if step.music else ''}"
        case Forward():
            short = f"forward to {step.kind}{' with music' if step.music else ''}"
        case Machine():
            short = f"machine {step.greeting.removeprefix('lib:kanzlei/')}"
        case Hangup():
            short = f"hang up {step.cause}"
    return short


def _steps(plan: Plan) -> list[str]:
    return [_short(step) for step in plan.steps]


def test_the_whole_chain_with_its_reasons() -> None:
    """First group, second group, mobile, machine: all values of the file arrive in the steps, each with a reason."""
    client = make_client(open={"chain": [FIRST, SECOND, TO_MOBILE, MACHINE]})
    plan = _plan(client)
    assert plan.steps == (
        RingGroup(
            group="first",
            endpoints=("first-1", "first-2"),
            strategy=Strategy.ALL,
            seconds=15,
            wait=0,
            music=False,
            reason="first target of the open chain",
        ),
        RingGroup(
            group="second",
            endpoints=("second-1", "second-2"),
            strategy=Strategy.ALL,
            seconds=20,
            wait=60,
            music=False,
            reason="target 2 of the open chain, if those before it did not end the call",
        ),
        Forward(
            number=MOBILE,
            kind="mobile",
            seconds=25,
            confirm=True,
            music=False,
            reason="target 3 of the open chain, if those before it did not end the call",
        ),
        Answer("the machine records on an answered call"),
        Machine(
            greeting="sys:vm-intro",
            max_seconds=120,
            silence=5,
            reason="target 4 of the open chain, if those before it did not end the call",
        ),
    )
    assert (plan.client, plan.did, plan.state, plan.skipped) == (client, client.dids[0], "open", ())
    assert plan.reason == "open: Monday 08:00-18:00; client found by dialled number"
    assert plan.decided_at == OPEN


@pytest.mark.parametrize(
    ("handling", "sounds", "steps"),
    [
        ({"begin": "ring"}, ["greeting"], ["ring first", "answer", "machine sys:vm-intro"]),
        ({"begin": "early"}, ["greeting"], ["early greeting", "ring first", "answer", "machine sys:vm-intro"]),
        ({"begin": "early"}, [], ["ring first", "answer", "machine sys:vm-intro"]),
        ({"begin": "answer"}, ["greeting"], ["answer", "say greeting", "ring first", "machine sys:vm-intro"]),
        ({"begin": "answer"}, [], ["answer", "ring first", "machine sys:vm-intro"]),
        ({"begin": "ring", "music": True}, [], ["answer", "ring first with music", "machine sys:vm-intro"]),
        (
            {"begin": "early", "music": True},
            ["greeting", "machine"],
            ["early greeting", "answer", "ring first with music", "machine machine"],
        ),
    ],
)
def test_how_a_call_begins(handling: dict[str, Any], sounds: list[str], steps: list[str]) -> None:
    """Ringing on, a greeting that costs nothing, or answered at once; the channel is answered only once."""
    client = make_client(
        open={**handling, "chain": [FIRST, MACHINE]}, announcements={name: EVERY_SOUND[name] for name in sounds}
    )
    assert _steps(_plan(client)) == steps


@pytest.mark.parametrize(
    ("at", "state", "sounds", "steps"),
    [
        (NIGHT, "closed", ["closed"], ["answer", "say closed", "machine sys:vm-intro"]),
        (NIGHT, "closed", ["closed", "lunch", "machine"], ["answer", "say closed", "machine machine"]),
        (NIGHT, "closed", ["greeting", "closed"], ["answer", "say closed", "machine sys:vm-intro"]),
        (NIGHT, "closed", [], ["answer", "machine sys:vm-intro"]),
        (LUNCH, "lunch", ["closed", "lunch"], ["answer", "say lunch", "machine sys:vm-intro"]),
        (LUNCH, "lunch", ["closed"], ["answer", "say closed", "machine sys:vm-intro"]),
        (LUNCH, "lunch", ["lunch"], ["answer", "say lunch", "machine sys:vm-intro"]),
        (LUNCH, "lunch", [], ["answer", "machine sys:vm-intro"]),
        (HOLIDAY, "holiday", ["closed", "holiday"], ["answer", "say holiday", "machine sys:vm-intro"]),
        (HOLIDAY, "holiday", ["closed", "lunch"], ["answer", "say closed", "machine sys:vm-intro"]),
        (VACATION, "vacation", ["closed", "vacation"], ["answer", "say vacation", "machine sys:vm-intro"]),
        (VACATION, "vacation", ["closed"], ["answer", "say closed", "machine sys:vm-intro"]),
    ],
)
def test_a_closed_office_says_so_and_records(at: datetime, state: str, sounds: list[str], steps: list[str]) -> None:
    """Without a chain of its own each state uses the closed one, with its own sound if there is one."""
    plan = _plan(make_client(**CALENDAR, announcements={name: EVERY_SOUND[name] for name in sounds}), at)
    assert (plan.state, _steps(plan)) == (state, steps)


@pytest.mark.parametrize(("at", "key"), [(LUNCH, "at_lunch"), (HOLIDAY, "on_holiday"), (VACATION, "on_vacation")])
def test_a_state_may_have_a_chain_of_its_own(at: datetime, key: str) -> None:
    """Its own chain is taken as written: the sounds it names are the sounds it plays."""
    own = {key: {"chain": [SAY_CLOSED, SECOND, {"to": "hangup", "cause": 17}]}}
    plan = _plan(make_client(**CALENDAR, **own, announcements=EVERY_SOUND), at)
    assert _steps(plan) == ["answer", "say closed", "ring second", "hang up 17"]


def test_a_night_service_greets() -> None:
    """A closed chain that rings somebody plays the greeting; one that begins with an announcement needs none."""
    chain = {"begin": "early", "chain": [FIRST]}
    assert _steps(_plan(make_client(closed=chain, announcements=EVERY_SOUND), NIGHT))[0] == "early greeting"


def test_an_announcement_before_the_answer_costs_the_caller_nothing() -> None:
    """With `begin = "early"` announcements are early media for as long as nothing has answered."""
    client = make_client(
        closed={"begin": "early", "chain": [SAY_CLOSED, {"to": "hangup"}]},
        open={"begin": "early", "chain": [SAY_CLOSED, FIRST, MACHINE, SAY_CLOSED]},
        announcements={"closed": "closed.mp3"},
    )
    assert _steps(_plan(client, NIGHT)) == ["early closed", "hang up 16"]
    assert _steps(_plan(client)) == ["early closed", "ring first", "answer", "machine sys:vm-intro"]


@pytest.mark.parametrize(
    ("chain", "steps", "skipped"),
    [
        (
            [SAY_CLOSED, FIRST, MACHINE],
            ["ring first", "answer", "machine sys:vm-intro"],
            [("target 1 of the open chain (announcement)", "the client has no announcement 'closed'")],
        ),
        (
            [{"to": "mobile", "number": "+499001234567"}, MACHINE],
            ["answer", "machine sys:vm-intro"],
            [("target 1 of the open chain (mobile)", "premium numbers are never dialled")],
        ),
        (
            [{"to": "partner", "number": "+41446681800"}, MACHINE],
            ["answer", "machine sys:vm-intro"],
            [("target 1 of the open chain (partner)", "country CH is not released; released: AT, DE")],
        ),
        (
            [{"to": "partner", "number": DID}, MACHINE],
            ["answer", "machine sys:vm-intro"],
            [("target 1 of the open chain (partner)", "the number is one of our own, the call would come back")],
        ),
        (
            [{"to": "group", "group": "third"}, MACHINE],
            ["answer", "machine sys:vm-intro"],
            [("target 1 of the open chain (group)", "there is no group 'third'")],
        ),
        (
            [MACHINE, FIRST],
            ["answer", "machine sys:vm-intro"],
            [("target 2 of the open chain (group)", "the chain has ended before it")],
        ),
        (
            [{"to": "hangup", "cause": 17}, FIRST],
            ["hang up 17"],
            [("target 2 of the open chain (group)", "the chain has ended before it")],
        ),
        ([FIRST, TO_MOBILE], ["ring first", "forward to mobile", "hang up 19"], []),
        ([{"to": "hangup", "cause": 17}], ["hang up 17"], []),
        (
            [SAY_CLOSED, {"to": "hangup"}],
            ["early sys:vm-nobodyavail", "hang up 16"],
            [("target 1 of the open chain (announcement)", "the client has no announcement 'closed'")],
        ),
        (
            [{"to": "mobile", "number": "+499001234567"}],
            ["early sys:vm-nobodyavail", "hang up 19"],
            [("target 1 of the open chain (mobile)", "premium numbers are never dialled")],
        ),
    ],
)
def test_what_is_left_out_is_named(chain: list[Any], steps: list[str], skipped: list[tuple[str, str]]) -> None:
    """A target that cannot be carried out is skipped with its reason, and nobody is left in silence by that."""
    plan = _plan(make_client(open={"chain": chain}))
    assert _steps(plan) == steps
    assert [(s.what, s.reason) for s in plan.skipped] == skipped


def test_an_answered_call_that_reaches_nobody_ends_normally() -> None:
    """After music the caller was connected, so the chain's end is no "no answer" any more."""
    plan = _plan(make_client(open={"music": True, "chain": [FIRST]}))
    assert _steps(plan) == ["answer", "ring first with music", "hang up 16"]
    assert plan.steps[-1].reason == "end of the open chain, nobody answered"


def test_the_clients_own_limits_are_stronger_than_the_houses() -> None:
    """A country that only this client released may be dialled for it."""
    chain = {"chain": [{"to": "partner", "number": "+41446681800"}]}
    plan = _plan(make_client(open=chain, forwarding={"countries": ["CH"]}))
    assert _steps(plan) == ["forward to partner", "hang up 19"]


@pytest.mark.parametrize(
    ("pool", "says"),
    [
        (Pool(), ""),
        (Pool(busy=frozenset({"first-1"})), ""),
        (
            Pool(busy=frozenset({"first-1", "first-2"})),
            "; all 2 reachable are busy now, asked again when its turn comes",
        ),
        (
            Pool(unreachable=frozenset({"first-1", "first-2"})),
            "; nobody is reachable now, asked again when its turn comes",
        ),
    ],
)
def test_a_group_without_anybody_free_stays_in_the_plan(pool: Pool, says: str) -> None:
    """Agents log in while a call waits, so only the reason tells how it was when the call came."""
    step = _plan(make_client(open={"chain": [FIRST]}), pool=pool).steps[0]
    assert isinstance(step, RingGroup)
    assert step.endpoints == ("first-1", "first-2")
    assert step.reason == f"first target of the open chain{says}"


def test_an_unknown_number_is_told_so_for_free() -> None:
    """No client: an announcement as early media, then the cause for an unallocated number."""
    plan = _plan(make_client(), dialled="+498999998999")
    assert _steps(plan) == ["early sys:ss-noservice", "hang up 1"]
    assert (plan.client, plan.did, plan.state, plan.reason) == (None, None, None, "no client has this number")


@pytest.mark.parametrize("dialled", [DID, "+498999998999"])
def test_a_loop_is_ended_at_once(dialled: str) -> None:
    """A call that comes from one of our own legs is busy: nothing rings, nothing is answered."""
    client = make_client()
    plan = _plan(client, dialled=dialled, looped=True)
    assert _steps(plan) == ["hang up 17"]
    assert plan.reason == "loop: the call comes from a leg of our own"
    assert plan.client is (client if dialled == DID else None)


def test_the_plan_holds_no_number_of_a_caller() -> None:
    """Reasons are kept with the call's record, from which callers' numbers must be erasable."""
    client = make_client(dids=[{"number": DID, "diverted_from": ["+498112345"]}], open={"chain": [TO_MOBILE]})
    plan = _plan(client, caller="+4930111111", caller_name="Erika", diverted_from="+498112345")
    said = " ".join([plan.reason, *(step.reason for step in plan.steps)])
    assert plan.reason.endswith("client found by diverting number")
    assert not {"+4930111111", "Erika", "+498112345", MOBILE} & set(said.split())


@pytest.mark.parametrize(
    ("sounds", "expected"),
    [
        (["closed", "machine"], "lib:kanzlei/machine"),
        (["closed", "greeting"], "lib:kanzlei/closed"),
        (["greeting"], "sys:vm-intro"),
        ([], "sys:vm-intro"),
    ],
)
def test_what_callers_hear_while_the_daemon_is_away(sounds: list[str], expected: str) -> None:
    """The machine's greeting, else the closed announcement, else the built-in request to leave a message."""
    client = make_client(announcements={name: EVERY_SOUND[name] for name in sounds})
    assert fallback_media(client, NIGHT) == expected


_targets = st.sampled_from(
    [FIRST, SECOND, TO_MOBILE, MACHINE, SAY_CLOSED, {"to": "hangup"}, {"to": "group", "group": "gone"}]
    + [{"to": "announcement", "sound": sound.value} for sound in Sound]
    + [{"to": "partner", "number": number} for number in (DID, "+499001234567", "+41446681800")]
)
_handlings = st.fixed_dictionaries(
    {
        "begin": st.sampled_from(["ring", "early", "answer"]),
        "music": st.booleans(),
        "chain": st.lists(_targets, min_size=1, max_size=5),
    }
)
_numbers = st.sampled_from([DID, OTHER_DID, "+498112345", "110", ""])
_clients = st.fixed_dictionaries(
    {
        "hours": st.sampled_from(["always", {}, {"mon-fri": ["08:00-18:00"]}, {"daily": ["22:00-06:00"]}]),
        "timezone": st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai"]),
        "announcements": st.sets(st.sampled_from(sorted(EVERY_SOUND))).map(lambda s: {k: EVERY_SOUND[k] for k in s}),
        "open": _handlings,
        "closed": _handlings,
    },
    optional={
        "at_lunch": _handlings,
        "on_holiday": _handlings,
        "on_vacation": _handlings,
        "override": st.fixed_dictionaries({"state": st.sampled_from(["open", "closed"])}),
    },
).map(lambda fields: make_client(**CALENDAR, **fields))


@given(
    client=_clients,
    minutes=st.integers(0, 4 * 365 * 24 * 60),
    dialled=_numbers,
    diverted_from=st.none() | _numbers,
    looped=st.booleans(),
)
def test_every_call_has_a_plan_that_comes_to_an_end(
    client: Client, minutes: int, dialled: str, diverted_from: str | None, *, looped: bool
) -> None:
    """Whatever client, time and number: a plan, ending in the machine or a hang-up and in nothing before the last step.

    It answers at most once, says nothing early after that, and is silent only where the client's file says so.
    """
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    plan = _plan(client, at, dialled=dialled, diverted_from=diverted_from, looped=looped)
    assert [isinstance(step, Machine | Hangup) for step in plan.steps] == [False] * (len(plan.steps) - 1) + [True]
    answers = [n for n, step in enumerate(plan.steps) if isinstance(step, Answer)]
    assert len(answers) <= 1
    for n, step in enumerate(plan.steps):
        answered = bool(answers) and answers[0] < n
        assert not (isinstance(step, Announce) and step.early == answered)
        assert not (isinstance(step, Machine) and not answered)
        assert step.reason
    heard = any(not isinstance(step, Answer | Hangup) for step in plan.steps)
    assert heard or looped or all(s.reason == "the chain has ended before it" for s in plan.skipped)
    assert plan == _plan(client, at, dialled=dialled, diverted_from=diverted_from, looped=looped)
