"""Calls that the dialplan handled alone while the daemon was away become CDRs and notifications as usual.

For each such call the dialplan keeps a file `<call id>.call` of `key=value` lines in the fallback's folder `calls`, and
beside it the message, if one was left. A call that a daemon had begun before goes on in its ledger. Event ids follow
from the call id, so taking the same call up twice after a crash doubles nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from typing import Any

import structlog

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls import talk_files, talk_left
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange, close_ledger, note_file
from vorzimmer.calls.recording import keep, keep_left
from vorzimmer.core import resume
from vorzimmer.core.acd import Pool
from vorzimmer.core.ledger import OF_LEGS, CallEvent, Kind
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
    rescued: datetime | None = None


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
        _time(values.get("rescued", "")),
    )


_DIGITS = re.compile("[0-9]{1,11}", re.ASCII)
"""More of them lie beyond the years that a date can have."""

_SECONDS = re.compile("([0-9]{1,11})(?:[.]([0-9]{1,6}))?", re.ASCII)
"""Since 1970, with or without a fraction."""


def _number(text: str) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) else None


def _time(epoch: str) -> datetime | None:
    found = _SECONDS.fullmatch(epoch)
    if found is None:
        return None
    micros = int((found[2] or "").ljust(6, "0"))
    return datetime.fromtimestamp(int(found[1]), UTC) + timedelta(microseconds=micros)


def events_of(note: Note, incoming: Incoming, plan: Plan, message: Mapping[str, str] | None) -> list[CallEvent]:
    """The ledger of a call that the dialplan handled alone. `message`: file and seconds, where one was left."""
    decided = {**resume.routed(plan), "reason": REASON}
    begun = [
        resume.made_up(note.call_id, 0, note.arrived, Kind.ARRIVED, resume.arrival(incoming)),
        resume.made_up(note.call_id, 1, note.arrived, Kind.ROUTED, decided),
    ]
    return [*begun, *_alone(note, len(begun), message)]


def continued(known: Sequence[CallEvent], note: Note, message: Mapping[str, str] | None) -> list[CallEvent]:
    """The events that the dialplan's note adds to the ledger of a call that a daemon had begun.

    The end of the caller and of legs may have been heard since, of a call that was in the dialplan all that time.
    """
    begun = max(event.at for event in known if event.kind not in OF_LEGS | {Kind.HANGUP})
    since = max(note.rescued or note.arrived, begun)
    why = resume.made_up(note.call_id, len(known), since, Kind.PROBLEM, {"what": REASON})
    return [why, *_alone(note, len(known) + 1, message, why.at, frozenset(event.kind for event in known))]


def _alone(
    note: Note,
    seq: int,
    message: Mapping[str, str] | None,
    since: datetime | None = None,
    known: Collection[Kind] = (),
) -> list[CallEvent]:
    """What happened in the dialplan; `seq`: of the first event. What is known already is not told again.

    The dialplan's times are whole seconds: none is taken to lie before `since`, or before the one above it.
    """
    end = note.ended or _last_known(note, message)
    happened: list[tuple[datetime, Kind, Mapping[str, Any]]] = []
    if note.answered:
        happened += [(note.answered, Kind.ANSWERED, {}), (note.answered, Kind.ANNOUNCING, {"media": "fallback"})]
    if note.recording:
        happened.append((note.recording, Kind.RECORDING, {}))
    if message:
        happened.append((end, Kind.RECORDED, message))
    happened += [(end, Kind.HANGUP, {"by": "caller", "cause": note.cause or 16}), (end, Kind.ENDED, {})]
    once = [one for one in happened if one[1] not in known or one[1] not in (Kind.ANSWERED, Kind.HANGUP)]
    times = accumulate((at for at, _, _ in once), max, initial=since or note.arrived)
    return [
        resume.made_up(note.call_id, seq + n, at, kind, data)
        for n, (at, (_, kind, data)) in enumerate(zip(islice(times, 1, None), once, strict=True))
    ]


def _last_known(note: Note, message: Mapping[str, str] | None) -> datetime:
    """The end of a call whose end Asterisk did not live to write down."""
    last = note.recording or note.answered or note.arrived
    return last + timedelta(seconds=float(message["seconds"])) if message else last


async def take_up(exchange: Exchange, mine: Container[str] = ()) -> int:
    """Take up every noted call that has ended, but those that are `mine`; returns their number.

    A note is read only once its call is known to be over: what is read while it lives may lack its end, or be
    about a call that goes on to the daemon after all.

    Raises:
        AriError: Asterisk cannot say which calls still live.
    """
    noted = await asyncio.to_thread(lambda: {file.stem for file in exchange.notes.glob("*.call")})
    if not noted and not exchange.left:
        return 0
    living = {channel.id for channel in await exchange.ari.channels.list()}
    taken = 0
    for call_id in sorted((noted | exchange.left.keys()) - living):
        if call_id in mine:
            continue
        try:
            taken += await _take_up_one(exchange, call_id)
        except OSError as error:
            # One that cannot be read or moved now must not keep the others waiting.
            log.warning("takeup.failed", call_id=call_id, error=str(error))
    return taken


async def _take_up_one(exchange: Exchange, call_id: str) -> bool:
    file = note_file(exchange, call_id)
    known = exchange.left.get(call_id, ())
    note = None
    try:
        note = read_note(call_id, await asyncio.to_thread(file.read_text, errors="replace"))
    except FileNotFoundError:
        if not known:  # the daemon had the call in the end
            return False
    else:
        if note is None:
            file.rename(file.with_suffix(".unreadable"))
            log.warning("takeup.unreadable", call_id=call_id, folder=str(exchange.notes))
            if not known:
                return False
    await _close(exchange, note or await _without_note(exchange, known), known)
    file.unlink(missing_ok=True)
    exchange.left.pop(call_id, None)
    return True


async def _without_note(exchange: Exchange, known: Sequence[CallEvent]) -> Note:
    """A call that ended on its way into the dialplan: its end is as Asterisk wrote it down, or the last time known."""
    call_id, arrived, last = known[0].call_id, known[0].at, known[-1].at
    ends = await asyncio.to_thread(exchange.witness, (call_id,), arrived)
    return Note(call_id, {}, arrived, None, None, ends.get(call_id, last), 0)


async def _close(exchange: Exchange, note: Note, known: Sequence[CallEvent]) -> None:
    values, directory = note.values, exchange.directory()
    args = [values.get(key, "") for key in ("did", "caller", "presentation", "diverted")]
    incoming = read_arrival(args, values.get("name", ""), exchange.region, directory.own_numbers)
    if known:
        incoming = resume.incoming_of(known[0])
    plan = decide(incoming, directory, exchange.gate.house, Pool(), note.arrived)
    client = resume.client_of(known, plan, directory)
    whole = await talk_left.settle(exchange, known, client) if known else []
    if known and not resume.is_routed(known):
        decided = {**resume.routed(plan), "reason": REASON}
        whole.append(resume.made_up(note.call_id, len(whole), known[0].at, Kind.ROUTED, decided))
    message = await _message(exchange, note)
    whole += continued(whole, note, message) if known else events_of(note, incoming, plan, message)
    added = whole[len(known) :]
    for event in added:
        exchange.journal.append(event)
    cdr = close_ledger(exchange, whole, client)
    log.info("call.taken_up", call_id=note.call_id, client=cdr.client, disposition=cdr.disposition.value)


async def _message(exchange: Exchange, note: Note) -> Mapping[str, str] | None:
    """What the caller said to the dialplan, moved to our folder; or to the daemon, before it died."""
    name = f"message-{note.call_id}.wav"
    target = exchange.recordings / name
    for source in (exchange.notes / f"{note.call_id}.wav", exchange.spool / name):
        seconds = await asyncio.to_thread(keep, source, target)
        if seconds is not None:
            return {"file": name, "seconds": str(seconds)}
    return None


async def tidy(exchange: Exchange, mine: Collection[str]) -> None:
    """Move the messages that our folder did not take when their calls ended.

    Raises:
        AriError: Asterisk cannot say which calls still live.
    """
    if not await asyncio.to_thread(lambda: any(file.suffix == ".wav" for file in exchange.spool.iterdir())):
        return
    busy = {channel.id for channel in await exchange.ari.channels.list()} | {*mine, *exchange.left}
    for keep_them in (keep_left, talk_files.keep_left):
        for name in await asyncio.to_thread(keep_them, exchange.spool, exchange.recordings, busy):
            log.info("recording.kept_late", file=name)


async def watch(exchange: Exchange, mine: Collection[str], in_hand: asyncio.Event) -> None:
    """Look for such calls now and again, for ever.

    Args:
        exchange: the surroundings.
        mine: the calls that live in this process.
        in_hand: set once those that a process before had begun are among `mine` or `exchange.left`. Before that, one
            that ended in the dialplan would be told as if nobody had begun it, and then once more.
    """
    await in_hand.wait()
    while True:
        await exchange.ari.ready()
        try:
            await take_up(exchange, mine)
            await tidy(exchange, mine)
        except (AriError, OSError) as error:
            log.warning("takeup.failed", error=str(error))
        await asyncio.sleep(POLL)
