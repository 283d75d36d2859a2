"""`vorzimmer audit`: who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import orjson
import typer

from vorzimmer.cli import context
from vorzimmer.cli.show import plain, print_json
from vorzimmer.settings import Settings
from vorzimmer.store import audit as stored
from vorzimmer.store.audit import Entry, Values

SHOWN = 300
"""Characters of what differs."""


def audit(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Of this client alone.")] = None,
    actor: Annotated[str | None, typer.Option("--by", metavar="WHO", help="A user, cli:NAME, phone:ENDPOINT.")] = None,
    what: Annotated[str | None, typer.Option("--what", help="How it begins: client., user., order.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="2026-12-24T15:30")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, the latest.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Show who changed what, from what to what, the latest last."""
    settings = context.settings(ctx)
    begin = None if since is None else context.time_argument(since, settings.house.timezone)
    found = context.run(_entries(settings, client, actor, what, begin, limit))
    zone = ZoneInfo(settings.house.timezone)
    for entry in reversed(found):
        if json:
            print_json(_as_json(entry))
        else:
            typer.echo(plain(_line(entry, zone)))


async def _entries(
    settings: Settings, client: str | None, actor: str | None, what: str | None, since: datetime | None, limit: int
) -> Sequence[Entry]:
    async with context.database(settings) as conn:
        return await stored.entries(conn, client=client, actor=actor, what=what, since=since, most=limit)


def _line(entry: Entry, zone: ZoneInfo) -> str:
    place = f" as {entry.actor.acting_as}" if entry.actor.acting_as is not None else ""
    about = f" {entry.about}" if entry.about else ""
    of = f" of {entry.client}" if entry.client is not None else ""
    told = f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {entry.actor.name}{place}: {entry.what}{about}{of}"
    if entry.before is not None or entry.after is not None:
        told += f"  {_short(entry.before)} -> {_short(entry.after)}"
    return told


def _short(values: Values | None) -> str:
    text = "-" if values is None else orjson.dumps(values).decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _as_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor.name,
        "acting_as": entry.actor.acting_as,
        "client": entry.client,
        "what": entry.what,
        "about": entry.about,
        "before": entry.before,
        "after": entry.after,
    }
