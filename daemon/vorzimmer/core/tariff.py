"""Tariffs as data: what a client pays for, by which unit, at which price, and where that is rounded.

A tariff is a list of positions; each becomes one line of the bill. What a call costs by one: `core.rating`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vorzimmer.core.ledger import Phase
from vorzimmer.core.model import Hours, Model, Slug
from vorzimmer.core.money import Currency, Percent, Price, Rounding, Where
from vorzimmer.core.tariff_fields import (
    PHASES,
    SERVED,
    WRAP_UP,
    Caps,
    Counting,
    Day,
    Factors,
    Phases,
    Region,
    Title,
    Units,
)
from vorzimmer.core.tiers import Tier, require_whole

__all__ = [
    "PHASES",
    "SERVED",
    "WRAP_UP",
    "Calls",
    "Counted",
    "Discount",
    "FreeShort",
    "Measured",
    "Minutes",
    "Position",
    "Priced",
    "Recurring",
    "Region",
    "Surcharge",
    "Tariff",
    "Tariffs",
    "Tier",
    "When",
    "Work",
    "in_force",
    "require_one_at_a_time",
]

ALL = Decimal(100)
"""Percent."""


class When(Model):
    """For which calls a position holds; all that is named must be so, at the instant at which the call began.

    `of`: how they ended; none: `SERVED`. `results`: what an agent said the call was (order, appointment …), one of
    these; `without`: none of these. `within`, `outside`: hours of the client's clock. `holiday`: it is a public holiday
    of the client's, or none. `to`: beginnings of the number (E.164) that was called or put through to.
    """

    direction: Literal["in", "out"] | None = None
    of: tuple[Counting, ...] = ()
    results: tuple[Slug, ...] = ()
    without: tuple[Slug, ...] = ()
    within: Hours | None = None
    outside: Hours | None = None
    holiday: bool | None = None
    to: tuple[Annotated[str, Field(pattern=r"^\+[0-9]{1,15}$")], ...] = ()

    @property
    def is_timed(self) -> bool:
        """Whether it depends on when the call began."""
        return (self.within, self.outside, self.holiday) != (None, None, None)


class Priced(Model):
    """What is counted over a month or a year: `included` units for nothing, and the others at a price or by tiers.

    `pool`: over which time included units and tiers are counted. `tiers`: `graduated`: each unit at the price of its
    own tier; `whole`: all at the price of the tier that the last one reaches.
    """

    included: Units = Decimal(0)
    pool: Literal["month", "year"] = "month"
    price: Price | None = None
    tiers: tuple[Tier, ...] = ()
    mode: Literal["graduated", "whole"] = "graduated"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.price is None) == (not self.tiers):
            raise ValueError("a position has either a price or tiers")
        if self.tiers:
            require_whole(self.tiers)
        if self.mode == "whole" and self.pool == "year":
            raise ValueError("one price for all units of a year is known only at its end: use graduated tiers")
        return self

    @property
    def steps(self) -> tuple[Tier, ...]:
        """The tiers; a price is one without an end."""
        return self.tiers or (Tier(price=self.price or Decimal(0)),)


class Recurring(Model):
    """A sum for a month or a year: a base fee, a flat rate, a value-added service.

    `advance`: billed for the period that begins. `prorate`: a part of a period is billed by its days. `option`: only
    for clients who have it.
    """

    kind: Literal["recurring"]
    id: Slug
    name: Title
    amount: Price
    every: Literal["month", "year"] = "month"
    advance: bool = False
    prorate: bool = True
    option: Slug | None = None


class FreeShort(Model):
    """Calls shorter than `seconds` that cost nothing, `most` of them in a month; None: all."""

    seconds: Annotated[int, Field(ge=1, le=3600)]
    most: Annotated[int, Field(ge=0)] | None = None


class Measured(Model):
    """What of a call's time counts: these phases, each up to its cap (seconds)."""

    phases: Phases = (Phase.TALK.value,)
    caps: Caps = Field(default={})

    @model_validator(mode="after")
    def _caps_count(self) -> Self:
        if idle := [one for one in self.caps if one not in self.phases]:
            raise ValueError(f"there is a cap for {idle[0]!r}, which does not count: it is none of the phases")
        return self


class Calls(Priced, Measured):
    """Calls by number. `free_short`: by the time that `phases` say."""

    kind: Literal["calls"]
    id: Slug
    name: Title
    when: When = When()
    free_short: FreeShort | None = None


