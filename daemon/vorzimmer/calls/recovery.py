"""Calls that the journal knows as begun and not as ended: they lived when the daemon died.

Those that have left Asterisk are finished from the ledger, with the last thing known as their end. Those that still
live are watched until they leave.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import structlog

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.takeup import note_file
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record, messages_for

log = structlog.get_logger()

POLL = 5.0
"""Seconds between two looks at the calls that still live."""

OpenCalls = Mapping[str, Sequence[CallEvent]]


async def finish_lost(exchange: Exchange, lost: OpenCalls) -> None:
    """Finish every lost call once none of its channels lives; returns when all are finished.

    A call of which the dialplan has left a note is not ours: the daemon died while taking it up, and takes it up anew.
    """
    waiting = {call_id: events for call_id, events in lost.items() if not note_file(exchange, call_id).exists()}
    while waiting:
        await exchange.ari.ready()
        try:
            living = {channel.id for channel in await exchange.ari.channels.list()}
        except AriError as error:
            log.warning("recovery.failed", error=str(error))
            living = set().union(*(channels_of(events) for events in waiting.values()))
        for call_id, events in list(waiting.items()):
            if living.isdisjoint(channels_of(events)):
                del waiting[call_id]
                _finish(exchange, events)
                await _take_down_bridges(exchange, call_id)
        if waiting:
            await asyncio.sleep(POLL)


async def _take_down_bridges(exchange: Exchange, call_id: str) -> None:
    """Take down what the call had put its channels in: its bridges' ids begin with the call's."""
    with contextlib.suppress(AriError):
        for bridge in await exchange.ari.bridges.list():
            if bridge.id.startswith(f"{call_id}-"):
                await exchange.ari.bridges(bridge.id).destroy()


def channels_of(events: Sequence[CallEvent]) -> set[str]:
    """The channels that the call had: the caller's and all legs'."""
    return {events[0].call_id, *(str(event.data["leg"]) for event in events if "leg" in event.data)}


def closing_events(events: Sequence[CallEvent]) -> list[CallEvent]:
    """What is missing from a call that was cut off: its end is taken to be the last known time."""
    last = events[-1]
    missing: list[tuple[Kind, Mapping[str, Any]]] = [
        (Kind.PROBLEM, {"what": "the daemon died during the call; its end is the last thing known of it"})
    ]
    if not any(event.kind is Kind.HANGUP for event in events):
        missing.append((Kind.HANGUP, {"by": "caller", "cause": 16}))
    if not any(event.kind is Kind.ENDED for event in events):
        missing.append((Kind.ENDED, {}))
    return [_event(last.call_id, last.seq + n, last.at, kind, data) for n, (kind, data) in enumerate(missing, 1)]


def _event(call_id: str, seq: int, at: datetime, kind: Kind, data: Mapping[str, Any]) -> CallEvent:
    return CallEvent(str(uuid5(NAMESPACE_URL, f"{call_id}/{seq}")), call_id, seq, at, kind, data)


def _finish(exchange: Exchange, events: Sequence[CallEvent]) -> None:
    closing = closing_events(events)
    for event in closing:
        exchange.journal.append(event)
    cdr = build_cdr([*events, *closing])
    client = exchange.directory().clients.get(cdr.client or "")
    exchange.journal.append_end(end_record(cdr, messages_for(cdr, client)))
    log.info("call.recovered", call_id=cdr.call_id, client=cdr.client, disposition=cdr.disposition.value)
