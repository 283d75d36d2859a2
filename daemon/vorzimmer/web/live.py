"""The house as it is at this moment, as the calls process tells it: living calls and agents, kept up by its events.

It asks for nothing while a telephone rings: what a page shows of a call is here already. While the calls process is
away what was known stays, and says that it is old.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import Command, Ledgers, Refused, Wall, Watch
from vorzimmer.control.wall import AgentSeen, View
from vorzimmer.core.call_view import CallView, view_of
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.ports import Clock
from vorzimmer.core.presence import IN_CALL, State
from vorzimmer.web.asking import Asking

log = structlog.get_logger()

ACTOR = "web"

AGAIN = 0.5
"""Seconds between two tries to reach the calls process."""

LOOK = 3.0
"""Seconds between two looks at what no event tells: whose telephone can be reached, what is to follow a call."""

ENDED = 2000
"""Calls that are kept after their end, for the wrap-up that follows."""

ASK_SECONDS = 15.0
"""How long a command may take before the calls process counts as away."""

AWAY_SECONDS = 2.0
"""The same for one that is away already: it may be there and stuck."""

_BEFORE_WHAT_FOLLOWS = IN_CALL | {State.WRAP_UP}
"""States in which something may be asked for that follows them."""


@dataclass(slots=True)
class _Known:
    """A call's ledger and what it amounts to."""

    events: list[CallEvent]
    view: CallView


