"""A staff whose time a test turns by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.core.agents import make_agent
from tests.core.examples import START
from vorzimmer.agents.staff import Staff
from vorzimmer.core.agent import Agent
from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.floor import Floor


@dataclass(eq=False)
class Alarm:
    """A timer."""

    due: datetime
    ring: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        """Let it not ring."""
        self.cancelled = True


@dataclass
class Hands:
    """The hands of the clock, and the timers that hang on it."""

    now: datetime = START
    alarms: list[Alarm] = field(default_factory=list)

    def later(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Ring in so many seconds."""
        alarm = Alarm(self.now + timedelta(seconds=seconds), ring)
        self.alarms.append(alarm)
        return alarm

    def forward(self, seconds: float) -> None:
        """Let time pass; what is due rings at its own instant."""
        until = self.now + timedelta(seconds=seconds)
        while due := [alarm for alarm in self.alarms if not alarm.cancelled and alarm.due <= until]:
            alarm = min(due, key=lambda one: one.due)
            self.alarms.remove(alarm)
            self.now = max(self.now, alarm.due)
            alarm.ring()
        self.now = until


class Room:
    """A staff of anna and ben, and everything around it."""

    def __init__(self, folder: Path) -> None:
        self.hands = Hands()
        self.file = folder / "agents.json"
        self.events: list[AgentEvent] = []
        self.troubles: list[str] = []
        self.unreachable: frozenset[str] = frozenset()
        self.agents: dict[str, Agent] = {name: make_agent(name) for name in ("anna", "ben")}

    async def staff(self, *, by_hand: bool = True) -> Staff:
        """A staff as a starting daemon has it; not `by_hand`: its timers are the event loop's."""
        staff = Staff(
            Floor(),
            lambda: self.hands.now,
            self.file,
            record=self.events.append,
            unreachable=lambda: self.unreachable,
            trouble=self.trouble,
            later=self.hands.later if by_hand else None,
        )
        await staff.start(self.agents)
        return staff

    def trouble(self, event: str, /, **about: Any) -> None:
        """Take what a person should hear of."""
        del about
        self.troubles.append(event)

    def ledger(self, agent: str = "anna") -> list[str]:
        """The states that an agent went through, as they are recorded."""
        return [event.state.value for event in self.events if event.agent == agent]
