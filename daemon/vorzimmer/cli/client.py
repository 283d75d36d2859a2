"""`vorzimmer client`: what a client keys in on telephones."""

from __future__ import annotations

from typing import Annotated

import typer

from vorzimmer.cli import context, control
from vorzimmer.cli.show import plain
from vorzimmer.core import announcement_codes
from vorzimmer.settings import Settings
from vorzimmer.store import client_change, client_pins
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.web import passwords
from vorzimmer.web.routes.pins import made

app = typer.Typer(help="What clients key in on telephones.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]


@app.command()
def codes(ctx: typer.Context, client: ClientId) -> None:
    """Print the client's code, and the numbers of its announcements, as agents key them in behind *16."""
    settings = context.settings(ctx)
    found = context.run(_codes(settings, client))
    if found is None:
        context.fail(f"there is no client {client!r}")
    code, named = found
    typer.echo(f"{code}  {client}")
    for name, announcement in named.items():
        typer.echo(plain(f"{announcement:>{len(code)}}  {name}"))


@app.command()
def pin(
    ctx: typer.Context,
    client: ClientId,
    remove: Annotated[bool, typer.Option("--remove", help="Let nobody in by telephone any more.")] = False,
) -> None:
    """Make a PIN for the service number, and print the client's code and the PIN: this once, for it is not kept."""
    settings = context.settings(ctx)
    chosen = None if remove else made()
    code = context.run(_set_pin(settings, client, chosen))
    if code is None:
        context.fail(f"there is no client {client!r}")
    typer.echo("the PIN is gone" if chosen is None else f"{code} {chosen}")


async def _codes(settings: Settings, client: str) -> tuple[str, dict[str, int]] | None:
    async with context.database(settings) as conn:
        code = await client_pins.code_of(conn, client)
        try:
            _, found = await client_change.load(conn, client)
        except NoSuchClient:
            return None
    return None if code is None else (code, dict(announcement_codes.codes(found)))


async def _set_pin(settings: Settings, client: str, chosen: str | None) -> str | None:
    """The client's code; None: there is no such client."""
    who = Actor(control.actor())
    async with context.database(settings) as conn:
        code = await client_pins.code_of(conn, client)
        if code is not None and chosen is None:
            await client_pins.remove_pin(conn, client, actor=who)
        elif code is not None and chosen is not None:
            await client_pins.set_pin(conn, client, passwords.hashed_here(chosen), actor=who)
    return code
