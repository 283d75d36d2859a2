"""What a worker has under way, in which lanes, and which targets it leaves alone: nothing here waits or stores.

Seconds are those of a clock that nobody sets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vorzimmer.core.breaker import CLOSED, FIRST_PAUSE, Breaker, Passage, opened
from vorzimmer.core.sending_order import Head, Room, choose
from vorzimmer.notify.channel import Lane
from vorzimmer.store.leasing import Target

UNKNOWN_PLACES = 10
"""For messages of a channel that there is not: they end at once."""


@dataclass(frozen=True, slots=True)
class _Going:
    head: Head
    probe: bool


class Traffic:
    """The lanes' places, and each target's breaker.

    Args:
        lanes: by channel.
        clock: gives seconds.
    """

    def __init__(self, lanes: Mapping[str, Lane], clock: Callable[[], float]) -> None:
        self._lanes = lanes
        self._clock = clock
        self._going: dict[int, _Going] = {}
        self._breakers: dict[Target, Breaker] = {}
        self._since_retry: Counter[str] = Counter()

    @property
    def ids(self) -> list[int]:
        """What is under way."""
        return list(self._going)

    def by_channel(self) -> dict[str, int]:
        """How many messages are under way in each lane."""
        going = Counter(one.head.channel for one in self._going.values())
        return {channel: going[channel] for channel in self._lanes}

    def away(self) -> dict[str, int]:
        """How many targets of each channel are away."""
        targets = Counter(channel for (channel, _), breaker in self._breakers.items() if breaker.open)
        return {channel: targets[channel] for channel in self._lanes}

    @property
    def most(self) -> int:
        """How many messages of one target may start at once, in any lane."""
        return max([UNKNOWN_PLACES, *(lane.per_target for lane in self._lanes.values())])

    def found_away(self, targets: Iterable[Target]) -> None:
        """These were away when a worker before this one tried them: probe them, now."""
        for channel, target in targets:
            self._breakers.setdefault((channel, target), opened(self._clock(), self._longest(channel), first=0.0))

    def rooms(self) -> dict[Target, int]:
        """How many more messages each target takes, of which something is known; all others take what fits."""
        going = Counter((one.head.channel, one.head.target) for one in self._going.values())
        rooms = {target: max(0, self._per_target(target[0]) - count) for target, count in going.items()}
        at = self._clock()
        for target, breaker in self._breakers.items():
            passage = breaker.passage(at)
            if passage is not Passage.FREE:
                rooms[target] = int(passage is Passage.PROBE)
        return rooms

    def probing(self) -> list[Target]:
        """Targets that are to be probed now."""
        at = self._clock()
        return [target for target, breaker in self._breakers.items() if breaker.passage(at) is Passage.PROBE]

    def next_probe(self) -> float:
        """Seconds until a target is to be probed that is not yet; infinity if there is none."""
        at = self._clock()
        return min((one.probe_at - at for one in self._breakers.values() if one.probe_at > at), default=float("inf"))

    def choose(self, heads: list[Head]) -> list[Head]:
        """What starts now."""
        return choose(
            heads, {channel: self._room(channel) for channel in {head.channel for head in heads}}, self.rooms()
        )

    def start(self, head: Head) -> None:
        """It sets out; to a target that is away it is the probe."""
        target = (head.channel, head.target)
        breaker = self._breakers.get(target, CLOSED)
        if breaker.open:
            self._breakers[target] = breaker.probed()
        self._going[head.id] = _Going(head, breaker.open)
        self._since_retry[head.channel] = 0 if head.again else self._since_retry[head.channel] + 1

    def is_probe(self, message: int) -> bool:
        """Whether its target was away when it set out."""
        return self._going[message].probe

    def end(self, message: int, *, away: bool) -> bool | None:
        """It has ended; `away`: because of its target. True: with it the target turned out away; False: back."""
        going = self._going.pop(message)
        target = (going.head.channel, going.head.target)
        before = self._breakers.get(target, CLOSED)
        longest = self._longest(going.head.channel)
        after = before.after(away=away, probe=going.probe, at=self._clock(), longest=longest)
        if after == CLOSED:
            self._breakers.pop(target, None)
        else:
            self._breakers[target] = after
        return after.open if after.open != before.open else None

    def _room(self, channel: str) -> Room:
        lane = self._lanes.get(channel)
        places, per_target = (lane.places, lane.per_target) if lane else (UNKNOWN_PLACES, UNKNOWN_PLACES)
        going = [one.head for one in self._going.values() if one.head.channel == channel]
        retries = max(1, places // 2) - sum(head.again for head in going)
        return Room(places - len(going), max(0, retries), per_target, self._since_retry[channel])

    def _per_target(self, channel: str) -> int:
        lane = self._lanes.get(channel)
        return lane.per_target if lane else UNKNOWN_PLACES

    def _longest(self, channel: str) -> float:
        lane = self._lanes.get(channel)
        return lane.probe if lane else FIRST_PAUSE
