"""Files that were uploaded, recorded or delivered are converted one after another, whoever waits, niced.

A version waits in the database and its file on the disk, so a restart loses nothing: what was under way is done again.
A bad file refuses its version with a sentence for whoever sent it; a full disk is the house's trouble and refuses
nobody: the file waits until there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

import asyncpg

from vorzimmer.announcements import items, library
from vorzimmer.announcements.convert import BadAudio, convert, take
from vorzimmer.announcements.library import LibraryBusyError
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.store import announcement_queue as queue
from vorzimmer.store import outage, upload_files
from vorzimmer.store.announcement_queue import Waiting
from vorzimmer.store.announcements import WAKE_UP, Sound

LOOK = 30.0
"""Seconds after which is looked although nothing was told: notifications are lost with a connection."""
SWEEP = 3600.0
"""Seconds between two looks for what nobody needs."""
AGAIN = 5.0
"""Seconds until the next try while there is no room, or an import is at work."""

_LOCK = "SELECT pg_try_advisory_lock(hashtext('announcement_queue'))"


@dataclass
class Intake:
    """The queue's surroundings: the folders, how loud all shall be (LUFS), and whom to tell."""

    connect: Callable[[], Awaitable[asyncpg.Connection]]
    uploads: Path
    library: Path
    loudness: float
    clock: Clock
    trouble: Trouble
    _told: set[str] = field(default_factory=set)

    async def run(self) -> Never:
        """Convert what waits and what comes, until cancelled."""
        failures = 0
        while True:
            try:
                conn = await self.connect()
                try:
                    failures = 0
                    await self._work(conn)
                finally:
                    conn.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                failures += 1
                if failures == 1:
                    self.trouble("announcements.database_away", why=outage.why(error))
                await asyncio.sleep(outage.pause(failures))

    async def _work(self, conn: asyncpg.Connection) -> None:
        woken = asyncio.Event()
        conn.add_termination_listener(lambda _: woken.set())
        await conn.add_listener(WAKE_UP, lambda *_: woken.set())
        swept = float("-inf")
        while not conn.is_closed():
            woken.clear()
            pause = LOOK
            if await conn.fetchval(_LOCK):  # another worker is at it: this one waits to take its place
                if asyncio.get_running_loop().time() - swept > SWEEP:
                    await self._sweep(conn)
                    swept = asyncio.get_running_loop().time()
                pause = await self._convert_all(conn)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await woken.wait()

    async def _convert_all(self, conn: asyncpg.Connection) -> float:
        """Until nothing waits, or there is no room. Returns seconds until the next look."""
        while (job := await queue.waiting(conn)) is not None:
            try:
                await self._settle(conn, job)
            except LibraryBusyError:
                return AGAIN
            except OSError as error:
                self._tell_once("announcements.no_room", str(error), version=job.id)
                return AGAIN
            self._told.clear()
        return LOOK

    async def _settle(self, conn: asyncpg.Connection, job: Waiting) -> None:
        """Make a draft of a version, or refuse it."""
        called = job.file_name
        try:
            sound = await self._converted(job, called)
        except BadAudio as refused:
            await queue.refused(conn, job.id, str(refused))
        except RuntimeError as error:
            self.trouble("announcements.converter_failed", version=job.id, client=job.client, why=outage.why(error))
            await queue.refused(conn, job.id, f"{called} could not be converted: the converter gave up on it")
        else:
            await queue.converted(conn, job.id, sound)
        await asyncio.to_thread(upload_files.drop, self.uploads, job.id)

    async def _converted(self, job: Waiting, called: str) -> Sound:
        """The file in the library.

        Raises:
            BadAudio, RuntimeError: about the file, or the converter.
            OSError, LibraryBusyError: later perhaps.
        """
        waits = self.uploads / str(job.id) / upload_files.waiting_name(job.file_name)
        if not await asyncio.to_thread(waits.exists):
            raise BadAudio(f"{called} was lost on our side; please send it again")
        with tempfile.TemporaryDirectory(prefix=upload_files.INCOMING, dir=self.uploads) as name:
            folder = Path(name)
            digest = await asyncio.to_thread(take, waits, folder, called)
            made = await convert(folder / waits.name, folder, self.loudness, called=called)
            item = library.item_name(waits.name, digest, self.loudness)
            await asyncio.to_thread(items.add, self.library, job.client, item, waits, folder)
        return Sound(item, made.seconds, made.loudness, made.peaks, made.warning)

    async def _sweep(self, conn: asyncpg.Connection) -> None:
        """Take away what no version needs."""
        try:
            used = await queue.used_items(conn, self.clock())
            await asyncio.to_thread(items.sweep, self.library, used)
            waiting = await queue.all_waiting(conn)
            await asyncio.to_thread(upload_files.sweep, self.uploads, waiting, self.clock())
        except LibraryBusyError:
            return
        except OSError as error:
            self._tell_once("announcements.not_swept", str(error))

    def _tell_once(self, event: str, why: str, **about: object) -> None:
        if event not in self._told:
            self._told.add(event)
            self.trouble(event, why=why, **about)
