"""The book in memory, so that no call waits for a query, and on disk, so that a start needs no database.

Followed by LISTEN on `vorzimmer_book`; as notifications are lost with a connection, the version is compared on every
reconnect and from time to time too. Only rows that changed are read and validated again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import asyncpg
import orjson

from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.directory import Directory
from vorzimmer.core.handling import Group
from vorzimmer.core.ports import Trouble
from vorzimmer.store import book, outage
from vorzimmer.store.migrate import SchemaError, require_current
from vorzimmer.store.rows import Models, Row, numbers

_CONNECT_TIMEOUT = 10.0
_PATIENCE = 2.0
"""Seconds that a start waits for the database where there is a copy on disk."""
_COMMAND_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class _Book:
    """Everything as of one version, by id."""

    version: int
    groups: Mapping[str, Row]
    clients: Mapping[str, Row]
    agents: Mapping[str, Row]


_NOTHING = _Book(-1, {}, {}, {})


class Snapshot:
    """What is known of the book now. `directory` is replaced as a whole, never changed.

    Args:
        dsn: of the database, as a libpq URL.
        file: the copy on disk; its folder is made if missing.
        trouble: told of an outage once and of its end, of a row that is not valid, of a copy that cannot be used.
        poll: seconds after which the version is compared although nothing was notified.
    """

    def __init__(self, dsn: str, file: Path, trouble: Trouble, *, poll: float = 30.0) -> None:
        self.directory = Directory((), ())
        self._dsn = dsn
        self._file = file
        self._trouble = trouble
        self._poll = poll
        self._book = _NOTHING
        self._failures = 0
        self._compared = monotonic()

    @property
    def age(self) -> float:
        """Seconds since the version was last compared with the database; since the start if it never was."""
        return monotonic() - self._compared

    @property
    def version(self) -> int:
        """The book's version in the database that `directory` shows; -1: it is the copy on disk, or nothing yet."""
        return self._book.version

    async def load(self) -> None:
        """Read the database; if it is away, the copy on disk; if there is none, begin empty.

        Raises:
            migrate.SchemaError: the database's schema is not ours; the message says what to do.
        """
        with _without_collecting():
            try:
                # One that hangs is not waited for: calls are, and what it says is read as soon as it says it.
                async with asyncio.timeout(_PATIENCE if self._file.exists() else None):
                    await self._load_from_database()
            except SchemaError:
                raise
            except Exception as error:  # noqa: BLE001 - a dying connection raises nearly anything; calls are to be taken
                self._note_failure(error)
                await self.load_copy()

    async def validate(self) -> None:
        """Make every model now, in a thread: the first call of a client need not wait for it, nor find it invalid."""
        known = self.directory
        with _without_collecting():
            await asyncio.to_thread(lambda: [len(models) for models in (known.groups, known.clients, known.agents)])

    async def load_copy(self) -> None:
        """Read the copy on disk alone, writing nothing: for commands that run beside the daemon, as another user."""
        await self._use(await asyncio.to_thread(self._read_copy))

    async def follow(self, on_change: Callable[[], Awaitable[None]]) -> None:
        """Keep the directory like the database until cancelled; `on_change` is called after each change.

        What goes wrong in `on_change` is its own to report.
        """
        while True:
            try:
                conn = await self._connect()
                try:
                    await self._follow_while_connected(conn, on_change)
                finally:
                    conn.terminate()
            except Exception as error:  # noqa: BLE001 - a dying connection raises nearly anything
                self._note_failure(error)
                await asyncio.sleep(outage.pause(self._failures))

    async def _load_from_database(self) -> None:
        conn = await self._connect()
        try:
            await require_current(conn)
            await self._refresh(conn)
        finally:
            conn.terminate()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn, timeout=_CONNECT_TIMEOUT, command_timeout=_COMMAND_TIMEOUT)

    async def _follow_while_connected(self, conn: asyncpg.Connection, on_change: Callable[[], Awaitable[None]]) -> None:
        woken = asyncio.Event()
        conn.add_termination_listener(lambda _: woken.set())
        await require_current(conn)
        await conn.add_listener("vorzimmer_book", lambda *_: woken.set())
        while True:
            woken.clear()
            changed = await self._refresh(conn)
            if self._failures:
                self._failures = 0
                self._trouble("snapshot.database_back", version=self.version)
            if changed:
                await on_change()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await woken.wait()

    async def _refresh(self, conn: asyncpg.Connection) -> bool:
        """Read what changed; True if anything did."""
        if await book.version(conn) == self.version:
            self._compared = monotonic()
            return False
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            number = await book.version(conn)
            groups = await _changed(conn, "client_group", self._book.groups)
            clients = await _changed(conn, book.CLIENTS, self._book.clients)
            agents = await _changed(conn, "agent", self._book.agents)
        known = self._book
        await self._use(
            _Book(
                number,
                _merged(known.groups, groups),
                _merged(known.clients, clients),
                _merged(known.agents, agents),
            )
        )
        self._compared = monotonic()
        await asyncio.to_thread(self._write_copy)
        return True

    async def _use(self, new: _Book) -> None:
        self.directory = Directory.indexed(
            Models(Group, new.groups, self._trouble),
            Models(Client, new.clients, self._trouble),
            Models(Agent, new.agents, self._trouble),
            await asyncio.to_thread(numbers, new.clients),
        )
        self._book = new

    def _write_copy(self) -> None:
        """Replace the copy on disk; it is whole at any instant."""
        rows = {
            "group": [orjson.Fragment(row.data) for row in self._book.groups.values()],
            "client": [orjson.Fragment(row.data) for row in self._book.clients.values()],
            "agent": [orjson.Fragment(row.data) for row in self._book.agents.values()],
        }
        new = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.touch(mode=0o600)
            with new.open("wb") as file:
                file.write(orjson.dumps(rows))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._file)
        except OSError as error:
            self._trouble("snapshot.copy_not_written", why=outage.why(error))

    def _read_copy(self) -> _Book:
        """The copy on disk, as a book of no version: whatever the database has then is newer."""
        try:
            # A copy that was written before there were agents has none.
            raw = {"agent": [], **orjson.loads(self._file.read_bytes())}
            tables = [
                {row["id"]: orjson.dumps(row).decode() for row in raw[name]} for name in ("group", "client", "agent")
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._trouble(
                "snapshot.no_copy", why=outage.why(error), effect="no number is known until the database is back"
            )
            return _NOTHING
        groups, clients, agents = (_merged({}, [(name, -1, data) for name, data in table.items()]) for table in tables)
        return _Book(-1, groups, clients, agents)

    def _note_failure(self, error: BaseException) -> None:
        self._failures += 1
        if self._failures == 1:
            self._trouble("snapshot.database_away", why=outage.why(error))


_Read = tuple[str, int, str | None]
"""A row's id, its version, and its data if that version is not known yet."""


def _merged(known: Mapping[str, Row], read: Sequence[_Read]) -> dict[str, Row]:
    """The rows as they are now: known ones where nothing changed."""
    return {name: known[name] if data is None else Row(version, data, known.get(name)) for name, version, data in read}


async def _changed(conn: asyncpg.Connection, table: str, known: Mapping[str, Row]) -> list[_Read]:
    """Every row of the table; the data only of those whose version is new."""
    versions = await conn.fetch(f"SELECT id, version FROM {table} ORDER BY id")  # noqa: S608 - our own table's name
    new = [row["id"] for row in versions if row["id"] not in known or known[row["id"]].version != row["version"]]
    rows = await conn.fetch(f"SELECT id, data FROM {table} WHERE id = ANY ($1)", new)  # noqa: S608 - the same
    data = {row["id"]: row["data"] for row in rows}
    return [(row["id"], row["version"], data.get(row["id"])) for row in versions]


@contextlib.contextmanager
def _without_collecting() -> Iterator[None]:
    """Build the book without garbage collections, and keep it out of all later ones.

    Thousands of clients are a million objects without a cycle. Looking at them again and again takes a third of the
    time of a start, and later each full collection would hold up the calls.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
