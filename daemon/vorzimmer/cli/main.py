"""`vorzimmer`: the command line. Each noun has a file of its own and is hung in here.

A command's file is imported when the command is asked for: `rescue` runs while a machine is in trouble, and shall not
load what only others need.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from vorzimmer.cli import startup

COMMANDS = {
    "serve": "serve:serve",
    "rescue": "rescue:rescue",
    "check": "check:check",
    "migrate": "migrate:migrate",
    "import": "book:import_book",
    "export": "book:export_book",
    "schema": "book:schema",
    "agent": "agent:app",
    "phone": "phone:app",
    "callback": "callback:app",
    "talk": "talk:app",
    "route": "route:route",
    "calls": "call:calls",
    "call": "call:call",
    "stats": "stats:stats",
    "wall": "wall:wall",
    "reconcile": "reconcile:reconcile",
    "backup": "backup:make",
    "restore": "backup:bring_back",
    "sandbox": "sandbox:app",
}
"""Each command's file in this folder, and the function or group of commands there."""


class OnDemand(TyperGroup):
    """A group that imports a command at its first use."""

    # Any: typer carries a private copy of click, whose types these are.

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the same
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"vorzimmer.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False)
            single.command()(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


app = typer.Typer(name="vorzimmer", cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False)
app.callback()(startup.remember)
