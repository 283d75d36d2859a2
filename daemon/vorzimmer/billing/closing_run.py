"""Many clients' months closed at once, by as many processes as there are cores; one's trouble is nobody else's."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import asyncpg

from vorzimmer.billing import month_files
from vorzimmer.billing.closing import Issuer, NotClosed, close, preview
from vorzimmer.billing.fonts import NoFontError
from vorzimmer.billing.invoicing import make
from vorzimmer.billing.paper import House
from vorzimmer.core.statement import Statement
from vorzimmer.core.stretches import Month
from vorzimmer.store import invoices, statements
from vorzimmer.store.client_change import NoSuchClient

IN_ONE = 2
"""Up to so many clients no other processes are started: that takes longer."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done. `folder`: into which documents are written, a folder for each client; None: into none.

    `dry`: nothing is closed, only reckoned.
    """

    dsn: str
    month: Month
    issuer: Issuer
    by: str
    at: datetime
    folder: Path | None = None
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a client's month. `refused`: why it is not closed. `before`: it was closed already.

    `unwritten`: it is closed, but why its documents are not in the folder. `balance`: what is left of what was paid
    before, if the client does that.
    """

    client: str
    refused: str | None = None
    unwritten: str | None = None
    before: bool = False
    currency: str = ""
    total: Decimal = Decimal(0)
    calls: int = 0
    invoice: str | None = None
    balance: Decimal | None = None


def run(order: Order, clients: Sequence[str], processes: int) -> Iterator[Outcome]:
    """Close, and tell of each client as it is done, in no order. What a kill leaves undone is done the next time.

    A process that dies takes its pool along, and nobody knows whose month it closed. The rest is tried again from the
    other end, so that whoever kills them comes last; and those who are left then one by one.
    """
    here = processes < 2 or len(clients) <= IN_ONE
    left = list(clients)
    for _ in range(2):
        died = set()
        for client, outcome in _at_once(order, left, ThreadPoolExecutor(1) if here else _processes(processes)):
            if outcome is None:
                died.add(client)
            else:
                yield outcome
        left = [client for client in reversed(left) if client in died]
    for name in left:
        for client, outcome in _at_once(order, [name], _processes(1)):
            yield outcome or Outcome(client, refused="the process that closed it died")


def _processes(count: int) -> Executor:
    spawning = multiprocessing.get_context("spawn")  # a fork would carry along the parent's connections and loop
    return ProcessPoolExecutor(count, mp_context=spawning)


def _at_once(order: Order, clients: Sequence[str], pool: Executor) -> Iterator[tuple[str, Outcome | None]]:
    """Each client's outcome, as it is there; None: its process died, or one beside it."""
    waiting: dict[Future[Outcome], str] = {}
    try:
        for client in clients:
            try:
                waiting[pool.submit(in_process, order, client)] = client
            except BrokenProcessPool:
                yield client, None
        for done in as_completed(waiting):
            yield waiting[done], _outcome(done, waiting[done])
    finally:
        pool.shutdown(cancel_futures=True)  # whoever interrupts it waits for no more than what is begun


def in_process(order: Order, client: str) -> Outcome:
    """Close one client's month on a connection of its own; blocks."""
    try:
        return asyncio.run(_closed(order, client))
    except NotClosed as refusal:
        return Outcome(client, refused=str(refusal))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, NoFontError) as error:
        return Outcome(client, refused=f"{type(error).__name__}: {error}")


def _outcome(done: Future[Outcome], client: str) -> Outcome | None:
    """Also of a client that met what nobody has thought of; None: its process died."""
    error = done.exception()
    if isinstance(error, BrokenProcessPool):
        return None
    return done.result() if error is None else Outcome(client, refused=f"{type(error).__name__}: {error}")


async def _closed(order: Order, client: str) -> Outcome:
    conn = await asyncpg.connect(order.dsn, timeout=10)
    try:
        before = await statements.statement(conn, client, order.month)
        if order.dry:
            found = before or await preview(conn, client, order.month, order.issuer, order.by, order.at)
        else:
            found = before or await close(conn, client, order.month, order.issuer, make, order.by, order.at)
        unwritten = None if order.dry else await _written(conn, found, order)
        return await _told(conn, found, before=before is not None, unwritten=unwritten)
    finally:
        await conn.close()


async def _written(conn: asyncpg.Connection, closed: Statement, order: Order) -> str | None:
    """Write the documents; what keeps them from being written, if anything does."""
    if order.folder is None:
        return None
    try:
        files = await month_files.files_of(conn, closed, house_of(order.issuer))
        await asyncio.to_thread(month_files.write, order.folder / closed.client, files)
    except (OSError, NoFontError, NoSuchClient, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return None


async def _told(conn: asyncpg.Connection, found: Statement, *, before: bool, unwritten: str | None) -> Outcome:
    issued = await invoices.standing(conn, found.client, found.month)
    return Outcome(
        found.client,
        unwritten=unwritten,
        before=before,
        currency=found.currency,
        total=found.total,
        calls=found.calls,
        invoice=issued.number if issued else None,
        balance=found.balance.after if found.balance else None,
    )


def house_of(issuer: Issuer) -> House:
    """The house as it stands on a statement."""
    return House(**{field.name: getattr(issuer.seller, field.name) for field in fields(House)})
