"""Where every record of a call or an agent goes first: a folder of append-only files on the local disk.

Written on the call's way (`append`, `append_end`) and as agents change state (`append_agent`), read by the shipper,
which copies the records to PostgreSQL and says how far it got. Shipped segments are removed, except those that hold
events of calls still open: they are what a restarted daemon knows of these calls.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from vorzimmer.core.agent_ledger import AgentEvent
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.ports import Trouble
from vorzimmer.store import segments
from vorzimmer.store.segment_writer import SegmentWriter
from vorzimmer.store.segments import START, Position

_ARRIVED = b'"kind":"call.arrived"'


class JournalError(Exception):
    """The journal's folder cannot be used; the message says why."""


class Journal:
    """An open journal; implements `core.ports.Journal`. One process at a time; one thread calls its methods.

    Args:
        folder: made if missing. Its files hold telephone numbers: mode 0700.
        trouble: told of damage, and of a disk that refuses; may be called from another thread.
        segment_bytes: size at which a new file is begun.
        memory_lines: how many records may wait in memory when the disk refuses writes (then calls go on).
        sync_seconds: records written within this time share an fsync; until then they are in the page cache only.

    Raises:
        JournalError: another process has it open.
        OSError: the folder cannot be made or read.
    """

    def __init__(
        self,
        folder: Path,
        trouble: Trouble,
        *,
        segment_bytes: int = 16 * 2**20,
        memory_lines: int = 200_000,
        sync_seconds: float = 0.05,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.on_end: Callable[[], None] = lambda: None
        """Called after each end-of-call record: the shipper's wake-up."""
        self._trouble = trouble
        self._lock = _lock(folder)
        self._damaged: set[Position] = set()
        self._open: dict[str, int] = {}
        self._shipped = _read_position(folder)
        self._lag = 0
        self._scan()
        last = max([self._shipped.segment, *segments.numbers(folder)])
        self._kept_from = 0
        self._writer = SegmentWriter(
            folder,
            last + 1,
            segment_bytes=segment_bytes,
            memory_lines=memory_lines,
            sync_seconds=sync_seconds,
            trouble=trouble,
        )

    def append(self, event: CallEvent) -> None:
        """Write one event."""
        self._writer.write(segments.encode(segments.event_record(event)))
        self._lag += 1
        if event.kind is Kind.ARRIVED:
            self._open[event.call_id] = self._writer.number

    def append_end(self, record: Mapping[str, Any]) -> None:
        """Write the end-of-call record (`core.messages.end_record`), and wake the shipper."""
        self._writer.write(segments.encode({"t": "end", "record": record}), vital=True)
        self._lag += 1
        self._open.pop(record["cdr"]["call_id"], None)
        self.on_end()

    def append_agent(self, event: AgentEvent) -> None:
        """Write that an agent entered a state."""
        self._writer.write(segments.encode(segments.agent_record(event)))
        self._lag += 1

    def close(self) -> None:
        """Write and sync what is still in memory; another process may open the journal then."""
        self._writer.close()
        os.close(self._lock)

    @property
    def lag(self) -> int:
        """Records that are not in the database yet."""
        return self._lag

    @property
    def waiting(self) -> int:
        """Records that wait in memory because the disk refuses them."""
        return self._writer.waiting

    @property
    def lost(self) -> int:
        """Records that were lost since the start, because neither disk nor memory took them."""
        return self._writer.lost_ever

    def oldest_unshipped(self) -> datetime | None:
        """When the oldest record on disk that is not in the database happened; None: there is none."""
        for record, _ in self.read_from(self._shipped) if self._lag else ():
            at = record["record"]["cdr"].get("ended_at") if record["t"] == "end" else record.get("at")
            if at is not None:
                return datetime.fromisoformat(at)
        return None

    def read_from(self, position: Position = START) -> Iterator[tuple[dict[str, Any], Position]]:
        """Every record from `position` on, each with the position behind it. Damaged lines are told and skipped."""
        for body, behind in segments.read_bodies(self.folder, position, self._note_damage):
            yield orjson.loads(body), behind

    def open_calls(self) -> dict[str, tuple[CallEvent, ...]]:
        """The events of every call that arrived and has no end record, by call id, each in the order written."""
        found: dict[str, list[CallEvent]] = {call_id: [] for call_id in self._open}
        first = min(self._open.values(), default=self._writer.number)
        for record, _ in self.read_from(Position(first, 0)):
            if record["t"] == "event" and record["call_id"] in found:
                found[record["call_id"]].append(segments.event_of(record))
        return {call_id: tuple(events) for call_id, events in found.items()}

    def unshipped(self, limit: int) -> tuple[list[bytes], Position]:
        """The JSON of up to `limit` records that are not shipped, and the position to name when they are."""
        in_memory = self._writer.waiting
        bodies: list[bytes] = []
        position = self._shipped
        for body, behind in segments.read_bodies(self.folder, position, self._note_damage):
            bodies.append(body)
            position = behind
            if len(bodies) == limit:
                break
        if not bodies and not in_memory:
            self._lag = 0  # what was counted and cannot be read is damaged, and was told
        return bodies, position

    def mark_shipped(self, position: Position, records: int) -> None:
        """Everything before `position` is in the database; `records` of them since the last call.

        The position's file may be lost: shipping again changes nothing in the database.
        """
        self._shipped = position
        self._lag = max(0, self._lag - records)
        _write_position(self.folder, position, self._trouble)
        keep_from = min(position.segment, *self._open.values(), self._writer.number)
        if keep_from > self._kept_from:
            self._remove_before(keep_from)

    def turn(self) -> None:
        """Begin a new segment, so that what is in the database leaves the disk however few calls there are."""
        self._writer.turn()
        if not self._lag:
            self.mark_shipped(Position(self._writer.number, 0), 0)

    def _remove_before(self, number: int) -> None:
        """Delete segments nobody needs; one with damaged lines is set aside for a person to look at."""
        damaged = {position.segment for position in self._damaged}
        for old in segments.numbers(self.folder):
            file = segments.path(self.folder, old)
            if old >= number:
                break
            if old in damaged:
                file.rename(file.with_suffix(".damaged"))
            else:
                file.unlink()
        self._kept_from = number

    def _scan(self) -> None:
        """Find the open calls and count what is unshipped. Only records that begin or end a call are decoded."""
        everything = segments.read_bodies(self.folder, START, self._note_damage, being_written=False)
        for body, behind in everything:
            self._lag += behind > self._shipped
            if body.startswith(segments.END_PREFIX):
                self._open.pop(orjson.loads(body)["record"]["cdr"]["call_id"], None)
            elif body.startswith(segments.EVENT_PREFIX) and _ARRIVED in body:
                self._open[orjson.loads(body)["call_id"]] = behind.segment

    def _note_damage(self, position: Position, what: str) -> None:
        if position not in self._damaged:
            self._damaged.add(position)
            file = segments.path(self.folder, position.segment)
            self._trouble("journal.damaged", why=what, file=str(file), at_byte=position.offset)


def _lock(folder: Path) -> int:
    """Hold the folder for this process; the lock ends with it, however it ends."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise JournalError(f"the journal in {folder} is in use: another vorzimmer daemon runs on it") from error
    return handle


def _read_position(folder: Path) -> Position:
    """How far the shipper got; the beginning if the file is lost or unreadable."""
    try:
        segment, offset = (folder / "position").read_text().split()
        return Position(int(segment), int(offset))
    except (OSError, ValueError):
        return START


def _write_position(folder: Path, position: Position, trouble: Trouble) -> None:
    new = folder / "position.new"
    try:
        new.write_text(f"{position.segment} {position.offset}\n")
        new.replace(folder / "position")
    except OSError as error:
        trouble("journal.position_not_saved", why=error.strerror)
