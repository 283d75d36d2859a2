"""What the agents do, in a file that outlives the daemon: read at its start, replaced whole after each change.

Writing waits for the disk, so a thread does it; changes that come meanwhile go into the next writing together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from pydantic import TypeAdapter, ValidationError

from vorzimmer.core.ports import Trouble
from vorzimmer.core.presence import Presence

PAUSE = 0.1
"""Seconds between two writings; what changed in the last of them is lost by a SIGKILL."""

AGAIN = 1.0
"""Seconds after which a writing that failed is tried again."""

_FORM = TypeAdapter(tuple[Presence, ...])


class Memory:
    """The file and what is to be in it. `look` gives the presences as they are now; a thread calls it."""

    def __init__(self, file: Path, look: Callable[[], Iterable[Presence]], trouble: Trouble) -> None:
        self._file, self._look, self._trouble = file, look, trouble
        self._changed = asyncio.Event()
        self._one_at_a_time = Lock()
        self._failing = False

    def read(self) -> tuple[Presence, ...]:
        """What was so when it was last written; nothing if there is no file or it is damaged. It blocks."""
        try:
            return _FORM.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            self._trouble("agents.not_restored", file=str(self._file), why=why, effect="everybody is logged out")
            return ()

    def change(self) -> None:
        """Something is to be written soon."""
        self._changed.set()

    async def keep(self) -> None:
        """Write each change until cancelled; what is not written then is written before this returns."""
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                await asyncio.to_thread(self._write)
                await asyncio.sleep(AGAIN if self._failing else PAUSE)
        finally:
            self._write()

    def _write(self) -> None:
        """Whoever writes last looks last, so an older state never replaces a newer one."""
        with self._one_at_a_time:
            try:
                self._replace(_FORM.dump_json(tuple(self._look())))
            except OSError as error:
                if not self._failing:
                    self._trouble("agents.not_written", file=str(self._file), why=error.strerror)
                self._failing = True
                self._changed.set()
            else:
                self._failing = False

    def _replace(self, data: bytes) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)
