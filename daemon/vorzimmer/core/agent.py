"""The agent as data: who answers in the clients' names, for whom, in which languages, on which telephones."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from vorzimmer.core.model import Endpoint, Hours, Language, Model, Slug, TimeZone


class Transport(StrEnum):
    """How a telephone reaches Asterisk."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    WEBRTC = "webrtc"


class Telephone(Model):
    """A telephone of an agent's: a PJSIP endpoint of its own, for a dial string rings the first contact only."""

    endpoint: Endpoint
    transport: Transport = Transport.UDP


def _telephones(value: object) -> object:
    """A telephone may be written as its endpoint alone."""
    if isinstance(value, list | tuple):
        return [{"endpoint": one} if isinstance(one, str) else one for one in value]
    return value


class Agent(Model):
    """One agent.

    `clients`: serves these only; none named: every client that its teams serve. `pledged_on`: since when a pledge of
    secrecy is on file (§ 203 StGB); `records_since`: since when the consent to being recorded is (§ 201 StGB).
    `wrap_up`: seconds after a talk in which no call is offered. `shifts`: when the agent works, in `timezone`.
    `supervisor`: may listen to others. `extension`: the short number under which colleagues reach the agent.
    """

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=80)]
    phones: Annotated[
        tuple[Telephone, ...],
        Field(min_length=1, max_length=8),
        BeforeValidator(_telephones, json_schema_input_type=list[Telephone | str]),
    ]
    teams: tuple[Slug, ...] = ()
    skills: tuple[Slug, ...] = ()
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = (Language.GERMAN,)
    clients: tuple[Slug, ...] = ()
    pledged_on: date | None = None
    records_since: date | None = None
    wrap_up: Annotated[int, Field(ge=0, le=3600)] = 20
    timezone: TimeZone = "Europe/Berlin"
    shifts: Hours | None = None
    supervisor: bool = False
    extension: Annotated[str | None, Field(pattern="^[1-9][0-9]{2,4}$")] = None

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or "=?" in value:
            raise ValueError("a name holds printable characters only")
        return value

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.endpoints)) != len(self.endpoints):
            raise ValueError("a telephone stands twice")
        return self

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The names of the PJSIP endpoints."""
        return tuple(phone.endpoint for phone in self.phones)
