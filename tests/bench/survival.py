"""What survival costs: a death under load, the journal on each event's way, and catching up after an outage."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench import ways
from tests.bench.report import percentile
from tests.bench.stage import Stage
from tests.bench.ways import Way
from tests.sipp.harness import run_load
from vorzimmer.core.cdr import build_cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.messages import end_record
from vorzimmer.store.journal import Journal
from vorzimmer.store.shipper import Shipper

RATE = 20
"""Calls/s, of which each talks so long that about 200 live at any time."""

TALK_MS = 10_000
STORED = 10_000
APPENDED = 5_000
"""Events written one after another, `PAUSE` seconds apart: twice as many as the load makes."""

PAUSE = 0.002


@dataclass(frozen=True)
class Restart:
    """A SIGKILL under load. Seconds from the start of the new process to READY; `failed`: of all calls of the load."""

    living: int
    resumed: int
    seconds: float
    failed: int


async def restart(stage: Stage) -> Restart:
    """Kill the calls process while about 200 talk, and start it again."""
    await stage.start_daemon()
    target = ("127.0.0.1", stage.sandbox.sip_port)
    callers = [(number, f"+4930{n:07}") for n, number in enumerate(ways.numbers(Way.DAEMON, 1, ways.LOADED), 1)]
    count = RATE * 40
    load = asyncio.create_task(run_load(target, callers, count=count, rate=RATE, after_ms=TALK_MS))
    stage.placed += count
    living = await _until_all_talk(stage)
    seconds = await stage.kill_and_start()
    result = await load
    await stage.quiet()
    resumed = [json.loads(line) for line in stage.log_lines("calls") if '"recovery.resumed"' in line]
    await stage.stop_daemon()
    return Restart(living, resumed[-1]["calls"] if resumed else 0, seconds, result.failed)


async def _until_all_talk(stage: Stage) -> int:
    """Wait until the load is at its height, and say how many calls live then."""
    until = time.monotonic() + 2 * TALK_MS / 1000
    living = 0
    while living < 0.95 * RATE * TALK_MS / 1000 and time.monotonic() < until:
        await asyncio.sleep(0.5)
        living = int((await stage.sandbox.cli("core show channels count")).split()[0]) // 2
    return living


async def append_ms(folder: Path) -> tuple[float, float]:
    """Milliseconds of writing one event, p50 and p99, with the journal's syncing going on beside."""
    journal = Journal(folder / "append", _trouble)
    taken = []
    try:
        for n in range(APPENDED // len(_EVENTS)):
            for event in _call(n)[0]:
                start = time.perf_counter_ns()
                journal.append(event)
                taken.append((time.perf_counter_ns() - start) / 1e6)
                await asyncio.sleep(PAUSE)
    finally:
        journal.close()
    return percentile(taken, 50), percentile(taken, 99)


async def catch_up(stage: Stage, folder: Path) -> float:
    """Seconds until 10,000 calls that waited in the journal are in the database."""
    journal = Journal(folder / "ship", _trouble)
    try:
        for n in range(STORED):
            events, end = _call(n)
            for event in events:
                journal.append(event)
            journal.append_end(end)
        shipper = Shipper(journal, stage.sandbox.dsn, domain="bench.example", trouble=_trouble)
        began = time.monotonic()
        shipping = asyncio.create_task(shipper.run())
        await shipper.drained()
        seconds = time.monotonic() - began
        shipping.cancel()
        await asyncio.wait({shipping})
    finally:
        journal.close()
    return seconds


_EVENTS: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.ARRIVED, {"dialled": "+4930500001", "caller": "+49301234567", "caller_name": "Erika Muster"}),
    (Kind.ROUTED, {"client": "client-00001", "state": "open", "reason": "open", "steps": ["RingGroup", "Hangup"]}),
    (Kind.STEP, {"n": 0, "step": "RingGroup", "reason": "first target of the open chain"}),
    (Kind.LEG_DIALLED, {"leg": "l1", "target": "agent1", "endpoint": "PJSIP/agent1"}),
    (Kind.RINGING, {}),
    (Kind.LEG_RINGING, {"leg": "l1", "target": "agent1"}),
    (Kind.LEG_ANSWERED, {"leg": "l1", "target": "agent1"}),
    (Kind.ANSWERED, {}),
    (Kind.TALKING, {"leg": "l1", "by": "agent1"}),
    (Kind.HANGUP, {"by": "caller", "cause": 16}),
    (Kind.LEG_ENDED, {"leg": "l1", "target": "agent1", "cause": 16}),
    (Kind.ENDED, {}),
)
"""An answered call, as the daemon writes it."""


def _call(number: int) -> tuple[list[CallEvent], dict[str, Any]]:
    """The events of one call, and its end-of-call record."""
    call_id, began = f"bench-{number}", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    events = [
        CallEvent(f"{number:024x}{seq:08x}", call_id, seq, began + timedelta(seconds=seq), kind, data)
        for seq, (kind, data) in enumerate(_EVENTS)
    ]
    return events, end_record(build_cdr(events), ())


def _trouble(event: str, /, **about: Any) -> None:
    raise AssertionError(f"{event}: {about}")
