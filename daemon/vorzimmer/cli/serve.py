"""`vorzimmer serve`: the daemon."""

from __future__ import annotations

from typing import Annotated

import typer

from vorzimmer import app, log, names
from vorzimmer.cli import context
from vorzimmer.notify.template_error import OwnWordsError
from vorzimmer.orders.price_list import BadPriceList
from vorzimmer.settings import Settings
from vorzimmer.store.journal import JournalError
from vorzimmer.store.migrate import SchemaError


def serve(
    ctx: typer.Context,
    role: Annotated[app.Role, typer.Option(help="What this process does.")] = app.Role.ALL,
    level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
) -> None:
    """Take calls and tell the clients, until SIGTERM."""
    settings = context.settings(ctx)
    log.configure(level, secrets=settings.secrets())
    try:
        names.run(_serve(settings, role))
    except (SchemaError, JournalError) as error:
        context.fail(str(error))
    except OwnWordsError as error:
        context.fail(str(error), code=context.USAGE)
    except BadPriceList as error:
        context.fail(*error.lines, code=context.USAGE)


async def _serve(settings: Settings, role: app.Role) -> None:
    await app.serve(settings, role, app.stop_on_signals())
