"""`vorzimmer stats`: how well a day's callers were served, by client and in all, and what each agent did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.show import console, print_json
from vorzimmer.core.service_level import TARGET, Figures, Served, by_client, figures, formula
from vorzimmer.settings import Settings
from vorzimmer.store import statistics
from vorzimmer.store.statistics import Work


def stats(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Of this day, 2026-12-24; today if not given.")
    ] = None,
    target: Annotated[float, typer.Option(min=0, help="Seconds within which a call should be answered.")] = TARGET,
    short: Annotated[float, typer.Option(min=0, help="Leave out who gave up before so many seconds.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one object.")] = False,
) -> None:
    """Show the service level, with its formula, and the work of a day."""
    settings = context.settings(ctx)
    zone = ZoneInfo(settings.house.timezone)
    chosen = datetime.now(UTC).astimezone(zone).date() if day is None else _date(day)
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


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a day and of the next one; 23 or 25 hours apart when the clocks change."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


def percent(level: Decimal | None) -> str:
    """A service level for people."""
    return "-" if level is None else f"{level * 100:.1f} %"


async def _of_day(settings: Settings, since: datetime, until: datetime) -> tuple[tuple[Served, ...], tuple[Work, ...]]:
    async with context.database(settings) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return await statistics.served(conn, since, until), await statistics.work(conn, since, until)


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        context.fail(f"not a day: {value!r}; write 2026-12-24", code=context.USAGE)


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