class Minutes(Priced, Measured):
    """Calls by time, in minutes.

    `first`, `then`: the seconds of the first increment and of those that follow; one that is begun counts whole. 60/60:
    whole minutes; 60/1: the first minute whole, then seconds. `increments_of`: a call's time together, or each phase by
    itself. `free_short`: as of calls by number.
    """

    kind: Literal["minutes"]
    id: Slug
    name: Title
    when: When = When()
    first: Annotated[int, Field(ge=1, le=3600)] = 1
    then: Annotated[int, Field(ge=1, le=3600)] = 1
    increments_of: Literal["call", "phase"] = "call"
    free_short: FreeShort | None = None


class Surcharge(Model):
    """What is added to a call: a share of what it costs by the positions `on`, and a sum."""

    kind: Literal["surcharge"]
    id: Slug
    name: Title
    when: When = When()
    on: tuple[Slug, ...] = ()
    percent: Annotated[Decimal, Field(ge=0, le=1000, decimal_places=3)] = Decimal(0)
    amount: Price = Decimal(0)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.percent) != bool(self.on):
            raise ValueError("a share needs the positions of which it is one")
        if not self.percent and not self.amount:
            raise ValueError("a surcharge is a share, a sum, or both")
        return self


class Work(Model):
    """Work by the hour: `included` minutes of talk an hour, above which the rate rises by the region's factor.

    `per`: for what the talk is compared with the hours: each task, each hour begun, or all of a month. `on`: the factor
    raises the rate of all hours, or of those that the talk above takes.
    """

    kind: Literal["work"]
    id: Slug
    name: Title
    rate: Price
    included: Annotated[Units, Field(le=60)] = Decimal(15)
    factors: Factors = Field(default={"none": Decimal(0), "germany": Decimal("0.2"), "eu": Decimal("0.3")})
    per: Literal["task", "hour", "month"] = "task"
    on: Literal["all", "excess"] = "all"


Position = Annotated[Recurring | Calls | Minutes | Surcharge | Work, Field(discriminator="kind")]
Counted = Calls | Minutes
"""Positions in which units are counted."""


class Discount(Model):
    """Less by `percent` on recurring sums, for a term or a prepayment of at least so many months."""

    months: Annotated[int, Field(ge=1, le=120)]
    percent: Percent


class Tariff(Model):
    """A version of a tariff: holds from the day `since` (the client's calendar) until the next version.

    `minimum`: a month's sum of all but one-off fees, at least; by days in a part of a month. `trial_days`: from the
    contract's beginning nothing is charged. `terms`, `prepayments`: the largest one that fits holds, of each kind.
    `prepaid`: calls are paid from a balance. `offered`: shown to whoever compares, beside those who have it.
    """

    id: Slug
    name: Title
    since: Day
    currency: Currency = "EUR"
    positions: Annotated[tuple[Position, ...], Field(min_length=1, max_length=100)]
    rounding: Rounding = Rounding()
    minimum: Price = Decimal(0)
    trial_days: Annotated[int, Field(ge=0, le=366)] = 0
    terms: tuple[Discount, ...] = ()
    prepayments: tuple[Discount, ...] = ()
    prepaid: bool = False
    offered: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [position.id for position in self.positions]
        if len(set(ids)) != len(ids):
            raise ValueError(f"tariff {self.id}: a position stands twice")
        most = sum(max((one.percent for one in kind), default=Decimal(0)) for kind in (self.terms, self.prepayments))
        if most > ALL:
            raise ValueError(f"tariff {self.id}: terms and prepayments together give a discount of {most:f} %")
        before: set[str] = set()
        for position in self.positions:
            if isinstance(position, Surcharge) and (unknown := [one for one in position.on if one not in before]):
                raise ValueError(f"surcharge {position.id}: no graduated position {unknown[0]!r} stands before it")
            if isinstance(position, Calls | Minutes) and position.mode == "graduated":
                before.add(position.id)
            if isinstance(position, Minutes) and position.increments_of == "call" and self.rounding.at is Where.PHASE:
                raise ValueError(f"tariff {self.id}: rounding at phases needs increments of phases in {position.id!r}")
        return self


class Tariffs(Model):
    """What one file holds: `[[tariff]]`, in versions."""

    tariff: tuple[Tariff, ...] = ()

    @model_validator(mode="after")
    def _versions(self) -> Self:
        require_one_at_a_time(self.tariff)
        return self


def require_one_at_a_time(tariffs: Iterable[Tariff]) -> None:
    """No two versions of a tariff hold from the same day.

    Raises:
        ValueError: they do.
    """
    seen: set[tuple[str, date]] = set()
    for one in tariffs:
        if (one.id, one.since) in seen:
            raise ValueError(f"tariff {one.id} has two versions from {one.since}")
        seen.add((one.id, one.since))


def in_force(versions: Iterable[Tariff], tariff: str, day: date) -> Tariff | None:
    """The version of a tariff that holds on a day."""
    known = [one for one in versions if one.id == tariff and one.since <= day]
    return max(known, key=lambda one: one.since, default=None)
