"""What must outlive the daemon and changes often, in a file: read at the start, replaced whole after each change.

Writing waits for the disk, so a thread does it; changes that come meanwhile go into the next writing together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from vorzimmer.core.ports import Trouble

PAUSE = 0.1
"""Seconds between two writings; what changed in the last of them is lost by a SIGKILL."""

AGAIN = 1.0
"""Seconds after which a writing that failed is tried again."""

T = TypeVar("T")


class Memory(Generic[T]):
    """The file and what is to be in it.

    Args:
        file: its folder is made if it is missing.
        form: how it is written as JSON.
        look: what is to be in it now; a thread calls it.
        trouble: told when the file cannot be read (`WHAT.not_restored`) or written (`WHAT.not_written`).
        what: whose memory it is, one word.
        effect: of a damaged file, for people.
    """

    def __init__(
        self, file: Path, form: TypeAdapter[T], look: Callable[[], T], trouble: Trouble, *, what: str, effect: str
    ) -> None:
        self._file, self._form, self._look, self._trouble = file, form, look, trouble
        self._what, self._effect = what, effect
        self._changed = asyncio.Event()
        self._one_at_a_time = Lock()
        self._failing = False

    def read(self) -> T | None:
        """What was so when it was last written; None if there is no file or it is damaged. It blocks."""
        try:
            return self._form.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged"
            self._trouble(f"{self._what}.not_restored", file=str(self._file), why=why, effect=self._effect)
            return None

    def change(self) -> None:
        """Something is to be written soon."""
        self._changed.set()

    async def kept(self) -> None:
        """Wait until what is so now is on the disk, or the disk has refused it."""
        await asyncio.to_thread(self._write)

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
                self._replace(self._form.dump_json(self._look()))
            except OSError as error:
                if not self._failing:
                    self._trouble(f"{self._what}.not_written", file=str(self._file), why=error.strerror)
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
