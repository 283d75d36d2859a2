"""What is stronger than a client's weekly hours: special days, vacations, and the switch by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from vorzimmer.core.model import DayHours, Model


class SpecialDay(Model):
    """One date with hours of its own, stronger than weekday, holiday and vacation. No hours: closed."""

    date: date
    name: str = Field(default="", max_length=80)
    hours: DayHours = ()


class Vacation(Model):
    """Closed from `first` to `last`, both included, in the client's time zone."""

    first: date
    last: date
    name: str = Field(default="", max_length=80)

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"vacation ends ({self.last}) before it begins ({self.first})")
        return self


class Override(Model):
    """The client's manual switch: stronger than every calendar, until `until` (aware) or until taken back."""

    state: Literal["open", "closed"]
    until: datetime | None = None

    @field_validator("until")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs its offset, for example 2026-12-24T12:00:00+01:00")
        return value
