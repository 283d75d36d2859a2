"""The part of `check` that asks the running daemon how it is, and looks for what has not reached its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import aiohttp
import asyncpg
import orjson
from prometheus_client.parser import text_string_to_metric_families

from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.settings import Settings
from vorzimmer.store import outbox
from vorzimmer.store.outbox import Backlog, GivenUp

TIMEOUT = 5.0
"""Seconds for one answer of the daemon, which takes milliseconds unless its loop is stuck; and for the database."""

LATE_SECONDS = 120.0
"""A record on its way to the database, or a message that is due, is late after this."""

GIVEN_UP_DAYS = 7
"""How long a message that was given up is a finding: it cannot be mended afterwards, only known."""

_UNIT = {"calls": "vorzimmer-calls", "worker": "vorzimmer-worker"}


async def roles(settings: Settings) -> list[Report]:
    """Whether each role is ready, and how far the journal has got."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        calls, worker, journal = await asyncio.gather(
            _role(session, "calls", settings.watch.calls),
            _role(session, "worker", settings.watch.worker),
            _journal(session, settings.watch.calls),
        )
    return [calls, worker, *([journal] if journal is not None else [])]


async def _role(session: aiohttp.ClientSession, role: str, port: int) -> Report:
    part, unit = f"role {role}", _UNIT[role]
    if not port:
        return Report(part, f"not watched, for watch.{role} is 0")
    try:
        async with session.get(f"http://127.0.0.1:{port}/ready") as answer:
            status, body = answer.status, await answer.read()
            reasons = orjson.loads(body) if status == 503 else []
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        away = f"no answer on 127.0.0.1:{port} ({reason(error)}); systemctl status {unit}"
        return Report(part, findings=(away,))
    if status not in (200, 503):
        return Report(part, findings=(f"what answers on 127.0.0.1:{port} is another program; set watch.{role}",))
    return Report(part, "ready", tuple(f"not ready: {why}; journalctl -u {unit}" for why in reasons))


async def _journal(session: aiohttp.ClientSession, port: int) -> Report | None:
    """From the daemon's own numbers; None where it does not answer, which its own report tells."""
    if not port:
        return None
    try:
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            samples = [s for family in text_string_to_metric_families(await answer.text()) for s in family.samples]
            read = {sample.name: sample.value for sample in samples}
            findings = tuple(_journal_findings(read))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
        return None
    return Report("journal", f"{read['vorzimmer_journal_unshipped_records']:.0f} records on their way", findings)


def _journal_findings(read: Mapping[str, float]) -> Iterator[str]:
    unshipped, age = read["vorzimmer_journal_unshipped_records"], read["vorzimmer_journal_oldest_unshipped_seconds"]
    if unshipped and age > LATE_SECONDS:
        yield (
            f"{unshipped:.0f} records are not in the database, the oldest for {age:.0f} s; "
            "calls go on; see the database, and journalctl -u vorzimmer-calls"
        )
    if waiting := read["vorzimmer_journal_waiting_records"]:
        yield f"{waiting:.0f} records are in memory only, for the disk refuses them; make room at paths.state now"
    if lost := read["vorzimmer_journal_lost_records_total"]:
        yield f"{lost:.0f} records were lost since the start, for disk and memory were full; run `vorzimmer reconcile`"
    if rejected := read["vorzimmer_rejected_records_total"]:
        yield f"the database refused {rejected:.0f} records since the start; see rejected.jsonl in paths.state/journal"


async def messages(settings: Settings) -> Report:
    """What was not sent in time, or never will be. A database that is away is told by its own report."""
    try:
        conn = await asyncpg.connect(settings.database.dsn.get_secret_value(), timeout=TIMEOUT)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return Report("messages", "not known")
    try:
        backlog, given_up = await outbox.backlog(conn), await outbox.given_up(conn, GIVEN_UP_DAYS)
    except asyncpg.PostgresError:
        return Report("messages", "not known")
    finally:
        await conn.close()
    return Report("messages", f"{backlog.pending + backlog.leased} wait", tuple(_findings(backlog, given_up)))


def _findings(backlog: Backlog, given_up: GivenUp | None) -> Iterator[str]:
    if backlog.oldest_due > LATE_SECONDS:
        yield f"one has been due for {backlog.oldest_due:.0f} s; systemctl status vorzimmer-worker"
    if given_up is not None:
        last = f"of call {given_up.call_id}" if given_up.call_id is not None else given_up.about
        yield (
            f"{given_up.count} of the last {GIVEN_UP_DAYS} days were given up, the last one {last} "
            f"to {given_up.recipient} ({given_up.detail}); correct the address, and tell {given_up.client_id or 'them'}"
        )
