"""Who is offered which caller, in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.agents import NOBODY_IN_PARTICULAR as PLAIN
from tests.core.agents import later, make_agent, make_floor
from vorzimmer.core.agent import Agent
from vorzimmer.core.floor import Floor
from vorzimmer.core.line import Line, Offer, Waiting
from vorzimmer.core.presence import Act, State

ANNA, BERT, CORA = make_agent("anna"), make_agent("bert"), make_agent("cora")
LAW = replace(PLAIN, team="law")


def _line(*agents: Agent) -> tuple[Floor, Line]:
    floor = make_floor(*agents)
    return floor, Line(floor, lambda _: True)


def _caller(call: str, since: float = 0, **fields: Any) -> Waiting:
    return Waiting(**{"call": call, "needs": PLAIN, "priority": 5, "since": later(since), **fields})


def _offered(line: Line, at: float = 100) -> dict[str, tuple[str, ...]]:
    return {offer.call: offer.agents for offer in line.offers(later(at))}


def _free(floor: Floor, agent: str, at: float, act: Act = Act.RELEASE) -> None:
    floor.act(agent, act, later(at))


def test_the_longest_idle_agent_is_reserved_and_the_call_leaves() -> None:
    """The offer names why; the agent is reserved for that call; asking again decides nothing new."""
    floor, line = _line(ANNA, BERT)
    line.join(_caller("c1"))
    assert line.offers(later(100)) == [Offer("c1", ("anna",), "longest idle")]
    assert (floor.presence("anna").state, floor.presence("anna").call) == (State.RESERVED, "c1")
    assert line.get("c1") is None
    assert line.offers(later(101)) == []


def test_the_last_agent_of_a_caller_comes_before_the_longest_idle() -> None:
    """Only if available: nobody waits for a particular agent while another is free."""
    floor, line = _line(ANNA, BERT)
    line.join(_caller("c1", last_agent="bert"))
    assert line.offers(later(100)) == [Offer("c1", ("bert",), "last agent of this caller")]
    line.join(_caller("c2", last_agent="bert"))
    assert line.offers(later(100)) == [Offer("c2", ("anna",), "longest idle")]
    _free(floor, "anna", 110)
    line.join(_caller("c3", last_agent="nobody"))
    assert _offered(line) == {"c3": ("anna",)}


def test_the_last_agent_must_still_be_allowed_to_serve() -> None:
    """To have spoken to a caller once breaks no demand of the client."""
    _, line = _line(make_agent("anna", teams=["law"]), BERT)
    line.join(_caller("c1", needs=LAW, last_agent="bert"))
    assert _offered(line) == {"c1": ("anna",)}


def test_a_free_agent_takes_the_first_by_priority_then_by_waiting_time() -> None:
    """9 before 0; among equals who came first, whatever the order they were told in."""
    floor, line = _line(ANNA)
    floor.act("anna", Act.PAUSE, later(10))
    for waiting in (
        _caller("low", 1, priority=0),
        _caller("late", 3),
        _caller("early", 2),
        _caller("vip", 4, priority=9),
    ):
        line.join(waiting)
    assert [one.call for one in line.waiting()] == ["vip", "early", "late", "low"]
    assert [line.place(call) for call in ("vip", "early", "late", "low")] == [1, 2, 3, 4]
    served: list[str] = []
    floor.act("anna", Act.READY, later(20))
    while offers := line.offers(later(30)):
        served += [offer.call for offer in offers]
        _free(floor, "anna", 40)
    assert served == ["vip", "early", "late", "low"]


def test_an_agent_who_serves_two_is_given_to_the_first() -> None:
    """The one who has only this agent waits if it came later; the agent of the other is not asked in its place."""
    floor, line = _line(make_agent("anna", teams=["law"]), BERT)
    for name in ("anna", "bert"):
        floor.act(name, Act.PAUSE, later(10))
    line.join(_caller("anyone", 1))
    line.join(_caller("lawyer", 2, needs=LAW))
    assert _offered(line) == {}
    floor.act("anna", Act.READY, later(20))
    assert _offered(line) == {"anyone": ("anna",)}
    floor.act("bert", Act.READY, later(21))
    assert _offered(line) == {}
    _free(floor, "anna", 30)
    assert _offered(line) == {"lawyer": ("anna",)}


def test_a_caller_who_cannot_be_served_holds_nobody_up() -> None:
    """Those behind it are served by agents who may not serve it."""
    _, line = _line(ANNA)
    line.join(_caller("lawyer", 1, needs=LAW, priority=9))
    line.join(_caller("anyone", 2))
    assert _offered(line) == {"anyone": ("anna",)}


def test_several_agents_ring_for_one_call_each_for_it_alone() -> None:
    """As many as wanted and free; the next caller gets who is left."""
    floor, line = _line(ANNA, BERT, CORA)
    line.join(_caller("c1", 1, at_once=2, last_agent="bert"))
    line.join(_caller("c2", 2, at_once=2))
    assert _offered(line) == {"c1": ("bert", "anna"), "c2": ("cora",)}
    assert {floor.presence(name).call for name in ("anna", "bert")} == {"c1"}


def test_those_who_were_tried_come_after_all_others() -> None:
    """The next wave rings others, also before the last agent; only if nobody else is free the same ones again."""
    floor, line = _line(ANNA, BERT)
    line.join(_caller("c1", tried=frozenset({"anna"}), last_agent="anna", at_once=2))
    assert _offered(line) == {"c1": ("bert",)}
    line.join(_caller("c1", tried=frozenset({"anna", "bert"})))
    assert line.offers(later(100)) == [Offer("c1", ("anna",), "offered before, nobody else is free")]
    assert floor.presence("anna").call == "c1"


def test_a_telephone_that_cannot_ring_is_passed_over_until_it_can() -> None:
    """The call goes to the next agent at once; once the telephone is back, its agent is offered callers again."""
    floor = make_floor(ANNA, BERT)
    silent = {"anna-desk"}
    line = Line(floor, lambda endpoint: endpoint not in silent)
    line.join(_caller("c1", last_agent="anna"))
    line.join(_caller("c2"))
    assert _offered(line) == {"c1": ("bert",)}
    silent.clear()
    assert _offered(line) == {"c2": ("anna",)}


def test_an_agent_who_leaves_while_its_telephone_is_silent_is_not_offered() -> None:
    """A telephone that comes back does not bring its agent back."""
    floor = make_floor(ANNA)
    silent = {"anna-desk"}
    line = Line(floor, lambda endpoint: endpoint not in silent)
    line.join(_caller("c1"))
    assert _offered(line) == {}
    floor.act("anna", Act.LOG_OUT, later(50))
    silent.clear()
    assert _offered(line) == {}


def test_the_telephone_is_the_one_logged_in_at() -> None:
    """Who moves to another telephone is looked for there."""
    floor = make_floor(ANNA)
    asked: list[str] = []
    line = Line(floor, lambda endpoint: not asked.append(endpoint))  # type: ignore[func-returns-value]  # None is true
    floor.act("anna", Act.LOG_IN, later(5), phone="anna-home")
    line.join(_caller("c1"))
    assert _offered(line) == {"c1": ("anna",)}
    assert set(asked) == {"anna-home"}


def test_a_release_keeps_the_place_among_the_idle() -> None:
    """An agent whose caller hung up in the ring has had no call: the next one is still due there."""
    floor, line = _line(ANNA, BERT)
    line.join(_caller("c1"))
    assert _offered(line) == {"c1": ("anna",)}
    _free(floor, "anna", 200)
    line.join(_caller("c2"))
    assert _offered(line, 201) == {"c2": ("anna",)}


def test_a_caller_who_left_is_offered_to_nobody() -> None:
    """Leaving twice, or without having been here, is no error: both ends may hang up at once."""
    _, line = _line(ANNA)
    line.join(_caller("c1"))
    line.leave("c1")
    line.leave("c1")
    assert line.waiting() == []
    assert _offered(line) == {}
    with pytest.raises(KeyError):
        line.place("c1")


def test_joining_again_changes_the_demands() -> None:
    """A caller stands in the line once, with what was said last."""
    _, line = _line(ANNA)
    line.join(_caller("c1", 1, needs=LAW))
    line.join(_caller("c1", 2))
    assert line.get("c1") == _caller("c1", 2)
    assert _offered(line) == {"c1": ("anna",)}


def test_the_place_counts_rivals_for_the_same_agents_only() -> None:
    """Who waits for other agents is not before me; who waits for one of mine at work is."""
    floor, line = _line(make_agent("anna", teams=["law"]), make_agent("bert", teams=["trade"]))
    for name in ("anna", "bert"):
        floor.act(name, Act.RESERVE, later(10), call="c0")
    line.join(_caller("trade", 1, needs=replace(PLAIN, team="trade")))
    line.join(_caller("law", 2, needs=LAW))
    line.join(_caller("anyone", 3))
    assert [line.place(call) for call in ("trade", "law", "anyone")] == [1, 1, 3]
    _free(floor, "anna", 20)
    floor.act("anna", Act.LOG_OUT, later(21))
    assert line.place("anyone") == 2


def test_agents_at_work_are_counted() -> None:
    """Paused and about to go do not count: a caller would wait for nobody; ringing, talking and wrap-up do."""
    floor, line = _line(ANNA, BERT, CORA, make_agent("dora", languages=["en"]))
    assert line.logged_in(PLAIN, later(10)) == 3
    floor.act("anna", Act.PAUSE, later(11))
    assert line.logged_in(PLAIN, later(12)) == 2
    floor.act("bert", Act.RESERVE, later(13), call="c1")
    floor.act("bert", Act.ANSWER, later(14))
    assert line.logged_in(PLAIN, later(15)) == 2
    floor.act("bert", Act.LOG_OUT, later(16))
    assert line.logged_in(PLAIN, later(17)) == 1
    floor.act("bert", Act.READY, later(18))
    floor.act("bert", Act.HANG_UP, later(19))
    assert line.logged_in(PLAIN, later(20)) == 2


def test_a_pledge_counts_from_its_day_on() -> None:
    """Callers who wait over midnight are offered to an agent whose pledge begins then."""
    day = 24 * 3600.0
    _, line = _line(make_agent("anna", pledged_on=later(day).date()))
    secret = replace(PLAIN, secrecy=True)
    line.join(_caller("c1", needs=secret))
    assert line.logged_in(secret, later(0)) == 0
    assert _offered(line, 100) == {}
    assert _offered(line, day) == {"c1": ("anna",)}


def test_the_first_caller_of_all_finds_the_day_known() -> None:
    """Whoever joins before anything was asked is asked about on that day: pledges on file count at once."""
    _, line = _line(make_agent("anna", pledged_on="2000-01-01"))
    sworn = replace(PLAIN, secrecy=True)
    line.join(_caller("c1", needs=sworn))
    assert line.place("c1") == 1
    line.leave("c1")
    assert line.logged_in(sworn, later(100)) == 1
    assert line.idle(sworn, later(100)) == 1


def test_the_book_decides_from_the_moment_it_changes() -> None:
    """New skills, new agents and taken-back ones count for callers who wait already."""
    floor, line = _line(ANNA)
    line.join(_caller("c1", needs=LAW))
    assert _offered(line) == {}
    floor.use({"anna": make_agent("anna", teams=["law"])}, later(50))
    assert _offered(line) == {"c1": ("anna",)}
    _free(floor, "anna", 60)
    floor.use({}, later(70))
    line.join(_caller("c2"))
    assert _offered(line) == {}
    assert line.logged_in(PLAIN, later(80)) == 0


def test_agents_named_for_a_client_are_told_apart_from_those_of_its_team() -> None:
    """Two clients with the same demands differ if an agent serves only one of them."""
    floor, line = _line(make_agent("anna", clients=["special"]))
    line.join(_caller("c1"))
    line.join(_caller("c2", needs=replace(PLAIN, client="special")))
    assert _offered(line) == {"c2": ("anna",)}
    floor.use({"anna": ANNA}, later(50))
    _free(floor, "anna", 60)
    assert _offered(line) == {"c1": ("anna",)}


def test_a_restart_takes_the_idle_ones_up() -> None:
    """Restored agents are offered callers without a new log-in, in the order they were idle before."""
    before = make_floor(BERT, ANNA)
    floor = make_floor(ANNA, BERT, log_in=False)
    line = Line(floor, lambda _: True)
    line.join(_caller("c1"))
    assert _offered(line) == {}
    floor.restore(before.presences().values())
    assert _offered(line) == {"c1": ("bert",)}


def test_many_idle_agents_are_taken_in_the_same_order_as_few() -> None:
    """With a hundred idle the first found is still the longest idle who may serve."""
    crowd = [make_agent(f"agent-{n}", teams=["law"] if n % 2 else []) for n in range(120)]
    _, line = _line(*crowd)
    for n in range(120):
        line.join(_caller(f"c{n:03}", n, needs=LAW if n % 4 == 0 else PLAIN))
    offers = _offered(line, 500)
    lawyers = [agents[0] for call, agents in sorted(offers.items()) if int(call[1:]) % 4 == 0]
    assert lawyers == sorted(lawyers, key=lambda name: int(name[6:]))
    assert len(offers) == len(set(offers.values()))
