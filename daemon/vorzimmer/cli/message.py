"""`vorzimmer message`: what was sent to clients, what was not, and sending it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core import number
from vorzimmer.core.notify_rule import Channel
from vorzimmer.settings import Settings
from vorzimmer.store import outbox, sent_messages
from vorzimmer.store.audit import Actor
from vorzimmer.store.outbox import Copy
from vorzimmer.store.sent_messages import STATES, Attempt, Sent, Wanted

app = typer.Typer(help="Messages to clients: what was sent, and what was given up.", no_args_is_help=True)

PAGE = 500
"""Messages that are looked for at once when all of a kind are sent again."""

LONGEST_DETAIL = 80
"""Characters of what the other side said, in a list."""

TEXTS = ("text/", "application/json")
"""How the types of copies begin that are shown as they are."""

Client = Annotated[str | None, typer.Option("--client", metavar="ID", help="Of this client alone.")]
Way = Annotated[Channel | None, typer.Option("--channel", help="Of this channel alone.")]
Target = Annotated[str | None, typer.Option("--target", metavar="WHERE", help="A webhook's server, a fax number.")]
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID…", help="As `message list` shows them.")]


@app.command("list")
def list_messages(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option("--state", help=", ".join(STATES))] = None,
    client: Client = None,
    channel: Way = None,
    target: Target = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many, the latest.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """List messages, the latest first."""
    settings = context.settings(ctx)
    if state is not None and state not in STATES:
        context.fail(f"there is no state {state!r}: {', '.join(STATES)}", code=context.USAGE)
    found = context.run(_find(settings, Wanted(client=client, state=state, channel=channel, target=target), limit))
    if json:
        for one in found:
            print_json(asdict(one))
    elif found:
        console().print(_table(found, ZoneInfo(settings.house.timezone), settings.house.region))
    else:
        typer.echo("there is no such message")


@app.command()
def show(
    ctx: typer.Context,
    message: Annotated[int, typer.Argument(metavar="ID", help="As `message list` shows it.")],
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write what was sent there.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, without what was sent.")] = False,
) -> None:
    """Show a message, every attempt at it, and what was sent."""
    settings = context.settings(ctx)
    found, tries, copy = context.run(_one(settings, message))
    if found is None:
        context.fail(f"there is no message {message}")
    if save is not None:
        _save(copy, save)
    if json:
        print_json({**asdict(found), "tries": [asdict(one) for one in tries]})
        return
    zone = ZoneInfo(settings.house.timezone)
    for line in (*_lines(found, zone), *(_tried(one, zone) for one in tries), "", *_words(copy)):
        typer.echo(plain(line))


@app.command()
def resend(
    ctx: typer.Context,
    messages: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="All that were given up of what the others name.")] = False,
    client: Client = None,
    channel: Way = None,
    target: Target = None,
) -> None:
    """Send again what was given up: these messages, or with --all those of a client, a channel or a target."""
    narrowed = client is not None or channel is not None or target is not None
    if everything == bool(messages) or everything != narrowed:
        context.fail("name messages, or --all with --client, --channel or --target", code=context.USAGE)
    settings = context.settings(ctx)
    if not everything:
        _done(messages or [], context.run(_resend(settings, messages or [])), "will be sent again", "was not given up")
        return
    wanted = Wanted(client=client, channel=channel, target=target)
    typer.echo(f"{context.run(_resend_all(settings, wanted))} will be sent again")


@app.command("give-up")
def give_up(ctx: typer.Context, messages: Annotated[list[int], typer.Argument(metavar="ID…")]) -> None:
    """Send these messages no more."""
    done = context.run(_give_up(context.settings(ctx), messages))
    _done(messages, done, "will not be sent", "does not wait to be sent")


async def _find(settings: Settings, wanted: Wanted, limit: int) -> list[Sent]:
    async with context.database(settings) as conn:
        return await sent_messages.find(conn, wanted, limit)


async def _one(settings: Settings, message: int) -> tuple[Sent | None, list[Attempt], Copy | None]:
    async with context.database(settings) as conn:
        found = await sent_messages.one(conn, message)
        return found, await sent_messages.attempts(conn, message), await sent_messages.copy(conn, message)


async def _resend(settings: Settings, messages: Iterable[int]) -> set[int]:
    async with context.database(settings) as conn:
        return {message for message in messages if await outbox.resend(conn, message, Actor(actor()))}


async def _resend_all(settings: Settings, wanted: Wanted) -> int:
    count, last = 0, 0
    async with context.database(settings) as conn:
        while found := await sent_messages.dead(conn, wanted, PAGE, last):
            last = found[-1]
            for message in found:
                count += await outbox.resend(conn, message, Actor(actor()))
    return count


async def _give_up(settings: Settings, messages: Iterable[int]) -> set[int]:
    async with context.database(settings) as conn:
        return {message for message in messages if await outbox.give_up(conn, message, Actor(actor()))}


def _done(messages: Sequence[int], done: set[int], well: str, not_so: str) -> None:
    """Say of each what became of it; the command fails if one was left as it is."""
    for message in messages:
        typer.echo(f"{message}: {well if message in done else not_so}")
    if done != set(messages):
        raise typer.Exit(context.FAILED)


def _table(found: Iterable[Sent], zone: ZoneInfo, region: str) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("id", "at", "client", "channel", "to", "about", "state", "tries", "said"):
        table.add_column(name)
    for one in found:
        table.add_row(
            str(one.id),
            _local(one.at, zone),
            plain(one.client),
            one.channel,
            plain(_to(one, region)),
            plain(one.about if one.call is None else one.call),
            one.report or ("held" if one.held else one.state),
            str(one.attempts),
            plain((one.detail or "")[:LONGEST_DETAIL]),
        )
    return table


def _to(one: Sent, region: str) -> str:
    return number.show(one.recipient, region) if one.channel in (Channel.SMS, Channel.FAX) else one.recipient


def _lines(one: Sent, zone: ZoneInfo) -> Iterable[str]:
    rule = f", by rule {one.rule}" if one.rule else ""
    yield f"{one.id}: {one.channel} to {one.recipient} for {one.client or 'the house'}{rule}"
    yield f"about {one.about}{f' {one.call}' if one.call is not None else ''}, of {_local(one.at, zone)}"
    told = f", {one.report}" if one.report is not None else ""
    again = f", next try {_local(one.next_at, zone)}" if one.state == "pending" and not one.held else ""
    yield f"{'waits for a note' if one.held else one.state}{told}{again}, attempts: {one.attempts}"


def _tried(one: Attempt, zone: ZoneInfo) -> str:
    return f"  {_local(one.at, zone)}  {one.outcome}: {one.detail}"


def _words(copy: Copy | None) -> Iterable[str]:
    """What was sent, as lines."""
    if copy is None:
        return ("what was sent is not kept",)
    if copy.media_type.startswith("message/"):
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(copy.content)
        part = message.get_body(("plain",))
        text = "" if part is None else str(part.get_content())
        return (f"Subject: {message.get('Subject', '')}", "", *text.splitlines())
    if copy.media_type.startswith(TEXTS):
        return copy.content.decode("utf-8", "replace").splitlines()
    return (f"{copy.media_type}, {len(copy.content)} bytes; --save FILE writes it",)


def _save(copy: Copy | None, file: Path) -> None:
    if copy is None:
        context.fail("what was sent is not kept")
    try:
        file.write_bytes(copy.content)
    except OSError as error:
        context.fail(f"{file} cannot be written: {context.reason(error)}")


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
