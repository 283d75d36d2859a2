"""The forms that agents fill in for a client, as data: kinds, fields, limits, and what is filled in from the call."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from vorzimmer.core.model import Model, Slug


class FormKind(StrEnum):
    """What a note is about."""

    MESSAGE = "message"
    ORDER = "order"
    APPOINTMENT = "appointment"
    ADVERTISEMENT = "advertisement"
    """An advertisement that a caller places, in a newspaper for instance."""
    BOOKING = "booking"
    FREE = "free"


class FieldType(StrEnum):
    """What a field takes."""

    TEXT = "text"
    """One line."""
    LONG_TEXT = "long_text"
    """Any number of lines."""
    PHONE = "phone"
    EMAIL = "email"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    CHOICE = "choice"
    CHECKBOX = "checkbox"
    CONTACT = "contact"
    """One of the client's contacts, by its id."""


LONGEST_LINE = 200
LONGEST_TEXT = 20_000
"""Characters that a field of one line, and one of many, takes at most."""


class FromCall(StrEnum):
    """Defaults that are taken from the call."""

    CALLER = "call.caller"
    CALLER_NAME = "call.caller_name"
    DID = "call.did"
    DATE = "call.date"
    TIME = "call.time"


class FormField(Model):
    """One field. `max_length`: characters, None for a checkbox; `default`: a text, a tick, or one of `FromCall`."""

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
    label: Annotated[str, Field(min_length=1, max_length=80)]
    type: FieldType = FieldType.TEXT
    required: bool = False
    choices: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)], ...], Field(max_length=50)
    ] = ()
    max_length: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] | None = None
    default: bool | Annotated[str, Field(max_length=LONGEST_TEXT)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, value: Any) -> Any:
        """A field that names no length has its type's."""
        if isinstance(value, Mapping) and value.get("max_length") is None:
            return {**value, "max_length": longest(value.get("type", FieldType.TEXT))}
        return value

    @field_validator("label", "choices")
    @classmethod
    def _printable(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not all(text.isprintable() for text in ((value,) if isinstance(value, str) else value)):
            raise ValueError("labels and choices hold printable characters only")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type is FieldType.CHOICE) != bool(self.choices):
            raise ValueError("choices stand with the type choice, and only there")
        if len(set(self.choices)) != len(self.choices):
            raise ValueError("a choice stands twice")
        most = longest(self.type)
        if self.max_length != most and (self.type not in _FREE or (self.max_length or 0) > (most or 0)):
            raise ValueError(f"max_length is for text (at most {LONGEST_LINE}) and long_text (at most {LONGEST_TEXT})")
        self._default_fits()
        return self

    def _default_fits(self) -> None:
        match self.default:
            case None:
                return
            case bool():
                fits = self.type is FieldType.CHECKBOX
            case str() as text if text.startswith("call."):
                fits = text in list(FromCall) and self.type not in (FieldType.CHECKBOX, FieldType.CHOICE)
            case str() as text:
                fits = self.type is not FieldType.CHECKBOX and len(text) <= (self.max_length or 0)
                fits = fits and (not self.choices or text in self.choices)
        if not fits:
            raise ValueError(f"the default {self.default!r} does not fit (from the call: {', '.join(FromCall)})")


_FREE = (FieldType.TEXT, FieldType.LONG_TEXT)


def longest(kind: str) -> int | None:
    """How many characters a field of this type takes at most; None: it takes no text."""
    if kind == FieldType.CHECKBOX:
        return None
    return LONGEST_TEXT if kind == FieldType.LONG_TEXT else LONGEST_LINE


class Form(Model):
    """One form of a client. The fields are filled in in this order, and told so."""

    id: Slug
    kind: FormKind = FormKind.FREE
    title: Annotated[str, Field(min_length=1, max_length=80)]
    fields: Annotated[tuple[FormField, ...], Field(min_length=1, max_length=40)]

    @field_validator("title")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable() or "=?" in value:
            raise ValueError("a title holds printable characters only")
        return value

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [field.id for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("a field stands twice")
        return self


@lru_cache(maxsize=256)
def read_form(written: str) -> Form:
    """The form that this JSON is; many notes are of the same one.

    Raises:
        ValidationError: it is none.
    """
    return Form.model_validate_json(written)
