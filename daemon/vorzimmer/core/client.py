"""The client as data: what TOML, the database and the routing share.

A `Book` is what one TOML file holds: groups of SIP endpoints and clients. It is validated as a whole;
every model is frozen.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from vorzimmer.core.agent import Agent
from vorzimmer.core.contact import CallerRule, Contact, Rota
from vorzimmer.core.handling import DEFAULT_CLOSED, Group, Handling, Sound
from vorzimmer.core.model import (
    Address,
    DayHours,
    FileName,
    HolidayRegion,
    Hours,
    Language,
    Model,
    Number,
    Slug,
    TimeZone,
)


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


class Did(Model):
    """A number that is answered for the client.

    `diverted_from`: the client's own numbers that forward here, where several clients share the number.
    """

    number: Number
    diverted_from: tuple[Number, ...] = ()
    hours: Hours | None = None


class Mail(Model):
    """Whom to tell by e-mail, and of which dispositions (none named: of all but blocked ones)."""

    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    of: tuple[
        Literal[
            "answered",
            "forwarded",
            "message",
            "announced",
            "abandoned",
            "blocked",
            "callback",
            "unreached",
            "failed",
        ],
        ...,
    ] = ()


class Forwarding(Model):
    """The client's own limits on trunk legs; what is not set is the house's."""

    countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] | None = None
    parallel: Annotated[int, Field(ge=0, le=1000)] | None = None
    per_day: Annotated[int, Field(ge=0, le=100_000)] | None = None


def _dids(value: Any) -> Any:
    """A DID may be written as a bare number."""
    if isinstance(value, list | tuple):
        return [{"number": v} if isinstance(v, str) else v for v in value]
    return value


def _mail(value: Any) -> Any:
    """Recipients may be written as a bare list of addresses."""
    if isinstance(value, list | tuple):
        return {"to": value}
    return value


class CallRecording(Model):
    """Whether talks may be recorded, with everybody's proven consent, and for how many days a recording is kept."""

    allowed: bool = False
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30


class Client(Model):
    """One client: who it is, when it is open, what happens to its calls, whom to tell.

    `team`: whose agents serve it, all if none is named; `skills`: what they must have, all of them; `secrecy`: only
    agents with a pledge on file (§ 203 StGB). `priority`: of its callers in the queue, 9 before 0.
    """

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=120)]
    language: Language = Language.GERMAN
    timezone: TimeZone = "Europe/Berlin"
    holidays: HolidayRegion | None = None
    hours: Hours
    lunch: DayHours = ()
    special_days: tuple[SpecialDay, ...] = ()
    vacations: tuple[Vacation, ...] = ()
    override: Override | None = None
    dids: Annotated[
        tuple[Did, ...], Field(min_length=1), BeforeValidator(_dids, json_schema_input_type=list[Did | str])
    ]
    open: Handling
    closed: Handling = DEFAULT_CLOSED
    at_lunch: Handling | None = None
    on_holiday: Handling | None = None
    on_vacation: Handling | None = None
    announcements: dict[Sound, FileName] = Field(default={})
    mail: Annotated[Mail | None, BeforeValidator(_mail, json_schema_input_type=Mail | list[Address])] = None
    forwarding: Forwarding = Forwarding()
    team: Slug | None = None
    skills: tuple[Slug, ...] = ()
    secrecy: bool = False
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    contacts: tuple[Contact, ...] = ()
    rota: Rota | None = None
    callers: tuple[CallerRule, ...] = ()
    recording: CallRecording = CallRecording()

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or "=?" in value:
            raise ValueError("a name holds printable characters only")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: set[tuple[str, str | None]] = set()
        for did in self.dids:
            for key in did_keys(did):
                if key in seen:
                    raise ValueError(f"number {key[0]} stands twice")
                seen.add(key)
        self._people_exist()
        dates = [day.date for day in self.special_days]
        if len(set(dates)) != len(dates):
            raise ValueError("a date stands twice in special_days")
        return self

    def _people_exist(self) -> None:
        known = [contact.id for contact in self.contacts]
        if len(set(known)) != len(known):
            raise ValueError("a contact stands twice")
        duties = [duty.contact for duty in self.rota.duties] if self.rota else []
        named = [*duties, *(rule.contact for rule in self.callers if rule.contact is not None)]
        if unknown := sorted({name for name in named if name not in known}):
            raise ValueError(f"there is no contact {', '.join(map(repr, unknown))}")
        numbers = [rule.number for rule in self.callers]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a caller's number stands twice in callers")

    def contact(self, name: str) -> Contact | None:
        """The contact of this id."""
        return next((contact for contact in self.contacts if contact.id == name), None)

    def rule_for(self, caller: str | None) -> CallerRule | None:
        """The rule for a caller's number (E.164)."""
        return next((rule for rule in self.callers if rule.number == caller), None)


def did_keys(did: Did) -> tuple[tuple[str, str | None], ...]:
    """The (dialled, diverting) pairs that lead to this entry; each pair may exist once in the house."""
    if not did.diverted_from:
        return ((did.number, None),)
    return tuple((did.number, diverting) for diverting in did.diverted_from)


class Book(Model):
    """What one file holds."""

    group: tuple[Group, ...] = ()
    agent: tuple[Agent, ...] = ()
    client: tuple[Client, ...] = ()
