"""`vorzimmer erase`, and `vorzimmer export --number`: all that is kept about one caller (docs/privacy.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vorzimmer import log
from vorzimmer.cli import context
from vorzimmer.cli.book import export_book
from vorzimmer.cli.control import actor, ask
from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import CallbackCancel, CallbackList, Refused
from vorzimmer.core import number as numbers
from vorzimmer.core.keeping import national_digits
from vorzimmer.roles import erasing
from vorzimmer.settings import Settings
from vorzimmer.store import person, person_export
from vorzimmer.store.audit import Actor
from vorzimmer.store.person import Found, Gone
from vorzimmer.store.whole_file import TakenError, written_whole

SHIPPED = 5.0
"""Seconds in which what the calls process writes comes to the database, if it does at all."""

LOOK = 0.1

_ITS_CALLS = "SELECT count(*) FROM cdr WHERE starts_with(call_id, $1)"

ClientOption = Annotated[str | None, typer.Option(metavar="ID", help="Only what is kept for this client.")]


def export(
    ctx: typer.Context,
    number: Annotated[str | None, typer.Option(metavar="NUMBER", help="All that is kept about this caller.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A new .zip, with recordings, or .json. With --number.")
    ] = None,
    client: ClientOption = None,
    files: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put the announcements there. Without --number.")
    ] = None,
) -> None:
    """Print all groups, clients and agents as a file that `import` takes; or write what is kept about one caller."""
    if number is None:
        if out is not None or client is not None:
            context.fail("--out and --client are about one caller: name it with --number", code=context.USAGE)
        export_book(ctx, files)
        return
    if out is None or out.suffix not in (".zip", ".json") or files is not None:
        context.fail("name a new file with --out: FILE.zip (with recordings) or FILE.json", code=context.USAGE)
    settings = context.settings(ctx)
    wanted = _number(number, settings.house.region)
    try:
        told = context.run(_export(settings, wanted, client, out))
    except (OSError, TakenError) as error:
        context.fail(f"{out}: {context.reason(error)}")
    typer.echo(f"{out}: {len(told['calls'])} calls of {numbers.show(wanted, settings.house.region)}")
    for call in told["under_way"]:
        typer.echo(f"call {call} goes on; it is not in the file: ask again when it is over")
    typer.echo("it holds personal data: give it to nobody but the caller")


def erase(
    ctx: typer.Context,
    number: Annotated[str, typer.Option(metavar="NUMBER", help="The caller, in any writing.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the trail of changes, without the number.")],
    client: ClientOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase at once all that is kept about one caller; say what stays, and why."""
    settings = context.settings(ctx)
    log.configure("warning", secrets=settings.secrets())
    wanted = _number(number, settings.house.region)
    shown = numbers.show(wanted, settings.house.region)
    found = context.run(_find(settings, wanted, client))
    if not yes:
        typer.confirm(
            f"Erase {len(found.calls)} calls of {shown} and whatever else names it? There is no way back.", abort=True
        )
    said = context.run(_call_nobody_back(settings, wanted, client))
    try:
        gone, files = context.run(_erase(settings, wanted, client, reason))
    except OSError as error:
        context.fail(f"{context.reason(error)}; what was erased before stays erased: run it again")
    for line in (*said, _gone(gone), *files, *_left(gone.left)):
        typer.echo(line)


def _number(written: str, region: str) -> str:
    """The number as it is kept."""
    try:
        return numbers.parse(written, region)
    except ValueError as error:
        found = numbers.clean(written, region)
        if found is None or len(found) < numbers.SHORTEST_NATIONAL:
            context.fail(str(error), code=context.USAGE)
        return found


async def _export(settings: Settings, number: str, client: str | None, out: Path) -> dict[str, Any]:
    async with context.database(settings) as conn:
        at, recordings = datetime.now(UTC), settings.paths.recordings
        with written_whole(out) as file:
            packed = file if out.suffix == ".zip" else None
            told = await person_export.export(conn, number, client, recordings=recordings, at=at, file=packed)
            if packed is None:
                file.write(person_export.as_bytes(told))
    return told


async def _find(settings: Settings, number: str, client: str | None) -> Found:
    async with context.database(settings) as conn:
        return await person.find(conn, number, client, datetime.now(UTC))


async def _erase(settings: Settings, number: str, client: str | None, reason: str) -> tuple[Gone, list[str]]:
    """What was erased; and what is to be said of the files beside the database."""
    async with context.database(settings) as conn:
        faxes = await person.faxes(conn, number, client)
        gone = await person.erase(
            conn,
            number,
            client,
            recordings=settings.paths.recordings,
            at=datetime.now(UTC),
            actor=Actor(actor()),
            reason=reason,
        )
    # Of one client alone, only the records of its calls: another may need the number.
    written = () if client is not None else _as_asterisk_writes(number)
    said = []
    try:
        records = await erasing.blank_calls(settings.paths.cdr, gone.calls, written)
        said.append(f"erased in {records} of Asterisk's own records")
    except OSError as error:
        said.append(f"Asterisk's own records were not erased: {settings.paths.cdr}: {context.reason(error)}")
    try:
        if pages := await erasing.forget_faxes(settings.paths.fax, faxes):
            said.append(f"erased: {pages} files with pages of faxes")
    except OSError as error:
        said.append(f"pages of faxes stay for three days: {settings.paths.fax}: {context.reason(error)}")
    return gone, said


def _as_asterisk_writes(number: str) -> set[str]:
    """The writings in which a network tells a number."""
    country_and_national = number.removeprefix("+")
    return {number, country_and_national, f"00{country_and_national}", f"0{national_digits(number)}"}


def _gone(gone: Gone) -> str:
    return (
        f"erased: {len(gone.calls)} calls, {gone.notes} notes, {gone.messages} messages, {gone.recordings} recordings,"
        f" {gone.mentions} other places that named the number"
    )


async def _call_nobody_back(settings: Settings, number: str, client: str | None) -> list[str]:
    """Whoever waits to be called back is called no more; returns what is to be said of it.

    That it ended is a call of its own: it is waited for, so that it is erased with the others.
    """
    said = []
    try:
        found = (await ask(settings, CallbackList(actor=actor())))["callbacks"]
        mine = [one["callback"] for one in found if one["number"] == number and client in (None, one["client"])]
        async with context.database(settings) as conn:
            for callback in mine:
                before = await conn.fetchval(_ITS_CALLS, callback)
                await ask(settings, CallbackCancel(actor=actor(), callback=callback))
                said.append(f"{callback}: will not be called back")
                for _ in range(int(SHIPPED / LOOK)):
                    if await conn.fetchval(_ITS_CALLS, callback) > before:
                        break
                    await asyncio.sleep(LOOK)
    except (Refused, Unreachable) as why:
        said.append(f"stays: who waits to be called back was not looked at: {why}")
    return said


def _left(left: Found) -> Iterator[str]:
    for call in left.under_way:
        yield f"stays: call {call} goes on; run this again when it is over"
    for client in left.named_by:
        yield f"stays: client {client} names the number in its own data (callers, contacts), until it removes it"
    if left.trail:
        yield f"stays: {left.trail} entries of the trail of changes, for they prove what clients changed in their data"
    yield "stays: that there were calls, when and how long, without the number, for bills must be proven"
    yield "stays: the journal for an hour at most; logs and backups until they expire (docs/privacy.md)"
