"""The agents of a coming week: forecast, and staffed by Erlang C and A with what the past weeks were like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from vorzimmer.core.public_holidays import holiday_name
from vorzimmer.core.staffing import Need, patience_of
from vorzimmer.core.statistics import Volumes
from vorzimmer.core.week_forecast import Expected, Past, forecast, staffed

PAST_DAYS = 8 * 7
"""What the forecast is made of, up to yesterday."""

HANDLING = 180.0
"""Seconds that a call takes an agent, as long as none was answered."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A week. `handling`, `patience`: seconds, as they were in the past; None: nobody has given up.

    `by_c`, `by_a`: for each half hour, by Erlang C and A; nothing by A without a patience.
    """

    week: tuple[Expected, ...]
    handling: float
    patience: float | None
    by_c: tuple[Need, ...]
    by_a: tuple[Need, ...]


def plan_of(
    past: Past, whole: Volumes, days: Sequence[date], zone: ZoneInfo, region: str, goal: tuple[float, float]
) -> Plan:
    """Forecast, and staff. `whole`: the past's calls; `region`: of public holidays (`DE-BY`).

    `goal`: the service level (0 to 1) and the seconds within which.
    """
    week = forecast(past, days, zone, lambda day: holiday_name(region, day) is not None)
    handling = float(whole.handling or 0) or HANDLING
    patience = patience_of(float(whole.waited), whole.abandoned + whole.gone_at_once)
    by_c = staffed(week, handling, goal)
    return Plan(week, handling, patience, by_c, () if patience is None else staffed(week, handling, goal, patience))
