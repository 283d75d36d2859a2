"""Calls as the tests of the journal and the database need them."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vorzimmer.core.call_segments import segments_of
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import Message, end_record
from vorzimmer.store.journal import Journal

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

STORY: tuple[tuple[int, Kind, dict[str, Any]], ...] = (
    (0, Kind.ARRIVED, {"dialled": "+498912345", "caller": "+491701234567", "caller_name": "Jürgen Groß"}),
    (1, Kind.ROUTED, {"client": "mueller", "state": "open", "reason": "open: Monday 08:00-18:00"}),
    (2, Kind.RINGING, {}),
    (4001, Kind.ANSWERED, {}),
    (4002, Kind.TALKING, {"by": "alice"}),
    (64002, Kind.HANGUP, {"by": "caller", "cause": 16}),
    (64010, Kind.ENDED, {}),
)
"""An answered call: milliseconds after its arrival, what happened, and its data."""


class Troubles:
    """Keeps what was reported; `told` is set from the first report on."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.reported: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, /, **about: Any) -> None:
        """Implement `core.ports.Trouble`."""
        self.reported.append((event, about))
        self.told.set()

    @property
    def events(self) -> list[str]:
        """The names of what was reported."""
        return [event for event, _ in self.reported]


def events(call_id: str, upto: int = len(STORY)) -> tuple[CallEvent, ...]:
    """The first events of an answered call."""
    return tuple(
        CallEvent(str(uuid.uuid4()), call_id, seq, START + timedelta(milliseconds=after), kind, data)
        for seq, (after, kind, data) in enumerate(STORY[:upto])
    )


def end(cdr: Cdr, *recipients: str) -> dict[str, Any]:
    """The end-of-call record, with the segments of the story and an e-mail to each recipient."""
    segments = segments_of(events(cdr.call_id))
    return end_record(cdr, [Message("email", to, "de", {"did": cdr.did}) for to in recipients], segments)


def write_call(journal: Journal, call_id: str, *recipients: str, **changed: Any) -> Cdr:
    """Append a whole call; `changed` are fields of the CDR that shall differ."""
    happened = events(call_id)
    for event in happened:
        journal.append(event)
    cdr = replace(build_cdr(happened), **changed)
    journal.append_end(end(cdr, *(recipients or ("office@example.org",))))
    return cdr
