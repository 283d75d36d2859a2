"""Loopback ports: a single free one, or a block that belongs to one sandbox's folder.

A block is claimed in a register folder under the system's temporary folder, so that sandboxes which start at the
same time never get the same one, and a sandbox that was killed finds its own ports again. Blocks lie below the range
from which the kernel takes ports for outgoing connections.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BLOCK = 256
_FIRST, _END = 20480, 32768
_SINGLE = range(10_240, _FIRST)
_TRIES = 200
_CLAIM = "ports"  # the file in the sandbox's folder that confirms the entry in the register


class NoPortsError(Exception):
    """Everything is taken; the text says so for a person."""


@dataclass(frozen=True)
class Block:
    """The ports from `first` on, and a short private folder of the same owner (for sockets, whose paths are short)."""

    first: int
    folder: Path

    def port(self, place: int) -> int:
        """The port at a place of the block."""
        if not 0 <= place < BLOCK:
            raise IndexError(place)
        return self.first + place


def free() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now, and that the kernel gives to nobody.

    Another program that asks here may draw the same one at the same time: one chance in ten thousand.

    Raises:
        NoPortsError: none of many that were tried is free.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_SINGLE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NoPortsError(f"no free port between {_SINGLE[0]} and {_SINGLE[-1]} on 127.0.0.1")


def claim(owner: Path, *, running: bool = False) -> Block:
    """The block of this sandbox's folder: the one it had, or a free one.

    Args:
        owner: the sandbox's folder, absolute.
        running: parts of the sandbox run already, so its ports being in use is no obstacle.

    Raises:
        NoPortsError: no block is free.
        OSError: the register belongs to somebody else.
    """
    with _register() as register:
        mine = _claimed(owner)
        if mine is not None and _owner(register / str(mine)) == owner and (running or _all_free(mine)):
            return Block(mine, register / str(mine))
        for first in range(_FIRST, _END, BLOCK):
            entry = register / str(first)
            holder = _owner(entry)
            if (holder is None or holder == owner or _claimed(holder) != first) and _all_free(first):
                shutil.rmtree(entry, ignore_errors=True)
                entry.mkdir(mode=0o700)
                (entry / "owner").write_text(str(owner))
                (owner / _CLAIM).write_text(str(first))
                return Block(first, entry)
    raise NoPortsError(f"no block of {BLOCK} free ports between {_FIRST} and {_END} is left on 127.0.0.1")


def claimed(owner: Path) -> Block | None:
    """The block that this folder holds, or nothing."""
    with _register() as register:
        first = _claimed(owner)
        if first is None or _owner(register / str(first)) != owner:
            return None
        return Block(first, register / str(first))


def release(owner: Path) -> None:
    """Give the block of this folder back."""
    with _register() as register:
        first = _claimed(owner)
        if first is not None and _owner(register / str(first)) == owner:
            shutil.rmtree(register / str(first), ignore_errors=True)
        (owner / _CLAIM).unlink(missing_ok=True)


@contextmanager
def _register() -> Iterator[Path]:
    """The register, locked against other starts and stops."""
    folder = Path(tempfile.gettempdir()) / f"vorzimmer-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    told = folder.lstat()
    # Another user could have laid a trap under this well-known name.
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid() or told.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a private folder of this user: remove it")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _owner(entry: Path) -> Path | None:
    try:
        return Path((entry / "owner").read_text())
    except OSError:
        return None


def _claimed(owner: Path) -> int | None:
    try:
        return int((owner / _CLAIM).read_text())
    except (OSError, ValueError):
        return None


def _all_free(first: int) -> bool:
    """Whether nobody listens on any port of the block, by TCP or UDP."""
    for port in range(first, first + BLOCK):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    # As servers do: connections of the past that the kernel still remembers are no obstacle.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return False
    return True
