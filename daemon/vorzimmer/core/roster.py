"""Who is to be expected at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from vorzimmer.core.agent import Agent
from vorzimmer.core.office_hours import covers


def expected(agents: Iterable[Agent], at: datetime) -> frozenset[str]:
    """The ids of those whose shifts hold `at` (aware); whoever has no shifts is never expected, and always welcome."""
    return frozenset(
        agent.id
        for agent in agents
        if agent.shifts is not None and covers(agent.shifts, at.astimezone(ZoneInfo(agent.timezone)))
    )
