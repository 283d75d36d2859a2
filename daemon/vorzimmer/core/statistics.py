"""What the calls and the agents of some days come to. Every figure is defined in docs/statistics.md.

The sums are made where the calls are stored; here is what follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class By(StrEnum):
    """By what calls are told apart. Hours, weekdays and days are those on which they began, by the clock asked for."""

    CLIENT = "client"
    AGENT = "agent"
    """The first who talked."""
    TEAM = "team"
    """That serves the client, as the book has it now."""
    HOUR = "hour"
    WEEKDAY = "weekday"
    """1: Monday … 7: Sunday."""
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Volumes:
    """Incoming calls under one key; None: of no client, agent or team. All times in seconds.

    `within`: answered within the target; `gone_at_once`: gave up before the short threshold, counted neither in
    `abandoned` nor in `level`. Waits are those of answered calls, except `waited`: the sum of the waits of all who were
    answered or gave up. `wrap_up` is that of the `wrapped` calls, of which it is known.
    """

    key: str | None
    answered: int
    within: int
    abandoned: int
    gone_at_once: int
    overflowed: int
    mean_wait: Decimal | None
    p90_wait: Decimal | None
    max_wait: Decimal | None
    waited: Decimal
    talk: Decimal
    hold: Decimal
    wrap_up: Decimal
    wrapped: int

    @property
    def offered(self) -> int:
        """All who were for the agents, as `core.service_level` says."""
        return self.answered + self.abandoned + self.gone_at_once + self.overflowed

    @property
    def level(self) -> Decimal | None:
        """The service level, 0 to 1; None without a call that counts."""
        counted = self.answered + self.abandoned
        return Decimal(self.within) / counted if counted else None

    @property
    def mean_talk(self) -> Decimal | None:
        """Of an answered call."""
        return self.talk / self.answered if self.answered else None

    @property
    def mean_wrap_up(self) -> Decimal | None:
        """Of a call of which it is known."""
        return self.wrap_up / self.wrapped if self.wrapped else None

    @property
    def handling(self) -> Decimal | None:
        """What an answered call takes of an agent's time: talk, hold and wrap-up, in the mean."""
        if not self.answered:
            return None
        return (self.talk + self.hold) / self.answered + (self.mean_wrap_up or ZERO)


@dataclass(frozen=True, slots=True)
class Shift:
    """What an agent did in some days; seconds. What lasted over an end of these days is cut there.

    `calls`: talked on; `missed`: offers not answered; `days`: on which it was logged in at all.
    """

    agent: str
    calls: int
    missed: int
    talk: Decimal
    hold: Decimal
    wrap_up: Decimal
    logged_in: Decimal
    paused: Decimal
    days: int

    @property
    def occupancy(self) -> Decimal | None:
        """(talk + hold + wrap-up) ÷ (logged in - paused); None for who was never there for calls."""
        present = self.logged_in - self.paused
        return (self.talk + self.hold + self.wrap_up) / present if present > 0 else None

    @property
    def calls_a_day(self) -> Decimal | None:
        """Of the days on which it was logged in."""
        return Decimal(self.calls) / self.days if self.days else None


OCCUPANCY = "(talk + hold + wrap-up) ÷ (logged in - paused)"
"""The formula, for people."""
