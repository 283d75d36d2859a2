"""Work by the hour with talk included, and the telephone factor above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from vorzimmer.core.tariff import Region, Work

SIXTY = Decimal(60)


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Work on a task: the minutes of each hour begun, and the talk (minutes) within each of them.

    `region`: where was called to, and so which factor was booked.
    """

    task: str
    day: date
    region: Region
    minutes: tuple[Decimal, ...]
    talk: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        if len(self.minutes) != len(self.talk):
            raise ValueError(f"task {self.task!r}: talk is told for each hour")


@dataclass(frozen=True, slots=True)
class WorkCharge:
    """What some work costs: `minutes` at an hour's rate, of which `raised` rise by the region's factor.

    `sixtieths`: the amount times 60, exact.
    """

    tasks: tuple[str, ...]
    region: Region
    minutes: Decimal
    raised: Decimal
    sixtieths: Decimal


def work_charges(position: Work, done: Iterable[WorkDone]) -> tuple[WorkCharge, ...]:
    """What the work costs, compared as the position says: by task, by hour begun, or together."""
    match position.per:
        case "task":
            return tuple(_charge(position, (one,), one.minutes, one.talk) for one in done)
        case "hour":
            return tuple(
                _charge(position, (one,), (minutes,), (talk,))
                for one in done
                for minutes, talk in zip(one.minutes, one.talk, strict=True)
            )
        case "month":
            by_region = sorted(done, key=lambda one: (one.region, one.day, one.task))
            runs = (tuple(run) for _, run in groupby(by_region, key=lambda one: one.region))
            return tuple(
                _charge(
                    position,
                    run,
                    [minutes for one in run for minutes in one.minutes],
                    [talk for one in run for talk in one.talk],
                )
                for run in runs
            )


def _charge(
    position: Work, done: Sequence[WorkDone], minutes: Sequence[Decimal], talk: Sequence[Decimal]
) -> WorkCharge:
    worked, talked = sum(minutes, Decimal(0)), sum(talk, Decimal(0))
    over = max(talked * SIXTY - worked * position.included, Decimal(0))
    region = done[0].region
    raised = Decimal(0)
    if over:
        raised = worked if position.on == "all" else over / SIXTY
    sixtieths = position.rate * (worked + raised * position.factors.get(region, Decimal(0)))
    return WorkCharge(tuple(one.task for one in done), region, worked, raised, sixtieths)
