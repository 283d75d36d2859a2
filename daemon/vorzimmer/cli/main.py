"""`vorzimmer`: the command line. Each noun has a file of its own and is hung in here."""

from __future__ import annotations

import typer

app = typer.Typer(name="vorzimmer", no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
