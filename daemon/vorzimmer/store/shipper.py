"""Copies the journal to PostgreSQL, batch by batch, for as long as the daemon runs.

With the database away the journal grows and nothing else happens; with the saved position lost everything is
shipped again, which changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import orjson

from vorzimmer.core.ports import Trouble
from vorzimmer.store import batch, outage
from vorzimmer.store.journal import Journal

_BATCH = 500
_CONNECT_TIMEOUT = 10.0
_COMMAND_TIMEOUT = 60.0


class Shipper:
    """The loop. Run `run()` as a task; cancelling it at any point is safe.

    Args:
        journal: read from, and told what is shipped. Its `on_end` becomes the wake-up.
        dsn: of the database, as a libpq URL.
        domain: ends the Message-IDs of the messages laid into the outbox.
        trouble: told of an outage once, of its end, and of every record that was refused.
        pause: seconds between two batches that are not full, so that calls share a transaction.
        poll: seconds after which it looks for events although no call has ended.
    """

    def __init__(
        self, journal: Journal, dsn: str, *, domain: str, trouble: Trouble, pause: float = 0.2, poll: float = 1.0
    ) -> None:
        self._journal = journal
        self._dsn = dsn
        self._domain = domain
        self._trouble = trouble
        self._pause = pause
        self._poll = poll
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()
        self._failures = 0
        self._conn: asyncpg.Connection | None = None
        self.shipped = self.rejected = 0
        """Records brought to the database, and records that it refused, since the start."""
        journal.on_end = self._wake.set

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the database."""
        return self._conn is not None and not self._conn.is_closed()

    async def run(self) -> None:
        """Ship until cancelled. An unreachable or failing database is tried again with growing pauses."""
        while True:
            try:
                await self._ship_while_connected()
            except Exception as error:  # noqa: BLE001 - see the comment
                # A connection cut at the wrong moment raises nearly anything, asyncpg's InternalClientError among
                # it. None of it may end the shipping: the records are safe in the journal, and it is told.
                self._failures += 1
                if self._failures == 1:
                    self._trouble("shipper.database_away", why=outage.why(error), lag=self._journal.lag)
                await asyncio.sleep(outage.pause(self._failures))

    async def drained(self) -> None:
        """Return when everything written so far is in the database; `run` must be running."""
        while self._journal.lag:
            self._wake.set()
            await self._looked.wait()

    async def _ship_while_connected(self) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=_CONNECT_TIMEOUT, command_timeout=_COMMAND_TIMEOUT)
        self._conn = conn
        try:
            while True:
                self._wake.clear()
                shipped = await self._ship_some(conn)
                self._note_success()
                if shipped < _BATCH:
                    await asyncio.sleep(self._pause)
                    await self._woken()
        finally:
            self._conn = None
            conn.terminate()

    async def _ship_some(self, conn: asyncpg.Connection) -> int:
        bodies, position = self._journal.unshipped(_BATCH)
        if bodies:
            rejected = self.rejected
            await self._store(conn, bodies)
            self._journal.mark_shipped(position, len(bodies))
            self.shipped += len(bodies) - (self.rejected - rejected)
        return len(bodies)

    async def _store(self, conn: asyncpg.Connection, bodies: Sequence[bytes]) -> None:
        """Store all that can be stored: of a batch that is refused, halves, down to the record at fault."""
        try:
            await batch.store(conn, bodies, self._domain)
        except Exception as error:
            if not batch.is_data_error(error):
                raise
            if len(bodies) == 1:
                self._reject(bodies[0], error)
                return
            middle = len(bodies) // 2
            await self._store(conn, bodies[:middle])
            await self._store(conn, bodies[middle:])

    def _reject(self, body: bytes, error: Exception) -> None:
        """Set a record aside for a person to look at; nothing else waits for it."""
        file = self._journal.folder / "rejected.jsonl"
        record = {"at": datetime.now(UTC), "why": outage.why(error), "record": orjson.Fragment(body)}
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, orjson.dumps(record) + b"\n")
        finally:
            os.close(handle)
        self.rejected += 1
        self._trouble("shipper.record_rejected", call_id=_call_of(body), why=outage.why(error), file=str(file))

    def _note_success(self) -> None:
        if self._failures:
            self._failures = 0
            self._trouble("shipper.database_back", lag=self._journal.lag)
        # Whoever waits now is released; who comes later waits for the next look.
        self._looked.set()
        self._looked.clear()

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._wake.wait()
        except TimeoutError:
            return


def _call_of(body: bytes) -> str | None:
    """The call that a record is about. Whatever is wrong with the record, asking this must not fail."""
    try:
        record = orjson.loads(body)
        about = record if "call_id" in record else record["record"]["cdr"]
        return str(about["call_id"])
    except (ValueError, LookupError, TypeError):
        return None
