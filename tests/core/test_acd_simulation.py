"""The whole call distribution at random: whatever agents, callers and the book do, the promises of the line hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.core.agents import NOBODY_IN_PARTICULAR as PLAIN
from tests.core.agents import make_agent, make_floor
from tests.core.examples import START
from vorzimmer.core.agent import Agent
from vorzimmer.core.line import Line, Offer, Waiting
from vorzimmer.core.model import Language
from vorzimmer.core.presence import IN_CALL, Act, NotNow, State
from vorzimmer.core.serving import Needs, may_serve

NAMES = tuple("abcdef")
CLIENTS = ("kanzlei", "praxis", "werkstatt")
TEAMS = ("law", "trade")
SKILLS = ("notary", "dutch")

names = st.sampled_from(NAMES)
TOMORROW = START.date() + timedelta(days=1)
SECRET = replace(PLAIN, secrecy=True)

special_agents = st.builds(
    make_agent,
    names,
    teams=st.lists(st.sampled_from(TEAMS), unique=True),
    skills=st.lists(st.sampled_from(SKILLS), unique=True),
    languages=st.sampled_from([["de"], ["en"], ["de", "en"]]),
    clients=st.just([]) | st.lists(st.sampled_from(CLIENTS), unique=True),
    pledged_on=st.sampled_from([None, date(2020, 1, 1), TOMORROW]),
    wrap_up=st.sampled_from([0, 20]),
)
agents = st.builds(make_agent, names, pledged_on=st.sampled_from([None, TOMORROW])) | special_agents
special_needs = st.builds(
    Needs,
    client=st.sampled_from(CLIENTS),
    team=st.none() | st.sampled_from(TEAMS),
    skills=st.frozensets(st.sampled_from(SKILLS), max_size=1),
    language=st.sampled_from([Language.GERMAN, Language.ENGLISH]),
    secrecy=st.booleans(),
)
needs = st.sampled_from([PLAIN, SECRET]) | special_needs


def _order(waiting: Waiting) -> tuple[int, float, str]:
    return (-waiting.priority, waiting.since.timestamp(), waiting.call)


class House(RuleBasedStateMachine):
    """A small house; after every step the line decides, and each decision is compared with one made from scratch."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.floor = make_floor(*map(make_agent, NAMES[:3]), make_agent("d", pledged_on=TOMORROW))
        self.silent: set[str] = set()
        self.line = Line(self.floor, self._can_ring)
        self.callers: dict[str, Waiting] = {}
        self.ringing: dict[str, tuple[str, ...]] = {}
        self.talking: dict[str, str] = {}
        self.calls = 0

    def _can_ring(self, endpoint: str) -> bool:
        return endpoint not in self.silent

    # What may happen, at any time and in any order.

    @rule(agent=names, act=st.sampled_from([Act.LOG_IN, Act.LOG_OUT, Act.PAUSE, Act.READY]), home=st.booleans())
    def agent_acts(self, agent: str, act: Act, home: bool) -> None:  # noqa: FBT001 - hypothesis calls it
        """An agent logs in or out, pauses, or is ready again."""
        if agent in self.floor.agents:
            self._try(agent, act, phone=f"{agent}-home" if home and act is Act.LOG_IN else "")

    @rule(needs=needs, priority=st.sampled_from([0, 5, 9]), at_once=st.integers(1, 3), last=st.none() | names)
    def caller_comes(self, needs: Needs, priority: int, at_once: int, last: str | None) -> None:
        """Somebody calls."""
        self.calls += 1
        self._join(Waiting(f"c{999 - self.calls}", needs, priority, self.now, at_once, last))

    @precondition(lambda self: self.callers)
    @rule(data=st.data())
    def caller_leaves(self, data: st.DataObject) -> None:
        """A caller hangs up while waiting or ringing."""
        call = data.draw(st.sampled_from(sorted(self.callers)))
        self.line.leave(call)
        del self.callers[call]
        for agent in self.ringing.pop(call, ()):
            self._act(agent, Act.RELEASE, call)

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def agent_answers(self, data: st.DataObject) -> None:
        """One of those who ring answers, the others are released."""
        call = data.draw(st.sampled_from(sorted(self.ringing)))
        chosen = data.draw(st.sampled_from(self.ringing[call]))
        for agent in self.ringing.pop(call):
            self._act(agent, Act.ANSWER if agent == chosen else Act.RELEASE, call)
        del self.callers[call]
        self.talking[call] = chosen

    @precondition(lambda self: self.ringing)
    @rule(data=st.data(), missed=st.booleans())
    def nobody_answers(self, data: st.DataObject, missed: bool) -> None:  # noqa: FBT001 - hypothesis calls it
        """All telephones of a call rang in vain, or could not be reached: the caller is back at its place."""
        call = data.draw(st.sampled_from(sorted(self.ringing)))
        waiting, tried = self.callers[call], self.ringing.pop(call)
        for agent in tried:
            self._act(agent, Act.RING, call)
            self._act(agent, Act.MISS if missed else Act.RELEASE, call)
        self._join(replace(waiting, tried=waiting.tried | set(tried)))

    @precondition(lambda self: self.talking)
    @rule(data=st.data())
    def talk_ends(self, data: st.DataObject) -> None:
        """A talk is over."""
        call = data.draw(st.sampled_from(sorted(self.talking)))
        self._act(self.talking.pop(call), Act.HANG_UP, call)

    @rule(agent=names)
    def wrap_up_ends(self, agent: str) -> None:
        """The time for notes is over."""
        if agent in self.floor.agents:
            self._try(agent, Act.WRAPPED)

    @rule(agent=names)
    def telephone_changes(self, agent: str) -> None:
        """The telephone that an agent uses is lost, or found again."""
        if agent in self.floor.agents:
            self.silent ^= {self.floor.presence(agent).phone}

    @rule(book=st.lists(agents, min_size=2, max_size=6, unique_by=lambda agent: agent.id))
    def book_changes(self, book: list[Agent]) -> None:
        """Agents come, go, learn, and are pledged; some of them while they talk."""
        self.floor.use({agent.id: agent for agent in book}, self.now)

    @rule()
    def a_night_passes(self) -> None:
        """Pledges begin."""
        self.now += timedelta(days=1)

    # What the line does then, and what must be so.

    @invariant()
    def the_line_decides(self) -> None:
        """Exactly what one would decide who looked at everything anew; nothing is left to do afterwards."""
        self.now += timedelta(seconds=1)
        expected = list(self._from_scratch())
        offers = self.line.offers(self.now)
        assert [(offer.call, offer.agents) for offer in offers] == expected
        for offer in offers:
            self._pledges_hold(offer)
            assert not set(offer.agents) & {agent for others in self.ringing.values() for agent in others}
            self.ringing[offer.call] = offer.agents
        assert self.line.offers(self.now) == []
        assert not any(self._able(waiting) for waiting in self.line.waiting())

    @invariant()
    def nobody_is_lost(self) -> None:
        """Every caller waits, rings or talks; every agent in a call is there for exactly that one."""
        assert {one.call for one in self.line.waiting()} == self.callers.keys() - self.ringing.keys()
        busy = {agent: call for call, several in self.ringing.items() for agent in several}
        busy |= {agent: call for call, agent in self.talking.items()}
        assert busy == {one.agent: one.call for one in self.floor.presences().values() if one.state in IN_CALL}

    @invariant()
    def places_and_counts_are_right(self) -> None:
        """As counted by hand: one's place among those who compete, and the agents at work."""
        for waiting in self.line.waiting():
            before = [one for one in self.line.waiting() if _order(one) < _order(waiting)]
            assert self.line.place(waiting.call) == 1 + sum(self._compete(one.needs, waiting.needs) for one in before)
            assert self.line.logged_in(waiting.needs, self.now) == len(self._at_work(waiting.needs))
        deserted = [one.call for one in self.line.waiting() if not self._at_work(one.needs)]
        assert self.line.deserted(self.now) == deserted

    def teardown(self) -> None:
        """Nobody starves: once everybody works and every talk ends, each caller is served whom anybody may serve."""
        self.silent.clear()
        for _ in range(3 * self.calls + 3):
            for call in sorted(self.ringing):
                first, *others = self.ringing.pop(call)
                self._act(first, Act.ANSWER, call)
                for agent in others:
                    self._act(agent, Act.RELEASE, call)
                del self.callers[call]
                self.talking[call] = first
            for call in sorted(self.talking):
                self._act(self.talking.pop(call), Act.HANG_UP, call)
            for agent in tuple(self.floor.agents):
                self._try(agent, Act.LOG_IN)
                self._try(agent, Act.READY)
            self.the_line_decides()
        on = self.now.date()
        for waiting in self.line.waiting():
            assert not any(may_serve(agent, waiting.needs, on) for agent in self.floor.agents.values())

    # By hand.

    def _join(self, waiting: Waiting) -> None:
        self.callers[waiting.call] = waiting
        self.line.join(waiting)

    def _act(self, agent: str, act: Act, call: str) -> None:
        self.floor.act(agent, act, self.now, call=call)

    def _try(self, agent: str, act: Act, phone: str = "") -> None:
        try:
            self.floor.act(agent, act, self.now, phone=phone)
        except NotNow as refused:
            assert agent in str(refused)  # noqa: PT017 - a refusal is one of two good outcomes

    def _able(self, waiting: Waiting) -> list[str]:
        """The free agents who may serve, longest idle first."""
        free = sorted(
            (one.idle_since, one.agent)
            for one in self.floor.presences().values()
            if one.state is State.AVAILABLE and one.idle_since is not None and one.phone not in self.silent
        )
        return [a for _, a in free if may_serve(self.floor.agents[a], waiting.needs, self.now.date())]

    def _from_scratch(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every caller in order takes the best of those whom nobody before it took."""
        taken: set[str] = set()
        for waiting in sorted(self.line.waiting(), key=_order):
            able = [agent for agent in self._able(waiting) if agent not in taken]
            able.sort(key=lambda agent: agent != waiting.last_agent)
            untried = [agent for agent in able if agent not in waiting.tried]
            chosen = (untried or able)[: waiting.at_once]
            if chosen:
                taken.update(chosen)
                yield waiting.call, tuple(chosen)

    def _pledges_hold(self, offer: Offer) -> None:
        needs = self.callers[offer.call].needs
        for agent in (self.floor.agents[name] for name in offer.agents):
            assert not needs.secrecy or (agent.pledged_on is not None and agent.pledged_on <= self.now.date())
            assert not agent.clients or needs.client in agent.clients
            assert needs.language in agent.languages
            assert needs.skills <= set(agent.skills)

    def _at_work(self, needs: Needs) -> set[str]:
        on, away = self.now.date(), {State.LOGGED_OUT, State.PAUSED}
        here = [one.agent for one in self.floor.presences().values() if one.state not in away and one.then is None]
        return {name for name in here if may_serve(self.floor.agents[name], needs, on)}

    def _compete(self, one: Needs, other: Needs) -> bool:
        named = {client for agent in self.floor.agents.values() for client in agent.clients}
        alike = replace(one, client=other.client) == other and not {one.client, other.client} & named
        return one == other or alike or bool(self._at_work(one) & self._at_work(other))


TestHouse = House.TestCase
# A red run says so in seconds; with Phase.shrink it would look minutes long for the shortest story of the same end.
TestHouse.settings = settings(max_examples=50, stateful_step_count=35, phases=[Phase.generate])
