"""The asyncio owner of the agents' states: timers, ledger, memory and whoever wants to know, around the pure floor.

Everything that happens to an agent goes through `core.floor.Floor`: codes and commands by the verbs here, calls by
`floor.act` itself. Each change comes back by `on_change` and is recorded, written down and told from here.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import TypeAdapter

from vorzimmer.core import roster
from vorzimmer.core.agent import Agent
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.floor import Floor
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.core.presence import IN_CALL, Act, Presence, State
from vorzimmer.store.memory import Memory

log = structlog.get_logger()

Watcher = Callable[[Presence, Presence], None]
"""Told of a change: before and after. It must not wait."""


class Timer(Protocol):
    """What will happen unless it is cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls back after so many seconds: the event loop's `call_later`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An agent as the wall shows one.

    `since`: of the state. `phone`: where the agent is logged in. `reachable`: whether that telephone can be rung; of
    one who is logged out, whether any can. `then`: what follows the call. `expected`: the shifts hold this instant.
    """

    agent: str
    name: str
    state: State
    since: datetime
    reason: str
    phone: str
    reachable: bool
    call: str
    then: Act | None
    expected: bool


class Staff:
    """The agents of this process.

    Args:
        floor: whose `on_change` this takes; `use` and `restore` are called from here alone.
        clock: the wall clock.
        file: where the states are kept through a restart.
        record: the ledger; a plain write.
        unreachable: the endpoints that cannot be rung now.
        trouble: told when the states cannot be kept.
        later: runs the timers; the event loop's own unless given.
    """

    def __init__(
        self,
        floor: Floor,
        clock: Clock,
        file: Path,
        *,
        record: Callable[[AgentEvent], None],
        unreachable: Callable[[], frozenset[str]],
        trouble: Trouble,
        later: Later | None = None,
    ) -> None:
        self.floor = floor
        self._clock, self._record, self._unreachable = clock, record, unreachable
        self._later = later or asyncio.get_running_loop().call_later
        self._memory = Memory(
            file,
            TypeAdapter(tuple[Presence, ...]),
            lambda: tuple(floor.presences().values()),
            trouble,
            what="agents",
            effect="everybody is logged out",
        )
        self._timers: dict[str, Timer] = {}
        self._watchers: dict[object, Watcher] = {}
        floor.on_change = self._changed

    # The day

    async def start(self, agents: Mapping[str, Agent]) -> None:
        """Take up what was so when the daemon ended. Whoever was in a call is so until `settle`."""
        known = await asyncio.to_thread(self._memory.read) or ()
        at = self._clock()
        self.floor.use(agents, at)
        self.floor.restore(known)
        for before in known:
            now = self.floor.presences().get(before.agent, Presence(before.agent, State.LOGGED_OUT, at))
            # Whoever is no agent any more, or has lost the telephone, was logged out meanwhile.
            self._changed(before, now)

    def settle(self, living: Container[str]) -> None:
        """The calls are in hand again: whoever was in one that is not among the `living` (ids) is free at once."""
        for presence in tuple(self.floor.presences().values()):
            if presence.state in IN_CALL and presence.call not in living:
                self._free(presence)

    def use(self, agents: Mapping[str, Agent]) -> None:
        """The book changed."""
        self.floor.use(agents, self._clock())
        self._memory.change()

    async def keep(self) -> None:
        """Write the states down until cancelled."""
        try:
            await self._memory.keep()
        finally:
            for timer in self._timers.values():
                timer.cancel()

    # What an agent can do. Raises `NotNow` where it does not fit, KeyError if there is no such agent.

    def log_in(self, agent: str, endpoint: str = "") -> Presence:
        """Log in at one of the agent's telephones; none given: at the last one, or the first."""
        return self.floor.act(agent, Act.LOG_IN, self._clock(), phone=endpoint)

    def log_out(self, agent: str) -> Presence:
        """Log out, at once or after the call."""
        return self.floor.act(agent, Act.LOG_OUT, self._clock())

    def pause(self, agent: str, reason: str) -> Presence:
        """Take no calls until `ready`, from now on or after the call."""
        return self.floor.act(agent, Act.PAUSE, self._clock(), reason=reason)

    def ready(self, agent: str) -> Presence:
        """End a pause or wrap-up."""
        return self.floor.act(agent, Act.READY, self._clock())

    # What is to be known

    def subscribe(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` of each change from now on; what is returned ends that."""
        ticket = object()
        self._watchers[ticket] = watcher

        def end() -> None:
            self._watchers.pop(ticket, None)

        return end

    def expected(self, at: datetime) -> frozenset[str]:
        """Whose shifts hold this instant."""
        return roster.expected(self.floor.agents.values(), at)

    def wrap_up_left(self, agent: str) -> timedelta:
        """How long an agent has for wrap-up still; nothing if there is none."""
        presence = self.floor.presence(agent)
        if presence.state is not State.WRAP_UP:
            return timedelta()
        whole = timedelta(seconds=self.floor.agents[agent].wrap_up)
        # Neither less than nothing nor more than all of it, whoever sets the clock meanwhile.
        return min(max(presence.since + whole - self._clock(), timedelta()), whole)

    def seen(self) -> list[Seen]:
        """Everybody, by id."""
        absent, due = self._unreachable(), self.expected(self._clock())
        return [
            _seen(self.floor.agents[name], presence, absent, due)
            for name, presence in sorted(self.floor.presences().items())
        ]

    # What follows a change

    def _changed(self, before: Presence, now: Presence) -> None:
        self._time(now)
        self._memory.change()
        if _told(before) != _told(now):
            at = now.since if now.since != before.since else self._clock()
            self._record(AgentEvent(secrets.token_hex(16), now.agent, at, now.state, now.reason, now.call, now.phone))
        for watcher in tuple(self._watchers.values()):
            try:
                watcher(before, now)
            except Exception:
                log.exception("agents.watcher_failed", agent=now.agent)

    def _time(self, presence: Presence) -> None:
        """Let wrap-up end by itself."""
        name = presence.agent
        if timer := self._timers.pop(name, None):
            timer.cancel()
        if presence.state is State.WRAP_UP:
            self._timers[name] = self._later(self.wrap_up_left(name).total_seconds(), lambda: self._wrapped(name))

    def _wrapped(self, agent: str) -> None:
        del self._timers[agent]
        self.floor.act(agent, Act.WRAPPED, self._clock())

    def _free(self, presence: Presence) -> None:
        """Nobody saw how the call ended, so nothing is held against the agent, and there is nothing to write down."""
        name, at = presence.agent, self._clock()
        if presence.state is not State.TALKING:
            self.floor.act(name, Act.RELEASE, at)
        elif self.floor.act(name, Act.HANG_UP, at).state is State.WRAP_UP:
            self.floor.act(name, Act.WRAPPED, at)


def _told(presence: Presence) -> tuple[State, str, str, str]:
    """What the ledger holds of a presence."""
    return presence.state, presence.reason, presence.call, presence.phone


def _seen(agent: Agent, presence: Presence, absent: frozenset[str], due: frozenset[str]) -> Seen:
    phones = (presence.phone,) if presence.phone else agent.endpoints
    return Seen(
        agent=agent.id,
        name=agent.name,
        state=presence.state,
        since=presence.since,
        reason=presence.reason,
        phone=presence.phone,
        reachable=not absent.issuperset(phones),
        call=presence.call,
        then=presence.then,
        expected=agent.id in due,
    )
