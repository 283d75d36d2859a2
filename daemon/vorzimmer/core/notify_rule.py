"""A client's rules for what it is told of its calls: which calls, by which channel, to whom, at once or together.

A rule is data of the client. What is done with it when a call has ended: `core.delivery`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, model_validator

from vorzimmer.core.contact import Contact, Rota
from vorzimmer.core.model import STORED, Address, Hours, Language, Model, Number, Slug

CONTACT = "contact:"
"""Before the id of one of the client's contacts, in place of an address."""

ON_CALL = "on-call"
"""In place of an address: whoever of the client's contacts is on duty when the call ends."""

LONGEST_URL = 500


class Channel(StrEnum):
    """A way to a recipient; the name that stands in the outbox."""

    EMAIL = "email"
    SMS = "sms"
    FAX = "fax"
    WEBHOOK = "webhook"


class Kind(StrEnum):
    """A kind of call, as a client thinks of it; a call may be of several."""

    ANSWERED = "answered"
    """An agent talked."""
    NOTED = "noted"
    """There is an agent's note about it."""
    PUT_THROUGH = "put_through"
    """One of the client's people, or a partner, talked."""
    MESSAGE = "message"
    """The answering machine took a message."""
    MISSED = "missed"
    """Nobody talked and nothing was left: abandoned, not reached, failed."""
    CALLBACK = "callback"
    """The caller asked to be called back."""
    ANNOUNCED = "announced"
    """Only an announcement was heard."""
    BLOCKED = "blocked"
    """The client wants no calls of this caller."""
    URGENT = "urgent"
    """A note about it is urgent, whatever else it is."""


class Fact(StrEnum):
    """What a message may tell besides whose call it was and what became of it."""

    CALLER = "caller"
    TIME = "time"
    DID = "did"
    OFFICE = "office"
    WAITED = "waited"
    FORWARDED_TO = "forwarded_to"
    TALKED = "talked"
    MESSAGE = "message"
    DURATION = "duration"
    NOTE = "note"


class Template(Model):
    """The client's own words, in Liquid (https://shopify.github.io/liquid/). No subject: the usual one."""

    subject: Annotated[str, Field(max_length=300)] = ""
    body: Annotated[str, Field(min_length=1, max_length=10_000)]


class Rule(Model):
    """One rule. Of several that send the same call the same way to the same address, the first one is followed.

    `to`: e-mail addresses, telephone numbers or URLs, as the channel wants; `contact:ID`; `on-call`. `of`: kinds of
    calls; none: all but blocked ones. `digest`: at these times of day (the client's zone) all together, urgent ones at
    once; none: each at once. `quiet`: hours in which only urgent ones are sent; the others wait for their end.
    `language`: none: the client's. `facts`: those that are told; none: all. `numbers`: whole, or without the last
    three digits. `recording`: attached (e-mail only; elsewhere a link), a link that expires, or not told where it is.
    """

    id: Slug
    channel: Channel
    to: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=LONGEST_URL)], ...], Field(min_length=1, max_length=20)
    ]
    of: Annotated[tuple[Kind, ...], Field(max_length=len(Kind))] = ()
    digest: Annotated[tuple[time, ...], Field(max_length=24)] = ()
    quiet: Hours | None = None
    language: Language | None = None
    facts: Annotated[tuple[Fact, ...], Field(max_length=len(Fact))] = ()
    numbers: Literal["whole", "shortened"] = "whole"
    recording: Literal["attached", "linked", "none"] = "attached"
    template: Template | None = None

    @model_validator(mode="before")
    @classmethod
    def _addresses(cls, value: Any, info: ValidationInfo) -> Any:
        """Every address cleaned as its channel wants."""
        if not isinstance(value, dict) or value.get("channel") not in list(Channel):
            return value
        to = value.get("to")
        if not isinstance(to, list | tuple):
            return value
        channel = Channel(value["channel"])
        return {**value, "to": [clean_recipient(channel, one, info.context) for one in to]}

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if any(at.tzinfo is not None or at.second or at.microsecond for at in self.digest):
            raise ValueError("a digest is sent at a time of day in hours and minutes, such as 18:00")
        return self


_FORMS: dict[Channel, TypeAdapter[str]] = {
    Channel.EMAIL: TypeAdapter(Address),
    Channel.SMS: TypeAdapter(Number),
    Channel.FAX: TypeAdapter(Number),
}


def clean_recipient(channel: Channel, value: object, context: dict[str, Any] | None = None) -> str:
    """An address of this channel in its one form.

    Raises:
        ValueError: it is none; the message says what it should be.
    """
    if not isinstance(value, str):
        raise ValueError("an address is written as text")  # noqa: TRY004 - pydantic turns only a ValueError into a message
    text = value.strip()
    if text == ON_CALL or (text.startswith(CONTACT) and len(text) > len(CONTACT)):
        return text
    if channel is Channel.WEBHOOK:
        return _url(text)
    try:
        return _FORMS[channel].validate_python(text, context=context)
    except ValidationError as error:
        raise ValueError(f"{text[:100]!r}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None


def _url(text: str) -> str:
    """An https URL (http to this machine only, for trying), printable and without a password.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{text[:100]!r} is no URL") from None
    local = host in ("127.0.0.1", "localhost", "::1")
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise ValueError(f"{text[:100]!r} is no https URL")
    if not text.isascii() or not text.isprintable() or " " in text or "@" in parts.netloc or len(text) > LONGEST_URL:
        raise ValueError("a URL holds no spaces, no password, only ASCII, and at most 500 characters")
    return text


def require_known(rules: tuple[Rule, ...], contacts: tuple[Contact, ...], rota: Rota | None) -> None:
    """Every rule has an id of its own, and names only contacts there are.

    Raises:
        ValueError: it does not; the message names the rule.
    """
    ids = [rule.id for rule in rules]
    if len(set(ids)) != len(ids):
        raise ValueError("a rule stands twice in notify")
    known = {contact.id for contact in contacts}
    for rule in rules:
        for one in rule.to:
            if one == ON_CALL and rota is None:
                raise ValueError(f"rule {rule.id!r}: there is no rota, so nobody is on call")
            if one.startswith(CONTACT) and one.removeprefix(CONTACT) not in known:
                raise ValueError(f"rule {rule.id!r}: there is no contact {one.removeprefix(CONTACT)!r}")


_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(tuple[Rule, ...])


def as_json(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Rules as plain JSON, for a message's payload."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]


def telling(rule: Rule) -> dict[str, Any]:
    """What whoever writes a message needs of its rule, as plain JSON: the id, and what is not as usual."""
    return {"id": rule.id} | rule.model_dump(
        mode="json", exclude_defaults=True, include={"facts", "numbers", "recording", "template"}
    )


def from_json(written: Any) -> tuple[Rule, ...]:
    """The rules that `as_json` wrote.

    Raises:
        ValidationError: they are none.
    """
    return _RULES.validate_python(written, context=STORED)
