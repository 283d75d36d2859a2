"""Appends lines to the journal's last segment: one `write` each, synced to disk by a thread.

A line is in the page cache when `write` returns, so it survives the death of the process; the thread's fsync, in
groups, makes it survive the death of the machine. If the disk refuses (full, or gone), lines wait in memory, in
order, and the thread tries again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import deque
from pathlib import Path

from vorzimmer.core.ports import Trouble
from vorzimmer.store import segments

_RETRY_AT_ONCE = 1000
"""Waiting lines written per turn, so that a new line never waits long for the lock."""


class SegmentWriter:
    """The writing end. `write` is for one thread; `trouble` may be called from the syncing thread.

    Args:
        folder: where the segments are.
        number: of the first segment to write; it is made with the first line.
        segment_bytes: size at which the next segment begins.
        memory_lines: how many lines may wait for the disk; what comes on top is lost, and said.
        sync_seconds: what is written within this time shares an fsync; also the time between two tries of a
            refused write.
        trouble: told when the disk refuses, when records are lost, and when all is well again.
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        *,
        segment_bytes: int,
        memory_lines: int,
        sync_seconds: float,
        trouble: Trouble,
    ) -> None:
        self.number = number
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._memory_lines = memory_lines
        self._sync_seconds = sync_seconds
        self._trouble = trouble
        self._file: int | None = None
        self._size = 0
        self._unsynced = self._folder_unsynced = False
        self._retired: list[int] = []
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self.lost_ever = 0
        """Lines that found no place in memory either, since the start."""
        self._lock = threading.Lock()
        self._dirty, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep_synced, name="journal-sync", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Lines in memory that the disk has not taken yet."""
        return len(self._waiting)

    def write(self, line: bytes, *, vital: bool = False) -> None:
        """Write one line. A `vital` one is kept in memory beyond the limit."""
        with self._lock:
            refused = self._write_or_keep(line, vital=vital)
        if not self._dirty.is_set():
            self._dirty.set()
        if refused is not None:
            self._trouble("journal.write_refused", why=refused, waiting=self.waiting, lost=self._lost)

    def turn(self) -> None:
        """Begin the next segment now, if anything stands in this one. A disk that refuses it is no matter."""
        with self._lock, contextlib.suppress(OSError):
            if self._size and not self._waiting:
                self._begin_segment()
        self._dirty.set()

    def close(self) -> None:
        """Write what waits, sync, and end the thread. Lines that the disk still refuses are lost, and said."""
        self._closing.set()
        self._dirty.set()
        self._thread.join()
        if self._waiting:
            self._trouble("journal.records_lost", why="the disk refused them to the end", lost=len(self._waiting))
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write_or_keep(self, line: bytes, *, vital: bool) -> str | None:
        """Write the line or keep it in memory; returns what is to be reported: each kind of refusal once."""
        refused = None
        if not self._waiting:
            try:
                self._put(line)
            except OSError as error:
                refused = f"{error.strerror}; calls go on, their records wait in memory"
            else:
                return None
        if vital or len(self._waiting) < self._memory_lines:
            self._waiting.append(line)
            return refused
        self._lost += 1
        self.lost_ever += 1
        return "no more records can wait in memory; from now on events are lost" if self._lost == 1 else None

    def _put(self, line: bytes) -> None:
        """Write a whole line or nothing."""
        if self._file is None or (self._size and self._size + len(line) > self._segment_bytes):
            self._begin_segment()
        assert self._file is not None  # noqa: S101 - opened above
        written = os.write(self._file, line)
        if written < len(line):
            os.ftruncate(self._file, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written
        self._unsynced = True

    def _begin_segment(self) -> None:
        number = self.number if self._file is None else self.number + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        opened = os.open(segments.path(self._folder, number), flags, 0o600)
        if self._file is not None:
            self._retired.append(self._file)
        self._file, self._size, self.number = opened, 0, number
        self._folder_unsynced = True

    def _keep_synced(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait(self._sync_seconds if self._waiting else None)
            self._closing.wait(self._sync_seconds)
            self._dirty.clear()
            self._write_waiting()
            self._sync()

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        while self._waiting:
            with self._lock:
                try:
                    for _ in range(min(_RETRY_AT_ONCE, len(self._waiting))):
                        self._put(self._waiting[0])
                        self._waiting.popleft()
                except OSError:
                    return
        lost, self._lost = self._lost, 0
        self._trouble("journal.written_again", lost=lost)

    def _sync(self) -> None:
        """Sync the file being written and those left behind since the last time, and close the latter.

        Only this thread closes a file left behind, so none is closed under a running fsync.
        """
        with self._lock:
            retired, self._retired = self._retired, []
            current = [self._file] if self._unsynced and self._file is not None else []
            folder_too = self._folder_unsynced
            self._unsynced = self._folder_unsynced = False
        try:
            for file in (*retired, *current):
                os.fsync(file)
            if folder_too:
                _sync_folder(self._folder)
        except OSError as error:
            self._trouble("journal.sync_failed", why=error.strerror)
        finally:
            for file in retired:
                os.close(file)


def _sync_folder(folder: Path) -> None:
    """Make the name of a new segment survive too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
