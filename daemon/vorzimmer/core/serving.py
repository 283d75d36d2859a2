"""Which agents may serve which clients."""

from __future__ import annotations

from dataclasses import dataclass
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


def needs_of(client: Client) -> Needs:
    """What the client demands."""
    return Needs(client.id, client.team, frozenset(client.skills), client.language, client.secrecy)


def may_serve(agent: Agent, needs: Needs, on: date) -> bool:
    """Whether the agent may be offered the client's calls on that day (§ 203 StGB: a pledge is on file by then)."""
    if needs.secrecy and (agent.pledged_on is None or agent.pledged_on > on):
        return False
    if agent.clients and needs.client not in agent.clients:
        return False
    if needs.team is not None and needs.team not in agent.teams and needs.client not in agent.clients:
        return False
    return needs.language in agent.languages and needs.skills <= frozenset(agent.skills)
