"""`vorzimmer balance`: what clients have paid before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core.plain_text import single_line
from vorzimmer.settings import Settings
from vorzimmer.store import audit, balances, client_change
from vorzimmer.store.audit import Actor
from vorzimmer.store.balances import Entry
from vorzimmer.store.client_change import NoSuchClient

app = typer.Typer(help="What prepaying clients have paid, and what is left.", no_args_is_help=True)

MOST = Decimal(1_000_000)
"""Of one payment: more is a slip of the pen."""

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]


@app.command()
def add(
    ctx: typer.Context,
    client: ClientId,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="With VAT: 500.00; `-- -20` takes 20 back.")],
    what: Annotated[str, typer.Option("--what", metavar="TEXT", help="Where it came from.")] = "payment",
    currency: Annotated[str | None, typer.Option("--currency", help="Else the house's.")] = None,
) -> None:
    """Write down a payment, and print the balance."""
    settings = context.settings(ctx)
    chosen = currency or settings.billing.currency
    if not (len(chosen) == len("EUR") and chosen.isascii() and chosen.isupper() and chosen.isalpha()):
        context.fail(f"{plain(chosen)!r} is no currency; write EUR", code=context.USAGE)
    left = context.run(_add(settings, client, _amount(amount), chosen, single_line(what)[:120]))
    typer.echo(f"{plain(client)}: {left} {chosen}")


@app.command()
def show(
    ctx: typer.Context,
    client: ClientId,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Show every entry, and what is left in each currency."""
    settings = context.settings(ctx)
    found = context.run(_entries(settings, client))
    if json:
        for entry in found:
            print_json(_as_json(entry))
        return
    if found:
        console().print(_table(found, ZoneInfo(settings.house.timezone)))
    for currency in sorted({entry.currency for entry in found}):
        typer.echo(f"{sum((one.amount for one in found if one.currency == currency), Decimal(0))} {currency}")
    if not found:
        typer.echo("no entries")


def _amount(written: str) -> Decimal:
    try:
        amount = Decimal(written)
        fits = amount.is_finite() and amount == amount.quantize(Decimal("0.01")) and 0 < abs(amount) <= MOST
    except InvalidOperation:
        fits = False
    if not fits:
        context.fail(
            f"{plain(written)!r} is no amount: write 500 or 499.90, up to {MOST:f} and not 0", code=context.USAGE
        )
    return amount


async def _add(settings: Settings, client: str, amount: Decimal, currency: str, what: str) -> Decimal:
    by = who()
    async with context.database(settings) as conn, conn.transaction():
        try:
            await client_change.load(conn, client)
        except NoSuchClient:
            context.fail(f"there is no client {plain(client)!r}")
        after = {"amount": f"{amount:f}", "currency": currency, "what": what}
        await audit.note(conn, Actor(by), "balance.add", client=client, before={}, after=after)
        return await balances.add(conn, client, amount, currency, what, by, datetime.now(UTC))


async def _entries(settings: Settings, client: str) -> Sequence[Entry]:
    async with context.database(settings) as conn:
        return await balances.entries(conn, client)


def _as_json(entry: Entry) -> dict[str, object]:
    month = entry.month and entry.month.isoformat()
    return {
        "amount": f"{entry.amount:f}",
        "currency": entry.currency,
        "what": entry.what,
        "month": month,
        "at": entry.at,
        "by": entry.by,
    }


def _table(found: Sequence[Entry], zone: ZoneInfo) -> Table:
    table = Table("when", "what", "amount", "", "by", box=None, pad_edge=False)
    for entry in found:
        at = f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(at, plain(entry.what), f"{entry.amount:f}", entry.currency, plain(entry.by))
    return table
