"""The commands about agents, on the real keeper of their states."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.store.records import Troubles
from vorzimmer.agents.staff import Staff
from vorzimmer.control import agents
from vorzimmer.control.answering import Handlers
from vorzimmer.control.commands import AgentLogIn, AgentLogOut, AgentMove, AgentPause, AgentReady, Refused
from vorzimmer.core.agent import Agent
from vorzimmer.core.floor import Floor
from vorzimmer.core.presence import NotNow, State

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ALICE = Agent.model_validate({"id": "alice", "name": "Alice", "phones": ["alice1", "alice2"]})


class Office:
    """A staff of one, and where she was moved to."""

    def __init__(self, folder: Path) -> None:
        self.moved: dict[str, str] = {}
        self.staff = Staff(
            Floor(),
            lambda: NOW,
            folder / "agents.json",
            record=lambda _: None,
            unreachable=frozenset,
            trouble=Troubles(),
        )
        self.handlers: Handlers = agents.handlers(self.staff, self.move)

    async def move(self, agent: str, team: str) -> None:
        """As the database does."""
        if agent != "alice":
            raise KeyError(agent)
        self.moved[agent] = team

    async def do(self, kind: Any, **fields: Any) -> Any:
        """Have a command carried out."""
        return await self.handlers[kind](kind(actor="test", **{"agent": "alice", **fields}))


@pytest.fixture
async def office(tmp_path: Path) -> Office:
    """Alice is there and not logged in."""
    made = Office(tmp_path)
    await made.staff.start({"alice": ALICE})
    return made


async def test_a_day_by_command(office: Office) -> None:
    """Each command's result is what the agent does then."""
    assert (await office.do(AgentLogIn, phone="alice2"))["phone"] == "alice2"
    paused = await office.do(AgentPause, reason="lunch")
    assert (paused["state"], paused["reason"]) == (State.PAUSED, "lunch")
    assert (await office.do(AgentReady))["state"] is State.AVAILABLE
    assert (await office.do(AgentLogOut))["state"] is State.LOGGED_OUT
    assert (await office.do(AgentLogIn))["state"] is State.AVAILABLE
    assert await office.do(AgentMove, team="law") == {"agent": "alice", "team": "law"}
    assert office.moved == {"alice": "law"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (AgentLogIn, {}),
        (AgentLogOut, {}),
        (AgentPause, {"reason": "lunch"}),
        (AgentReady, {}),
        (AgentMove, {"team": "law"}),
    ],
)
async def test_who_is_no_agent_is_told(office: Office, kind: Any, fields: dict[str, str]) -> None:
    """A mistyped id changes nothing, and the answer names it."""
    with pytest.raises(Refused, match="there is no agent 'bob'") as caught:
        await office.do(kind, agent="bob", **fields)
    assert caught.value.code == "unknown_agent"


async def test_what_does_not_fit_is_refused(office: Office) -> None:
    """Somebody else's telephone, or no pause to end: the reason comes from the table of states."""
    with pytest.raises(NotNow, match="bob1"):
        await office.do(AgentLogIn, phone="bob1")
    with pytest.raises(NotNow):
        await office.do(AgentReady)
