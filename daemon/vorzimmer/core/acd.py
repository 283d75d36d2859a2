"""Who of a group is offered a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Pool:
    """What is known of the endpoints now; one that is in neither set is free."""

    unreachable: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Offer:
    """The endpoints to ring, in the group's order; none unless the state is free."""

    endpoints: tuple[str, ...]
    state: Literal["free", "busy", "unreachable"]
    reason: str


def choose(endpoints: Sequence[str], pool: Pool) -> Offer:
    """The free ones of `endpoints`. If there is none: busy if waiting can help, else unreachable."""
    reachable = [name for name in endpoints if name not in pool.unreachable]
    free = tuple(name for name in reachable if name not in pool.busy)
    if free:
        return Offer(free, "free", f"{len(free)} of {len(endpoints)} free")
    if reachable:
        return Offer((), "busy", f"all {len(reachable)} reachable are busy")
    return Offer((), "unreachable", "nobody is reachable")
