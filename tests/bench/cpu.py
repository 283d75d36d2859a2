"""Processor time and memory of processes, as the kernel counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PARENT, _OWN, _CHILDREN = 1, slice(11, 13), slice(11, 15)
"""Places of the fields 4, 14-15 and 14-17 of /proc/PID/stat behind the command's name (proc(5))."""


def seconds(pid: int, *, with_children: bool = False) -> float:
    """Seconds of processor time that a process has used; 0 if there is none.

    `with_children`: also those of its children, living and ended.
    """
    own = _fields(pid)
    if own is None:
        return 0.0
    ticks = sum(map(int, own[_CHILDREN if with_children else _OWN]))
    if with_children:
        ticks += sum(sum(map(int, child[_OWN])) for child in _all() if int(child[_PARENT]) == pid)
    return ticks / _TICK


def resident_mb(pid: int) -> float:
    """Megabytes that a process holds in memory, shared pages included."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _all() -> Iterator[list[str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _fields(int(entry.name))) is not None:
            yield fields


def _fields(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
