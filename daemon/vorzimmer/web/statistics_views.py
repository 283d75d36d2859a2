"""Statistics as the API tells them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel

from vorzimmer.core.statistics import By


class Row(BaseModel):
    """Calls under a key. Seconds; `level` in hundredths; null: there was nothing to take a mean of."""

    key: str | None
    name: str | None
    offered: int
    answered: int
    abandoned: int
    at_once: int
    overflowed: int
    level: float | None
    mean_wait: float | None
    p90_wait: float | None
    max_wait: float | None
    mean_talk: float | None
    mean_wrap_up: float | None


class AgentRow(BaseModel):
    """An agent's work; seconds, `occupancy` in hundredths."""

    agent: str
    name: str
    calls: int
    calls_a_day: float | None
    missed: int
    talk: float
    hold: float
    wrap_up: float
    logged_in: float
    paused: float
    occupancy: float | None


class Told(BaseModel):
    """Calls of some days. `formula`: of the level, `occupancy`: of the agents' occupancy."""

    by: By
    since: date
    until: date
    formula: str
    rows: list[Row]
    total: Row
    occupancy: str
    agents: list[AgentRow]


class MarginRow(BaseModel):
    """A client's month; `share` of the revenue in hundredths. `closed`: the revenue is the total of the statement."""

    client: str
    name: str
    closed: bool
    calls: int
    hours: Decimal
    revenue: Decimal
    wages: Decimal
    lines: Decimal
    margin: Decimal
    share: float | None


class Margins(BaseModel):
    """A month. `foreign`: clients who pay in another currency, which have no margin."""

    month: str
    currency: str
    formula: str
    clients: list[MarginRow]
    foreign: list[str]


class HalfHour(BaseModel):
    """What is expected from `at` on, and the agents that it takes; `agents_a` null: nobody has given up so far."""

    at: datetime
    calls: float
    agents_c: int
    agents_a: int | None


class Staffing(BaseModel):
    """The coming week. `handling`, `patience`: seconds, as they were in the past."""

    target: float
    within: float
    handling: float
    patience: float | None
    half_hours: list[HalfHour]