class Live:
    """Living calls and agents. `run` keeps them until cancelled.

    Args:
        socket: of the control API.
        clock: that of the calls process.
    """

    def __init__(self, socket: Path, clock: Clock) -> None:
        self._socket = socket
        self._asking = Asking(socket, clock)
        self._looking = asyncio.Lock()
        self._calls: dict[str, _Known] = {}
        self._ended: OrderedDict[str, CallView] = OrderedDict()
        self._agents: dict[str, AgentSeen] = {}
        self._heard: dict[str, datetime] = {}
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._of_all: set[asyncio.Event] = set()
        self._waiting: Mapping[str, int] | None = None
        self._look = asyncio.Event()
        self._unknown = False
        self.looked: View | None = None
        """The last look at the whole wall: places in the line, and what is predicted, no event tells."""
        self.away = True
        """Whether the calls process cannot be reached."""
        self.closing = False
        """Whether the pages are about to be closed: whoever watches stops."""

    # What is so

    def call(self, call_id: str) -> CallView | None:
        """A call that lives, or has ended not long ago."""
        known = self._calls.get(call_id)
        return known.view if known is not None else self._ended.get(call_id)

    def calls(self) -> Iterable[CallView]:
        """All living calls."""
        return [known.view for known in self._calls.values()]

    def agent(self, agent: str) -> AgentSeen | None:
        """An agent's state."""
        return self._agents.get(agent)

    def agents(self) -> Mapping[str, AgentSeen]:
        """Everybody's."""
        return self._agents

    def waiting(self) -> Mapping[str, int]:
        """How many callers of each client are in the line, for whom nobody's telephone rings."""
        if self._waiting is None:
            waiting = (known.view.client or "" for known in self._calls.values() if known.view.waiting)
            self._waiting = Counter(waiting)
        return self._waiting

    def not_known(self) -> frozenset[str]:
        """Calls that agents are writing up and that ended before this began."""
        writing = {seen.call for seen in self._agents.values() if seen.state is State.WRAP_UP and seen.call}
        return frozenset(call for call in writing if self.call(call) is None)

    def recall(self, ledger: Sequence[CallEvent]) -> None:
        """One of those; this is all of it."""
        view = self._ended[ledger[0].call_id] = replace(view_of(ledger), over=True)
        self._tell(seen.agent for seen in self._agents.values() if seen.call == view.call)

    # Who wants to know

    @contextlib.contextmanager
    def watching(self, agent: str | None = None) -> Iterator[asyncio.Event]:
        """An event that is set whenever something changes for this agent, or at all; whoever waits for it clears it."""
        changed = asyncio.Event()
        watchers = self._of_all if agent is None else self._watchers.setdefault(agent, set())
        watchers.add(changed)
        try:
            yield changed
        finally:
            watchers.discard(changed)
            if agent is not None and not watchers:
                self._watchers.pop(agent, None)

    def tell(self, agent: str) -> None:
        """Something was changed for this agent that only pages know of."""
        self._tell([agent])

    def tell_all(self) -> None:
        """The same for every agent."""
        self._tell(tuple(self._watchers))

    async def look(self) -> None:
        """See what no event tells of, after a change."""
        async with self._looking:
            self._see(View.model_validate(await self._asking.ask(Wall(actor=ACTOR), ASK_SECONDS)))

    def close(self) -> None:
        """Let all who watch stop."""
        self.closing = True
        self._tell(tuple(self._watchers))

    # Asking

    async def ask(self, command: Command, seconds: float = ASK_SECONDS) -> dict[str, Any]:
        """Have the calls process do something; `seconds`: for the answer, more where it waits for a person.

        Raises:
            Refused: it had no effect; the text says why.
            Unreachable: nobody knows.
        """
        return await self._asking.ask(command, min(seconds, AWAY_SECONDS) if self.away else seconds)

    # Keeping up

    async def run(self) -> None:
        """Follow the calls process, whenever it is there."""
        while True:
            try:
                await self._follow()
            except (Unreachable, Refused, OSError, TimeoutError) as error:
                if not self.away:
                    log.warning("live.calls_away", why=str(error))
                self._set_away(away=True)
            await asyncio.sleep(AGAIN)

    async def _follow(self) -> None:
        async with connect(self._socket) as control:
            events = control.watch(Watch(actor=ACTOR))
            await anext(events)  # from here on nothing is missed
            await self._take_stock()
            looking = asyncio.create_task(self._keep_looking())
            try:
                async for event in events:
                    self._hear(event)
                    if self._unknown:
                        await self._take_stock()
                    if looking.done():
                        looking.result()
            finally:
                looking.cancel()
                await asyncio.wait({looking})

    async def _take_stock(self) -> None:
        """Everything as it is now; events that come meanwhile wait, and say nothing new of what is known already."""
        self._unknown = False
        told = await self._asking.ask(Ledgers(actor=ACTOR), ASK_SECONDS)
        calls = {}
        for call_id, events in told["calls"].items():
            if (ledger := [one for event in events if (one := _event(event)) is not None]) and ledger[0].seq == 0:
                calls[call_id] = _Known(ledger, view_of(ledger))
        for gone in self._calls.keys() - calls.keys():
            self._forget(gone)
        self._calls = calls
        await self.look()
        self._set_away(away=False)
        self.tell_all()

    async def _keep_looking(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._look.wait()
            self._look.clear()
            await self.look()

    def _see(self, wall: View) -> None:
        self.looked = wall
        before, self._agents = self._agents, {one.agent: self._latest(one, wall.at) for one in wall.agents}
        self._tell(name for name in before.keys() | self._agents.keys() if before.get(name) != self._agents.get(name))

    def _latest(self, seen: AgentSeen, at: datetime) -> AgentSeen:
        """An agent as the wall told it that was made at this instant; but an event that was made later knows better."""
        known, heard = self._agents.get(seen.agent), self._heard.get(seen.agent)
        if known is None or heard is None or heard <= at:
            return seen
        return known.model_copy(update={name: getattr(seen, name) for name in ("name", "reachable", "expected")})

    def _hear(self, event: Mapping[str, Any]) -> None:
        match event.get("event"):
            case "agent.state":
                self._agent_changed(event)
            case "call.record":
                self._forget(str(event["call"]))
            case _:
                self._call_changed(event)

    def _agent_changed(self, event: Mapping[str, Any]) -> None:
        seen = self._agents.get(event["agent"])
        if seen is None:
            self._look.set()  # the book has a new agent
            return
        changed = {name: event[name] for name in ("reason", "call", "phone")}
        self._heard[seen.agent] = since = datetime.fromisoformat(event["at"])
        state = State(event["state"])
        then = seen.then if state in _BEFORE_WHAT_FOLLOWS else None
        self._agents[seen.agent] = seen.model_copy(update={**changed, "state": state, "since": since, "then": then})
        self._tell([seen.agent])

    def _call_changed(self, event: Mapping[str, Any]) -> None:
        one = _event(event)
        if one is None:
            return
        known = self._calls.get(one.call_id)
        if known is None:
            if one.seq == 0:
                self._calls[one.call_id] = _Known([one], view_of([one]))
                self._tell([])
            elif one.call_id not in self._ended:
                # A new calls process answers before it has found again the calls of the one before it.
                log.info("live.unknown_call", call_id=one.call_id, kind=one.kind.value)
                self._unknown = True
            return
        if one.seq <= known.events[-1].seq:
            return  # it was in the ledger already

        before = known.view
        known.events.append(one)
        known.view = view_of(known.events)
        if known.view != before:  # many an event changes nothing that a page shows
            self._tell(_concerned(before) | _concerned(known.view))

    def _forget(self, call_id: str) -> None:
        known = self._calls.pop(call_id, None)
        if known is not None:
            self._ended[call_id] = replace(known.view, over=True)
            while len(self._ended) > ENDED:
                self._ended.popitem(last=False)
            self._tell(_concerned(known.view))

    def _set_away(self, *, away: bool) -> None:
        if away != self.away:
            self.away = away
            self._tell(tuple(self._watchers))

    def _tell(self, agents: Iterable[str]) -> None:
        self._waiting = None
        for agent in agents:
            for watcher in self._watchers.get(agent, ()):
                watcher.set()
        for watcher in self._of_all:
            watcher.set()


def _concerned(view: CallView) -> set[str]:
    """The agents on whose pages the call is."""
    return {*view.agents, *([view.talking] if view.talking else [])}


def _event(told: Mapping[str, Any]) -> CallEvent | None:
    """An event of a call's ledger, as the control API tells it; None: of a kind that this version does not know."""
    try:
        kind = Kind(told["event"])
    except ValueError:
        return None
    at = datetime.fromisoformat(told["at"])
    return CallEvent("", str(told["call"]), int(told["seq"]), at, kind, told.get("data") or {})
