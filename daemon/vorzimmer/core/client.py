"""The client as data: what TOML, the database and the routing share.

A `Book` is what one TOML file holds: groups of SIP endpoints and clients. It is validated as a whole;
every model is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from vorzimmer.core.agent import Agent
from vorzimmer.core.announcement import OPENING, Approved, Name, Sound
from vorzimmer.core.built_in_forms import built_in
from vorzimmer.core.calendar import Override, SpecialDay, Vacation
from vorzimmer.core.client_file import ClientFile
from vorzimmer.core.contact import CallerRule, Contact, Rota
from vorzimmer.core.handling import DEFAULT_CLOSED, Group, Handling, Target, ToAnnouncement
from vorzimmer.core.keeping import Keep
from vorzimmer.core.menu import Menus, names_in
from vorzimmer.core.menu_check import Known, require_faultless
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
from vorzimmer.core.note_form import Form, FormKind
from vorzimmer.core.notify_rule import Channel, Rule, require_known
from vorzimmer.core.own_number import OwnNumber, require_consistent
from vorzimmer.core.plain_text import many_lines


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

    `menus`: to which the chains lead (`core.menu_check` says what is wrong with them).

    `announcements`: the files that came with the book. `versions`: what was recorded or uploaded since and approved; it
    is kept beside the client, is never part of a file, and is heard instead (`core.announcement.heard`).

    `greeting`: what agents say first; `briefing`: what they should know. `forms`: for notes, see `note_forms`; where
    there are any, what is told of an answered call waits for the note, at most `note_wait` seconds from its end.

    `mail`: the simplest way to be told: every address, each call by itself. `notify`: rules for what is less simple.

    `keep`: for how long what tells of its callers is kept. `file`: what was agreed with it.
    `own_numbers`: those that the client's callers dial, and that its telephone company forwards to us.
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
    menus: Menus = ()
    announcements: dict[Name, FileName] = Field(default={})
    versions: Annotated[dict[str, tuple[Approved, ...]], SkipJsonSchema()] = Field(default={}, exclude=True)
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
    keep: Keep = Keep()
    greeting: Annotated[str, Field(max_length=500)] = ""
    briefing: Annotated[str, Field(max_length=10_000)] = ""
    forms: Annotated[tuple[Form, ...], Field(max_length=20)] = ()
    note_wait: Annotated[int, Field(ge=0, le=3600)] = 120
    own_numbers: Annotated[tuple[OwnNumber, ...], Field(max_length=20)] = ()
    file: ClientFile = ClientFile()
    notify: Annotated[tuple[Rule, ...], Field(max_length=50)] = ()

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or "=?" in value:
            raise ValueError("a name holds printable characters only")
        return value

    @field_validator("announcements")
    @classmethod
    def _played(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        """A name of the client's own is played by something, or it is a slip of the pen."""
        if "menus" not in info.data:
            return value  # they are wrong themselves, which is told
        played = names_played(info.data)
        if unknown := sorted(set(value) - set(Sound) - played):
            allowed = ", ".join(map(repr, [*map(str, Sound), *sorted(played - set(Sound))]))
            raise ValueError(f"{unknown[0]!r} is unknown, nothing plays it (allowed: {allowed})")
        return value

    @field_validator("versions", mode="before")
    @classmethod
    def _kept_beside(cls, value: Any, info: ValidationInfo) -> Any:
        if value and not (info.context or {}).get("stored"):
            raise ValueError("versions are kept in the database, not in a file")
        return value

    @field_validator("greeting", "briefing")
    @classmethod
    def _harmless(cls, value: str) -> str:
        return many_lines(value)

    @field_validator("forms", mode="before", json_schema_input_type=tuple[Form | FormKind, ...])
    @classmethod
    def _built_in(cls, value: Any, info: ValidationInfo) -> Any:
        """A form may be written as its kind alone."""
        if not isinstance(value, list | tuple) or "language" not in info.data:
            return value
        if unknown := [one for one in value if isinstance(one, str) and one not in list(FormKind)]:
            raise ValueError(f"there is no built-in form {unknown[0]!r} (allowed: {', '.join(FormKind)})")
        language = info.data["language"]
        return [built_in(FormKind(one), language) if isinstance(one, str) else one for one in value]

    @field_serializer("forms", mode="wrap")
    def _as_kinds(self, forms: tuple[Form, ...], write: SerializerFunctionWrapHandler) -> list[Any]:
        """A built-in form is written as its kind alone, so that it is in whatever language the client is."""
        return [
            form.kind.value if form == built_in(form.kind, self.language) else written
            for form, written in zip(forms, write(forms), strict=True)
        ]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: set[tuple[str, str | None]] = set()
        for did in self.dids:
            for key in did_keys(did):
                if key in seen:
                    raise ValueError(f"number {key[0]} stands twice")
                seen.add(key)
        require_consistent(self.own_numbers, [did.number for did in self.dids])
        self._people_exist()
        people = Known(contacts={contact.id for contact in self.contacts}, on_call=self.rota is not None)
        require_faultless(self.menus, self.chains, people)
        dates = [day.date for day in self.special_days]
        if len(set(dates)) != len(dates):
            raise ValueError("a date stands twice in special_days")
        forms = [form.id for form in self.forms]
        if len(set(forms)) != len(forms):
            raise ValueError("a form stands twice")
        return self

    def _people_exist(self) -> None:
        known = [contact.id for contact in self.contacts]
        if len(set(known)) != len(known):
            raise ValueError("a contact stands twice")
        duties = [duty.contact for duty in self.rota.duties] if self.rota else []
        named = [*duties, *(rule.contact for rule in self.callers if rule.contact is not None)]
        if unknown := sorted({name for name in named if name not in known}):
            raise ValueError(f"there is no contact {', '.join(map(repr, unknown))}")
        require_known(self.notify, self.contacts, self.rota)
        numbers = [rule.number for rule in self.callers]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a caller's number stands twice in callers")

    @property
    def note_forms(self) -> tuple[Form, ...]:
        """The forms that agents are offered: the client's, else a message and a free note."""
        return self.forms or tuple(built_in(kind, self.language) for kind in (FormKind.MESSAGE, FormKind.FREE))

    @property
    def chains(self) -> dict[str, tuple[Target, ...]]:
        """The targets of each state of the office that has some, by the name of its field."""
        return {key: handling.chain for key in HANDLINGS if (handling := getattr(self, key)) is not None}

    @property
    def addresses(self) -> tuple[str, ...]:
        """The e-mail addresses at which the client is written to about all that is no call."""
        if self.mail is not None:
            return self.mail.to
        ruled = (to for rule in self.notify if rule.channel is Channel.EMAIL for to in rule.to if "@" in to)
        return tuple(dict.fromkeys(ruled))

    def contact(self, name: str) -> Contact | None:
        """The contact of this id."""
        return next((contact for contact in self.contacts if contact.id == name), None)

    def rule_for(self, caller: str | None) -> CallerRule | None:
        """The rule for a caller's number (E.164)."""
        return next((rule for rule in self.callers if rule.number == caller), None)


HANDLINGS = ("open", "closed", "at_lunch", "on_holiday", "on_vacation")
"""The fields of a client that say what happens in a state of the office."""


def names_played(fields: Mapping[str, Any]) -> set[str]:
    """The names of announcements that a client's chains and menus play. `fields`: the client's, by name."""
    handlings: list[Handling] = [fields[key] for key in HANDLINGS if fields.get(key) is not None]
    targets = [target for one in handlings for target in one.chain if isinstance(target, ToAnnouncement)]
    said = {name for target in targets for name in (target.sound, *target.then) if name != OPENING}
    return said | names_in(fields["menus"])


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
