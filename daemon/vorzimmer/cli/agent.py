"""`vorzimmer agent`: who answers, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.cli import agent_control, context
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Book
from vorzimmer.core.serving import may_serve, needs_of
from vorzimmer.settings import Settings
from vorzimmer.store import book_file

app = typer.Typer(help="The agents.", no_args_is_help=True)
app.add_typer(agent_control.app)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


@app.command("list")
def list_agents(ctx: typer.Context, json: AsJson = False) -> None:
    """List all agents."""
    settings = context.settings(ctx)
    agents = context.run(_book(settings)).agent
    if json:
        for agent in agents:
            print_json(agent.model_dump(mode="json"))
    elif agents:
        console().print(_table(agents))
    else:
        typer.echo("no agents")


@app.command()
def show(
    ctx: typer.Context,
    agent_id: Annotated[str, typer.Argument(metavar="ID", help="The agent's id, as `agent list` shows it.")],
    json: AsJson = False,
) -> None:
    """Show one agent, as a file that `import` takes, and which clients it may answer for today."""
    settings = context.settings(ctx)
    book = context.run(_book(settings))
    agent = next((one for one in book.agent if one.id == agent_id), None)
    if agent is None:
        context.fail(f"no agent {agent_id!r}; `vorzimmer agent list` names all")
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.house.timezone)).date()
    serves = [client.id for client in book.client if may_serve(agent, needs_of(client), today)]
    if json:
        print_json({**agent.model_dump(mode="json"), "serves": serves})
        return
    typer.echo(book_file.export_toml(Book(agent=(agent,))))
    typer.echo(f"# may answer today for {len(serves)} of {len(book.client)} clients: {', '.join(serves) or 'none'}")


async def _book(settings: Settings) -> Book:
    async with context.database(settings) as conn:
        return await context.load_book(conn)


def _table(agents: tuple[Agent, ...]) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("id", "name", "extension", "teams", "skills", "languages", "telephones", "pledged on"):
        table.add_column(name)
    for agent in agents:
        table.add_row(
            agent.id,
            plain(agent.name),
            agent.extension or "-",
            ", ".join(agent.teams) or "-",
            ", ".join(agent.skills) or "-",
            ", ".join(agent.languages),
            ", ".join(agent.endpoints),
            "-" if agent.pledged_on is None else str(agent.pledged_on),
        )
    return table
