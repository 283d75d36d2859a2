"""`vorzimmer sandbox`: a private Asterisk, PostgreSQL and mail server, to try, test and measure with."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from vorzimmer.sandbox import asterisk_root
from vorzimmer.sandbox import call as calling
from vorzimmer.sandbox.asterisk_root import AsteriskMissingError
from vorzimmer.sandbox.call import CallError
from vorzimmer.sandbox.layout import MAX_AGENTS
from vorzimmer.sandbox.sandbox import Sandbox, SandboxError
from vorzimmer.sandbox.sandbox import down as take_down

app = typer.Typer(
    help="A private Asterisk, PostgreSQL and mail server, to try, test and measure with.", no_args_is_help=True
)


def _default_folder() -> Path:
    here = Path(".sandbox")
    if here.is_dir():
        return here
    home = os.environ.get("XDG_STATE_HOME") or ""
    return (Path(home) if home.startswith("/") else Path.home() / ".local/state") / "vorzimmer/sandbox"


Folder = Annotated[
    Path,
    typer.Option(help="Everything stays in here. Default: .sandbox if it exists, else in $XDG_STATE_HOME."),
]


@app.command()
def fetch() -> None:
    """Find an Asterisk that is new enough, or unpack one into the cache; start nothing."""
    try:
        root = asterisk_root.find_or_build()
    except AsteriskMissingError as error:
        raise _failed(error) from error
    typer.echo(f"Asterisk: {' '.join(root.command)}")


@app.command()
def up(
    folder: Folder = _default_folder(),
    agents: Annotated[int, typer.Option(min=0, max=MAX_AGENTS, help="Endpoints agent1 … agentN.")] = 6,
    dsn: Annotated[str | None, typer.Option(help="A PostgreSQL of yours instead of an own one.")] = None,
) -> None:
    """Start what does not run yet."""
    try:
        sandbox = Sandbox.up(folder, agents=agents, dsn=dsn)
    except SandboxError as error:
        raise _failed(error) from error
    _show(sandbox)
    typer.echo(f"settings   {sandbox.settings_toml}")
    for name in ("softphone1", "softphone2"):
        typer.echo(f"{name} sip:{name}@127.0.0.1:{sandbox.sip_port}  password {sandbox.state.passwords[name]}")


@app.command()
def down(folder: Folder = _default_folder()) -> None:
    """Stop everything; mails, database and logs stay in the folder."""
    take_down(folder)
    typer.echo(f"nothing of {folder} runs any more")


@app.command()
def status(folder: Folder = _default_folder()) -> None:
    """Each part, its port, its process, and whether it runs; exit code 1 if one does not."""
    sandbox = _at(folder)
    _show(sandbox)
    if not all(part.alive for part in sandbox.parts()):
        raise typer.Exit(1)


@app.command()
def call(
    did: Annotated[str, typer.Argument(help="The number that is called.")],
    caller: Annotated[str, typer.Option("--from", help="The number that calls.")] = "+493012345678",
    seconds: Annotated[float, typer.Option(min=0, help="How long to stay after the answer.")] = 10.0,
    folder: Folder = _default_folder(),
) -> None:
    """Place a real SIP call into the sandbox and tell what happens."""
    sandbox = _at(folder)
    typer.echo(f"  0.00 s  {caller} calls {did}")
    try:
        asyncio.run(calling.place(sandbox, did, caller, seconds, typer.echo))
    except CallError as error:
        raise _failed(error) from error


def _at(folder: Path) -> Sandbox:
    try:
        return Sandbox.at(folder)
    except (SandboxError, AsteriskMissingError) as error:
        raise _failed(error) from error


def _show(sandbox: Sandbox) -> None:
    for part in sandbox.parts():
        typer.echo(f"{part.name:10} port {part.port}  process {part.pid}  {'runs' if part.alive else 'does not run'}")


def _failed(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(1)
