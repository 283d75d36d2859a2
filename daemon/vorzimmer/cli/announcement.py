"""`vorzimmer announcement`: what callers hear, from the file to the approval."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import asyncpg
import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core.announcement import ALLOWED, BYTES, Name
from vorzimmer.core.price_list import Role
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import Settings
from vorzimmer.store import announcements, client_change
from vorzimmer.store.announcements import Impossible, NoSuchClient, NoSuchVersion, Version
from vorzimmer.store.audit import Actor
from vorzimmer.store.upload_files import INCOMING

app = typer.Typer(help="What callers hear: versions of announcements, approved and withdrawn.", no_args_is_help=True)

ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
AnnouncementName = Annotated[str, typer.Argument(metavar="NAME", help="Of the announcement: greeting, closed …")]
VersionId = Annotated[int, typer.Argument(metavar="VERSION", help="As `announcement list` shows it.", min=1)]
SoundFile = Annotated[Path, typer.Argument(metavar="FILE", help=ALLOWED)]

Work = Callable[[asyncpg.Connection, Actor], Coroutine[Any, Any, Any]]

_NAME: TypeAdapter[str] = TypeAdapter(Name)


@app.command("list")
def list_versions(
    ctx: typer.Context,
    client: ClientId,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """List all versions of a client's announcements, by name, the newest first."""
    settings = context.settings(ctx)
    found: list[Version] = _do(settings, lambda conn, _: _all(conn, client))
    if json:
        for version in found:
            print_json({name: getattr(version, name) for name in Version.__slots__ if name != "peaks"})
    elif found:
        console().print(_table(found, ZoneInfo(settings.house.timezone)))
    else:
        typer.echo(f"no versions; what came with the client's data is heard; add one: announcement add {client} …")


@app.command()
def add(ctx: typer.Context, client: ClientId, name: AnnouncementName, file: SoundFile) -> None:
    """Send a sound file in, and print the version's number; the worker converts it, then it can be approved."""
    settings = context.settings(ctx)
    checked = _checked(name)

    async def work(conn: asyncpg.Connection, actor: Actor) -> int:
        copy = _copied(settings, file)
        return await announcements.add(
            conn, client, checked, "import", file.name, actor, file=copy, uploads=settings.paths.uploads
        )

    typer.echo(_do(settings, work))


@app.command()
def order(
    ctx: typer.Context,
    client: ClientId,
    name: AnnouncementName,
    text: Annotated[str, typer.Option("--text", help="What is to be spoken.")],
    voice: Annotated[str, typer.Option("--voice", help="In what voice.")] = "",
) -> None:
    """Order an announcement from a professional, and print the version's number; those in charge get a letter."""
    settings = context.settings(ctx)
    checked, house = _checked(name), setting_up(settings)
    studio = house.addresses(Role.STUDIO)

    async def work(conn: asyncpg.Connection, actor: Actor) -> int:
        return await announcements.order(
            conn, client, checked, text, voice, actor, studio=studio, language=house.language
        )

    typer.echo(_do(settings, work))
    if not studio:
        typer.echo("nobody was told: set setup.studio, setup.lead or alarm.to", err=True)


@app.command()
def deliver(ctx: typer.Context, client: ClientId, version: VersionId, file: SoundFile) -> None:
    """Send the file of a version that was ordered."""
    settings = context.settings(ctx)

    async def work(conn: asyncpg.Connection, actor: Actor) -> None:
        copy = _copied(settings, file)
        await announcements.deliver(conn, client, version, file.name, actor, file=copy, uploads=settings.paths.uploads)

    _do(settings, work)


@app.command()
def approve(
    ctx: typer.Context,
    client: ClientId,
    version: VersionId,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="2026-12-24T12:00; now if not given.")
    ] = None,
) -> None:
    """Let callers hear a draft, at once or from a time on."""
    settings = context.settings(ctx)
    now = datetime.now(UTC)
    begin = now if since is None else context.time_argument(since, settings.house.timezone)
    _do(settings, lambda conn, actor: announcements.approve(conn, client, version, actor, since=begin, now=now))


@app.command()
def withdraw(ctx: typer.Context, client: ClientId, version: VersionId) -> None:
    """Let callers hear again what they heard before this version."""
    settings = context.settings(ctx)
    now = datetime.now(UTC)
    _do(settings, lambda conn, actor: announcements.withdraw(conn, client, version, actor, now=now))


@app.command()
def delete(ctx: typer.Context, client: ClientId, version: VersionId) -> None:
    """Delete a version that callers have never heard, or cancel its order."""
    _do(context.settings(ctx), lambda conn, actor: announcements.delete(conn, client, version, actor))


@app.command("play-code")
def play_code(ctx: typer.Context, client: ClientId, version: VersionId) -> None:
    """Print the digits by which a version is heard at the service number."""
    settings = context.settings(ctx)
    found: Version = _do(settings, lambda conn, _: announcements.one(conn, client, version))
    if found.state not in ("draft", "approved"):
        context.fail(f"version {version} is {found.state}: there is nothing to hear")
    typer.echo(found.test_code)


async def _all(conn: asyncpg.Connection, client: str) -> list[Version]:
    await client_change.load(conn, client)  # raises: there is no such client
    return await announcements.of_client(conn, client)


def _do(settings: Settings, work: Work) -> Any:
    """Carry out what may be refused; a refusal is one sentence."""

    async def connected() -> Any:
        async with context.database(settings) as conn:
            return await work(conn, Actor(who()))

    try:
        return context.run(connected())
    except NoSuchClient:
        context.fail("there is no such client")
    except NoSuchVersion:
        context.fail("the client has no such version; `announcement list` shows them")
    except Impossible as error:
        context.fail(str(error))
    except OSError as error:
        context.fail(f"the file cannot be taken: {context.reason(error)}")


def _checked(name: str) -> str:
    try:
        return _NAME.validate_python(name)
    except ValidationError as error:
        context.fail(f"NAME: {error.errors()[0]['msg'].removeprefix('Value error, ')}", code=context.USAGE)


def _copied(settings: Settings, file: Path) -> Path:
    """The file as it is now, among the uploads: the one that was named stays where it is."""
    if file.stat().st_size > BYTES:
        raise Impossible(f"{file.name} is too large; {ALLOWED}")
    with tempfile.NamedTemporaryFile(prefix=INCOMING, dir=settings.paths.uploads, delete=False) as copy:
        try:
            with file.open("rb") as source:
                shutil.copyfileobj(source, copy)
        except OSError:
            Path(copy.name).unlink()
            raise
    return Path(copy.name)


def _table(found: list[Version], zone: ZoneInfo) -> Table:
    table = Table("version", "name", "state", "from", "seconds", "LUFS", "file", "by", "remark", box=None)
    for one in found:
        since = one.effective_from.astimezone(zone) if one.effective_from else None
        table.add_row(
            str(one.id),
            one.name,
            one.state,
            f"{since:%Y-%m-%d %H:%M}" if since else "",
            str(one.seconds or ""),
            str(one.loudness or ""),
            plain(one.file_name),
            one.created_by,
            plain(one.refused_because or one.warning or " ".join(one.text.split())[:60]),
        )
    return table
