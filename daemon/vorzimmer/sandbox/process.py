"""Processes that outlive the command that started them, and how they are found again.

A process is known by its number and its start time together (`/proc/PID/stat`), because numbers are given out
again. Where nothing was written down (the starter was killed in between), it is found by a mark: arguments of its
command line that name the sandbox's own folder.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_STATE, _STARTED = 0, 19  # places of the fields 3 and 22 behind the command's name
_POLL = 0.01


@dataclass(frozen=True)
class Process:
    """A process: its number, and its start in clock ticks since the machine's boot."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that ended and waits to be collected does not."""
        return look(self.pid) == self

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; tells whether it has."""
        until = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > until:
                return False
            time.sleep(_POLL)
        return True

    def stop(self, gently: signal.Signals, seconds: float) -> None:
        """Ask it to end, and kill it when it has not ended after so many seconds."""
        for number, patience in ((gently, seconds), (signal.SIGKILL, 10.0)):
            if not self.alive:
                return
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            if self.wait(patience):
                return


def spawn(arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Start a program in a session of its own, with its output appended to `log`.

    It keeps running when this process ends. The first argument is the program's path.

    Raises:
        OSError: the program cannot be started.
    """
    output = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        arguments[0],
        list(arguments),
        dict(os.environ) if environment is None else dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), output, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return look(pid) or Process(pid, -1)  # gone already: no process ever started at -1


def look(pid: int) -> Process | None:
    """The process that has this number now, or nothing."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The command's name stands in brackets and may itself hold brackets and blanks.
    fields = stat.rpartition(")")[2].split()
    if fields[_STATE] in "ZX":
        _collect(pid)
        return None
    return Process(pid, int(fields[_STARTED]))


def find(mark: Sequence[str]) -> list[Process]:
    """Every process whose command line holds these arguments one after another, this process excepted."""
    wanted = b"\0" + b"\0".join(os.fsencode(word) for word in mark) + b"\0"

    def marked(entry: Path) -> bool:
        return wanted in (entry / "cmdline").read_bytes()

    return _those(marked)


def find_in(folder: Path) -> list[Process]:
    """Every process that works in this folder, this process excepted."""

    def inside(entry: Path) -> bool:
        return (entry / "cwd").readlink() == folder

    return _those(inside)


def _those(matches: Callable[[Path], bool]) -> list[Process]:
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            process = look(int(entry.name)) if matches(entry) else None
        except OSError:  # it has ended, or is somebody else's
            continue
        if process is not None:
            found.append(process)
    return found


def _collect(pid: int) -> None:
    """Take the exit of an own child, so that it leaves the process table."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
