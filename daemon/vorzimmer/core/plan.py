"""The plan of a call: what `routing.decide` says and `calls.flow` carries out.

Steps are plain values; each names the reason why it stands in the plan. A new step is a class here, an arm
in `routing` and in `flow`, and a file in `calls/steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from vorzimmer.core.client import Client, Did
from vorzimmer.core.contact import Treatment
from vorzimmer.core.handling import Strategy
from vorzimmer.core.serving import Needs


@dataclass(frozen=True, slots=True)
class Incoming:
    """A call as it arrived, cleaned. Numbers are E.164, or None where none was given or it was withheld.

    `looped`: the call carries the mark of one of our own trunk legs, or comes from a number that one of our
    running trunk legs dials.
    """

    dialled: str
    caller: str | None = None
    caller_name: str | None = None
    withheld: bool = False
    diverted_from: str | None = None
    looped: bool = False


class OfficeState(StrEnum):
    """What the calendar says at one instant."""

    OPEN = "open"
    CLOSED = "closed"
    LUNCH = "lunch"
    HOLIDAY = "holiday"
    VACATION = "vacation"


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the channel, if it is not answered yet."""

    reason: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Play `media` (see `Media`) in one go; `early`: before the channel is answered, as early media."""

    media: tuple[str, ...]
    early: bool
    reason: str


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Ring endpoints. Seconds; `wait`: for one to get free if all are busy. `music`: instead of ringing."""

    group: str
    endpoints: tuple[str, ...]
    strategy: Strategy
    seconds: int
    wait: int
    music: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Queue:
    """Wait for an agent who may serve the client; the rest is as in `ToQueue`. `priority`: 10 is a VIP's."""

    needs: Needs
    priority: int
    at_once: int
    seconds: int
    wait: int
    most_waiting: int | None
    most_wait: int | None
    announce_every: int
    callback: bool
    music: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Forward:
    """Dial a number over the trunk, after the gate said yes. Seconds of ringing."""

    number: str
    kind: Literal["partner", "mobile", "contact"]
    seconds: int
    confirm: bool
    music: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Greeting, beep, record. Seconds: longest message, silence that ends it."""

    greeting: str
    max_seconds: int
    silence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """Hang up with a Q.850 cause."""

    cause: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """Promise to call back, and hang up. The rest is as in `Queue`."""

    needs: Needs
    priority: int
    at_once: int
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Play `prompt` and wait for one of the `keys`, as `core.menu.Menu` says; what stands behind each is done next."""

    menu: str
    title: str
    prompt: tuple[str, ...]
    wrong: tuple[str, ...]
    timeout: int
    repeats: int
    keys: Mapping[str, tuple[Step, ...]]
    otherwise: tuple[Step, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Enter the menu of this id; the plan's `menus` say what it asks."""

    menu: str
    reason: str


@dataclass(frozen=True, slots=True)
class Back:
    """The menu before this one, which asks again."""

    reason: str


Deed = Answer | Announce | RingGroup | Queue | Forward | CallBack | Machine | Hangup | Ask
"""What is done with a caller."""

Step = Answer | Announce | RingGroup | Queue | Forward | CallBack | Machine | Hangup | Menu | Back
"""What stands in a plan; `core.way` says what is to be done where a menu is entered or left."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What the client's chain asks for and the plan leaves out, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided when the call arrives. `client` is None for an unknown number.

    `menus`: those to which the steps lead, by id; `treatment`: the client's rule for this caller.
    """

    client: Client | None
    did: Did | None
    state: OfficeState | None
    reason: str
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...] = ()
    decided_at: datetime | None = None
    treatment: Treatment | None = None
    menus: Mapping[str, Ask] = field(default_factory=dict)


# Media are names, not paths: "lib:CLIENT/NAME" is a file of the library, "sys:NAME" one of Asterisk's own sounds.
Media = str
