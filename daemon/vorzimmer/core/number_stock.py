"""The stock of the house's numbers: what state one may be in, which state may follow, and who may get it.

A number is free, reserved for a client, with a client (it is among the client's DIDs in the book), cooling down after
one, or ported: gone to another house. A reservation and a cooling-down that are over leave the number free; nobody has
to do anything for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vorzimmer.core import number as numbers

COOLING_DAYS = 90
"""For how long a client's number is given to nobody else, unless it is said otherwise when it is added.

Callers go on dialling it, and what they have to say was meant for the one before, who may be a lawyer or a doctor. It
is the most that a private number may rest in the United States, and twice the least (47 CFR 52.15(f)(1)(ii)).
"""

MOST_IN_BLOCK = 1000
"""Numbers that are added at once."""

LONGEST_COOLING = 3650
"""Days."""


class State(StrEnum):
    """What a number of the stock is. The values stand in the database."""

    FREE = "free"
    RESERVED = "reserved"
    WITH_CLIENT = "with_client"
    COOLING = "cooling"
    PORTED = "ported"


FOLLOWS: Mapping[State, frozenset[State]] = {
    State.FREE: frozenset({State.RESERVED, State.WITH_CLIENT, State.PORTED}),
    State.RESERVED: frozenset({State.FREE, State.RESERVED, State.WITH_CLIENT, State.PORTED}),
    State.WITH_CLIENT: frozenset({State.COOLING, State.PORTED}),
    State.COOLING: frozenset({State.FREE, State.RESERVED, State.WITH_CLIENT, State.PORTED}),
    State.PORTED: frozenset({State.RESERVED, State.FREE}),
}
"""Which states may follow a state. After a client a number always cools down; only that client gets it out of there."""


class NotPossible(Exception):
    """The number cannot become that now. The text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Stocked:
    """A number of the stock. Times are aware.

    `client_id`: for whom it is reserved, who has it, or who had it before it cooled down or left. `order`: what it is
    reserved for, in whatever form the order is named.
    """

    number: str
    country: str
    kind: str
    state: State
    since: datetime
    client_id: str | None = None
    order: str = ""
    until: datetime | None = None
    cooling_days: int = COOLING_DAYS
    note: str = ""


def at_time(stocked: Stocked, at: datetime) -> Stocked:
    """The number as it counts at `at`: what is over by then has left it free."""
    over = stocked.until is not None and stocked.until <= at
    if over and stocked.state in (State.RESERVED, State.COOLING):
        return replace(stocked, state=State.FREE, since=stocked.until or at, client_id=None, order="", until=None)
    return stocked


def require(stocked: Stocked, state: State, at: datetime, *, client: str | None = None, order: str = "") -> None:
    """Whether the number may enter a state now. `client`: for whom; `order`: for which of that client's orders.

    Raises:
        NotPossible: it may not, and why.
    """
    now = at_time(stocked, at)
    if state not in FOLLOWS[now.state]:
        raise NotPossible(f"{now.number} {_described(now)}{_CURES.get((now.state, state), '')}")
    if client is None or now.state not in (State.RESERVED, State.COOLING):
        return
    if client != now.client_id or (order and now.order and order != now.order):
        raise NotPossible(f"{now.number} {_described(now)}; choose another number")


def _described(now: Stocked) -> str:
    until = f" until {now.until:%Y-%m-%d %H:%M %Z}" if now.until else ""
    match now.state:
        case State.FREE:
            return "is free"
        case State.RESERVED:
            order = f" ({now.order})" if now.order else ""
            return f"is reserved for client {now.client_id!r}{order}{until}"
        case State.WITH_CLIENT:
            return "belongs to a client already"
        case State.COOLING:
            return f"belonged to client {now.client_id!r} and rests{until}"
        case State.PORTED:
            return "was ported to another house"


_CURES = {
    (State.PORTED, State.WITH_CLIENT): "; port it back first",
    (State.PORTED, State.PORTED): " already",
    (State.WITH_CLIENT, State.RESERVED): "; release it there first",
    (State.FREE, State.FREE): " already",
}


def block(first: str, last: str) -> list[str]:
    """All numbers from `first` to `last`, both E.164 and of the same length.

    Raises:
        ValueError: they make no block, or one of more than `MOST_IN_BLOCK`.
    """
    if len(first) != len(last) or numbers.country(first) != numbers.country(last):
        raise ValueError(f"{first} and {last} are not of one block: they differ in length or country")
    count = int(last) - int(first) + 1
    if not 0 < count <= MOST_IN_BLOCK:
        raise ValueError(f"from {first} to {last} are {max(count, 0)} numbers; 1 to {MOST_IN_BLOCK} are added at once")
    return [f"+{int(first) + n}" for n in range(count)]


def country_of(number: str, country: str | None) -> str:
    """The country that an E.164 number belongs to. `country`: what a person says that it is.

    Raises:
        ValueError: it is another one, or cannot be told from the number and was not said.
    """
    found = numbers.country(number)
    if found is not None and country not in (None, found):
        raise ValueError(f"{number} is a number of {found}, not of {country}")
    if (found or country) is None:
        raise ValueError(f"{number}: its country cannot be told from the number; say which one it is")
    return found or country or ""


def described(number: str, country: str | None, *, cooling_days: int, note: str, at: datetime) -> Stocked:
    """A number that comes into the stock, free.

    Raises:
        ValueError: as `country_of`.
    """
    return Stocked(
        number,
        country_of(number, country),
        numbers.kind(number).value,
        State.FREE,
        at,
        cooling_days=cooling_days,
        note=note,
    )
