"""Agents, and a floor of them, that the tests of call distribution start from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.core.examples import START
from vorzimmer.core.agent import Agent
from vorzimmer.core.floor import Floor
from vorzimmer.core.model import Language
from vorzimmer.core.presence import Act
from vorzimmer.core.serving import Needs

NOBODY_IN_PARTICULAR = Needs("kanzlei", None, frozenset(), Language.GERMAN, secrecy=False)


def make_agent(name: str, **fields: Any) -> Agent:
    """An agent with two telephones, `anna-desk` and `anna-home`; `fields` are as in the TOML file."""
    phones = [f"{name}-desk", f"{name}-home"]
    return Agent.model_validate({"id": name, "name": name.title(), "phones": phones, "wrap_up": 20, **fields})


def make_floor(*agents: Agent, log_in: bool = True) -> Floor:
    """A floor of these agents, logged in a second one after another from START on: the first is idle longest."""
    floor = Floor()
    floor.use({agent.id: agent for agent in agents}, START)
    for n, agent in enumerate(agents):
        if log_in:
            floor.act(agent.id, Act.LOG_IN, later(n))
    return floor


def later(seconds: float) -> datetime:
    """An instant so many seconds after START."""
    return START + timedelta(seconds=seconds)
