"""`vorzimmer export-datev`: a month's invoices for the bookkeeping, in DATEV's format."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import asyncpg
import typer

from vorzimmer.billing.datev import House, Posting, TooMany, Unwritable, batch
from vorzimmer.cli import context
from vorzimmer.cli.month import month_of
from vorzimmer.core.invoice import EURO, Invoice, Kind
from vorzimmer.core.stretches import Month
from vorzimmer.core.vat import Category
from vorzimmer.settings import Settings
from vorzimmer.store import debtors, invoices


def export_datev(
    ctx: typer.Context,
    month: Annotated[str, typer.Argument(metavar="MONTH", help="In which they were issued: 2026-12.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its name is to begin with EXTF_ and to end with .csv.")],
) -> None:
    """Write what was issued in a month: invoices, credit notes, cancellations. Other currencies are only named."""
    settings = context.settings(ctx)
    chosen = month_of(month, settings)
    issued = context.run(_issued(settings, chosen))
    written = [one for one in issued if one.currency == EURO]
    try:
        debtor = context.run(_debtors(settings, written))
        content = batch([_posting(one, debtor) for one in written], chosen, _house(settings), _now(settings))
        file.write_bytes(content)
    except (TooMany, Unwritable, debtors.NoNumberLeft) as error:
        context.fail(str(error))
    except OSError as error:
        context.fail(f"{file}: {context.reason(error)}")
    typer.echo(f"{file}: {len(written)} postings of {chosen.year}-{chosen.month:02}")
    left_out = [one for one in issued if one.currency != EURO]
    for one in left_out:
        typer.echo(f"not in it: {one.number} of {one.gross} {one.currency}; it needs the rate of its day", err=True)
    if left_out:
        raise typer.Exit(context.FAILED)


def _posting(invoice: Invoice, debtor: dict[str, int]) -> Posting:
    return Posting(
        invoice.number,
        invoice.issued,
        debtor[invoice.client],
        invoice.buyer.name,
        invoice.currency,
        -invoice.gross if invoice.kind is Kind.CREDIT_NOTE else invoice.gross,
        invoice.vat.category,
        invoice.month.last,
        invoice.buyer.vat_id or "",
    )


def _house(settings: Settings) -> House:
    books = settings.billing.bookkeeping
    revenue = {
        Category.STANDARD: books.revenue_19,
        Category.REVERSE_CHARGE: books.revenue_reverse_charge,
        Category.OUTSIDE: books.revenue_abroad,
        Category.EXEMPT: books.revenue_exempt,
    }
    return House(books.adviser, books.client, revenue)


def _now(settings: Settings) -> datetime:
    return datetime.now(ZoneInfo(settings.house.timezone))


async def _issued(settings: Settings, month: Month) -> list[Invoice]:
    async with context.database(settings) as conn:
        return [await invoices.by_number(conn, one.number) for one in await _entries(conn, month)]


async def _entries(conn: asyncpg.Connection, month: Month) -> list[invoices.Entry]:
    return [one for one in await invoices.listed(conn) if month.first <= one.issued <= month.last]


async def _debtors(settings: Settings, issued: list[Invoice]) -> dict[str, int]:
    async with context.database(settings) as conn:
        return await debtors.numbers(conn, (one.client for one in issued), settings.billing.bookkeeping.first_debtor)
