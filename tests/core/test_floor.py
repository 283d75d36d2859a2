"""Who is on the floor, also while the book changes under those who talk."""

from __future__ import annotations

import pytest

from tests.core.agents import later, make_agent, make_floor
from vorzimmer.core.floor import Floor
from vorzimmer.core.presence import Act, NotNow, Presence, State

ANNA, BERT = make_agent("anna"), make_agent("bert", wrap_up=0)


def _talk(floor: Floor, agent: str) -> None:
    for act in (Act.RESERVE, Act.RING, Act.ANSWER):
        floor.act(agent, act, later(10), call="c1")


def test_everybody_starts_logged_out() -> None:
    """A new agent takes no calls before the first log-in."""
    floor = make_floor(ANNA, log_in=False)
    assert floor.presence("anna") == Presence("anna", State.LOGGED_OUT, later(0))
    with pytest.raises(KeyError):
        floor.presence("nobody")
    with pytest.raises(KeyError):
        floor.act("nobody", Act.LOG_IN, later(1))


def test_a_log_in_goes_to_the_named_phone_the_present_one_or_the_first() -> None:
    """Where the telephone is not named, an agent who is here already is not moved."""
    floor = make_floor(ANNA, log_in=False)
    assert floor.act("anna", Act.LOG_IN, later(1)).phone == "anna-desk"
    assert floor.act("anna", Act.LOG_IN, later(2), phone="anna-home").phone == "anna-home"
    assert floor.act("anna", Act.LOG_IN, later(3)).phone == "anna-home"
    with pytest.raises(NotNow, match="bert-desk is not a telephone of anna"):
        floor.act("anna", Act.LOG_IN, later(4), phone="bert-desk")


def test_wrap_up_is_the_agents_own() -> None:
    """Who has no wrap-up is available with the hang-up, who has some is not."""
    floor = make_floor(ANNA, BERT)
    for name, state in (("anna", State.WRAP_UP), ("bert", State.AVAILABLE)):
        _talk(floor, name)
        assert floor.act(name, Act.HANG_UP, later(20), call="c1").state is state


def test_changes_are_told_once_and_only_changes() -> None:
    """The listener sees before and after; asking for what is so already tells nothing."""
    floor = make_floor(ANNA)
    told: list[tuple[State, State]] = []
    floor.on_change = lambda before, now: told.append((before.state, now.state))
    floor.act("anna", Act.PAUSE, later(5), reason="tea")
    floor.act("anna", Act.PAUSE, later(6), reason="tea")
    floor.act("anna", Act.LOG_OUT, later(7))
    floor.act("anna", Act.LOG_OUT, later(8))
    assert told == [(State.AVAILABLE, State.PAUSED), (State.PAUSED, State.LOGGED_OUT)]


def test_the_telephones_owner_is_known() -> None:
    """A feature code is told whose it is by the telephone; a stranger's belongs to nobody."""
    floor = make_floor(ANNA, BERT)
    assert floor.agent_at("bert-home") == BERT
    assert floor.agent_at("stranger") is None


def test_one_deleted_while_idle_is_logged_out_and_gone() -> None:
    """The log-out is told, so that nothing keeps the agent for present."""
    floor = make_floor(ANNA, BERT)
    told: list[Presence] = []
    floor.on_change = lambda _, now: told.append(now)
    floor.use({"bert": BERT}, later(5))
    assert told == [Presence("anna", State.LOGGED_OUT, later(5))]
    assert set(floor.agents) == set(floor.presences()) == {"bert"}
    assert floor.agent_at("anna-desk") is None


@pytest.mark.parametrize("end", [Act.HANG_UP, Act.RELEASE, Act.MISS])
def test_one_deleted_in_a_call_stays_until_its_end(end: Act) -> None:
    """The call is not touched; after it the agent is logged out without wrap-up, and gone."""
    floor = make_floor(ANNA, BERT)
    floor.act("anna", Act.RESERVE, later(4), call="c1")
    if end is Act.HANG_UP:
        floor.act("anna", Act.ANSWER, later(4), call="c1")
    floor.use({"bert": BERT}, later(5))
    assert floor.agent_at("anna-desk") == ANNA
    for act in (Act.READY, Act.LOG_IN, Act.PAUSE):
        with pytest.raises(NotNow, match="no longer an agent"):
            floor.act("anna", act, later(6))
    assert floor.act("anna", end, later(7), call="c1") == Presence("anna", State.LOGGED_OUT, later(7))
    assert set(floor.agents) == set(floor.presences()) == {"bert"}
    assert floor.agent_at("anna-desk") is None


def test_one_who_comes_back_during_the_last_call_stays() -> None:
    """A mistake in the book that is put right in time costs a new log-in, no more."""
    floor = make_floor(ANNA)
    _talk(floor, "anna")
    floor.use({}, later(11))
    floor.use({"anna": ANNA}, later(12))
    assert floor.act("anna", Act.HANG_UP, later(20)).state is State.LOGGED_OUT
    assert floor.act("anna", Act.LOG_IN, later(21)).state is State.AVAILABLE


def test_a_telephone_may_go_to_another_agent_during_a_talk() -> None:
    """The new owner counts for feature codes, also after the old one is gone."""
    floor = make_floor(ANNA)
    _talk(floor, "anna")
    heir = make_agent("cora", phones=["anna-desk"])
    floor.use({"cora": heir}, later(11))
    assert floor.agent_at("anna-desk") == heir
    floor.act("anna", Act.HANG_UP, later(20))
    assert floor.agent_at("anna-desk") == heir
    assert floor.agent_at("anna-home") is None


def test_who_loses_the_telephone_is_logged_out() -> None:
    """At once when idle, after the call when in one: no call may be sent to a telephone that is not the agent's."""
    floor = make_floor(ANNA, BERT)
    _talk(floor, "bert")
    at_home = {name: make_agent(name, phones=[f"{name}-home"]) for name in ("anna", "bert")}
    floor.use(at_home, later(11))
    assert floor.presence("anna").state is State.LOGGED_OUT
    assert floor.presence("bert").state is State.TALKING
    assert floor.act("bert", Act.HANG_UP, later(20)).state is State.LOGGED_OUT


def test_an_agent_keeps_on_working_while_the_book_changes() -> None:
    """New teams or wrap-up disturb nobody."""
    floor = make_floor(ANNA)
    _talk(floor, "anna")
    floor.use({"anna": make_agent("anna", wrap_up=0, teams=["law"])}, later(11))
    assert floor.act("anna", Act.HANG_UP, later(20)).state is State.AVAILABLE


def test_a_restart_restores_who_did_what() -> None:
    """Agents need no new log-in after a restart; who or what is no longer in the book is left out, and nothing told."""
    before = make_floor(ANNA, BERT, make_agent("cora"), make_agent("dora"))
    before.act("bert", Act.PAUSE, later(5), reason="tea")
    floor = make_floor(ANNA, BERT, make_agent("dora", phones=["dora-home"]), log_in=False)
    floor.on_change = lambda *_: pytest.fail("a restart is no change")
    floor.restore(before.presences().values())
    assert floor.presence("anna") == before.presence("anna")
    assert floor.presence("bert").reason == "tea"
    assert floor.presence("dora").state is State.LOGGED_OUT
    assert "cora" not in floor.presences()
