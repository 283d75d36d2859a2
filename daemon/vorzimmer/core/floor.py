"""All agents of the house and what each is doing: the one place where an agent is reserved, so that nobody gets two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from vorzimmer.core.agent import Agent
from vorzimmer.core.presence import IN_CALL, Act, NotNow, Presence, State, after


class Follower(Protocol):
    """Who keeps something that is worked out from the floor; told before anybody else."""

    def changed(self, presence: Presence) -> None:
        """An agent does something else."""

    def renewed(self) -> None:
        """The agents themselves are others."""


def _ignore(_before: Presence, _after: Presence) -> None:
    """Nobody listens."""


class Floor:
    """The agents and their presences. Time is an argument; nothing waits.

    `on_change`: told of each change, before and after, once everything here is consistent. One who is no longer an
    agent is logged out last of all, and is then unknown.
    """

    def __init__(self, on_change: Callable[[Presence, Presence], None] = _ignore) -> None:
        self.on_change = on_change
        self._agents: dict[str, Agent] = {}
        self._presences: dict[str, Presence] = {}
        self._owners: dict[str, str] = {}
        self._leaving: set[str] = set()
        self._followers: list[Follower] = []
        self.agents: Mapping[str, Agent] = MappingProxyType(self._agents)

    def follow(self, follower: Follower) -> None:
        """Tell `follower` of everything from now on."""
        self._followers.append(follower)

    def use(self, agents: Mapping[str, Agent], at: datetime) -> None:
        """The book changed.

        A new agent is logged out. One who is gone, or whose telephone is, is logged out: at once, or after the call.
        """
        known = dict(agents)
        if known == self._agents and not self._leaving:
            return
        gone = self._agents.keys() - known.keys()
        staying = {name for name in gone if self._presences[name].state in IN_CALL}
        for name in gone - staying:
            self._log_out(name, at)
        self._leaving = staying
        for name in gone - staying:
            del self._agents[name], self._presences[name]
        self._agents.update(known)
        for name in known.keys() - self._presences.keys():
            self._presences[name] = Presence(name, State.LOGGED_OUT, at)
        self._owners = {phone: name for name, agent in self._agents.items() for phone in agent.endpoints}
        self._owners.update((phone, name) for name, agent in known.items() for phone in agent.endpoints)
        self._renewed()
        for name, agent in tuple(self._agents.items()):
            presence = self._presences[name]
            if name in staying or (presence.phone and presence.phone not in agent.endpoints):
                self._log_out(name, at)

    def presence(self, agent: str) -> Presence:
        """What an agent is doing; KeyError if there is no such agent."""
        return self._presences[agent]

    def presences(self) -> Mapping[str, Presence]:
        """What everybody is doing, by the agent's id: a view, not a copy."""
        return MappingProxyType(self._presences)

    def agent_at(self, endpoint: str) -> Agent | None:
        """Whose telephone it is."""
        owner = self._owners.get(endpoint)
        return None if owner is None else self._agents[owner]

    def act(self, agent: str, act: Act, at: datetime, *, phone: str = "", reason: str = "", call: str = "") -> Presence:
        """Change what an agent is doing; see `presence.after`.

        `phone` of LOG_IN: one of the agent's; none: where the agent is logged in, else the first.

        Raises:
            NotNow: the act does not fit, the telephone is not the agent's, or the agent is leaving for good.
            KeyError: there is no such agent.

        """
        before, who = self._presences[agent], self._agents[agent]
        if agent in self._leaving and act in {Act.LOG_IN, Act.PAUSE, Act.READY}:
            raise NotNow(f"{agent} is no longer an agent of the house")
        if act is Act.LOG_IN:
            phone = phone or before.phone or who.endpoints[0]
            if phone not in who.endpoints:
                raise NotNow(f"{phone} is not a telephone of {agent}")
        now = after(before, act, at, phone=phone, reason=reason, call=call, wrap_up=who.wrap_up)
        self._put(before, now)
        return now

    def restore(self, presences: Iterable[Presence]) -> None:
        """Take up what was so before a restart, after `use`. Agents and telephones that are no more are left out."""
        for presence in presences:
            agent = self._agents.get(presence.agent)
            if agent is not None and (not presence.phone or presence.phone in agent.endpoints):
                self._presences[presence.agent] = presence
        self._renewed()

    def _log_out(self, name: str, at: datetime) -> None:
        before = self._presences[name]
        self._put(before, after(before, Act.LOG_OUT, at))

    def _put(self, before: Presence, now: Presence) -> None:
        if now == before:
            return
        self._presences[now.agent] = now
        for follower in self._followers:
            follower.changed(now)
        self.on_change(before, now)
        if now.agent in self._leaving and now.state not in IN_CALL:
            self._remove(now.agent)

    def _remove(self, name: str) -> None:
        self._leaving.discard(name)
        agent = self._agents.pop(name)
        del self._presences[name]
        for phone in agent.endpoints:
            if self._owners.get(phone) == name:
                del self._owners[phone]
        self._renewed()

    def _renewed(self) -> None:
        for follower in self._followers:
            follower.renewed()
