"""What a client brings and what its calls cost: agents' time and minutes of lines. Money is exact until it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

MINUTE = Decimal(60)
HOUR = Decimal(3600)

FORMULA = "revenue (net) - (talk + hold + wrap-up) x wage - minutes of lines x price"
"""The margin, for people."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What an hour of an agent and a minute of a line cost."""

    currency: str
    wage_per_hour: Decimal
    line_per_minute: Decimal


NO_COSTS = Costs("EUR", Decimal(0), Decimal(0))
"""Of a house that has not told them."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a client's calls of a month took; seconds.

    `agents`: talk, hold and wrap-up of all agents, those of calls of ours too. `lines`: for which the callers' lines
    were taken, and once more while they were forwarded or put through, which takes a second one.
    """

    client: str
    calls: int
    agents: Decimal
    lines: Decimal


@dataclass(frozen=True, slots=True)
class Revenue:
    """What a client pays for a month, net, in its currency.

    `closed`: the total of its statement, base fees and all. Otherwise only what its calls have cost so far.
    """

    client: str
    currency: str
    amount: Decimal
    closed: bool


@dataclass(frozen=True, slots=True)
class Margin:
    """A client's month. `share`: of the revenue; None where there is none."""

    client: str
    currency: str
    closed: bool
    calls: int
    hours: Decimal
    minutes: Decimal
    revenue: Decimal
    wages: Decimal
    lines: Decimal

    @property
    def amount(self) -> Decimal:
        """What is left; below zero the client costs more than it brings."""
        return self.revenue - self.wages - self.lines

    @property
    def share(self) -> Decimal | None:
        """What is left, of what it pays: up to 1."""
        return self.amount / self.revenue if self.revenue > 0 else None


def margins(
    efforts: Iterable[Effort], revenues: Iterable[Revenue], costs: Costs
) -> tuple[tuple[Margin, ...], tuple[Revenue, ...]]:
    """The clients' margins, by id; and what is paid in another currency than the costs, which has none."""
    effort = {one.client: one for one in efforts}
    told = tuple(revenues)
    revenue = {one.client: one for one in told if one.currency == costs.currency}
    foreign = tuple(one for one in told if one.currency != costs.currency)
    clients = sorted({*effort, *revenue} - {one.client for one in foreign})
    found = (
        margin(
            effort.get(client, Effort(client, 0, Decimal(0), Decimal(0))),
            revenue.get(client, Revenue(client, costs.currency, Decimal(0), closed=False)),
            costs,
        )
        for client in clients
    )
    return tuple(found), foreign


def margin(effort: Effort, revenue: Revenue, costs: Costs) -> Margin:
    """The margin of one client's month. The costs are in the currency of the revenue."""
    hours, minutes = effort.agents / HOUR, effort.lines / MINUTE
    return Margin(
        client=effort.client,
        currency=revenue.currency,
        closed=revenue.closed,
        calls=effort.calls,
        hours=hours,
        minutes=minutes,
        revenue=revenue.amount,
        wages=hours * costs.wage_per_hour,
        lines=minutes * costs.line_per_minute,
    )
