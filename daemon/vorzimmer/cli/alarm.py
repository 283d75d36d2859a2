"""`vorzimmer alarm`: trying whether alarms arrive; and alarms that other commands send to the operator's people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from vorzimmer.cli import context
from vorzimmer.notify import chat
from vorzimmer.roles import alarms
from vorzimmer.settings import Settings

app = typer.Typer(help="Alarms to the operator's own people.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Alarms to the operator's own people."""


@app.command()
def test(ctx: typer.Context) -> None:
    """Send a test alarm to everybody in alarm.to and by every service in alarm.urls, and say how each went."""
    settings = context.settings(ctx)
    ways = [*settings.alarm.to, *chat.names(settings.alarm.chats)]
    if not ways:
        context.fail("nobody is to be told: set alarm.to or alarm.urls")
    at = datetime.now(ZoneInfo(settings.house.timezone))
    lines = [f"This is a test, made on {at:%Y-%m-%d %H:%M:%S %Z}.", "Nothing is wrong."]
    failed = context.run(alarms.send(settings, "test of the alarms", lines))
    for way in ways:
        typer.echo(f"{way}: {failed.get(way, 'sent')}")
    if failed:
        raise typer.Exit(context.FAILED)


async def alarm(settings: Settings, subject: str, lines: Iterable[str]) -> None:
    """Tell all whom the settings name; whom it does not reach stands in the log. Raises nothing."""
    await alarms.send_or_log(settings, subject, lines)
