"""How the commands ask the running calls process for something (see `vorzimmer.control`)."""

from __future__ import annotations

import asyncio
import os
import pwd
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from vorzimmer.cli import context
from vorzimmer.control.client import Unreachable, connect
from vorzimmer.control.commands import Command, Refused
from vorzimmer.settings import Settings

PATIENCE = 10.0
"""Seconds that a person waits for the answer; a command that is taken later has no effect any more."""


def actor() -> str:
    """Who sits at the command line, for the daemon's log."""
    try:
        return f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    except KeyError:
        return f"cli:{os.getuid()}"


async def ask(settings: Settings, command: Command) -> dict[str, Any]:
    """Have a command carried out, and return its result.

    Raises:
        Refused: it had no effect.
        Unreachable: the calls process is away, or does not answer in time.
    """
    try:
        async with asyncio.timeout(PATIENCE), connect(settings.paths.control) as client:
            return await client.ask(command)
    except TimeoutError:
        raise Unreachable(f"the calls process has not answered within {PATIENCE:g} s") from None


def carry_out(settings: Settings, kind: type[Command], **fields: Any) -> dict[str, Any]:
    """Make a command of what a person wrote, and have it carried out; what is wrong ends the program in a sentence."""
    try:
        command = kind(actor=actor(), deadline=datetime.now(UTC) + timedelta(seconds=PATIENCE), **fields)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        context.fail(
            f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg'].removeprefix('Value error, ')}", code=context.USAGE
        )
    try:
        return context.run(ask(settings, command))
    except (Refused, Unreachable) as why:
        context.fail(str(why))
