"""`vorzimmer reconcile`: Asterisk's own records against our CDRs; what is missing in ours is completed.

A call counts as missing only if it is neither in the database nor in the journal nor noted by the dialplan. So these
are read in the order in which a call passes through them, the database last.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import aiohttp
import asyncpg
import typer

from vorzimmer import log
from vorzimmer.asterisk import cdr_file
from vorzimmer.calls.completion import Completion
from vorzimmer.cli import alarm as mails
from vorzimmer.cli import context
from vorzimmer.cli.show import plain
from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import CallEvent
from vorzimmer.core.reconcile import Comparison, Finding, Kind, Underway, Window, compare
from vorzimmer.core.witness import Witness, by_call
from vorzimmer.roles.running import mail_domain
from vorzimmer.settings import Settings
from vorzimmer.store import batch, calls, journal_view, reconciliation
from vorzimmer.store.reconciliation import Run

SETTLED = timedelta(seconds=60)
"""So long ago a call must have ended: until then it may be on its way from one place to the next."""

FIRST_TIME = timedelta(days=2)
"""How far back the first comparison goes."""

ANSWER_SECONDS = 5.0

_WAITING = re.compile(r"^vorzimmer_journal_waiting_records ([0-9.]+)$", re.MULTILINE)


class UncomparableError(Exception):
    """It cannot be said now what is missing; the message says why."""


@dataclass(slots=True)
class Outcome:
    """What a comparison found, and what was done about it: a word on each call that is not as it was."""

    window: Window
    comparison: Comparison
    done: dict[str, str] = field(default_factory=dict)
    completed: int = 0


def reconcile(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Calls that ended since; else since the last comparison.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Calls that ended before; else a minute ago.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the differences and change nothing.")] = False,
    alarm: Annotated[bool, typer.Option("--alarm", help="Mail differences to alarm.to.")] = False,
) -> None:
    """Compare Asterisk's own records with the CDRs, and complete what is missing. Exits with 1 if anything differs."""
    settings = context.settings(ctx)
    log.configure("warning", secrets=settings.secrets())
    zone = settings.house.timezone
    begin = None if since is None else context.time_argument(since, zone)
    end = datetime.now(UTC) - SETTLED if until is None else context.time_argument(until, zone)
    try:
        outcome = context.run(_reconcile(settings, begin, end, dry_run=dry_run))
    except OSError as error:
        _give_up(settings, f"{error.filename or settings.paths.cdr}: {error.strerror or error}", alarm=alarm)
    except UncomparableError as error:
        _give_up(settings, str(error), alarm=alarm)
    for line in _lines(outcome, ZoneInfo(zone)):
        typer.echo(plain(line))
    if not outcome.comparison.findings:
        return
    if alarm:
        asyncio.run(_alarm(settings, outcome))
    raise typer.Exit(context.FAILED)


def _give_up(settings: Settings, why: str, *, alarm: bool) -> NoReturn:
    if alarm:
        asyncio.run(mails.alarm(settings, "calls could not be compared with Asterisk's records", [why]))
    context.fail(why, code=context.USAGE)


async def _reconcile(settings: Settings, since: datetime | None, until: datetime, *, dry_run: bool) -> Outcome:
    if waiting := await _records_in_memory(settings.watch.calls):
        raise UncomparableError(
            f"{waiting} records wait in the daemon's memory because its disk refuses them; "
            "make room, and compare once they are written"
        )
    async with context.database(settings) as conn:
        begin = since or await reconciliation.compared_until(conn) or until - FIRST_TIME
        window = Window(min(begin, until), until)
        theirs = by_call(cdr_file.read(settings.paths.cdr, window.since - calls.LONGEST_CALL))
        noted = {note.stem for note in (settings.paths.fallback / "calls").glob("*.call")}
        journal = settings.paths.state / "journal"
        living = dict.fromkeys(noted) | journal_view.calls_in(journal)
        ours = await calls.ended_calls(conn, window.since, window.until, theirs.keys())
        known = await calls.begun_calls(conn, theirs.keys() - ours.keys())
        underway = Underway(living, known.keys(), journal_view.refused_in(journal))
        outcome = Outcome(window, compare(theirs, ours, window, underway))
        if not dry_run:
            await _complete_all(conn, settings, outcome, theirs, known)
            await reconciliation.save_run(conn, _run(outcome, continuing=since is None))
    return outcome


async def _records_in_memory(port: int) -> int:
    """Records that the running daemon could not write to its journal; what is in them looks as if it were missing.

    0 where nobody answers: what a dead daemon had in memory is lost.
    """
    if not port:
        return 0
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_SECONDS)) as session,
            session.get(f"http://127.0.0.1:{port}/metrics") as answer,
        ):
            page = await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0
    told = _WAITING.search(page)
    return int(float(told[1])) if told else 0


async def _complete_all(
    conn: asyncpg.Connection,
    settings: Settings,
    outcome: Outcome,
    theirs: Mapping[str, Witness],
    known: Mapping[str, Sequence[CallEvent]],
) -> None:
    """Complete each missing call in a transaction of its own: one that is refused does not keep the others back."""
    book = await context.load_book(conn)
    gate, paths = settings.gate, settings.paths
    completion = Completion(
        Directory(book.group, book.client, book.agent),
        Policy(frozenset(gate.countries), gate.parallel, gate.per_day),
        settings.house.region,
        paths.recordings,
        left_in=(paths.spool, paths.fallback / "calls"),
    )
    for finding in outcome.comparison.findings:
        if finding.kind is not Kind.MISSING:
            continue
        call_id = finding.call_id
        made = completion.complete(theirs[call_id], known.get(call_id, ()), finding.cause)
        try:
            await batch.store(conn, made.bodies, mail_domain(settings))
        except asyncpg.PostgresError as error:
            if not batch.is_data_error(error):
                raise
            outcome.done[call_id] = f"could not be completed: {error}"
        else:
            outcome.done[call_id] = f"completed as {made.cdr.disposition}, client {made.cdr.client or 'unknown'}"
            outcome.completed += 1


def _run(outcome: Outcome, *, continuing: bool) -> Run:
    compared = outcome.comparison
    return Run(
        since=outcome.window.since,
        until=compared.judged_until,
        continuing=continuing,
        checked=compared.checked,
        differing=len(compared.differing),
        completed=outcome.completed,
    )


async def _alarm(settings: Settings, outcome: Outcome) -> None:
    compared = outcome.comparison
    subject = f"calls differ from Asterisk's records: {len(compared.differing)} of {compared.checked}"
    await mails.alarm(settings, subject, _lines(outcome, ZoneInfo(settings.house.timezone)))


def _lines(outcome: Outcome, zone: ZoneInfo) -> Iterator[str]:
    """The result for people: a line for each difference, and the sum."""
    compared = outcome.comparison
    for finding in compared.findings:
        yield _line(finding, outcome.done.get(finding.call_id), zone)
    since, until = (f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in (outcome.window.since, outcome.window.until))
    sums = f"differing {len(compared.differing)}, completed {outcome.completed}"
    yield f"compared {compared.checked}, ended from {since} to {until}: {sums}"
    if compared.postponed:
        yield f"{len(compared.postponed)} on their way to the database, to be compared the next time"


def _line(finding: Finding, done: str | None, zone: ZoneInfo) -> str:
    ended = f"{finding.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return f"{ended}  {finding.call_id}  {finding}{f'; {done}' if done else ''}"
