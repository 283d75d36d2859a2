"""`vorzimmer contract`: who pays by which tariff, and until when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.show import console
from vorzimmer.core.account import Agreement
from vorzimmer.settings import Settings
from vorzimmer.store import audit, billing_book
from vorzimmer.store.audit import Actor

app = typer.Typer(help="Who pays by which tariff; new ones come by `tariff import`.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Argument(metavar="CLIENT", help="Of one client only.")] = None,
) -> None:
    """Every contract, by client and day."""
    table = Table("client", "tariff", "since", "until", "options", "term", box=None, pad_edge=False)
    for one in context.run(_agreements(context.settings(ctx), client)):
        until = one.until.isoformat() if one.until else "-"
        term = f"{one.term_months} months"
        table.add_row(one.client, one.tariff, one.since.isoformat(), until, ", ".join(one.options) or "-", term)
    console().print(table)


@app.command()
def end(
    ctx: typer.Context,
    client: ClientId,
    day: Annotated[datetime, typer.Argument(metavar="DAY", formats=["%Y-%m-%d"], help="The last day: 2026-12-31.")],
) -> None:
    """End the contract that holds on this day with it."""
    try:
        ended = context.run(_end(context.settings(ctx), client, day.date()))
    except ValueError as error:
        context.fail(str(error))
    if ended is None:
        context.fail(f"no contract of {client} holds on {day:%Y-%m-%d}")
    typer.echo(f"{client}: {ended.tariff} ends on {day:%Y-%m-%d}")


async def _agreements(settings: Settings, client: str | None) -> tuple[Agreement, ...]:
    async with context.database(settings) as conn:
        return await billing_book.agreements(conn, client)


async def _end(settings: Settings, client: str, until: date) -> Agreement | None:
    async with context.database(settings) as conn, conn.transaction():
        ended = await billing_book.end(conn, client, until)
        if ended is not None:
            await audit.note(conn, Actor(who()), "contract.end", client=client, about=until.isoformat())
        return ended
