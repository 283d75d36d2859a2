"""`vorzimmer talk`: what an agent asks for by keys in a call, and a supervisor by code, from the command line."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from vorzimmer.cli import context
from vorzimmer.cli.control import carry_out
from vorzimmer.control import commands

app = typer.Typer(help="Hold, put through, record or listen to a talk that is going on.", no_args_is_help=True)

CallId = Annotated[str, typer.Argument(metavar="CALL", help="The call's id, as `wall` shows it.")]


class Recording(StrEnum):
    """What can be done with the recording of a talk."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    WITHDRAW = "withdraw"


class Stage(StrEnum):
    """How far a supervisor takes part."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


@app.command()
def hold(ctx: typer.Context, call: CallId) -> None:
    """Let the caller hear music."""
    _ask(ctx, commands.Hold, call)


@app.command()
def resume(ctx: typer.Context, call: CallId) -> None:
    """Take the caller back from hold."""
    _ask(ctx, commands.Resume, call)


@app.command()
def transfer(
    ctx: typer.Context,
    call: CallId,
    to: Annotated[str, typer.Argument(metavar="TO", help="rota, a contact, an agent, or a number of either.")],
    attended: Annotated[bool, typer.Option("--attended", help="The agent speaks with them first.")] = False,
) -> None:
    """Put the caller through."""
    _ask(ctx, commands.Transfer, call, to=to, attended=attended)


@app.command()
def complete(ctx: typer.Context, call: CallId) -> None:
    """Leave the caller to whom was asked."""
    _ask(ctx, commands.Complete, call)


@app.command()
def back(ctx: typer.Context, call: CallId) -> None:
    """Let go whom was asked, and take the caller back."""
    _ask(ctx, commands.Back, call)


@app.command()
def join(ctx: typer.Context, call: CallId) -> None:
    """Let all three talk."""
    _ask(ctx, commands.Join, call)


@app.command()
def result(
    ctx: typer.Context,
    call: CallId,
    code: Annotated[str, typer.Argument(metavar="RESULT", help="What the call was: spam, wrong-number …")],
) -> None:
    """Say what a call was; it may have ended."""
    _ask(ctx, commands.CallResult, call, result=code)


@app.command()
def record(ctx: typer.Context, what: Recording, call: CallId) -> None:
    """Record a talk: `start` says that the agent has heard the caller's yes; `withdraw` deletes what there is."""
    match what:
        case Recording.START:
            _ask(ctx, commands.RecordingStart, call, consent="agent")
        case Recording.PAUSE:
            _ask(ctx, commands.RecordingPause, call)
        case Recording.RESUME:
            _ask(ctx, commands.RecordingResume, call)
        case Recording.WITHDRAW:
            _ask(ctx, commands.RecordingWithdraw, call)


@app.command()
def supervise(
    ctx: typer.Context,
    stage: Stage,
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="The supervisor's telephone; it rings.")],
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="Into whose talk.")],
) -> None:
    """Let a supervisor into an agent's talk."""
    by_stage: dict[Stage, type[commands.Supervision]] = {
        Stage.LISTEN: commands.Listen,
        Stage.WHISPER: commands.Whisper,
        Stage.BARGE: commands.Barge,
    }
    carry_out(context.settings(ctx), by_stage[stage], supervisor=phone, agent=agent)
    typer.echo(f"{phone} rings")


def _ask(ctx: typer.Context, command: type[commands.Command], call: str, **about: object) -> None:
    """Have it done; what is refused ends the program with its reason."""
    carry_out(context.settings(ctx), command, call=call, **about)
    typer.echo("done")
