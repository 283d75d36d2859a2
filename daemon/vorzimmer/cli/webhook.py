"""`vorzimmer webhook`: what clients' servers check by that a message is ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from vorzimmer.cli import context, control
from vorzimmer.settings import Settings
from vorzimmer.store import webhook_secrets
from vorzimmer.store.audit import Actor
from vorzimmer.store.webhook_secrets import Standing

app = typer.Typer(help="Messages to clients' own servers.", no_args_is_help=True)


@app.callback()
def webhook() -> None:
    """Messages to clients' own servers."""


@app.command()
def secret(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")],
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make another one; the old one signs along for a day.")
    ] = False,
    at_once: Annotated[bool, typer.Option("--at-once", help="The old one signs nothing more.")] = False,
) -> None:
    """Make the secret that a client's webhooks are signed with, and print it: this once."""
    if at_once and not rotate:
        context.fail("--at-once says how to --rotate", code=context.USAGE)
    settings = context.settings(ctx)
    made, found = context.run(_secret(settings, client, rotate=rotate, at_once=at_once))
    if made is not None:
        typer.echo(made)
    elif found is not None:
        typer.echo(f"there has been one since {found.made_at:%Y-%m-%d %H:%M} UTC; --rotate makes another")
    else:
        context.fail(f"there is no client {client!r}")


async def _secret(
    settings: Settings, client: str, *, rotate: bool, at_once: bool
) -> tuple[str | None, Standing | None]:
    """The secret, if one was made, and how the client's secrets stood before."""
    at = datetime.now(UTC)
    async with context.database(settings) as conn:
        found = await webhook_secrets.standing(conn, client, at)
        if found is not None and not rotate:
            return None, found
        who = Actor(control.actor())
        return await webhook_secrets.replace(conn, client, at, actor=who, at_once=at_once), found
