"""What happens, one fault a round. Each function returns when the world around the daemon is as before."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.disk import Ballast, on_small_disk
from tests.faults.stage import Stage

Happen = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """A fault by name.

    `ends_calls`: no living call can outlast it; `small_disk`: the state of the calls process is on a disk of its own.
    """

    name: str
    about: str
    happen: Happen
    ends_calls: bool = False
    small_disk: bool = False


async def _daemon_killed(stage: Stage) -> None:
    stage.calls.signal(signal.SIGKILL)
    await stage.calls.ready()


async def _daemon_frozen(stage: Stage) -> None:
    deaths = stage.calls.deaths
    stage.calls.signal(signal.SIGSTOP)
    await stage.calls.until("the watchdog", lambda: stage.calls.deaths > deaths, 90)
    await stage.calls.ready()


async def _daemon_restarted(stage: Stage) -> None:
    await stage.calls.restart()


async def _ari_cut(stage: Stage) -> None:
    await stage.ari.cut()
    await asyncio.sleep(2)
    stage.ari.mend()


async def _ari_half_open(stage: Stage) -> None:
    stage.ari.freeze()
    await asyncio.sleep(30)
    stage.ari.thaw()


async def _ami_cut(stage: Stage) -> None:
    await stage.ami.cut()
    await asyncio.sleep(5)
    stage.ami.mend()


async def _asterisk_killed(stage: Stage) -> None:
    await stage.kill_asterisk(away=1)


async def _postgres_stopped(stage: Stage) -> None:
    await stage.stop_postgres(away=60)


async def _postgres_restarted(stage: Stage) -> None:
    await stage.stop_postgres(away=0)


async def _mail_away(stage: Stage) -> None:
    await stage.stop_mail(away=20)


async def _worker_killed(stage: Stage) -> None:
    stage.units["worker"].signal(signal.SIGKILL)
    await stage.units["worker"].ready()


async def _disk_full(stage: Stage) -> None:
    with Ballast(stage.calls.pid, stage.sandbox.daemon_state):
        await asyncio.sleep(20)


FAULTS = (
    Fault("daemon-sigkill", "the daemon is killed (SIGKILL)", _daemon_killed),
    Fault("daemon-sigstop", "the daemon is frozen (SIGSTOP) until the watchdog kills it", _daemon_frozen),
    Fault("daemon-restart", "the daemon is restarted (`systemctl restart`)", _daemon_restarted),
    Fault("ari-cut", "the event socket is cut, and whole again after 2 s", _ari_cut),
    Fault("ari-half-open", "the event socket stays open and no byte passes any more", _ari_half_open),
    Fault("ami-cut", "the manager connection is cut, and whole again after 5 s", _ami_cut),
    Fault("asterisk-sigkill", "Asterisk is killed and started again after 1 s", _asterisk_killed, ends_calls=True),
    Fault("postgres-stopped", "PostgreSQL is stopped for a minute", _postgres_stopped),
    Fault("postgres-restart", "PostgreSQL is restarted", _postgres_restarted),
    Fault("mail-away", "the mail server is away for 20 s", _mail_away),
    Fault("worker-sigkill", "the worker is killed (SIGKILL)", _worker_killed),
    Fault("disk-full", "the disk under the journal is full for 20 s", _disk_full, small_disk=True),
)


async def prepare(fault: Fault, stage: Stage) -> None:
    """Set up what a fault needs before the load begins, and take down what the one before it needed."""
    wrap = on_small_disk(stage.sandbox.daemon_state) if fault.small_disk else ()
    if tuple(stage.calls.wrap) != tuple(wrap):
        await stage.calls.stop()
        stage.calls.wrap = wrap
        await stage.calls.start()
