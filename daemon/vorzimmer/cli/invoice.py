"""`vorzimmer invoice`: what was issued, and what is done with it afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import asyncpg
import typer

from vorzimmer.billing.einvoice_check import MOST, NotAnInvoice, check, xml_of
from vorzimmer.billing.fonts import NoFontError
from vorzimmer.billing.invoicing import make
from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.exchange import rate_argument
from vorzimmer.cli.invoice_show import entry_json, entry_table, invoice_lines
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core.account import Account
from vorzimmer.core.invoice import Invoice, NotInvoiceable, Seller, Terms, invoice_of
from vorzimmer.core.invoice_json import data_of
from vorzimmer.core.stretches import Month
from vorzimmer.settings import Settings
from vorzimmer.store import audit, billing_book, invoices, statements
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient, load
from vorzimmer.store.invoices import Document, Entry, Unknown

app = typer.Typer(help="Invoices: what was issued, cancelling, checking, writing files.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="As `invoice list` shows it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
OfClient = Annotated[str | None, typer.Option("--client", metavar="ID", help="Only this client's.")]
OfMonth = Annotated[
    datetime | None, typer.Option("--month", metavar="MONTH", formats=["%Y-%m"], help="Only for this month: 2026-10.")
]


@app.command("list")
def list_invoices(ctx: typer.Context, client: OfClient = None, month: OfMonth = None, json: Json = False) -> None:
    """List what was issued, the oldest first."""
    found = context.run(_listed(context.settings(ctx), client, month))
    if json:
        for one in found:
            print_json(entry_json(one))
    elif found:
        console().print(entry_table(found))
    else:
        typer.echo("no invoices")


@app.command()
def show(ctx: typer.Context, number: Number, json: Json = False) -> None:
    """Show an invoice: its lines and sums."""
    found = context.run(_load(context.settings(ctx), number))
    if json:
        print_json(data_of(found))
    else:
        for line in invoice_lines(found):
            typer.echo(line)


@app.command()
def cancel(ctx: typer.Context, number: Number) -> None:
    """Cancel an invoice by another one, which has a number of its own; then `issue` invoices the month again."""
    made = context.run(_cancelled(context.settings(ctx), number))
    typer.echo(f"{made.number} cancels {number}")


@app.command()
def issue(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
    month: Annotated[datetime, typer.Argument(metavar="MONTH", formats=["%Y-%m"], help="A closed one: 2026-10.")],
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="NUMBER", help="Of the invoice's currency for one euro.")
    ] = None,
) -> None:
    """Invoice a closed month whose invoice was cancelled, to the account as it is now."""
    made = context.run(_issued(context.settings(ctx), client, Month(month.year, month.month), rate_argument(rate)))
    typer.echo(f"{made.number}: {made.gross} {made.currency}")


@app.command("check")
def check_invoices(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="XML or ZUGFeRD; without: what we have issued.")
    ] = None,
) -> None:
    """Hold a file against the official rules; without a file: whether anything issued was changed or is missing."""
    faults = _faults(file) if file else context.run(_wrong(context.settings(ctx)))
    for fault in faults:
        typer.echo(plain(fault))
    if faults:
        context.fail(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}")
    typer.echo("no faults")


@app.command()
def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; made if it is not there.")],
    number: Annotated[
        list[str] | None, typer.Option("--number", metavar="NUMBER", help="Only this one; again.")
    ] = None,
    client: OfClient = None,
    month: OfMonth = None,
) -> None:
    """Write the documents of invoices, XML and PDF, as they were issued."""
    found = context.run(_documents(context.settings(ctx), number or [], client, month))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in found:
            (folder / one.name).write_bytes(one.content)
    except OSError as error:
        context.fail(f"{folder}: {context.reason(error)}")
    typer.echo(f"{len(found)} files in {folder}")


def _month(written: datetime | None) -> Month | None:
    return None if written is None else Month(written.year, written.month)


def _faults(file: Path) -> tuple[str, ...]:
    try:
        with file.open("rb") as opened:
            return tuple(map(str, check(xml_of(opened.read(MOST + 1)))))
    except OSError as error:
        context.fail(f"{file}: {context.reason(error)}")
    except NotAnInvoice as error:
        return (str(error),)


async def _listed(settings: Settings, client: str | None, month: datetime | None) -> tuple[Entry, ...]:
    async with context.database(settings) as conn:
        return await invoices.listed(conn, client, _month(month))


async def _load(settings: Settings, number: str) -> Invoice:
    async with context.database(settings) as conn:
        try:
            return await invoices.by_number(conn, number)
        except Unknown as error:
            context.fail(str(error))


async def _wrong(settings: Settings) -> tuple[str, ...]:
    async with context.database(settings) as conn:
        return await invoices.wrong(conn)


async def _cancelled(settings: Settings, number: str) -> Invoice:
    async with context.database(settings) as conn, conn.transaction():
        try:
            pattern = settings.billing.cancellation_numbers
            made = await invoices.cancel(conn, number, _today(settings), pattern, make, who())
        except (Unknown, NotInvoiceable, NoFontError) as error:
            context.fail(str(error))
        await _note(conn, "invoice.cancel", made, {"cancels": number})
        return made


async def _issued(settings: Settings, client: str, month: Month, rate: Decimal | None) -> Invoice:
    async with context.database(settings) as conn, conn.transaction():
        known = await invoices.standing(conn, client, month)
        if known is not None:
            context.fail(f"{month.first:%Y-%m} of {client} is invoiced already: {known.number}")
        statement = await statements.statement(conn, client, month)
        account = await _account(conn, client)
        if statement is None or account is None:
            context.fail(f"{plain(client)} has no closed {month.first:%Y-%m}, or no account")
        terms = Terms(_today(settings), settings.billing.small_business, rate)
        try:
            draft = invoice_of(statement, account, Seller(**settings.billing.seller.model_dump()), terms)
            made = await invoices.issue(conn, draft, settings.billing.invoice_numbers, make, who())
        except (NotInvoiceable, NoFontError) as error:
            context.fail(str(error))
        await _note(conn, "invoice.issue", made, {"gross": str(made.gross)})
        return made


async def _account(conn: asyncpg.Connection, client: str) -> Account | None:
    """Also of a client who has gone."""
    found = (await billing_book.accounts(conn, client)).get(client)
    try:
        _version, known = await load(conn, client)
    except NoSuchClient:
        return found
    return found and found.reached_at(known.addresses)


async def _note(conn: asyncpg.Connection, what: str, made: Invoice, after: dict[str, str]) -> None:
    await audit.note(conn, Actor(who()), what, client=made.client, about=made.number, after=after)


async def _documents(
    settings: Settings, numbers: Sequence[str], client: str | None, month: datetime | None
) -> list[Document]:
    async with context.database(settings) as conn:
        chosen = numbers or [one.number for one in await invoices.listed(conn, client, _month(month))]
        found: list[Document] = []
        for number in chosen:
            mine = await invoices.documents(conn, number)
            if not mine:
                context.fail(f"there is no invoice {plain(number)!r}")
            found += mine
        return found


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.house.timezone)).date()
