"""`vorzimmer`: the command line. Each noun has a file of its own and is hung in here.

A command's file is imported when the command is asked for: `rescue` runs while a machine is in trouble, and shall not
load what only others need. The list of commands is made from what their files say, without importing them: that would
take seconds.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from vorzimmer.cli import startup

COMMANDS = {
    "serve": "serve:serve",
    "rescue": "rescue:rescue",
    "check": "check:check",
    "migrate": "migrate:migrate",
    "import": "book:import_book",
    "export": "privacy:export",
    "erase": "privacy:erase",
    "schema": "book:schema",
    "agent": "agent:app",
    "number": "number:app",
    "phone": "phone:app",
    "user": "user:app",
    "client": "client:app",
    "webhook": "webhook:app",
    "alarm": "alarm:app",
    "announcement": "announcement:app",
    "menu": "menu:app",
    "callback": "callback:app",
    "talk": "talk:app",
    "order": "order:app",
    "invoice": "invoice:app",
    "message": "message:app",
    "audit": "audit:audit",
    "route": "route:route",
    "calls": "call:calls",
    "call": "call:call",
    "stats": "stats:stats",
    "staffing": "staffing:staffing",
    "margin": "margin:margin",
    "wall": "wall:wall",
    "reconcile": "reconcile:reconcile",
    "tariff": "tariff:app",
    "contract": "contract:app",
    "work": "work:app",
    "rate": "rate:rate",
    "explain": "explain:explain",
    "close-month": "close_month:close_month",
    "balance": "balance:app",
    "export-datev": "datev:export_datev",
    "verify": "verify:verify",
    "worth": "worth:worth",
    "backup": "backup:make",
    "restore": "backup:bring_back",
    "sandbox": "sandbox:app",
}
"""Each command's file in this folder, and the function or group of commands there."""

LISTING = "vorzimmer.listing"
"""In a context's `meta`: only the commands' names and sentences are asked for."""


class OnDemand(TyperGroup):
    """A group that imports a command at its first use."""

    # Any: typer carries a private copy of click, whose types these are.

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        """All names, in the order of the help."""
        return list(COMMANDS)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The list of commands."""
        ctx.meta[LISTING] = True
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        if ctx.meta.get(LISTING):
            return TyperCommand(cmd_name, help=about(module, name))
        found = getattr(import_module(f"vorzimmer.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            single = typer.Typer(add_completion=False)
            single.command()(found)
            command = typer.main.get_command(single)
        command.name = cmd_name
        return command


def about(module: str, name: str) -> str:
    """What a command's file in this folder says of it: a function's docstring, or a group's `help`."""
    for node in ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=found) if found == name:
                return ast.get_docstring(node) or ""
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Call(keywords=given)) if found == name:
                return str(next(ast.literal_eval(one.value) for one in given if one.arg == "help"))
    raise LookupError(f"{module}.py has no command {name!r}")


app = typer.Typer(name="vorzimmer", cls=OnDemand, no_args_is_help=True, pretty_exceptions_enable=False)
app.callback()(startup.remember)
