"""The day's figures for the wall and its history: cut into minutes and quarters of an hour, and summed up. Pure.

All calls here have ended: what is still talked or waited on is counted once it is over, as `vorzimmer stats` counts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Self

from pydantic import BaseModel

from vorzimmer.core.service_level import TARGET, Figures, figures, formula
from vorzimmer.store.statistics import Begun, Work

MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)

LAST_HOUR = 60
"""Minutes of the plot; the last of them has only begun."""


class ServiceLevel(BaseModel):
    """A day. `at`: when it was counted; `target` and `average_wait` in seconds; `percent` is None without a call."""

    at: datetime
    formula: str
    target: float
    percent: float | None
    offered: int
    answered: int
    abandoned: int
    average_wait: float | None


class Minute(BaseModel):
    """The calls that began in a minute."""

    minute: datetime
    offered: int
    answered: int
    abandoned: int


class Quarter(BaseModel):
    """The calls that began in a quarter of an hour; `percent`: their service level."""

    since: datetime
    offered: int
    answered: int
    abandoned: int
    percent: float | None


class AgentDay(BaseModel):
    """What an agent did in a day: calls talked on, and seconds."""

    agent: str
    name: str
    calls: int
    talk: float
    wrap_up: float
    pause: float


class History(BaseModel):
    """A day by quarters of an hour and by agents; `whole`: all of it."""

    day: str
    whole: ServiceLevel
    quarters: tuple[Quarter, ...]
    agents: tuple[AgentDay, ...]


@dataclass(frozen=True, slots=True)
class Today:
    """The day so far, and the last hour."""

    service_level: ServiceLevel
    last_hour: tuple[Minute, ...]

    @classmethod
    def of(cls, at: datetime, midnight: datetime, calls: Sequence[Begun]) -> Self:
        """Sum up. `at`: now; `midnight`: the day's first instant; `calls`: since `needed_since`."""
        first = _first_minute(at)
        minutes = steps(calls, first, first + LAST_HOUR * MINUTE, MINUTE)
        return cls(
            service_level(at, figures(call.served for call in calls if call.at >= midnight)),
            tuple(
                Minute(minute=begin, offered=of.offered, answered=of.answered, abandoned=of.abandoned)
                for begin, of in minutes
            ),
        )


def needed_since(at: datetime, midnight: datetime) -> datetime:
    """From when on `Today.of` needs calls: the last hour may have begun yesterday."""
    return min(midnight, _first_minute(at))


def history(
    at: datetime,
    day: tuple[datetime, datetime],
    calls: Sequence[Begun],
    agents: tuple[AgentDay, ...],
) -> History:
    """A day. `day`: its first instant and the next one's, by the house's clock; `calls`: those that began between."""
    quarters = tuple(
        Quarter(
            since=begin, offered=of.offered, answered=of.answered, abandoned=of.abandoned, percent=_percent(of.level)
        )
        for begin, of in steps(calls, *day, QUARTER)
    )
    whole = service_level(at, figures(call.served for call in calls))
    return History(day=day[0].date().isoformat(), whole=whole, quarters=quarters, agents=agents)


def agent_days(work: Sequence[Work], paused: Mapping[str, Decimal], names: Mapping[str, str]) -> tuple[AgentDay, ...]:
    """Who talked, in the order of `work`; then who was only paused. `names`: of agents by id."""
    worked = {one.agent for one in work}
    idle = (Work(agent, 0, 0, Decimal(0), Decimal(0), Decimal(0)) for agent in paused if agent not in worked)
    return tuple(
        AgentDay(
            agent=one.agent,
            name=names.get(one.agent, one.agent),
            calls=one.calls,
            talk=round(float(one.talk), 1),
            wrap_up=round(float(one.wrap_up), 1),
            pause=round(float(paused.get(one.agent, Decimal(0))), 1),
        )
        for one in (*work, *idle)
    )


def steps(calls: Iterable[Begun], since: datetime, until: datetime, step: timedelta) -> list[tuple[datetime, Figures]]:
    """The figures of the calls that began in each step of [`since`, `until`), with the step's beginning.

    Steps are cut in elapsed time, so a day on which the clocks change has four quarters less or more. Beginnings are
    told by the clock of `since`.
    """
    # In UTC: times of one zone are subtracted as if its clocks never changed.
    first, last = since.astimezone(UTC), until.astimezone(UTC)
    found: list[list[Begun]] = [[] for _ in range(-((first - last) // step))]
    for call in calls:
        at = call.at.astimezone(UTC)
        if first <= at < last:
            found[(at - first) // step].append(call)
    begins = ((first + n * step).astimezone(since.tzinfo) for n in range(len(found)))
    return [(begin, figures(one.served for one in within)) for begin, within in zip(begins, found, strict=True)]


def service_level(at: datetime, found: Figures) -> ServiceLevel:
    """The figures for people, with their formula."""
    return ServiceLevel(
        at=at,
        formula=formula(),
        target=TARGET,
        percent=_percent(found.level),
        offered=found.offered,
        answered=found.answered,
        abandoned=found.abandoned,
        average_wait=None if found.mean_wait is None else round(float(found.mean_wait), 1),
    )


def _first_minute(at: datetime) -> datetime:
    """The beginning of the last hour, by the clock of `at`."""
    begun = at.astimezone(UTC).replace(second=0, microsecond=0)
    return (begun - (LAST_HOUR - 1) * MINUTE).astimezone(at.tzinfo)


def _percent(level: Decimal | None) -> float | None:
    return None if level is None else round(float(level * 100), 1)
