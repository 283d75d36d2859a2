"""The one gate that every leg over a trunk passes, counted before dialling so that parallel calls cannot overrun.

The counts of the day are kept in a small file: a restart must not open the gate again. The file is written to
the page cache only, a forward is rare and a lost count after a power cut harmless.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from vorzimmer.core.client import Client
from vorzimmer.core.dialing import Policy, Refusal, Usage, may_dial, policy_for
from vorzimmer.core.ports import Clock

log = structlog.get_logger()


class TrunkGate:
    """Permission to dial.

    Args:
        house: the operator's limits.
        own_numbers: our DIDs; dialling one of them would be a loop.
        timezone: whose midnight begins a new day of the caps.
        file: where the day's counts are kept.
    """

    def __init__(
        self, house: Policy, own_numbers: Callable[[], frozenset[str]], timezone: str, file: Path, clock: Clock
    ) -> None:
        self.house = house
        self._own_numbers = own_numbers
        self._zone = ZoneInfo(timezone)
        self._file = file
        self._clock = clock
        self._running: Counter[str] = Counter()
        self._dialled: Counter[str] = Counter()
        self._day, self._today = self._load()

    def enter(self, number: str, client: Client, *, returns: bool = False) -> Refusal | None:
        """Ask to dial; when the answer is None the leg is counted and `leave` must follow.

        `returns`: it is meant to come back, so who is forwarded from that number meanwhile is no loop of ours.
        """
        self._turn_day()
        policy = policy_for(client.forwarding, self.house)
        usage = Usage(parallel=self._running[client.id], today=self._today[client.id])
        refusal = may_dial(number, policy, usage, self._own_numbers())
        if refusal is None:
            self._running[client.id] += 1
            self._dialled[number] += not returns
            self._today[client.id] += 1
            self._save()
        return refusal

    def enter_again(self, number: str, client: Client) -> None:
        """A leg that another process had been allowed, and had counted for the day; `leave` must follow."""
        self._running[client.id] += 1
        self._dialled[number] += 1

    def leave(self, number: str, client: Client, *, returns: bool = False) -> None:
        """The leg has ended. `returns`: as it entered."""
        for counter, key, legs in ((self._running, client.id, 1), (self._dialled, number, int(not returns))):
            counter[key] -= legs
            if counter[key] <= 0:
                del counter[key]

    def is_dialled(self, number: str | None) -> bool:
        """Whether the number is being dialled right now: a call diverted by it is our own forward coming back."""
        return number is not None and self._dialled[number] > 0

    def _now_day(self) -> str:
        return self._clock().astimezone(self._zone).date().isoformat()

    def _turn_day(self) -> None:
        if (day := self._now_day()) != self._day:
            self._day, self._today = day, Counter()

    def _load(self) -> tuple[str, Counter[str]]:
        day = self._now_day()
        try:
            kept = json.loads(self._file.read_text())
            if kept["day"] == day:
                return day, Counter({str(k): int(v) for k, v in kept["dialled"].items()})
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("gate.counts_unreadable", file=str(self._file), error=str(error))
        return day, Counter()

    def _save(self) -> None:
        fresh = self._file.with_suffix(".new")
        try:
            fresh.write_text(json.dumps({"day": self._day, "dialled": self._today}))
            fresh.replace(self._file)
        except OSError as error:
            log.warning("gate.counts_not_kept", file=str(self._file), error=str(error))
