"""The waiting line over all clients: which caller is offered to which agent, and when.

Order: priority (9 before 0), then waiting time. Every agent who gets free is given to the first caller it may serve;
every caller gets the last agent it spoke to, else the one who has been idle longest. Agents whom a caller was offered
to before come only when no other is free.

A decision looks at what changed since the last one: new callers, and agents who got free. That is enough, for after
each decision no caller is left whom a free agent may serve.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from vorzimmer.core.floor import Floor
from vorzimmer.core.presence import Act, Presence, State
from vorzimmer.core.serving import Needs, Roll


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in the line.

    `priority`: 9 before 0. `at_once`: how many agents ring together. `last_agent`: who spoke to this caller before.
    `tried`: agents who were offered this call already.
    """

    call: str
    needs: Needs
    priority: int
    since: datetime
    at_once: int = 1
    last_agent: str | None = None
    tried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """The agents whose telephones are to ring for a call, each reserved for it, the best first."""

    call: str
    agents: tuple[str, ...]
    reason: str


_Key = tuple[int, datetime, str]
"""The order of the line; the call's id decides between two who came at the same instant."""

_FEW = 50
"""Up to so many idle agents are put in order; of more, the first who fits is soon found in the order of all."""

_AT_WORK = frozenset({State.AVAILABLE, State.RESERVED, State.RINGING, State.TALKING, State.WRAP_UP})


def _key(waiting: Waiting) -> _Key:
    return (-waiting.priority, waiting.since, waiting.call)


@dataclass(slots=True, eq=False)
class _Kind:
    """All callers with the same demands, in order. `agents`: who may serve them, a bit each."""

    agents: int
    keys: list[_Key] = field(default_factory=list)


