"""The client's own people, who of them is on call, and what is to happen to particular callers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from vorzimmer.core.model import Address, Hours, Model, Number, Slug


class Contact(Model):
    """Somebody a caller can be put through to. `numbers` are tried in this order, `seconds` of ringing each.

    `role`: what the contact does for the client. `hours`: when callers may be put through (the client's time zone);
    none: always. `email`: where rules of what the client is told reach them.
    """

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Annotated[str, Field(max_length=80)] = ""
    numbers: Annotated[tuple[Number, ...], Field(min_length=1, max_length=5)]
    seconds: Annotated[int, Field(ge=5, le=120)] = 25
    hours: Hours | None = None
    email: Address | None = None


class Duty(Model):
    """A line of the on-call rota: this contact at these hours (the client's time zone); none: at all hours."""

    contact: Slug
    hours: Hours | None = None


class Rota(Model):
    """Who is on call. Those on duty are tried in this order, each for `escalate` seconds before the next."""

    duties: Annotated[tuple[Duty, ...], Field(min_length=1, max_length=100)]
    escalate: Annotated[int, Field(ge=5, le=300)] = 30


class Treatment(StrEnum):
    """What a caller's number means to the client."""

    PUT_THROUGH = "put_through"
    """To a contact at once; to the agents where nobody answers."""
    NEVER_PUT_THROUGH = "never_put_through"
    """Agents take a note and do not put through."""
    BLOCK = "block"
    """A polite announcement, then the end."""
    VIP = "vip"
    """Before all others in the queue."""


class CallerRule(Model):
    """A rule for one caller. `contact`: whom to put through to."""

    number: Number
    treatment: Treatment
    contact: Slug | None = None
    name: Annotated[str, Field(max_length=80)] = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.contact is not None) != (self.treatment is Treatment.PUT_THROUGH):
            raise ValueError("a contact stands with put_through, and only there")
        return self
