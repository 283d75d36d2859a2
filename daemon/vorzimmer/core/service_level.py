"""How well a day's callers were served. There are several definitions of a service level: the formula stands beside it.

Who was *offered* to the agents: every call that one of them answered, whose caller gave up waiting, or that left the
line for somebody else. Calls that never were for them (closed, blocked, machine at once) count nowhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from vorzimmer.core.cdr import Disposition

TARGET = 20
"""Seconds: the usual target of a service level."""


@dataclass(frozen=True, slots=True)
class Served:
    """A call, as far as it matters here; all in seconds.

    `wait`: from the arrival to the first word of an agent, or to the end if there was none. `wrap_up`: what the agents
    needed afterwards; None where it is not known.
    """

    client: str | None
    disposition: Disposition
    overflowed: bool
    wait: Decimal
    talk: Decimal
    wrap_up: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The sums of some calls; means are in seconds, and None where there was nothing to take a mean of.

    `within`: answered within the target; `gone_at_once`: gave up before the short threshold, and counted neither in
    `abandoned` nor in `level`.
    """

    offered: int
    answered: int
    within: int
    abandoned: int
    gone_at_once: int
    overflowed: int
    mean_wait: Decimal | None
    mean_talk: Decimal | None
    mean_wrap_up: Decimal | None

    @property
    def level(self) -> Decimal | None:
        """The service level, 0 to 1; None without a call that counts."""
        counted = self.answered + self.abandoned
        return Decimal(self.within) / counted if counted else None


def figures(calls: Iterable[Served], target: float = TARGET, short: float = 0) -> Figures:
    """Sum up. `target`: seconds within which a call should be answered; `short`: who abandons sooner is left out."""
    answered: list[Served] = []
    abandoned: list[Served] = []
    overflowed = 0
    for call in calls:
        if call.disposition is Disposition.ANSWERED:
            answered.append(call)
        elif call.disposition is Disposition.ABANDONED:
            abandoned.append(call)
        elif call.overflowed:
            overflowed += 1
    counted = sum(call.wait >= Decimal(str(short)) for call in abandoned)
    return Figures(
        offered=len(answered) + len(abandoned) + overflowed,
        answered=len(answered),
        within=sum(call.wait <= Decimal(str(target)) for call in answered),
        abandoned=counted,
        gone_at_once=len(abandoned) - counted,
        overflowed=overflowed,
        mean_wait=_mean(answered, lambda call: call.wait),
        mean_talk=_mean(answered, lambda call: call.talk),
        mean_wrap_up=_mean(answered, lambda call: call.wrap_up),
    )


def by_client(calls: Iterable[Served], target: float = TARGET, short: float = 0) -> dict[str, Figures]:
    """The figures of each client, by id, in order; calls for unknown numbers are nobody's."""
    found: dict[str, list[Served]] = {}
    for call in calls:
        if call.client is not None:
            found.setdefault(call.client, []).append(call)
    return {client: figures(found[client], target, short) for client in sorted(found)}


def formula(target: float = TARGET, short: float = 0) -> str:
    """How the level is computed, for people."""
    without = f", without those who gave up within {short:g} s" if short else ""
    return f"answered within {target:g} s of arrival ÷ (answered + abandoned{without})"


def _mean(calls: Iterable[Served], seconds: Callable[[Served], Decimal | None]) -> Decimal | None:
    known = [value for call in calls if (value := seconds(call)) is not None]
    return sum(known, Decimal(0)) / len(known) if known else None
