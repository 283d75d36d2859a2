"""What happens to a client's calls in one state of the office: how a call begins, and the overflow chain."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from vorzimmer.core.announcement import Name, Sound
from vorzimmer.core.model import Endpoint, Model, Number, Slug


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


class ToQueue(Model):
    """Wait for an agent who may serve the client. Durations are seconds.

    `at_once`: how many agents ring together, for `seconds`, before the next ones do. `wait`: how long a caller waits
    at most. `most_waiting`, `most_wait`: with so many waiting for the same agents, or so long a wait predicted, the
    chain goes on at once. `announce_every`: place and predicted wait are said so often; 0: never. `callback`: who
    presses 1 is called back and keeps the place. `team`: whose agents serve, instead of the client's own team's.
    """

    to: Literal["queue"]
    at_once: Annotated[int, Field(ge=1, le=10)] = 1
    seconds: Annotated[int, Field(ge=5, le=120)] = 15
    wait: Annotated[int, Field(ge=1, le=3600)] = 300
    most_waiting: Annotated[int, Field(ge=0, le=1000)] | None = None
    most_wait: Annotated[int, Field(ge=1, le=3600)] | None = None
    announce_every: Annotated[int, Field(ge=0, le=600)] = 45
    callback: bool = False
    team: Slug | None = None


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
    """Play an announcement and go on.

    `then`: more that is played in one go behind it, names of announcements or `@opening`, the day and time at which
    the office opens next. The name before `@opening` leads up to it: where no opening can be told, both are left out.
    """

    to: Literal["announcement"]
    sound: Name
    then: Annotated[tuple[Name | Literal["@opening"], ...], Field(max_length=8)] = ()


class ToHangup(Model):
    """Hang up with a Q.850 cause."""

    to: Literal["hangup"]
    cause: Annotated[int, Field(ge=1, le=127)] = 16


class ToMenu(Model):
    """Ask the caller for a key (`core.menu`). In a menu in which the caller is already: ask there again."""

    to: Literal["menu"]
    menu: Slug


class ToContact(Model):
    """Ring a contact's telephones, at its hours; `rota` instead of one: those on call."""

    to: Literal["contact"]
    contact: Slug


class ToCallback(Model):
    """Promise to call back, and hang up. Goes on where that is not possible."""

    to: Literal["callback"]


class ToBack(Model):
    """The menu before this one, which asks again. Only in menus."""

    to: Literal["back"]


Target = Annotated[
    ToGroup | ToQueue | ToNumber | ToMachine | ToAnnouncement | ToMenu | ToContact | ToCallback | ToHangup,
    Field(discriminator="to"),
]


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


DEFAULT_CLOSED = Handling(
    begin=Greet.ANSWER, chain=(ToAnnouncement(to="announcement", sound=Sound.CLOSED), ToMachine(to="machine"))
)
