"""What is written down about one call, in order: the ledger's writing end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from vorzimmer.core.ledger import ENTERS, OF_LEGS, CallEvent, Kind, Phase
from vorzimmer.core.ports import Journal


class Chronicle:
    """The ledger of one call. `wall`: the wall clock's time now."""

    def __init__(self, call_id: str, wall: datetime, journal: Journal) -> None:
        self.id = call_id
        self.events: list[CallEvent] = []
        self.phase = Phase.RING
        self.ended_at: datetime | None = None
        """When the call ended, if that was learnt later."""
        self._journal = journal
        self._clock_at = (wall, asyncio.get_running_loop().time())
        self._hangup_recorded = False
        self._silent = False
        self._held_back = False

    def go_on(self, known: Sequence[CallEvent]) -> None:
        """Begin where another process stopped."""
        kinds = [event.kind for event in known]
        self.events = list(known)
        self.phase = next((ENTERS[kind] for kind in reversed(kinds) if kind in ENTERS), Phase.RING)
        self._hangup_recorded = Kind.HANGUP in kinds
        # The wall clock may have been set back meanwhile; a ledger does not go backwards.
        wall, loop_time = self._clock_at
        self._clock_at = (max(wall, known[-1].at), loop_time)

    def now(self) -> datetime:
        """This instant. Within a call time goes by the monotonic clock: whoever sets the clock changes no bill."""
        wall, loop_time = self._clock_at
        return wall + timedelta(seconds=asyncio.get_running_loop().time() - loop_time)

    def in_its_time(self, told: datetime, wall: datetime) -> datetime:
        """An instant by the wall clock as the call's own, where the clock was set meanwhile. `wall`: its time now."""
        return told + (self.now() - wall)

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        """Append one event, with the time of this instant unless told, to the ledger."""
        if self._silent:
            return
        self.phase = ENTERS.get(kind, self.phase)
        event = CallEvent(secrets.token_hex(16), self.id, len(self.events), at or self.now(), kind, data)
        self.events.append(event)
        if not self._held_back:
            self._journal.append(event)

    def record_hangup(self, by: str, cause: int) -> None:
        """Who hung up first, with a Q.850 cause; whoever follows is not written down."""
        if not self._hangup_recorded:
            self._hangup_recorded = True
            self.record(Kind.HANGUP, at=self.ended_at, by=by, cause=cause)

    def hold_back(self) -> None:
        """Keep what is recorded in memory, until `write_down`: it is not sure yet that there will be a call."""
        self._held_back = True

    def write_down(self) -> None:
        """It is a call: its ledger goes to the journal, what was held back first."""
        if self._held_back:
            self._held_back = False
            for event in self.events:
                self._journal.append(event)

    @property
    def is_written(self) -> bool:
        """Whether the journal knows of the call."""
        return not self._held_back

    def let_go(self) -> None:
        """Write nothing more: the call goes on in other hands."""
        self._silent = True

    def step_back(self) -> None:
        """The call came back: write again."""
        self._silent = False

    @property
    def last_of_caller(self) -> datetime:
        """When the caller was there for sure."""
        return next(event.at for event in reversed(self.events) if event.kind not in OF_LEGS)

    @property
    def has_talked(self) -> bool:
        """Whether the caller has talked with a person."""
        return any(event.kind in (Kind.TALKING, Kind.FORWARDED) for event in self.events)

    @property
    def is_ending(self) -> bool:
        """Whether somebody has hung up."""
        return self._hangup_recorded
