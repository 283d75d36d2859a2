"""A small disk of its own under a folder of one process, and how it is filled.

The disk is a tmpfs in a mount namespace that only the process is in: nobody else sees it, and it goes with the process.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_MEGABYTES = 16


def on_small_disk(folder: Path) -> Sequence[str]:
    """The program, with arguments, that hands over to a command for which `folder` is a disk of 16 MB."""
    who = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    script = f'mount -t tmpfs -o size={_MEGABYTES}m,mode=0700 none "$0" && exec "$@"'
    return ("unshare", "--mount", *who, "sh", "-c", script, str(folder))


class Ballast:
    """What fills the disk of a process: `with Ballast(pid, folder):`; on leaving it is free again."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._file = Path(f"/proc/{pid}/root{folder}/ballast")

    def __enter__(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            size = 1 << 20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:  # full: what is left is smaller
                    size //= 2

    def __exit__(self, *_: object) -> None:
        self._file.unlink()
