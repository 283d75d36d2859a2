"""What a process can run short of: room on a disk, answers to names, file descriptors; each for itself alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from tests.faults.disk import Ballast, on_small_disk


class SmallDisk:
    """A disk of a few megabytes at `folder`, a path that every process of this user can go."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid, self._folder = pid, folder
        self.folder = Path(f"/proc/{pid}/root{folder}")

    def full(self) -> Ballast:
        """A context in which not one more byte fits."""
        return Ballast(self._pid, self._folder)


@contextlib.asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[SmallDisk]:
    """A disk that is there while inside; `folder` is an empty one, where it is mounted."""
    holder = await asyncio.create_subprocess_exec(
        *on_small_disk(folder), "sh", "-c", "echo && exec sleep infinity", stdout=-1
    )
    try:
        assert holder.stdout
        await holder.stdout.readline()
        yield SmallDisk(holder.pid, folder)
    finally:
        holder.kill()
        await holder.communicate()


class Names:
    """Look-ups of names by one process that are not answered: run its command behind `wrap`.

    Where the C library looks first, in /etc/hosts, lies a pipe that nobody writes to.
    """

    def __init__(self, folder: Path) -> None:
        self._hosts, switch = folder / "hosts", folder / "nsswitch.conf"
        os.mkfifo(self._hosts)
        switch.write_text("hosts: files\n")
        self._user = os.geteuid() != 0
        script = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/nsswitch.conf && shift && exec "$@"'
        who = ("--user", "--map-root-user") if self._user else ()
        self.wrap: Sequence[str] = ("unshare", "--mount", *who, "sh", "-c", script, str(self._hosts), str(switch))

    async def answer(self, *pids: int) -> None:
        """From now on names are answered for these processes, those that wait as unknown ones."""
        who = ("--user", "--preserve-credentials") if self._user else ()
        for pid in pids:
            umount = ("nsenter", "--target", str(pid), "--mount", *who, "umount", "--lazy", "/etc/hosts")
            done = await asyncio.create_subprocess_exec(*umount)
            assert await done.wait() == 0
        os.close(os.open(self._hosts, os.O_RDWR))


@contextlib.contextmanager
def no_descriptors(pid: int) -> Iterator[None]:
    """Inside, the process can open nothing more; what it has open stays so."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def no_room(most: int) -> Iterator[None]:
    """No file of this process and its children may get larger (bytes)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
