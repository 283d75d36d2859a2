"""`vorzimmer work`: hours of work for a client, billed by the hour."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import asyncpg
import typer
from rich.table import Column, Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.month import month_of
from vorzimmer.cli.show import console, plain
from vorzimmer.core.plain_text import single_line
from vorzimmer.core.stretches import Month, NoTariff, stretches
from vorzimmer.core.tariff import Region, Work
from vorzimmer.core.work_hours import WorkDone
from vorzimmer.settings import Settings
from vorzimmer.store import audit, billing_book, client_change, work_log
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.work_log import Entry

app = typer.Typer(help="Hours of work for a client, with the talk in each.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
HOUR = 60


@app.command()
def add(
    ctx: typer.Context,
    client: ClientId,
    task: Annotated[str, typer.Argument(metavar="TASK", help="As it is to stand on the bill.")],
    hours: Annotated[
        list[str], typer.Argument(metavar="MINUTES[/TALK] …", help="Of each hour begun: 60/12 60/20 25/0.")
    ],
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Else the client's today.")
    ] = None,
    region: Annotated[str, typer.Option("--region", help="Called to: none, germany, eu.")] = "none",
) -> None:
    """Write work down: minutes of each hour begun, and how many of them were talk."""
    if region not in get_args(Region):
        context.fail(f"--region: {region!r} is unknown (allowed: {', '.join(get_args(Region))})", code=context.USAGE)
    read = [_hour(one) for one in hours]
    minutes, talk = tuple(one for one, _ in read), tuple(one for _, one in read)
    settings = context.settings(ctx)
    at = context.run(
        _add(
            settings,
            client,
            day.date() if day else None,
            lambda at: WorkDone(single_line(task), at, _region(region), minutes, talk),
        )
    )
    typer.echo(f"{client}: {sum(minutes):f} minutes of work, {sum(talk):f} of talk on {at}")


@app.command("list")
def list_(
    ctx: typer.Context, client: ClientId, month: Annotated[str | None, typer.Argument(metavar="MONTH")] = None
) -> None:
    """The work of a month; without one of the last month."""
    settings = context.settings(ctx)
    table = Table(
        "day", "task", "region", "minutes", "talk", "by", Column("id", no_wrap=True), box=None, pad_edge=False
    )
    for one in context.run(_listed(settings, client, month_of(month, settings))):
        minutes, talk = (f"{sum(told):f}" for told in (one.work.minutes, one.work.talk))
        table.add_row(
            one.work.day.isoformat(), plain(one.work.task), one.work.region, minutes, talk, one.by, str(one.id)
        )
    console().print(table)


@app.command()
def remove(
    ctx: typer.Context,
    client: ClientId,
    work: Annotated[uuid.UUID, typer.Argument(metavar="ID", help="As `work list` tells it.")],
) -> None:
    """Take back what was written down by mistake, while its month is open."""
    day = context.run(_remove(context.settings(ctx), client, work))
    typer.echo(f"{client}: the work on {day} is taken back")


def _region(told: str) -> Region:
    return next(one for one in get_args(Region) if one == told)


def _hour(told: str) -> tuple[Decimal, Decimal]:
    minutes, _, talk = told.partition("/")
    try:
        found = Decimal(minutes), Decimal(talk or 0)
        fits = 0 <= found[1] <= found[0] <= HOUR
    except InvalidOperation:
        fits = False
    if not fits:
        context.fail(f"{told!r} is no hour: minutes, at most 60, and the talk in them, as 60/12", code=context.USAGE)
    return found


async def _add(settings: Settings, client: str, day: date | None, work: Callable[[date], WorkDone]) -> date:
    """Write it down; the day it is for."""
    async with context.database(settings) as conn, conn.transaction():
        try:
            _version, known = await client_change.load(conn, client)
        except NoSuchClient:
            context.fail(f"there is no client {plain(client)!r}")
        done = work(day or datetime.now(ZoneInfo(known.timezone)).date())
        if not await work_log.add(conn, uuid.uuid4(), client, done, who()):
            context.fail(f"{done.day:%Y-%m} of {client} is closed already: bill it on a later day")
        await _require_billed(conn, client, done.day)
        await audit.note(conn, Actor(who()), "work.add", client=client, about=done.day.isoformat())
        return done.day


async def _require_billed(conn: asyncpg.Connection, client: str, day: date) -> None:
    """By the contract of that day work is on a bill; otherwise it would be on none."""
    agreed = [one.contract for one in await billing_book.agreements(conn, client)]
    try:
        parts = stretches(agreed, await billing_book.tariffs(conn), Month(day.year, day.month))
    except (NoTariff, ValueError) as error:
        context.fail(str(error))
    part = next((one for one in parts if one.first <= day <= one.last), None)
    if part is None:
        context.fail(f"no contract of {client} holds on {day}: nobody would pay for it")
    if not any(isinstance(one, Work) for one in part.tariff.positions):
        context.fail(f"tariff {part.tariff.id}, which holds for {client} on {day}, has no position for work")


async def _remove(settings: Settings, client: str, work: uuid.UUID) -> date:
    async with context.database(settings) as conn, conn.transaction():
        day = await work_log.remove(conn, work, client)
        if day is None:
            context.fail(f"{plain(client)!r} has no such work, or it is on a statement")
        await audit.note(conn, Actor(who()), "work.remove", client=client, about=day.isoformat())
        return day


async def _listed(settings: Settings, client: str, month: Month) -> tuple[Entry, ...]:
    async with context.database(settings) as conn:
        return await work_log.listed(conn, client, month)
