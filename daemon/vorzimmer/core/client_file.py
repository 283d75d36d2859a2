"""What the house has agreed with a client, beyond how its calls are answered: what `Client.file` holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from vorzimmer.core.model import Model
from vorzimmer.core.plain_text import single_line

Voip = Literal["own", "ours"]
"""Whose telephone system the client's lines are on."""

TelephoneFactor = Literal["none", "germany", "eu"]
"""Where to the client has outbound calls made: the surcharge on the working hour above the talk that is included."""


class Contract(Model):
    """One contract. `notice`: how it ends, in words: `3 months to the end of a year`; no `until`: until it is ended."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    since: date
    until: date | None = None
    notice: Annotated[str, Field(max_length=200)] = ""

    @field_validator("title", "notice")
    @classmethod
    def _harmless(cls, value: str) -> str:
        return single_line(value)

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"contract ends ({self.until}) before it begins ({self.since})")
        return self


class ClientFile(Model):
    """The client's file. `voip`: None: nobody has asked yet.

    `pledged_on`: when the house pledged secrecy to this client in writing (§ 203 StGB), which lets it serve lawyers and
    doctors.
    """

    voip: Voip | None = None
    telephone_factor: TelephoneFactor = "none"
    contracts: Annotated[tuple[Contract, ...], Field(max_length=50)] = ()
    pledged_on: date | None = None
