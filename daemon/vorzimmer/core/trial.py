"""When a trial is over: a contract's first days, in which nothing is charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vorzimmer.core.stretches import DAY, Contract
from vorzimmer.core.tariff import Tariff, in_force

TOLD_WITHIN = 7 * DAY
"""So long after its end a trial is still told of: a worker that was away for longer tells nothing old."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Its days, both included, by the client's calendar."""

    first: date
    last: date


def trial_over(contract: Contract, versions: Sequence[Tariff], today: date) -> Trial | None:
    """The contract's trial, if it has ended by today, not long ago, and the contract goes on."""
    tariff = in_force(versions, contract.tariff, contract.since)
    if not contract.trial or tariff is None or not tariff.trial_days or not contract.holds(today):
        return None
    last = contract.since + (tariff.trial_days - 1) * DAY
    return Trial(contract.since, last) if last < today <= last + TOLD_WITHIN else None
