"""An order of a set-up as a value: what was ordered, at which price, and the steps that it takes.

What happens to it stands in `core.setup_course`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from vorzimmer.core import public_holidays
from vorzimmer.core.client_file import TelephoneFactor, Voip
from vorzimmer.core.price_list import PriceList, Role, StepRule, Text

CLIENT = "client"
"""Who is asked where it is not a role of the house."""


class Kind(StrEnum):
    """A set-up, or a change of what is set up."""

    SETUP = "setup"
    CHANGE = "change"


class OrderState(StrEnum):
    """Where an order is; nothing follows `done` and `cancelled`."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """Where a step is: not begun, waiting for an answer, answered, and the two in which it is over."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing is to be done any more."""
        return self in (StepState.DONE, StepState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Item:
    """What was ordered, with title and net price as they were. `answers`: by what was asked. `number`: reserved for it.

    Of a change `option` is its kind.
    """

    option: str
    title: Text
    price: Decimal = Decimal(0)
    answers: tuple[tuple[Text, str], ...] = ()
    number: str | None = None


@dataclass(frozen=True, slots=True)
class BookedFactor:
    """The telephone factor ordered, as it was."""

    id: TelephoneFactor
    title: Text
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `n` counts from 1 in its order. `asked_of`: a `Role` or `CLIENT`, since `asked_at`.

    `question`: empty where the step itself is what is asked. `escalations`: how often the lead was told since.
    `closed_by`: who did or cancelled it.
    """

    n: int
    option: str
    title: Text
    owner: Role
    due: date
    state: StepState = StepState.OPEN
    asked_of: str | None = None
    asked_at: datetime | None = None
    question: str = ""
    answer: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None
    escalations: int = 0
    closed_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `id`: 0 until it is kept. `mail`: the client's addresses that hear of it; `wishes`: in its words."""

    client: str
    client_name: str
    kind: Kind
    language: str
    mail: tuple[str, ...]
    currency: str
    items: tuple[Item, ...]
    steps: tuple[Step, ...]
    placed_by: str
    placed_at: datetime
    voip: Voip | None = None
    factor: BookedFactor | None = None
    wishes: str = ""
    state: OrderState = OrderState.OPEN
    closed_at: datetime | None = None
    id: int = 0


def steps_of(rules: Iterable[tuple[str, Sequence[StepRule]]], placed: date, region: str) -> tuple[Step, ...]:
    """The steps of these options or changes (by id), due by working days.

    `placed`: the day of the order; `region`: whose public holidays are no working days, as in `core.public_holidays`.
    """
    steps: list[Step] = []
    for option, followed in rules:
        due = placed
        for rule in followed:
            due = working_days_later(due, rule.days, region)
            steps.append(Step(len(steps) + 1, option, rule.title, rule.owner, due))
    return tuple(steps)


def working_days_later(day: date, days: int, region: str) -> date:
    """The working day (Monday to Friday, no public holiday) so many working days later."""
    left = days
    while left > 0 or not _works(day, region):
        day += timedelta(days=1)
        left -= _works(day, region)
    return day


def _works(day: date, region: str) -> bool:
    return day.weekday() < 5 and public_holidays.holiday_name(region, day) is None


InCharge = Mapping[Role, tuple[str, ...]]
"""The addresses of each role; none: nobody was named."""


@dataclass(frozen=True, slots=True)
class SettingUp:
    """How this house sets clients up.

    `prices`: what there is to order. `in_charge`: whom to write to; `language`: in which. `base_url`: of the pages, for
    links. `region` and `timezone`: of its working days.
    """

    prices: PriceList
    in_charge: InCharge
    language: str
    base_url: str
    region: str
    timezone: str

    def addresses(self, *roles: str) -> tuple[str, ...]:
        """Of these roles, each once. A role that nobody has is the lead's."""
        found = [address for role in roles for address in self.in_charge.get(Role(role)) or self.in_charge[Role.LEAD]]
        return tuple(dict.fromkeys(found))
