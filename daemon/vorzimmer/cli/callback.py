"""`vorzimmer callback`: who waits to be called back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import carry_out
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.control.commands import CallbackCancel, CallbackList
from vorzimmer.core import number

app = typer.Typer(help="Callers who asked to be called back.", no_args_is_help=True)


@app.command("list")
def list_callbacks(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False
) -> None:
    """List all, by when they asked."""
    settings = context.settings(ctx)
    found = carry_out(settings, CallbackList)["callbacks"]
    if json:
        for one in found:
            print_json(one)
    elif found:
        console().print(_table(found, ZoneInfo(settings.house.timezone), settings.house.region))
    else:
        typer.echo("nobody waits to be called back")


@app.command()
def cancel(
    ctx: typer.Context,
    callback: Annotated[str, typer.Argument(metavar="ID", help="As `callback list` shows it.")],
) -> None:
    """Call nobody back; the client is told that the caller was not reached."""
    carry_out(context.settings(ctx), CallbackCancel, callback=callback)
    typer.echo(f"{callback}: cancelled")


def _table(found: Iterable[Mapping[str, Any]], zone: ZoneInfo, region: str) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("id", "client", "number", "asked", "place", "attempts", "state"):
        table.add_column(name)
    for one in found:
        table.add_row(
            plain(one["callback"]),
            plain(one["client"]),
            plain(number.show(one["number"], region)),
            f"{_local(one['asked_at'], zone):%a %H:%M}",
            str(one["place"] or "-"),
            str(one["attempts"]),
            _state(one, zone),
        )
    return table


def _state(one: Mapping[str, Any], zone: ZoneInfo) -> str:
    if one["calling"]:
        return "being called"
    again = one["not_before"]
    return f"again from {_local(again, zone):%H:%M}" if again else "waits"


def _local(at: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(at).astimezone(zone)
