"""`vorzimmer rescue`: looks after the calls while the daemon is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

import typer

from vorzimmer import log, systemd
from vorzimmer.asterisk.errors import AriError
from vorzimmer.asterisk.http_requests import HttpRequests
from vorzimmer.calls.rescue import AGAIN, PATIENCE, describe, is_ready, look_after, watch
from vorzimmer.cli import startup
from vorzimmer.core.rescue import Action
from vorzimmer.settings import Settings


def rescue(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Look after the calls now, ready daemon or not, and end.")
    ] = False,
    level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
) -> None:
    """Watch the daemon; while it is away, send who waits to the announcement and hang up what is left over."""
    settings = startup.settings(ctx)
    log.configure(level, secrets=settings.secrets())
    if once:
        _once(settings)
    elif not settings.watch.calls:
        startup.fail("watch.calls is 0: there is nobody to ask whether the daemon is ready", code=startup.USAGE)
    else:
        asyncio.run(_watch(settings))


def _once(settings: Settings) -> None:
    try:
        done = asyncio.run(_one_pass(settings))
    except AriError as error:
        startup.fail(f"Asterisk cannot be asked: {error}")
    for action in done:
        typer.echo(_told(action))
    if not done:
        typer.echo("nothing to do")


async def _one_pass(settings: Settings) -> Sequence[Action]:
    ari = settings.ari
    async with HttpRequests(ari.url, ari.user, ari.password.get_secret_value()) as rest:
        return await look_after(rest, ari.app)


async def _watch(settings: Settings) -> None:
    systemd.notify("READY=1")
    await watch(
        partial(is_ready, f"http://127.0.0.1:{settings.watch.calls}/ready"),
        partial(_one_pass, settings),
        alive=_tell_watchdog,
        alarm=partial(_alarm, settings),
    )


def _tell_watchdog() -> None:
    systemd.notify("WATCHDOG=1")


async def _alarm(settings: Settings, done: Sequence[Action] | None) -> None:
    if not (settings.alarm.to or settings.alarm.urls):
        return
    # Not before it is needed: mail brings more with it than all the rest of this program.
    from vorzimmer.cli.alarm import alarm  # noqa: PLC0415 - for the reason given

    await alarm(settings, "the daemon is away", _story(done))


def _story(done: Sequence[Action] | None) -> Iterator[str]:
    yield f"The daemon that steers the calls has not been ready for {PATIENCE:g} seconds."
    yield "Until it is, Asterisk answers alone, with each client's announcement; who talks goes on talking."
    yield "What is wrong: systemctl status vorzimmer-calls; vorzimmer check"
    yield ""
    if done is None:
        yield f"Asterisk could not be asked which calls there are; it is asked again every {AGAIN:g} seconds."
    elif not done:
        yield "No call had to be looked after."
    else:
        yield from (_told(action) for action in done)


def _told(action: Action) -> str:
    return f"{action.call}: {describe(action)}"
