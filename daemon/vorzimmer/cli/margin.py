"""`vorzimmer margin`: what each client brings in a month, and what its calls cost."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.month import month_of
from vorzimmer.cli.plot_file import plot_file, write
from vorzimmer.cli.show import console, percent, plain, print_json
from vorzimmer.core.margin import FORMULA, Costs, Margin, Revenue, margins
from vorzimmer.core.stretches import Month
from vorzimmer.settings import Settings
from vorzimmer.store import margins as stored

_COLUMNS = ("calls", "agents h", "line min", "revenue", "wages", "lines", "margin", "share", "month")


def margin(
    ctx: typer.Context,
    month: Annotated[
        str | None, typer.Argument(metavar="[MONTH]", help="2026-11; the last one that is over if not given.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a plot: .svg or .png.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: one object.")] = False,
) -> None:
    """Show each client's margin of a month, with its formula.

    A closed month's revenue is the total of its statement; of an open one only what the calls have cost so far.
    """
    settings = context.settings(ctx)
    form, chosen = plot_file(plot), month_of(month, settings)
    costs = costs_of(settings)
    found, foreign = context.run(_gather(settings, chosen, costs))
    name = f"{chosen.year}-{chosen.month:02}"
    if plot is not None:
        from vorzimmer.billing import plots  # noqa: PLC0415 - half a second, for those who want a plot

        write(plot, plots.margin_plot(found, f"Margin by client, {name}", form))
    if json:
        rows = [{**asdict(one), "margin": one.amount, "share": one.share} for one in found]
        print_json({"month": name, "formula": FORMULA, "clients": rows, "foreign": [asdict(one) for one in foreign]})
        return
    console().print(_table(found))
    typer.echo(
        f"\nmargin: {FORMULA}; in {costs.currency}, "
        f"an hour at {costs.wage_per_hour:f}, a minute at {costs.line_per_minute:f}"
    )
    for one in foreign:
        typer.echo(
            f"{plain(one.client)} pays {one.amount:.2f} {one.currency}: no margin, the costs are in {costs.currency}"
        )
    if not (costs.wage_per_hour or costs.line_per_minute):
        typer.echo("no costs are set: billing.costs.wage_per_hour and billing.costs.line_per_minute", err=True)


def costs_of(settings: Settings) -> Costs:
    """What our work costs, as the settings have it."""
    billing = settings.billing
    return Costs(billing.currency, billing.costs.wage_per_hour, billing.costs.line_per_minute)


async def _gather(settings: Settings, month: Month, costs: Costs) -> tuple[tuple[Margin, ...], tuple[Revenue, ...]]:
    async with context.database(settings) as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        zones = {one.id: one.timezone for one in (await context.load_book(conn)).client}
        efforts = await stored.efforts(conn, month, zones, settings.house.timezone)
        return margins(efforts, await stored.revenues(conn, month), costs)


def _table(found: tuple[Margin, ...]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("client")
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for one in sorted(found, key=lambda one: one.amount, reverse=True):
        money = (one.revenue, one.wages, one.lines, one.amount)
        table.add_row(
            plain(one.client),
            str(one.calls),
            f"{one.hours:.2f}",
            f"{one.minutes:.1f}",
            *(f"{amount:.2f}" for amount in money),
            percent(one.share),
            "closed" if one.closed else "open",
        )
    if found:
        total = sum((one.amount for one in found), Decimal(0))
        table.add_row("all", *("" for _ in range(6)), f"{total:.2f}", "", "")
    return table
