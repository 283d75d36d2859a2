"""The one waiting line of the house, for calls that wait on it: `core.line` decides, here whoever is meant is woken."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime

from vorzimmer.core.floor import Floor
from vorzimmer.core.forecast import predicted_wait
from vorzimmer.core.line import Line, Offer, Waiting
from vorzimmer.core.overflow import Outlook
from vorzimmer.core.ports import Clock
from vorzimmer.core.presence import Act, Presence, State
from vorzimmer.core.serving import Needs

RECENT = 100
"""Calls from which the handling time is taken."""

REMEMBERED = 50_000
"""Callers of whom it is known who spoke with them last."""


class Place:
    """A call's place in the line, until it has agents or leaves."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.decided = asyncio.Event()
        self._offer: Offer | None = None

    def give(self, offer: Offer | None) -> None:
        """Agents are reserved for it; or None: nobody is there any more who could serve it."""
        self._offer = offer
        self.decided.set()

    def take(self) -> Offer | None:
        """What was decided; whoever takes an offer answers for its agents."""
        offer, self._offer = self._offer, None
        return offer


class WaitingLine:
    """Who waits, and who is reserved for whom.

    Args:
        can_ring: whether an endpoint is reachable and not taken.
    """

    def __init__(self, floor: Floor, can_ring: Callable[[str], bool], clock: Clock) -> None:
        self.floor = floor
        self._line = Line(floor, can_ring)
        self._clock = clock
        self._places: dict[str, Place] = {}
        self._handling: deque[float] = deque(maxlen=RECENT)
        self._last_agent: dict[tuple[str, str], str] = {}
        self._stirred = False
        floor.follow(self)

    # What may change a decision

    def changed(self, presence: Presence) -> None:
        """An agent does something else."""
        # One who wants to leave after the call is not counted on any more.
        if presence.then is not None or presence.state in (State.AVAILABLE, State.PAUSED, State.LOGGED_OUT):
            self.stir()

    def renewed(self) -> None:
        """The agents are others."""
        self.stir()

    def stir(self) -> None:
        """Decide again, soon: once for all that happens in one turn of the loop."""
        if not self._stirred and self._places:
            self._stirred = True
            asyncio.get_running_loop().call_soon(self._decide)

    def _decide(self) -> None:
        self._stirred = False
        now = self._clock()
        for offer in self._line.offers(now):
            self._places[offer.call].give(offer)
        for call in self._line.deserted(now):
            self._line.leave(call)
            self._places[call].give(None)

    # Waiting

    @contextlib.contextmanager
    def place_for(self, waiting: Waiting) -> Iterator[Place]:
        """A place while inside. Agents who were reserved for it meanwhile and not taken are released."""
        place = self._places[waiting.call] = Place(waiting)
        self._line.join(waiting)
        self.stir()
        try:
            yield place
        finally:
            self._line.leave(waiting.call)
            del self._places[waiting.call]
            offer = place.take()
            for agent in offer.agents if offer else ():
                self.floor.act(agent, Act.RELEASE, self._clock(), call=waiting.call)

    def place_of(self, call: str) -> int:
        """Its place, 1 for the next; 0 if it does not wait."""
        return self._line.place(call) if self._line.get(call) else 0

    def waiting(self) -> list[Waiting]:
        """All who wait, the next one first."""
        return list(self._line.waiting())

    def logged_in(self, needs: Needs, at: datetime) -> int:
        """Agents at work who may serve such a call."""
        return self._line.logged_in(needs, at)

    def outlook(self, waiting: Waiting, at: datetime) -> Outlook:
        """What a call may expect that does not wait yet."""
        ahead = self.ahead(waiting)
        return Outlook(
            at_work=self._line.logged_in(waiting.needs, at),
            idle=self._line.idle(waiting.needs, at),
            ahead=ahead,
            predicted=self.predicted(waiting.needs, ahead + 1, at),
        )

    def ahead(self, waiting: Waiting) -> int:
        """How many would be served before this one, which does not wait yet."""
        self._line.join(waiting)
        try:
            return self._line.place(waiting.call) - 1
        finally:
            self._line.leave(waiting.call)

    def predicted(self, needs: Needs, place: int, at: datetime) -> float | None:
        """Seconds until somebody at that place is served; None: nobody is there."""
        return predicted_wait(place, self._line.logged_in(needs, at), self._handling)

    # What is learnt from calls

    def note_handled(self, seconds: float) -> None:
        """A call took an agent so long, wrap-up included."""
        self._handling.append(seconds)

    def note_spoken(self, client: str, caller: str | None, agent: str) -> None:
        """This agent spoke with this caller."""
        if caller is None:
            return
        self._last_agent.pop((client, caller), None)
        self._last_agent[client, caller] = agent
        if len(self._last_agent) > REMEMBERED:
            del self._last_agent[next(iter(self._last_agent))]

    def last_agent(self, client: str, caller: str | None) -> str | None:
        """Who spoke with this caller last, for this client."""
        return self._last_agent.get((client, caller)) if caller is not None else None
