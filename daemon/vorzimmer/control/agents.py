"""The commands about agents, on whatever keeps their states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from vorzimmer.control.answering import Handlers
from vorzimmer.control.commands import (
    AgentLogIn,
    AgentLogOut,
    AgentMove,
    AgentPause,
    AgentReady,
    Refused,
)
from vorzimmer.core.presence import Presence


class Staff(Protocol):
    """Who keeps the agents' states.

    Each verb raises KeyError where there is no such agent, and `NotNow` where it does not fit.
    """

    def log_in(self, agent: str, endpoint: str = "") -> Presence:
        """Log in at a telephone."""

    def log_out(self, agent: str) -> Presence:
        """Log out."""

    def pause(self, agent: str, reason: str) -> Presence:
        """Take no calls."""

    def ready(self, agent: str) -> Presence:
        """Take calls again."""


def handlers(staff: Staff, move: Callable[[str, str], Awaitable[None]]) -> Handlers:
    """What does the agents' commands; the result of each is the agent's presence, but for the move's.

    `move(agent, team)` changes the book; it raises KeyError where there is no such agent.
    """

    async def log_in(command: AgentLogIn) -> dict[str, Any]:
        return _done(command.agent, lambda: staff.log_in(command.agent, command.phone or ""))

    async def log_out(command: AgentLogOut) -> dict[str, Any]:
        return _done(command.agent, lambda: staff.log_out(command.agent))

    async def pause(command: AgentPause) -> dict[str, Any]:
        return _done(command.agent, lambda: staff.pause(command.agent, command.reason))

    async def ready(command: AgentReady) -> dict[str, Any]:
        return _done(command.agent, lambda: staff.ready(command.agent))

    async def change_team(command: AgentMove) -> dict[str, Any]:
        try:
            await move(command.agent, command.team)
        except KeyError:
            raise _unknown(command.agent) from None
        return {"agent": command.agent, "team": command.team}

    return {AgentLogIn: log_in, AgentLogOut: log_out, AgentPause: pause, AgentReady: ready, AgentMove: change_team}


def _done(agent: str, act: Callable[[], Presence]) -> dict[str, Any]:
    try:
        return asdict(act())
    except KeyError:
        raise _unknown(agent) from None


def _unknown(agent: str) -> Refused:
    return Refused("unknown_agent", f"there is no agent {agent!r}")
