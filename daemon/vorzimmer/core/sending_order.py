"""Which of the messages that are due start next.

First attempts start in the order in which their calls ended, in each lane and to each target. Retries hold them up
little: every fourth start is one, if one is due, so that they are not left for ever; and they take half of a lane's
places at most.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

EVERY = 4
"""One start of so many is a retry's while first attempts wait."""


@dataclass(frozen=True, slots=True)
class Head:
    """A message near the head of its target's line. `again`: it was tried before."""

    id: int
    channel: str
    target: str
    client: str
    again: bool


@dataclass(frozen=True, slots=True)
class Room:
    """What is free in a lane: `places`, of which `retries` may take so many.

    `per_target`: what one target may take of them, where nothing else is known of it. `since_retry`: first attempts
    that have started since the last retry.
    """

    places: int
    retries: int
    per_target: int
    since_retry: int = 0


def choose(heads: Iterable[Head], lanes: Mapping[str, Room], targets: Mapping[tuple[str, str], int]) -> list[Head]:
    """The messages that start now, in their order.

    Args:
        heads: those that are due, first attempts and retries each in their own order.
        lanes: by channel; a channel that is not there has nothing free.
        targets: how many more messages may go to (channel, target), where that is not what its lane says.
    """
    by_lane: dict[str, tuple[deque[Head], deque[Head]]] = {}
    for head in heads:
        if head.channel in lanes:
            by_lane.setdefault(head.channel, (deque(), deque()))[head.again].append(head)
    chosen = []
    for channel, (first, again) in by_lane.items():
        chosen += _of_lane(first, again, lanes[channel], targets)
    return chosen


def _of_lane(first: deque[Head], again: deque[Head], lane: Room, targets: Mapping[tuple[str, str], int]) -> list[Head]:
    taken: Counter[str] = Counter()
    chosen: list[Head] = []
    retries, since_retry = 0, lane.since_retry
    while len(chosen) < lane.places and (first or again):
        retry_next = bool(again) and retries < lane.retries and (since_retry >= EVERY - 1 or not first)
        if not retry_next and not first:
            break
        head = (again if retry_next else first).popleft()
        if taken[head.target] >= targets.get((head.channel, head.target), lane.per_target):
            continue
        taken[head.target] += 1
        chosen.append(head)
        retries += retry_next
        since_retry = 0 if retry_next else since_retry + 1
    return chosen
