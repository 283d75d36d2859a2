"""`vorzimmer close-month`: a month's end for all clients, or for one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vorzimmer.billing.closing import Issuer
from vorzimmer.billing.closing_run import Order, Outcome, run
from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.exchange import rates_argument
from vorzimmer.cli.month import month_of
from vorzimmer.cli.show import plain
from vorzimmer.core.invoice import Seller
from vorzimmer.core.stretches import Month
from vorzimmer.settings import Settings
from vorzimmer.store import closing_state


def close_month(
    ctx: typer.Context,
    month: Annotated[str | None, typer.Argument(metavar="MONTH", help="2026-11; else the last one.")] = None,
    client: Annotated[list[str] | None, typer.Option("--client", metavar="ID", help="Only this one's; again.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only reckon: nothing is closed, no number used.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FOLDER", help="Write the documents there, by client.")
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option("--rate", metavar="CURRENCY=NUMBER", help="Units for one euro, where VAT is in it: CNY=7.85."),
    ] = None,
) -> None:
    """Rate, seal, state and invoice a month; what comes later goes to the next one. May be repeated at any time."""
    settings = context.settings(ctx)
    chosen = month_of(month, settings)
    clients = tuple(dict.fromkeys(client)) if client else context.run(_clients(settings, chosen))
    order = Order(
        settings.database.dsn.get_secret_value(),
        chosen,
        replace(issuer_of(settings), rates=rates_argument(rate or [])),
        who(),
        datetime.now(UTC),
        None if dry_run else output,
        dry_run,
    )
    found = sorted(_watched(order, clients), key=lambda one: one.client)
    for one in found:
        typer.echo(_line(one, dry=dry_run))
    refused = sum(one.refused is not None for one in found)
    done = "could be closed" if dry_run else "are closed"
    typer.echo(f"{chosen.year}-{chosen.month:02}: {len(found) - refused} of {len(found)} clients {done}")
    if refused or any(one.unwritten for one in found):
        raise typer.Exit(context.FAILED)


def issuer_of(settings: Settings) -> Issuer:
    """On whose behalf months are closed."""
    billing = settings.billing
    return Issuer(
        Seller(**billing.seller.model_dump()),
        billing.invoice_numbers,
        settings.house.timezone,
        billing.small_business,
        billing.tell,
        f"{settings.web.base_url}/",
    )


async def _clients(settings: Settings, month: Month) -> tuple[str, ...]:
    async with context.database(settings) as conn:
        return await closing_state.clients(conn, month)


def _watched(order: Order, clients: Sequence[str]) -> Iterator[Outcome]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        outcomes = run(order, clients, os.cpu_count() or 1)
        yield from progress.track(outcomes, len(clients), description="reckoning" if order.dry else "closing")


def _line(one: Outcome, *, dry: bool) -> str:
    name = plain(one.client)
    if one.refused is not None:
        return f"{name}: not closed: {plain(one.refused)}"
    parts = [f"{one.calls} calls", f"{one.total} {one.currency} net"]
    if one.invoice is not None:
        parts.append(f"invoice {one.invoice}")
    if one.balance is not None:
        below = ": BELOW ZERO" if one.balance < 0 else ""
        parts.append(f"balance afterwards {one.balance}{below}")
    if one.unwritten is not None:
        parts.append(f"documents not written: {plain(one.unwritten)}")
    if one.before:
        parts.append("was closed already")
    return f"{name}: {', '.join(parts)}{' (dry run)' if dry and not one.before else ''}"
