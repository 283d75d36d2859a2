"""`vorzimmer tariff`: tariffs, contracts and accounts as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tomli_w
import typer
from rich.table import Column, Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.show import console
from vorzimmer.core.account import BillingBook
from vorzimmer.core.tariff import Tariff
from vorzimmer.settings import Settings
from vorzimmer.store import audit, billing_book, toml_file
from vorzimmer.store.audit import Actor
from vorzimmer.store.billing_book import InUse, Saved, Unknown

app = typer.Typer(help="What clients pay for: tariffs in versions, contracts, accounts.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE.toml", help="Of tariffs, contracts, accounts; any of these.")]


@app.command("import")
def import_file(ctx: typer.Context, file: File) -> None:
    """Bring tariffs, contracts and accounts in: all of it, or nothing if anything is wrong. What is not named stays."""
    settings = context.settings(ctx)
    book = _read(file, settings)
    try:
        saved = context.run(_save(settings, book))
    except (InUse, Unknown, ValueError) as error:
        context.fail(*(f"{file}: {line}" for line in str(error).split("\n")), "nothing was changed")
    for what, changed, given in (
        ("tariffs", saved.tariffs, book.tariff),
        ("contracts", saved.contracts, book.contract),
        ("accounts", saved.accounts, book.account),
    ):
        names = f" ({', '.join(dict.fromkeys(changed))})" if changed else ""
        typer.echo(f"{what}: {len(changed)} new or different{names}, {len(given) - len(changed)} as they were")


@app.command()
def check(ctx: typer.Context, file: File) -> None:
    """Say what is wrong with a file; nothing is changed."""
    book = _read(file, context.settings(ctx))
    typer.echo(f"{file}: {len(book.tariff)} tariffs, {len(book.contract)} contracts, {len(book.account)} accounts")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Every version of every tariff."""
    settings = context.settings(ctx)
    whole = [Column(name, no_wrap=True) for name in ("tariff", "since")]
    table = Table(*whole, Column("name", overflow="fold"), "currency", "offered", "positions", box=None, pad_edge=False)
    for one in context.run(_tariffs(settings)):
        positions = ", ".join(position.id for position in one.positions)
        table.add_row(one.id, one.since.isoformat(), one.name, one.currency, "yes" if one.offered else "no", positions)
    console().print(table)


@app.command()
def show(ctx: typer.Context, tariff: Annotated[str, typer.Argument(metavar="TARIFF")]) -> None:
    """Print a tariff's versions as a file that `import` takes."""
    settings = context.settings(ctx)
    versions = tuple(one for one in context.run(_tariffs(settings)) if one.id == tariff)
    if not versions:
        context.fail(f"there is no tariff {tariff!r}")
    book = BillingBook(tariff=versions)
    typer.echo(tomli_w.dumps(toml_file.spare(book, book.model_dump(mode="json"))), nl=False)


def _read(file: Path, settings: Settings) -> BillingBook:
    try:
        return toml_file.read(file, BillingBook, settings.house.region)
    except toml_file.FileError as error:
        context.fail(*error.lines, "nothing was changed")


async def _save(settings: Settings, book: BillingBook) -> Saved:
    async with context.database(settings) as conn, conn.transaction():
        saved = await billing_book.save(conn, book, who())
        actor = Actor(who())
        for tariff in saved.tariffs:
            await audit.note(conn, actor, "tariff.import", about=tariff)
        for client in saved.contracts:
            await audit.note(conn, actor, "contract.import", client=client)
        for client in saved.accounts:
            await audit.note(conn, actor, "account.import", client=client)
        return saved


async def _tariffs(settings: Settings) -> tuple[Tariff, ...]:
    async with context.database(settings) as conn:
        return await billing_book.tariffs(conn)
