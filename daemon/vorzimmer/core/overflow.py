"""Whether a caller waits for an agent at all, or goes on in the chain at once."""

from __future__ import annotations

from dataclasses import dataclass

from vorzimmer.core.plan import Queue


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a caller who is about to wait may expect.

    `at_work`: agents who may serve it and work; `idle`: those of them who are free. `ahead`: callers who would be
    served before. `predicted`: seconds until its turn if nobody is free; None: nobody knows.
    """

    at_work: int
    idle: int
    ahead: int
    predicted: float | None


def why_not(step: Queue, outlook: Outlook) -> str | None:
    """Why the caller does not wait; None: it does."""
    if not outlook.at_work:
        return "no agent is logged in"
    if step.most_waiting is not None and outlook.ahead > step.most_waiting:
        return f"{outlook.ahead} are waiting already, {step.most_waiting} at most"
    waits = outlook.ahead >= outlook.idle
    if waits and step.most_wait is not None and outlook.predicted is not None and outlook.predicted > step.most_wait:
        return f"a wait of {outlook.predicted:.0f} s is predicted, {step.most_wait} s at most"
    return None
