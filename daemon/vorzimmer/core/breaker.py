"""Whether a target is worth trying: after several failures in a row that are its own, only a probe now and then.

Closed, everything goes. Open, nothing goes until the pause is over; then one message, the probe, decides: the target
is back, or the pause doubles. Seconds are those of a clock that nobody sets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

IN_A_ROW = 3
"""Failures of a target after which it counts as away."""

FIRST_PAUSE = 2.0
"""Seconds from the failure that opens it to the first probe."""


class Passage(StrEnum):
    """What may go to a target."""

    FREE = "free"
    PROBE = "probe"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one target. `pause`: seconds between probes, 0: it is closed; `probe_at`: when the next may go.

    `failures` in a row while closed. `probing`: the probe is under way.
    """

    failures: int = 0
    pause: float = 0.0
    probe_at: float = 0.0
    probing: bool = False

    @property
    def open(self) -> bool:
        """Whether the target counts as away."""
        return self.pause > 0

    def passage(self, at: float) -> Passage:
        """What may go at this second."""
        if not self.open:
            return Passage.FREE
        return Passage.PROBE if not self.probing and at >= self.probe_at else Passage.NONE

    def probed(self) -> Breaker:
        """A probe has set out."""
        return replace(self, probing=True)

    def after(self, *, away: bool, probe: bool, at: float, longest: float) -> Breaker:
        """What an attempt has shown that ended at `at`. `longest`: the longest pause, in seconds.

        Whatever is no failure of the target closes the breaker, be it a probe or an attempt that was under way
        already. A failure of such an attempt, while it is open, tells nothing new.
        """
        if not away:
            return CLOSED
        if not self.open:
            failures = self.failures + 1
            return opened(at, longest) if failures >= IN_A_ROW else replace(self, failures=failures)
        if not probe:
            return self
        pause = min(self.pause * 2, longest)
        return replace(self, pause=pause, probe_at=at + pause, probing=False)


CLOSED = Breaker()
"""Of a target of which nothing is known."""


def opened(at: float, longest: float, *, first: float = FIRST_PAUSE) -> Breaker:
    """A breaker that opens at `at`; the first probe may go `first` seconds later."""
    return Breaker(pause=min(FIRST_PAUSE, longest), probe_at=at + min(first, longest))
