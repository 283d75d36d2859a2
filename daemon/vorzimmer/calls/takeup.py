"""Calls that the dialplan handled alone while the daemon was away become CDRs and notifications as usual.

For each such call the dialplan keeps a file `<call id>.call` of `key=value` lines in the fallback's folder `calls`, and
beside it the message, if one was left. Event ids follow from the call id, so taking the same call up twice after
a crash doubles nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

HIGHEST_CAUSE = 127
"""Of Q.850's numbers for why a call ended."""


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
    """The note of one call; None where it holds no arrival and no dialled number. Of a repeated key the last counts."""
    values = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
    ended, _, cause = values.get("ended", "").partition(" ")
    code = _number(cause) or 0
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
        code if code <= HIGHEST_CAUSE else 0,
    )


_DIGITS = re.compile("[0-9]{1,11}", re.ASCII)
"""More of them lie beyond the years that a date can have."""


def _number(text: str) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) else None


def _time(epoch: str) -> datetime | None:
    seconds = _number(epoch)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def events_of(note: Note, incoming: Incoming, plan: Plan, message: Mapping[str, str] | None) -> list[CallEvent]:
    """The ledger of a call that the dialplan handled alone. `message`: file and seconds, where one was left."""
    end = note.ended or _last_known(note, message)
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


def _last_known(note: Note, message: Mapping[str, str] | None) -> datetime:
    """The end of a call whose end Asterisk did not live to write down."""
    last = note.recording or note.answered or note.arrived
    return last + timedelta(seconds=float(message["seconds"])) if message else last


async def take_up(exchange: Exchange) -> int:
    """Take up every noted call that has ended; returns their number.

    A note is read only once its call is known to be over: what is read while it lives may lack its end, or be
    about a call that goes on to the daemon after all.

    Raises:
        AriError: Asterisk cannot say which calls still live.
    """
    noted = await asyncio.to_thread(lambda: sorted(file.stem for file in exchange.notes.glob("*.call")))
    if not noted:
        return 0
    living = {channel.id for channel in await exchange.ari.channels.list()}
    taken = 0
    for call_id in noted:
        if call_id not in living:
            try:
                taken += await _take_up_one(exchange, call_id)
            except OSError as error:
                # One that cannot be read or moved now must not keep the others waiting.
                log.warning("takeup.failed", call_id=call_id, error=str(error))
    return taken


def note_file(exchange: Exchange, call_id: str) -> Path:
    """Where the dialplan notes a call."""
    return exchange.notes / f"{call_id}.call"


async def _take_up_one(exchange: Exchange, call_id: str) -> bool:
    file = note_file(exchange, call_id)
    try:
        text = await asyncio.to_thread(file.read_text, errors="replace")
    except FileNotFoundError:  # the daemon had the call in the end
        return False
    note = read_note(call_id, text)
    if note is None:
        file.rename(file.with_suffix(".unreadable"))
        log.warning("takeup.unreadable", call_id=call_id, folder=str(exchange.notes))
        return False
    await _close(exchange, note)
    file.unlink(missing_ok=True)
    return True


async def _close(exchange: Exchange, note: Note) -> None:
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
