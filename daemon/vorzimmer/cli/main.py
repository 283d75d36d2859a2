"""`vorzimmer`: the command line. Each noun has a file of its own and is hung in here."""

from __future__ import annotations

import typer

from vorzimmer.cli import book, call, check, context, migrate, route, sandbox, serve

app = typer.Typer(name="vorzimmer", no_args_is_help=True, pretty_exceptions_enable=False)
app.callback()(context.remember)
app.command()(serve.serve)
app.command()(check.check)
app.command()(migrate.migrate)
app.command("import")(book.import_book)
app.command("export")(book.export_book)
app.command()(book.schema)
app.command()(route.route)
app.command()(call.calls)
app.command()(call.call)
app.add_typer(sandbox.app, name="sandbox")