class Line:
    """Who waits. `can_ring`: whether an endpoint is reachable and not taken; asked of candidates, at each decision.

    `Floor.on_change` must not call `offers`: it is called from within it.
    """

    def __init__(self, floor: Floor, can_ring: Callable[[str], bool]) -> None:
        self._floor = floor
        self._can_ring = can_ring
        self._waiting: dict[str, Waiting] = {}
        self._day: date | None = None
        self.renewed()
        floor.follow(self)

    def join(self, waiting: Waiting) -> None:
        """Take a caller in; one who is here already gets its new demands, and its place by them."""
        self.leave(waiting.call)
        if self._day is None:
            self._note_day(waiting.since)
        self._insert(waiting)

    def leave(self, call: str) -> None:
        """Forget a caller; nothing happens if it is not here."""
        waiting = self._waiting.pop(call, None)
        if waiting is None:
            return
        self._new.discard(call)
        kind = self._kind(waiting.needs)
        del kind.keys[bisect_left(kind.keys, _key(waiting))]
        if not kind.keys:
            self._asked.discard(kind)

    def get(self, call: str) -> Waiting | None:
        """The caller, if it waits."""
        return self._waiting.get(call)

    def waiting(self) -> Sequence[Waiting]:
        """All callers, the next one first."""
        return sorted(self._waiting.values(), key=_key)

    def place(self, call: str) -> int:
        """The caller's place, 1 for the next: one more than those before it who compete for an agent at work now.

        Raises:
            KeyError: it does not wait.

        """
        waiting = self._waiting[call]
        mine, key = self._kind(waiting.needs), _key(waiting)
        wanted = mine.agents & self._at_work
        rivals = (kind for kind in self._asked if kind is mine or kind.agents & wanted)
        return 1 + sum(bisect_left(kind.keys, key) for kind in rivals)

    def logged_in(self, needs: Needs, at: datetime) -> int:
        """How many agents at work may serve such a call today.

        One who is paused, or who goes when the present call is over, is not: callers would wait for nobody.
        """
        self._note_day(at)
        return (self._kind(needs).agents & self._at_work).bit_count()

    def idle(self, needs: Needs, at: datetime) -> int:
        """How many agents who may serve such a call today are free."""
        self._note_day(at)
        return (self._kind(needs).agents & self._idle_bits).bit_count()

    def deserted(self, at: datetime) -> list[str]:
        """The calls that nobody at work may serve any more, in the line's order."""
        self._note_day(at)
        alone = (kind.keys for kind in self._asked if not kind.agents & self._at_work)
        return [call for *_, call in heapq.merge(*alone)]

    def offers(self, at: datetime) -> list[Offer]:
        """Decide for everybody who can be served now; reserve the agents and let their callers leave the line.

        A pledge counts from its day on, as `at` tells the day: with UTC an hour or two later in the night.
        """
        self._note_day(at)
        self._look_at_telephones()
        made = []
        for waiting in self._next_callers():
            agents, reason = self._choose(waiting)
            if agents:
                self.leave(waiting.call)
                for agent in agents:
                    self._floor.act(agent, Act.RESERVE, at, call=waiting.call)
                made.append(Offer(waiting.call, agents, reason))
        self._new.clear()
        self._freed.clear()
        return made

    def _next_callers(self) -> Iterator[Waiting]:
        """In order: those who are new, and the first whom each agent may serve who got free.

        Whoever iterates serves them meanwhile, so an agent who is still free after its first caller has a next one.
        """
        heap = [(_key(self._waiting[call]), "") for call in self._new]
        heap += [(key, agent) for agent in self._freed if (key := self._first_for(agent)) is not None]
        heapq.heapify(heap)
        while heap:
            key, agent = heapq.heappop(heap)
            waiting = self._waiting.get(key[2])
            if waiting is not None and (not agent or agent in self._idle_since):
                yield waiting
            if agent in self._idle_since and (following := self._first_for(agent)) is not None:
                heapq.heappush(heap, (following, agent))

    def _first_for(self, agent: str) -> _Key | None:
        bit = self._roll.bits[agent]
        return min((kind.keys[0] for kind in self._asked if kind.agents & bit), default=None)

    def _choose(self, waiting: Waiting) -> tuple[tuple[str, ...], str]:
        """The agents to ring and why, or none."""
        untried = (agent for agent in self._fitting(waiting) if agent not in waiting.tried)
        if chosen := tuple(islice(filter(self._rings, untried), waiting.at_once)):
            return chosen, "last agent of this caller" if chosen[0] == waiting.last_agent else "longest idle"
        tried = (agent for agent in self._fitting(waiting) if agent in waiting.tried)
        return tuple(islice(filter(self._rings, tried), waiting.at_once)), "offered before, nobody else is free"

    def _fitting(self, waiting: Waiting) -> Iterator[str]:
        """The idle ones who may serve: the caller's last agent, then by the time they have been idle."""
        fit, last = self._kind(waiting.needs).agents & self._idle_bits, waiting.last_agent
        if last is not None and last in self._idle_since and self._roll.bits[last] & fit:
            yield last
            fit ^= self._roll.bits[last]
        if fit.bit_count() > _FEW:
            yield from (agent for _, agent in tuple(self._idle) if self._roll.bits[agent] & fit)
        else:
            yield from (
                agent for _, agent in sorted((self._idle_since[agent], agent) for agent in self._roll.members(fit))
            )

    def _rings(self, agent: str) -> bool:
        """Whether the telephone can ring; an agent whose does not is left aside until it can."""
        if self._can_ring(self._floor.presence(agent).phone):
            return True
        self._silent[agent] = self._take_out(agent)
        return False

    def _look_at_telephones(self) -> None:
        for agent, since in tuple(self._silent.items()):
            if self._can_ring(self._floor.presence(agent).phone):
                del self._silent[agent]
                self._put_in(agent, since)

    def changed(self, presence: Presence) -> None:
        """An agent does something else (told by the floor)."""
        agent = presence.agent
        self._silent.pop(agent, None)
        if agent in self._idle_since:
            self._take_out(agent)
        self._at_work &= ~self._roll.bits[agent]
        if presence.state in _AT_WORK and presence.then is None:
            self._at_work |= self._roll.bits[agent]
        if presence.state is State.AVAILABLE:
            self._put_in(agent, presence.idle_since or presence.since)

    def _put_in(self, agent: str, since: datetime) -> None:
        self._idle_since[agent] = since
        insort(self._idle, (since, agent))
        self._idle_bits |= self._roll.bits[agent]
        self._freed.add(agent)

    def _take_out(self, agent: str) -> datetime:
        since = self._idle_since.pop(agent)
        del self._idle[bisect_left(self._idle, (since, agent))]
        self._idle_bits ^= self._roll.bits[agent]
        self._freed.discard(agent)
        return since

    def _note_day(self, at: datetime) -> None:
        """Pledges are dated: with the day, those who may serve may change."""
        if at.date() != self._day:
            self._day = at.date()
            self.renewed()

    def renewed(self) -> None:
        """Work everything out anew: the agents are others (told by the floor), or the day is."""
        self._roll = Roll(self._floor.agents, self._day or date.min)
        self._kinds: dict[Needs, _Kind] = {}
        self._asked: set[_Kind] = set()
        self._at_work = 0
        self._idle_bits = 0
        self._idle: list[tuple[datetime, str]] = []
        self._idle_since: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}
        self._freed: set[str] = set()
        self._new: set[str] = set()
        for presence in self._floor.presences().values():
            self.changed(presence)
        for waiting in self._waiting.values():
            self._insert(waiting)

    def _insert(self, waiting: Waiting) -> None:
        self._waiting[waiting.call] = waiting
        self._new.add(waiting.call)
        kind = self._kind(waiting.needs)
        insort(kind.keys, _key(waiting))
        self._asked.add(kind)

    def _kind(self, needs: Needs) -> _Kind:
        kind = self._kinds.get(needs)
        if kind is None:
            alike = self._roll.alike(needs)
            kind = self._kinds.get(alike) or _Kind(self._roll.able(alike))
            self._kinds[needs] = self._kinds[alike] = kind
        return kind
