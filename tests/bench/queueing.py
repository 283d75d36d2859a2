"""A full waiting line: 200 agents, 500 callers who wait, 20 served a second; by app_queue and by the daemon.

A caller comes whenever one leaves. Agents answer at once, talk for ten seconds on average and hang up; wrap-up is
none. Both let the caller hear ringing and give calls to whoever is idle longest. `app_queue` has static members and
calls again after a second, the least it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.bench import ways
from tests.bench.report import percentile
from tests.bench.stage import BenchError, Stage
from tests.bench.telephones import Telephones
from tests.sipp import sip
from tests.sipp.harness import COUNTED, read_load
from tests.sipp.scenario import CALLERS
from tests.sipp.sipp import Sipp, free_port
from vorzimmer.control.client import connect
from vorzimmer.control.commands import AgentLogIn
from vorzimmer.core.client import Book

AGENTS, WAITING = 200, 500
TALK = 10.0
"""Seconds of a talk on average: with AGENTS it makes 20 calls/s."""

_FILL_RATE = 50
"""Callers a second until the line is full; afterwards they come as others leave."""

_PATIENCE = 90.0
_WAIT_MS = 300_000

_DID = "+4930600000"
_NUMBER = "8003"
_DIALPLAN = f"\n[from-trunk]\nexten => {_NUMBER},1,Queue(line,r,,,600)\n"
_QUEUE = "\n[line]\nstrategy = leastrecent\nringinuse = no\ntimeout = 30\nretry = 1\nautofill = yes\n"


class By(StrEnum):
    """Who gives callers to agents."""

    APP_QUEUE = "app_queue"
    DAEMON = "daemon"


@dataclass(frozen=True)
class Served:
    """What was measured while the line was full.

    `gaps_ms`: from an agent's BYE to the next INVITE at its telephone. `cpu`: milliseconds a call. `memory`: megabytes
    with an empty line, and with the full one. `failed`: calls that did not go as they should, from first to last.
    """

    by: By
    seconds: float
    calls: int
    failed: int
    doubles: int
    gaps_ms: tuple[float, ...]
    cpu: Mapping[str, float]
    empty: Mapping[str, float]
    full: Mapping[str, float]

    def __str__(self) -> str:
        cpu, both = self.cpu, self.cpu["asterisk"] + self.cpu["calls"]
        memory = ", ".join(f"{part} {self.empty[part]:.0f} → {self.full[part]:.0f} MB" for part in self.full)
        return (
            f"{self.by:9}  {self.calls / self.seconds:.1f} calls/s  {self.failed} failed  {self.doubles} double  "
            f"agent free to next ring {percentile(self.gaps_ms, 50):.1f} ms p50, {percentile(self.gaps_ms, 99):.1f} ms "
            f"p99 ({len(self.gaps_ms)})  Asterisk {cpu['asterisk']:.1f} + calls {cpu['calls']:.1f} = {both:.1f} ms, "
            f"worker {cpu['worker']:.1f} ms, postgres {cpu['postgres']:.1f} ms a call  {memory}"
        )


def book() -> Book:
    """One client with a queue, and everybody who serves it."""
    target = {"to": "queue", "seconds": 30, "wait": 3600, "announce_every": 0}
    client: dict[str, Any] = {"id": "line", "name": "Kanzlei", "dids": [_DID], "hours": "always"}
    agents = [{"id": f"a{n}", "name": f"Agent {n}", "phones": [f"agent{n}"], "wrap_up": 0} for n in _numbers()]
    return Book.model_validate({"client": [{**client, "open": {"chain": [target]}}], "agent": agents})


def _numbers() -> range:
    return range(1, AGENTS + 1)


async def compare(folder: Path, seconds: float, repeats: int) -> AsyncIterator[Served]:
    """Both in turn, each measured for so many seconds, as often as told; each as it ends."""
    async with Stage(folder, book) as stage, await Telephones.open() as telephones:
        telephones.talk = TALK
        await _configure(stage, telephones)
        for by in [*By] * repeats:
            if by is By.DAEMON:
                await stage.start_daemon()
                await _log_in(stage)
            yield await _serve(stage, telephones, by, seconds)
            await stage.stop_daemon()


async def _configure(stage: Stage, telephones: Telephones) -> None:
    """All agents' telephones are ours; and the queue has them all."""
    etc = stage.sandbox.etc
    members = "".join(f"member => PJSIP/agent{n}\n" for n in _numbers())
    for name, text in (("extensions.conf", _DIALPLAN), ("queues.conf", _QUEUE + members)):
        with (etc / name).open("a") as file:
            file.write(text)
    ways.move_telephones(etc, lambda _: telephones.port)
    for command in ("module reload res_pjsip.so", "module reload app_queue.so", "dialplan reload"):
        await stage.sandbox.cli(command)


async def _log_in(stage: Stage) -> None:
    async with connect(stage.sandbox.control) as control:
        for n in _numbers():
            await control.ask(AgentLogIn(actor="bench", agent=f"a{n}"))


async def _serve(stage: Stage, telephones: Telephones, by: By, seconds: float) -> Served:
    """Fill the line, measure, let it run empty."""
    empty, doubles = stage.resident(), telephones.doubles
    port, number = free_port(), _NUMBER if by is By.APP_QUEUE else _DID
    # Nobody sends sound; what Asterisk might send nevertheless goes to a socket that is there.
    rows = [(number, sip.party(f"+4930{n:07}", "127.0.0.1", port), telephones.port) for n in range(1, 1000)]
    target = f"127.0.0.1:{stage.sandbox.sip_port}"
    options = (target, "-r", str(_FILL_RATE), "-l", str(AGENTS + WAITING), *COUNTED)
    scenario = CALLERS["stays"].render(answer_within_ms=_WAIT_MS)
    async with Sipp(scenario, rows, "127.0.0.1", port, *options, trace=False) as callers:
        await _full(stage, telephones)
        began, answered, before = asyncio.get_running_loop().time(), telephones.answered, stage.cpu()
        telephones.gaps_ms, telephones.noting = [], True
        await asyncio.sleep(seconds)
        telephones.noting = False
        passed, after = asyncio.get_running_loop().time() - began, stage.cpu()
        calls, full = telephones.answered - answered, stage.resident()
        callers.place_no_more()
        await callers.finished(_PATIENCE)
        failed = read_load(callers.folder).failed
    await stage.quiet()
    return Served(
        by=by,
        seconds=passed,
        calls=calls,
        failed=failed,
        doubles=telephones.doubles - doubles,
        gaps_ms=tuple(telephones.gaps_ms),
        cpu={part: 1000 * (after[part] - before[part]) / max(calls, 1) for part in after},
        empty=empty,
        full=full,
    )


async def _full(stage: Stage, telephones: Telephones) -> None:
    """Wait until every agent talks and the line is as long as it shall be."""
    until = asyncio.get_running_loop().time() + _PATIENCE
    while telephones.talking < AGENTS * 0.95 or await stage.channels() < 2 * AGENTS + WAITING - 10:
        if asyncio.get_running_loop().time() > until:
            raise BenchError(f"the line did not fill: {telephones.talking} talk, {await stage.channels()} channels")
        await asyncio.sleep(0.5)
