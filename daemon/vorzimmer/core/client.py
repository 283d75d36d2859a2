"""The client as data: what TOML, the database and the routing share.

A `Book` is what one TOML file holds: groups of SIP endpoints and clients. It is validated as a whole;
every model is frozen. Numbers may be written in any national form and are E.164 afterwards; the region of
national forms is the validation context's `region` (ISO 3166 alpha-2, default DE).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)

from vorzimmer.core import hours as oh
from vorzimmer.core import number as numbers
from vorzimmer.core import public_holidays

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""An id: lower-case letters, digits and hyphens. Safe as a folder's name."""

Endpoint = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""The name of a PJSIP endpoint. Nothing that could change the meaning of a dial string."""

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,120}\.(wav|mp3)$")]
"""A sound file in the client's folder: a plain name, never a path."""


STORED: dict[str, Any] = {"stored": True}
"""Validation context of what this program wrote itself: numbers and addresses are in their final form, and reading
them again would be most of the time that a start with thousands of clients takes."""

_FINAL_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_FINAL_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def _is_final(value: Any, info: ValidationInfo, form: re.Pattern[str]) -> bool:
    return bool(info.context and info.context.get("stored") and isinstance(value, str) and form.fullmatch(value))


def _e164(value: Any, info: ValidationInfo) -> str:
    if _is_final(value, info, _FINAL_NUMBER):
        return str(value)
    if not isinstance(value, str):
        # pydantic turns only a ValueError into a message
        raise ValueError('a telephone number is written as text, for example "+49 89 123456"')  # noqa: TRY004 - see above
    region = (info.context or {}).get("region", "DE")
    return numbers.parse(value, region)


Number = Annotated[str, BeforeValidator(_e164)]
"""E.164 with a leading plus."""


def _address(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> str:
    return str(value if _is_final(value, info, _FINAL_ADDRESS) else check(value))


Address = Annotated[EmailStr, WrapValidator(_address)]
"""An e-mail address, without a display name."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {value!r}; use a name of the IANA list such as Europe/Berlin") from error
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
HolidayRegion = Annotated[str, AfterValidator(public_holidays.check_region)]
"""Country, or country and state, of public holidays: `DE`, `DE-BY`, `AT-9`."""

Hours = Annotated[
    oh.Week, PlainValidator(oh.parse_week), PlainSerializer(oh.write_week), WithJsonSchema(oh.WEEK_SCHEMA)
]
DayHours = Annotated[
    tuple[oh.Interval, ...], PlainValidator(oh.parse_day), PlainSerializer(oh.write_day), WithJsonSchema(oh.DAY_SCHEMA)
]


class Model(BaseModel):
    """Base of all that is read from outside: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Language(StrEnum):
    """A language that callers hear and clients read."""

    GERMAN = "de"
    ENGLISH = "en"
    CHINESE = "zh"


class Sound(StrEnum):
    """What an announcement is for."""

    GREETING = "greeting"
    CLOSED = "closed"
    LUNCH = "lunch"
    HOLIDAY = "holiday"
    VACATION = "vacation"
    QUEUE = "queue"
    MACHINE = "machine"


class Strategy(StrEnum):
    """How the endpoints of a group ring."""

    ALL = "all"
    SEQUENTIAL = "sequential"


class Group(Model):
    """SIP endpoints that ring together or one after another."""

    id: Slug
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    strategy: Strategy = Strategy.ALL

    @field_validator("endpoints")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("an endpoint stands twice in the group")
        return value


class ToGroup(Model):
    """Ring a group. `seconds`: how long it rings; `wait`: how long to wait for one to get free if all are busy."""

    to: Literal["group"]
    group: Slug
    seconds: Annotated[int, Field(ge=1, le=300)] = 20
    wait: Annotated[int, Field(ge=0, le=1800)] = 0


class ToNumber(Model):
    """Forward over the trunk to a partner or a mobile. `confirm`: the called side must press 1."""

    to: Literal["partner", "mobile"]
    number: Number
    seconds: Annotated[int, Field(ge=1, le=300)] = 25
    confirm: bool = True


class ToMachine(Model):
    """The answering machine. Limits in seconds: of the message, and of silence that ends it."""

    to: Literal["machine"]
    max_seconds: Annotated[int, Field(ge=5, le=900)] = 180
    silence: Annotated[int, Field(ge=1, le=60)] = 6


class ToAnnouncement(Model):
    """Play an announcement and go on."""

    to: Literal["announcement"]
    sound: Sound


class ToHangup(Model):
    """Hang up with a Q.850 cause."""

    to: Literal["hangup"]
    cause: Annotated[int, Field(ge=1, le=127)] = 16


Target = Annotated[ToGroup | ToNumber | ToMachine | ToAnnouncement | ToHangup, Field(discriminator="to")]


class Greet(StrEnum):
    """How the call begins: ring on, play the greeting before answering (early media), or answer at once."""

    RING = "ring"
    EARLY = "early"
    ANSWER = "answer"


class Handling(Model):
    """What happens to a call in one state of the office: how it begins and the overflow chain."""

    begin: Greet = Greet.RING
    chain: Annotated[tuple[Target, ...], Field(min_length=1, max_length=20)]
    music: bool = False
    """Answer before the groups ring and play music, instead of letting the caller hear ringing."""


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
    """Whom to tell by e-mail, and of which dispositions (none named: of all)."""

    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    of: tuple[Literal["answered", "forwarded", "message", "announced", "abandoned", "failed"], ...] = ()


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


DEFAULT_CLOSED = Handling(
    begin=Greet.ANSWER, chain=(ToAnnouncement(to="announcement", sound=Sound.CLOSED), ToMachine(to="machine"))
)


class Client(Model):
    """One client: who it is, when it is open, what happens to its calls, whom to tell."""

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
    announcements: dict[Sound, FileName] = {}
    mail: Annotated[Mail | None, BeforeValidator(_mail, json_schema_input_type=Mail | list[Address])] = None
    forwarding: Forwarding = Forwarding()

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
        dates = [day.date for day in self.special_days]
        if len(set(dates)) != len(dates):
            raise ValueError("a date stands twice in special_days")
        return self


def did_keys(did: Did) -> tuple[tuple[str, str | None], ...]:
    """The (dialled, diverting) pairs that lead to this entry; each pair may exist once in the house."""
    if not did.diverted_from:
        return ((did.number, None),)
    return tuple((did.number, diverting) for diverting in did.diverted_from)


class Book(Model):
    """What one file holds."""

    group: tuple[Group, ...] = ()
    client: tuple[Client, ...] = ()
