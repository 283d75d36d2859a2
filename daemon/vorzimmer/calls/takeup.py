"""Calls that the dialplan handled alone while the daemon was away become CDRs and notifications as usual.

For each such call the dialplan keeps a file `<call id>.call` of `key=value` lines in the fallback's folder `calls`, and
beside it the message, if one was left. Event ids follow from the call id, so taking the same call up twice after
a crash doubles nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import structlog

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.recording import keep
from vorzimmer.core.acd import Pool
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.core.plan import Incoming, Plan
from vorzimmer.core.routing import decide

log = structlog.get_logger()

REASON = "the daemon was away: the dialplan answered alone"

POLL = 5.0
"""Seconds between looks at the folder."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the dialplan wrote down. Times are None where the call did not come so far."""

    call_id: str
    values: Mapping[str, str]
    arrived: datetime
    answered: datetime | None
    recording: datetime | None
    ended: datetime | None
    cause: int


def read_note(call_id: str, text: str) -> Note | None:
    """The note of one call; None where it says nothing usable (yet)."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    ended, _, cause = values.get("ended", "").partition(" ")
    arrived = _time(values.get("arrived", ""))
    if arrived is None or "did" not in values:
        return None
    return Note(
        call_id,
        values,
        arrived,
        _time(values.get("answered", "")),
        _time(values.get("recording", "")),
        _time(ended),
        int(cause) if cause.isdecimal() else 0,
    )


def _time(epoch: str) -> datetime | None:
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else None


def events_of(note: Note, incoming: Incoming, plan: Plan, message: Mapping[str, str] | None) -> list[CallEvent]:
    """The ledger of a call that the dialplan handled alone. `message`: file and seconds, where one was left."""
    end = note.ended or note.recording or note.answered or note.arrived
    arrival = {
        "dialled": incoming.dialled,
        "caller": incoming.caller,
        "caller_name": incoming.caller_name,
        "withheld": incoming.withheld,
        "diverted_from": incoming.diverted_from,
    }
    routed = {
        "client": plan.client.id if plan.client else None,
        "state": plan.state.value if plan.state else None,
        "reason": REASON,
    }
    happened: list[tuple[datetime, Kind, Mapping[str, Any]]] = [
        (note.arrived, Kind.ARRIVED, arrival),
        (note.arrived, Kind.ROUTED, routed),
    ]
    if note.answered:
        happened += [(note.answered, Kind.ANSWERED, {}), (note.answered, Kind.ANNOUNCING, {"media": "fallback"})]
    if note.recording:
        happened.append((note.recording, Kind.RECORDING, {}))
    if message:
        happened.append((end, Kind.RECORDED, message))
    happened += [(end, Kind.HANGUP, {"by": "caller", "cause": note.cause or 16}), (end, Kind.ENDED, {})]
    return [
        CallEvent(str(uuid5(NAMESPACE_URL, f"{note.call_id}/{seq}")), note.call_id, seq, at, kind, data)
        for seq, (at, kind, data) in enumerate(happened)
    ]


async def take_up(exchange: Exchange) -> int:
    """Take up every noted call that has ended; returns their number.

    Raises:
        AriError: Asterisk cannot say which calls still live.
    """
    notes = await asyncio.to_thread(_read_folder, exchange.notes)
    if not notes:
        return 0
    living = {channel.id for channel in await exchange.ari.channels.list()}
    ended = [note for note in notes if note.call_id not in living]
    for note in ended:
        await _take_up_one(exchange, note)
    return len(ended)


def _read_folder(folder: Path) -> list[Note]:
    read = (read_note(file.stem, file.read_text(errors="replace")) for file in sorted(folder.glob("*.call")))
    return [note for note in read if note is not None]


async def _take_up_one(exchange: Exchange, note: Note) -> None:
    values = note.values
    directory = exchange.directory()
    args = [values["did"], values.get("caller", ""), values.get("presentation", ""), values.get("diverted", "")]
    incoming = read_arrival(args, values.get("name", ""), exchange.region, directory.own_numbers)
    plan = decide(incoming, directory, exchange.gate.house, Pool(), note.arrived)
    name = f"message-{note.call_id}.wav"
    seconds = await asyncio.to_thread(keep, exchange.notes / f"{note.call_id}.wav", exchange.recordings / name)
    events = events_of(note, incoming, plan, {"file": name, "seconds": str(seconds)} if seconds else None)
    for event in events:
        exchange.journal.append(event)
    cdr = build_cdr(events)
    exchange.journal.append_end(end_record(cdr, messages_for(cdr, plan.client)))
    (exchange.notes / f"{note.call_id}.call").unlink(missing_ok=True)
    log.info("call.taken_up", call_id=note.call_id, client=cdr.client, disposition=cdr.disposition.value)


async def watch(exchange: Exchange) -> None:
    """Look for such calls now and again, for ever."""
    while True:
        await exchange.ari.ready()
        try:
            await take_up(exchange)
        except (AriError, OSError) as error:
            log.warning("takeup.failed", error=str(error))
        await asyncio.sleep(POLL)
