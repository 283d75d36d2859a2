"""The composition root: the roles of one process, started in order and ended cleanly.

`calls` owns the ARI socket, the journal and its shipper; `worker` empties the outbox; `web` shows pages to people.
`all` is all of them in one process, for a small house and for trying. Features are joined in `roles` by passing
callables; none imports another.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from enum import StrEnum

import structlog

from vorzimmer import systemd, vital_signs
from vorzimmer.core.ports import Clock
from vorzimmer.roles.running import now, tasks
from vorzimmer.settings import Settings
from vorzimmer.vital_signs import Pulse
from vorzimmer.watching.loop_delay import LoopDelay

log = structlog.get_logger()


class Role(StrEnum):
    """What a process does."""

    CALLS = "calls"
    WORKER = "worker"
    WEB = "web"
    ALL = "all"


def tell_systemd() -> None:
    """The unit is up."""
    systemd.notify("READY=1")


async def serve(
    settings: Settings,
    role: Role,
    stop: asyncio.Event,
    *,
    clock: Clock = now,
    ready: Callable[[], None] = tell_systemd,
) -> None:
    """Run until `stop` is set, then end cleanly.

    `clock` is what calls are decided, recorded and shown by; `ready` is called once the role can do its work.

    Raises:
        store.migrate.SchemaError: the database's schema is not ours; the message says what to do.
        store.journal.JournalError: another daemon runs on the same folder.
    """
    pulse = Pulse(LoopDelay(), now().timestamp())
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(tasks(pulse.delay.run()))
        if role in (Role.WEB, Role.ALL):
            from vorzimmer.roles.web import web  # noqa: PLC0415 - calls do not wait for what the pages need

            await stack.enter_async_context(web(settings, clock, pulse))
        if role in (Role.WORKER, Role.ALL):
            from vorzimmer.roles.worker import worker  # noqa: PLC0415 - nor for what mails need

            await stack.enter_async_context(worker(settings, pulse))
        alive = pulse.alive
        if role in (Role.CALLS, Role.ALL):
            from vorzimmer.roles.calls import calls  # noqa: PLC0415 - as the other two

            alive = await stack.enter_async_context(calls(settings, clock, stop, pulse))
        if not stop.is_set():
            ready()
            log.info("daemon.ready", role=role.value)
        heart = asyncio.create_task(vital_signs.feed_watchdog(alive))
        await stop.wait()
        heart.cancel()
        systemd.notify("STOPPING=1")
        log.info("daemon.stopping")


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
