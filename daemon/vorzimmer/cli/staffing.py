"""`vorzimmer staffing`: the calls that the coming week brings, and the agents that they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.plot_file import plot_file, write
from vorzimmer.cli.show import console, print_json
from vorzimmer.cli.stats_by import WEEKDAYS
from vorzimmer.core.day import bounds
from vorzimmer.core.public_holidays import check_region
from vorzimmer.core.staffing import Need
from vorzimmer.core.statistics import By, Volumes
from vorzimmer.core.week_forecast import Expected, Past, coming_week
from vorzimmer.core.week_plan import PAST_DAYS, Plan, plan_of
from vorzimmer.settings import Settings
from vorzimmer.store import statistics_by
from vorzimmer.store.statistics_by import Asked


def staffing(
    ctx: typer.Context,
    *,
    week: Annotated[bool, typer.Option("--week", help="Every half hour of the week, not its busiest ones.")] = False,
    target: Annotated[float, typer.Option(help="The service level that is wanted, above 0 and below 1.")] = 0.8,
    within: Annotated[float, typer.Option(min=0, help="Seconds within which a call should be answered.")] = 20,
    holidays: Annotated[str | None, typer.Option(metavar="REGION", help="Public holidays of DE, DE-BY …")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a plot: .svg or .png.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one object.")] = False,
) -> None:
    """Show how many agents the coming week takes, by Erlang C and A, with the calls that are expected."""
    settings = context.settings(ctx)
    form = plot_file(plot)
    if not 0 < target < 1:
        context.fail("--target lies above 0 and below 1: 0.8 is 80 %", code=context.USAGE)
    region = _region(holidays, settings)
    zone = ZoneInfo(settings.house.timezone)
    today = datetime.now(zone).date()
    past, whole = context.run(_gather(settings, today, zone))
    plan = plan_of(past, whole, coming_week(today), zone, region, (target, within))
    if plot is not None:
        from vorzimmer.billing import plots  # noqa: PLC0415 - half a second, for those who want a plot

        title = f"Calls and agents from {plan.week[0].at:%Y-%m-%d} on, {target:.0%} within {within:g} s"
        write(plot, plots.staffing_plot(plan.week, plan.by_c, plan.by_a, title, form))
    if json:
        print_json(_as_json(plan, target, within))
        return
    console().print(_half_hours(plan) if week else _days(plan))
    patience = "nobody has given up" if plan.patience is None else f"patience {plan.patience:.0f} s"
    typer.echo(
        f"\n{target:.0%} of the calls answered within {within:g} s; handling {plan.handling:.0f} s, {patience}, "
        f"as from {past.first} to {past.last}"
    )


def _region(wanted: str | None, settings: Settings) -> str:
    try:
        return check_region(settings.house.region if wanted is None else wanted)
    except ValueError as error:
        context.fail(str(error), code=context.USAGE)


async def _gather(settings: Settings, today: date, zone: ZoneInfo) -> tuple[Past, Volumes]:
    since, until = bounds(today - timedelta(days=PAST_DAYS), zone)[0], bounds(today - timedelta(days=1), zone)[1]
    async with context.database(settings) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        past = await statistics_by.past(conn, since, until, zone.key)
        asked = Asked(since, until, zone.key, Decimal(20))
        _, whole = await statistics_by.volumes(conn, asked, By.WEEKDAY, {})
    return past, whole


def _rows(plan: Plan) -> list[tuple[Expected, Need, Need | None]]:
    by_a: Sequence[Need | None] = plan.by_a or [None] * len(plan.week)
    return list(zip(plan.week, plan.by_c, by_a, strict=True))


def _as_json(plan: Plan, target: float, within: float) -> dict[str, object]:
    rows = [
        {
            "at": one.at,
            "calls": round(one.calls, 3),
            "erlang_c": asdict(by_c),
            "erlang_a": None if by_a is None else asdict(by_a),
        }
        for one, by_c, by_a in _rows(plan)
    ]
    return {
        "target": target,
        "within": within,
        "handling": plan.handling,
        "patience": plan.patience,
        "half_hours": rows,
    }


def _half_hours(plan: Plan) -> Table:
    table = _headed("half hour", "calls", "agents (C)", "level", "mean wait", "occupancy", "agents (A)", "give up")
    for one, by_c, by_a in _rows(plan):
        if not by_c.agents or by_c.outlook is None:
            continue
        told = by_c.outlook
        patient = ("-", "-")
        if by_a is not None and by_a.outlook is not None:
            patient = str(by_a.agents), f"{by_a.outlook.abandoned:.1%}"
        table.add_row(
            f"{WEEKDAYS[one.at.weekday()]} {one.at:%Y-%m-%d %H:%M}",
            f"{one.calls:.1f}",
            str(by_c.agents),
            f"{told.service_level:.1%}",
            f"{told.mean_wait:.1f} s",
            f"{told.occupancy:.1%}",
            *patient,
        )
    return table


def _days(plan: Plan) -> Table:
    table = _headed("day", "calls", "busiest", "calls then", "agents (C)", "agents (A)", "agent hours (C)")
    rows = _rows(plan)
    for day in dict.fromkeys(one.at.date() for one in plan.week):
        of_day = [row for row in rows if row[0].at.date() == day]
        busiest, by_c, by_a = max(of_day, key=lambda row: row[0].calls)
        table.add_row(
            f"{WEEKDAYS[day.weekday()]} {day}",
            f"{sum(one.calls for one, _, _ in of_day):.0f}",
            f"{busiest.at:%H:%M}" if busiest.calls else "-",
            f"{busiest.calls:.1f}",
            str(by_c.agents),
            "-" if by_a is None else str(by_a.agents),
            f"{sum(need.agents for _, need, _ in of_day) / 2:.1f}",
        )
    return table


def _headed(first: str, *names: str) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="right")
    return table
