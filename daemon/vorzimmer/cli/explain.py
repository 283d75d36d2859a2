"""`vorzimmer explain`: why a call costs what it costs."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from vorzimmer.billing import explaining
from vorzimmer.cli import context
from vorzimmer.cli.show import plain, print_json
from vorzimmer.settings import Settings


def explain(
    ctx: typer.Context,
    call_id: Annotated[str, typer.Argument(metavar="ID", help="The call's id, as `calls` shows it.")],
    language: Annotated[Literal["de", "en"], typer.Option("--language", help="Of the sentences.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the arithmetic of a call: its phases, which of them count, increments, free units, price, rounding."""
    settings = context.settings(ctx)
    lines = context.run(_lines(settings, call_id, language))
    if lines is None:
        context.fail(f"there is no finished call {plain(call_id)!r} of a client; `vorzimmer calls` lists the ids")
    if json:
        print_json({"call": call_id, "lines": list(lines)})
        return
    for line in lines:
        typer.echo(plain(line))


async def _lines(settings: Settings, call_id: str, language: str) -> tuple[str, ...] | None:
    async with context.database(settings) as conn:
        return await explaining.explain(conn, call_id, language)
