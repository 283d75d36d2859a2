"""`vorzimmer menu`: the clients' voice menus, drawn and checked."""

from __future__ import annotations

from typing import Annotated

import typer

from vorzimmer.cli import context
from vorzimmer.cli.show import plain
from vorzimmer.core.client import Book
from vorzimmer.core.client_menus import faults_of
from vorzimmer.core.menu_picture import tree
from vorzimmer.core.menu_words import labels
from vorzimmer.core.model import Language
from vorzimmer.settings import Settings

app = typer.Typer(help="The clients' voice menus.", no_args_is_help=True)


@app.command()
def show(
    ctx: typer.Context,
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
) -> None:
    """Print a client's menus as a tree, and what is wrong with them."""
    settings = context.settings(ctx)
    book = context.run(_book(settings))
    client = next((one for one in book.client if one.id == client_id), None)
    if client is None:
        context.fail(f"no client {client_id!r}; `vorzimmer client list` names all")
    if not client.menus:
        typer.echo("no menus")
    for line in tree(client.menus, client.chains, labels(client, Language.ENGLISH, settings.house.region)):
        typer.echo(plain(line))
    _tell(book, [client_id])


@app.command()
def check(
    ctx: typer.Context,
    client_ids: Annotated[list[str] | None, typer.Argument(metavar="[CLIENT]...", help="All if none is named.")] = None,
) -> None:
    """Say what is wrong with menus, one sentence each; the exit code is 1 if anything is.

    Menus are checked before they are saved; this finds what has changed around them since.
    """
    book = context.run(_book(context.settings(ctx)))
    known = [client.id for client in book.client]
    if unknown := [name for name in client_ids or () if name not in known]:
        context.fail(f"no client {unknown[0]!r}; `vorzimmer client list` names all")
    if _tell(book, client_ids or known):
        raise typer.Exit(1)


def _tell(book: Book, names: list[str]) -> bool:
    """Print the faults of these clients' menus; whether there is one."""
    groups = {group.id for group in book.group}
    found = [(one.id, fault) for one in book.client if one.id in names for fault in faults_of(one, groups=groups)]
    for name, fault in found:
        typer.echo(plain(f"{name}: {fault.text}"), err=True)
    return bool(found)


async def _book(settings: Settings) -> Book:
    async with context.database(settings) as conn:
        return await context.load_book(conn)
