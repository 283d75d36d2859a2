"""`vorzimmer migrate`: bring the database's schema to this version."""

from __future__ import annotations

import typer

from vorzimmer.cli import context
from vorzimmer.settings import Settings
from vorzimmer.store import migrate as schema


def migrate(ctx: typer.Context) -> None:
    """Bring the database's schema to this version. A second run changes nothing."""
    applied = context.run(_migrate(context.settings(ctx)))
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("the schema is current")


async def _migrate(settings: Settings) -> tuple[str, ...]:
    async with context.database(settings, current=False) as conn:
        return await schema.migrate(conn)
