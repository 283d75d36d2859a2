"""Which agents may serve which clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.model import Language


@dataclass(frozen=True, slots=True)
class Needs:
    """What a client demands of whoever answers its calls; `team` None: no team in particular."""

    client: str
    team: str | None
    skills: frozenset[str]
    language: Language
    secrecy: bool


def needs_of(client: Client, team: str | None = None) -> Needs:
    """What the client demands; of this team, if one is named, in place of its own."""
    return Needs(client.id, team or client.team, frozenset(client.skills), client.language, client.secrecy)


def is_pledged(agent: Agent, on: date) -> bool:
    """Whether a pledge of secrecy is on file by that day."""
    return agent.pledged_on is not None and agent.pledged_on <= on


def may_know(agent: Agent, needs: Needs, on: date) -> bool:
    """Whether the agent may be told on that day of calls for the client that were the agent's own.

    By the pledge (§ 203 StGB) and the clients that the agent is kept to; team, skills and languages change by the day
    and take nobody's unfinished note away.
    """
    if needs.secrecy and not is_pledged(agent, on):
        return False
    return not agent.clients or needs.client in agent.clients


def may_serve(agent: Agent, needs: Needs, on: date) -> bool:
    """Whether the agent may be offered the client's calls on that day (§ 203 StGB: a pledge is on file by then)."""
    if not may_know(agent, needs, on):
        return False
    if needs.team is not None and needs.team not in agent.teams and needs.client not in agent.clients:
        return False
    return needs.language in agent.languages and needs.skills <= frozenset(agent.skills)


class Roll:
    """The agents of one day, indexed by what they may serve: `able` says of all at once what `may_serve` says of one.

    Sets of agents are integers with a bit each, `bits` says which: a thousand agents are compared in one operation.
    """

    def __init__(self, agents: Mapping[str, Agent], on: date) -> None:
        self.names = tuple(agents)
        self.bits = {name: 1 << n for n, name in enumerate(self.names)}
        self._teams: dict[str, int] = {}
        self._skills: dict[str, int] = {}
        self._languages: dict[str, int] = {}
        self._clients: dict[str, int] = {}
        self._unbound = self._pledged = 0
        for bit, agent in zip(self.bits.values(), agents.values(), strict=True):
            for index, keys in (
                (self._teams, agent.teams),
                (self._skills, agent.skills),
                (self._languages, agent.languages),
                (self._clients, agent.clients),
            ):
                for key in keys:
                    index[key] = index.get(key, 0) | bit
            self._unbound |= 0 if agent.clients else bit
            self._pledged |= bit if is_pledged(agent, on) else 0

    def able(self, needs: Needs) -> int:
        """Who may serve such calls."""
        named = self._clients.get(needs.client, 0)
        able = (named | self._unbound) & self._languages.get(needs.language, 0)
        if needs.team is not None:
            able &= named | self._teams.get(needs.team, 0)
        if needs.secrecy:
            able &= self._pledged
        for skill in needs.skills:
            able &= self._skills.get(skill, 0)
        return able

    def members(self, bits: int) -> Iterator[str]:
        """The agents of a set."""
        while bits:
            lowest = bits & -bits
            yield self.names[lowest.bit_length() - 1]
            bits ^= lowest

    def alike(self, needs: Needs) -> Needs:
        """The same for all clients whom no agent is named for and whose demands are the same."""
        return needs if needs.client in self._clients else replace(needs, client="")
