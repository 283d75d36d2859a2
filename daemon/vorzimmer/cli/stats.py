"""`vorzimmer stats`: how well callers were served, by client and in all, and what each agent did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context, stats_by
from vorzimmer.cli.plot_file import plot_file, write
from vorzimmer.cli.show import console, percent, print_json
from vorzimmer.core.day import bounds
from vorzimmer.core.service_level import TARGET, Figures, Served, by_client, figures, formula
from vorzimmer.core.statistics import By
from vorzimmer.settings import Settings
from vorzimmer.store import statistics
from vorzimmer.store.statistics import Work


def stats(  # noqa: PLR0913, PLR0917 - an option each
    ctx: typer.Context,
    by: Annotated[By | None, typer.Argument(help="Calls of some days by one of these; otherwise a day.")] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Of this day, 2026-12-24; today if not given.")
    ] = None,
    target: Annotated[float, typer.Option(min=0, help="Seconds within which a call should be answered.")] = TARGET,
    short: Annotated[float, typer.Option(min=0, help="Leave out who gave up before so many seconds.")] = 0,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="The first day; 28 days if not given.")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="The last day; today if not given.")] = None,
    client: Annotated[str | None, typer.Option(help="Calls of this client only.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a plot: .svg or .png.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one object.")] = False,
) -> None:
    """Show the service level, with its formula, and the work of a day; or of some days by one word."""
    settings = context.settings(ctx)
    if by is not None:
        if day is not None:
            context.fail("--day goes without a word behind it; with it, --since and --until", code=context.USAGE)
        form = plot_file(plot)
        told = stats_by.gather(settings, by, stats_by.days_of(since, until, settings), target, short, client)
        if plot is not None:
            write(plot, stats_by.plot(told, form))
        (stats_by.show_json if json else stats_by.show_csv if csv else stats_by.show)(told)
        return
    if csv or plot or since or until or client:
        context.fail("say by what: client, agent, team, hour, weekday or day", code=context.USAGE)
    zone = ZoneInfo(settings.house.timezone)
    chosen = datetime.now(UTC).astimezone(zone).date() if day is None else stats_by.day_of(day)
    calls, work = context.run(_of_day(settings, *bounds(chosen, zone)))
    whole, clients = figures(calls, target, short), by_client(calls, target, short)
    if json:
        print_json(
            {
                "day": chosen,
                "formula": formula(target, short),
                "total": _plain(whole),
                "clients": {client: _plain(found) for client, found in clients.items()},
                "agents": [asdict(agent) for agent in work],
            }
        )
        return
    console().print(_served({**clients, "all": whole}))
    typer.echo(f"\nservice level: {formula(target, short)}; all times in seconds")
    if work:
        console().print("", _worked(work))


async def _of_day(settings: Settings, since: datetime, until: datetime) -> tuple[tuple[Served, ...], tuple[Work, ...]]:
    async with context.database(settings) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return await statistics.served(conn, since, until), await statistics.work(conn, since, until)


def _plain(found: Figures) -> dict[str, Any]:
    return {**asdict(found), "level": found.level}


def _served(rows: dict[str, Figures]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("client")
    for name in (
        "offered",
        "answered",
        "abandoned",
        "overflowed",
        "service level",
        "mean wait",
        "mean talk",
        "mean wrap-up",
    ):
        table.add_column(name, justify="right")
    for client, found in rows.items():
        counts = (found.offered, found.answered, found.abandoned + found.gone_at_once, found.overflowed)
        means = (found.mean_wait, found.mean_talk, found.mean_wrap_up)
        table.add_row(client, *map(str, counts), percent(found.level), *map(_seconds, means))
    return table


def _worked(work: Sequence[Work]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("agent")
    for name in ("calls", "missed", "talk", "hold", "wrap-up"):
        table.add_column(name, justify="right")
    for agent in work:
        seconds = (agent.talk, agent.hold, agent.wrap_up)
        table.add_row(agent.agent, str(agent.calls), str(agent.missed), *map(_seconds, seconds))
    return table


def _seconds(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:.1f}"
