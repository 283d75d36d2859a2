"""`vorzimmer agent login`, `logout`, `pause`, `ready` and `move`: what an agent does, said by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from vorzimmer.cli import context
from vorzimmer.cli.control import carry_out
from vorzimmer.cli.show import plain
from vorzimmer.control.commands import AgentLogIn, AgentLogOut, AgentMove, AgentPause, AgentReady
from vorzimmer.core.presence import Act
from vorzimmer.settings import Settings

app = typer.Typer()

AgentId = Annotated[str, typer.Argument(metavar="ID", help="The agent's id, as `agent list` shows it.")]

_THEN = {Act.LOG_OUT.value: "logged out after the call", Act.PAUSE.value: "paused after the call"}


@app.command()
def login(
    ctx: typer.Context,
    agent_id: AgentId,
    phone: Annotated[
        str | None, typer.Argument(metavar="[PHONE]", help="One of the agent's telephones; else the last one.")
    ] = None,
) -> None:
    """Log an agent in."""
    settings = context.settings(ctx)
    _say(settings, carry_out(settings, AgentLogIn, agent=agent_id, phone=phone))


@app.command()
def logout(ctx: typer.Context, agent_id: AgentId) -> None:
    """Log an agent out, at once or after the call."""
    settings = context.settings(ctx)
    _say(settings, carry_out(settings, AgentLogOut, agent=agent_id))


@app.command()
def pause(
    ctx: typer.Context,
    agent_id: AgentId,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Shown on the wall: lunch, training …")],
) -> None:
    """Give an agent no calls, from now on or after the present one."""
    settings = context.settings(ctx)
    _say(settings, carry_out(settings, AgentPause, agent=agent_id, reason=reason))


@app.command()
def ready(ctx: typer.Context, agent_id: AgentId) -> None:
    """End an agent's pause or wrap-up."""
    settings = context.settings(ctx)
    _say(settings, carry_out(settings, AgentReady, agent=agent_id))


@app.command()
def move(
    ctx: typer.Context,
    agent_id: AgentId,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The only team that the agent is in from now on.")],
) -> None:
    """Move an agent to another team."""
    settings = context.settings(ctx)
    moved = carry_out(settings, AgentMove, agent=agent_id, team=team)
    typer.echo(f"{moved['agent']} is in team {moved['team']}")


def _say(settings: Settings, presence: Mapping[str, Any]) -> None:
    """What the agent does now, in a line."""
    since = datetime.fromisoformat(presence["since"]).astimezone(ZoneInfo(settings.house.timezone))
    about = [presence["reason"], presence["phone"] and f"at {presence['phone']}", _THEN.get(presence["then"] or "", "")]
    state = presence["state"].replace("_", " ")
    more = "".join(f", {plain(one)}" for one in about if one)
    typer.echo(f"{presence['agent']}: {state} since {since:%H:%M:%S}{more}")
