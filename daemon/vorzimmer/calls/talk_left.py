"""The recorded talk of a call that went on in the dialplan alone: what a daemon had begun is finished when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.talk_recording import TalkRecording
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.resume import made_up


class _Left:
    """The call as far as its recording needs it. What is told of it counts as told last."""

    def __init__(self, exchange: Exchange, known: Sequence[CallEvent], client: Client | None) -> None:
        self.id = known[0].call_id
        self.exchange = exchange
        self.client = client
        self.events = list(known)
        self.destroyed = asyncio.Event()
        self.destroyed.set()

    def now(self) -> datetime:
        return self.events[-1].at

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        self.events.append(made_up(self.id, len(self.events), at or self.now(), kind, data))


async def settle(exchange: Exchange, known: Sequence[CallEvent], client: Client | None) -> list[CallEvent]:
    """Keep or delete the files; returns the whole ledger. Done twice, it adds the same events."""
    left = _Left(exchange, known, client)
    recording = TalkRecording(left)
    recording.found()
    await recording.settle()
    return left.events
