"""How long what tells of callers is kept, and how it is taken out of what stays. Pure.

Why there is an end: personal data are kept no longer than they are needed (GDPR Art. 5 (1) e), traffic data that are
needed to charge for a call at most six months after the bill was sent (TDDDG § 10 (2)).

What is erased is erased for good, but the row stays: that there was a call, and what it cost, must be proven longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import Field

from vorzimmer.core.model import Model

ERASED = "[erased]"
"""What stands where something was erased out of a text that stays."""

Span = Annotated[int, Field(ge=1, le=3650)]
"""Days."""


class Keep(Model):
    """For how many days a client wants things kept from the end of the call on; what is not set is the house's.

    `numbers`: callers' and forwarded numbers, and names. `recordings`: messages that callers spoke (recorded talks:
    `recording.keep_days`). `notes`: what agents wrote. `copies`: what was sent to the client; it holds numbers too, so
    it goes with them at the latest.
    """

    numbers: Span | None = None
    recordings: Span | None = None
    notes: Span | None = None
    copies: Span | None = None


@dataclass(frozen=True, slots=True)
class Days:
    """For how many days each kind is kept."""

    numbers: int
    recordings: int
    notes: int
    copies: int


KINDS = tuple(field.name for field in fields(Days))
"""What is kept for a time of its own."""


def days_of(keep: Keep, house: Days, most: Days) -> Days:
    """What holds for a client: its own wish, else the house's default, never more than the house's maximum."""
    wished = {kind: min(getattr(keep, kind) or getattr(house, kind), getattr(most, kind)) for kind in KINDS}
    return Days(**{**wished, "copies": min(wished["copies"], wished["numbers"])})


def beyond(keep: Keep, most: Days) -> tuple[str, ...]:
    """The kinds that a client wants kept longer than the house allows."""
    return tuple(kind for kind in KINDS if (getattr(keep, kind) or 0) > getattr(most, kind))


def night_of(now: datetime, at: time, timezone: str) -> date:
    """The date of the last night whose erasure was due: it begins at `at` (wall clock of `timezone`)."""
    local = now.astimezone(ZoneInfo(timezone))
    return local.date() if local.time() >= at else local.date() - timedelta(days=1)


# Numbers in texts


def writings(number: str) -> re.Pattern[str]:
    """Every writing of an E.164 number, or of bare digits: +49…, 0049…, 49…, 0…, with blanks, dots and hyphens."""
    between = r"[ \u00a0()./-]{0,3}"
    if not number.startswith("+"):
        return re.compile(rf"(?<!\d){between.join(number)}(?!\d)")
    country, national = _split(number)
    prefixed = rf"(?:\+|00|0)?{between.join(country)}{between}(?:\(0\){between})?"
    return re.compile(rf"(?<![\d])(?:{prefixed}|0{between})?{between.join(national)}(?!\d)")


def national_digits(number: str) -> str:
    """The digits that every writing of the number has."""
    return _split(number)[1] if number.startswith("+") else number


def _split(number: str) -> tuple[str, str]:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "", number.removeprefix("+")
    return str(parsed.country_code), phonenumbers.national_significant_number(parsed)


@dataclass(frozen=True, slots=True)
class Blotter:
    """Takes numbers, and names as a whole, out of texts."""

    patterns: tuple[re.Pattern[str], ...]
    names: frozenset[str] = frozenset()

    def text(self, value: str) -> str:
        """The text with a mark for each number."""
        if value in self.names:
            return ERASED
        for pattern in self.patterns:
            value = pattern.sub(ERASED, value)
        return value

    def json(self, value: Any) -> Any:
        """The same for every text in a plain JSON value."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {key: self.json(one) for key, one in value.items()}
            case list() | tuple():
                return [self.json(one) for one in value]
            case _:
                return value


def blotter_for(numbers: Iterable[str], names: Iterable[str] = ()) -> Blotter:
    """For these numbers; those that are too short to be told from other digits are left out."""
    long = sorted({one for one in numbers if len(one) > _SHORT})
    return Blotter(tuple(writings(one) for one in long), frozenset(name for name in names if name))


_SHORT = 6
"""Digits of an extension or of a short code, which may be anything in a text."""

# What the ledger tells of people

PERSONAL = frozenset({"caller", "caller_name", "diverted_from", "forwarded_to"})
"""Keys of events whose value is about somebody."""

REACHED = frozenset({"number", "to", "target", "by", "digits"})
"""Keys whose value is about somebody if it is a telephone number; else an agent, a contact, an endpoint or a word."""

OURS = frozenset({"dialled", "did"})
"""Keys whose value is a number of the house."""

_NUMBER = re.compile(r"\+?[0-9 ()./-]{6,}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def without_people(data: Mapping[str, Any], blotter: Blotter) -> dict[str, Any]:
    """The data of an event without numbers and names: what is about somebody is null, a number in a text is marked."""
    return {key: _without_people(key, value, blotter) for key, value in data.items()}


def _without_people(key: str, value: Any, blotter: Blotter) -> Any:
    match value:
        case str() if key in OURS:
            return value
        case str() if key in PERSONAL or (key in REACHED and is_number(value)):
            return None
        case str():
            return _E164.sub(ERASED, blotter.text(value))
        case Mapping():
            return without_people(value, blotter)
        case list() | tuple():
            return [_without_people(key, one, blotter) for one in value]
        case _:
            return value


def is_number(text: str) -> bool:
    """Whether a text is a telephone number and nothing else, but no extension."""
    return _NUMBER.fullmatch(text) is not None


def numbers_in(data: Mapping[str, Any]) -> set[str]:
    """The numbers of people that the data of an event name."""
    found: set[str] = set()
    for key, value in data.items():
        if isinstance(value, Mapping):
            found |= numbers_in(value)
        elif isinstance(value, str) and key in PERSONAL | REACHED and is_number(value):
            found.add(value)
    return found
