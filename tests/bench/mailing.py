"""After the call: how soon its mail is handed over, how fast an outage's mails go, what a busy worker costs calls."""

from __future__ import annotations

import asyncio
import email.parser
import signal
import statistics
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import ways
from tests.bench.probe import Timed
from tests.bench.report import percentile
from tests.bench.rounds import TALK_MS
from tests.bench.stage import BenchError, Stage
from tests.bench.ways import Way
from tests.sipp.harness import run_load
from vorzimmer.sandbox import mail, process

RATE = 20
"""Calls/s whose mails are timed."""

PROBED = 10
"""Calls/s that are set up beside a busy worker."""

QUEUED = 500
"""Mails that wait for a server that is away."""

MANY = 400
"""Mails a second of measuring that keep a worker busy; what is left is thrown away."""

_PATIENCE = 60.0

_QUEUE = """
INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id)
SELECT $2 || n, '', channel, recipient, language, payload, '<' || $2 || n || '@bench.example>'
FROM (SELECT * FROM outbox WHERE channel = 'email' AND state = 'sent' AND call_id IS NOT NULL LIMIT 1) AS one,
    generate_series(1, $1::int) AS n
"""

_ENDED = "SELECT message_id, ended_at FROM outbox JOIN cdr USING (call_id) WHERE channel = 'email' AND ended_at >= $1"
_AWAY = "SELECT count(*) FROM outbox WHERE away AND attempts = 0 AND call_id LIKE $1"
_LEFT = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'leased') AND call_id LIKE $1"


@dataclass(frozen=True)
class HandedOver:
    """From the end of each call to its mail in the server's hands, in ms; `missing` did not come."""

    ms: tuple[float, ...]
    missing: int

    def __str__(self) -> str:
        return (
            f"Call end to mail handed over at {RATE} calls/s: {percentile(self.ms, 50):.0f} ms p50,"
            f" {percentile(self.ms, 99):.0f} ms p99 ({len(self.ms)} mails, {self.missing} missing)"
        )


@dataclass(frozen=True)
class Outage:
    """Seconds from the mail server's return until the first and the last of the queued mails were handed over."""

    first: float
    last: float

    def __str__(self) -> str:
        return f"{QUEUED} mails after an outage: the first after {self.first:.1f} s, the last after {self.last:.1f} s"


@dataclass(frozen=True)
class Beside:
    """From INVITE to answer, p50 in ms, of each repeat: with an idle worker, and with one that has too much to do."""

    idle: tuple[float, ...]
    busy: tuple[float, ...]
    failed: int
    sent: tuple[float, ...]

    def __str__(self) -> str:
        ratios = [busy / idle for idle, busy in zip(self.idle, self.busy, strict=True)]
        return (
            f"Call set-up at {PROBED} calls/s, answer p50: worker idle {_list(self.idle)} ms, busy {_list(self.busy)}"
            f" ms; ratio {statistics.median(ratios):.2f} ({_list(ratios)}), {self.failed} failed,"
            f" {_list(self.sent)} mails/s meanwhile"
        )


async def measure(folder: Path, seconds: float, repeats: int) -> AsyncIterator[HandedOver | Outage | Beside]:
    """One after the other, on one stage; each as it is measured, `seconds` long."""
    async with Stage(folder) as stage:
        await stage.start_daemon()
        await _calls(stage, 2)  # what is done once is done
        yield await _handed_over(stage, seconds)
        yield await _outage(stage)
        yield await _beside(stage, seconds, repeats)


async def _calls(stage: Stage, seconds: float) -> None:
    """Calls at RATE, until the last mail is out."""
    callers = [(number, f"+4930{n:07}") for n, number in enumerate(ways.numbers(Way.DAEMON, 1, ways.LOADED), 1)]
    target, count = ("127.0.0.1", stage.sandbox.sip_port), round(RATE * seconds)
    await run_load(target, callers, count=count, rate=RATE, after_ms=TALK_MS)
    stage.placed += count
    await stage.quiet()


async def _handed_over(stage: Stage, seconds: float) -> HandedOver:
    began = datetime.now(UTC)
    await _calls(stage, seconds)
    ended = {row["message_id"]: row["ended_at"].timestamp() for row in await stage.query(_ENDED, began)}
    arrived = await asyncio.to_thread(_arrivals, stage.sandbox.mail)
    taken = tuple(1000 * (arrived[id_] - at) for id_, at in ended.items() if id_ in arrived)
    return HandedOver(taken, len(ended) - len(taken))


def _arrivals(folder: Path) -> dict[str, float]:
    """When the mail server had each mail, in seconds since 1970: its files' names say so."""
    parser, found = email.parser.BytesHeaderParser(), {}
    for file in (folder / "new").glob("*.eml"):
        with file.open("rb") as text:
            found[str(parser.parse(text)["Message-ID"])] = int(file.name.partition("-")[0]) / 1e9
    return found


async def _outage(stage: Stage) -> Outage:
    folder = stage.sandbox.mail
    for running in process.find(mail.mark(folder)):
        await asyncio.to_thread(running.stop, signal.SIGTERM, 5.0)
    await stage.query(_QUEUE, QUEUED, "outage-")
    await _wait(stage, _AWAY, "outage-", lambda count: count > 0)
    began = time.time()
    await asyncio.to_thread(mail.start, folder, stage.sandbox.smtp_port)
    await _wait(stage, _LEFT, "outage-", lambda count: count == 0)
    taken = sorted(at - began for id_, at in _arrivals(folder).items() if id_.startswith("<outage-"))
    if len(taken) != QUEUED:
        raise BenchError(f"{len(taken)} of {QUEUED} mails came")
    return Outage(taken[0], taken[-1])


async def _wait(stage: Stage, query: str, name: str, enough: Callable[[int], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not enough((await stage.query(query, f"{name}%"))[0][0]):
        if time.monotonic() > until:
            raise BenchError(f"the mails did not go: {stage.log('worker')}")
        await asyncio.sleep(0.1)


async def _probed(stage: Stage, seconds: float) -> list[Timed]:
    numbers = ways.numbers(Way.DAEMON, ways.LOADED + 1, ways.LOADED + ways.PROBES)
    target = ("127.0.0.1", stage.sandbox.sip_port)
    made = await stage.probe.run(target, numbers, PROBED, round(PROBED * seconds))
    stage.placed += len(made)
    return made


async def _beside(stage: Stage, seconds: float, repeats: int) -> Beside:
    idle, busy, sent, failed = [], [], [], 0
    for turn in range(repeats):
        calm = await _probed(stage, seconds)
        await stage.quiet()
        name = f"busy{turn}-"
        await stage.query(_QUEUE, round(MANY * seconds), name)
        await stage.query("NOTIFY vorzimmer_outbox")
        before = (await stage.query(_LEFT, f"{name}%"))[0][0]
        loaded = await _probed(stage, seconds)
        left = (await stage.query(_LEFT, f"{name}%"))[0][0]
        if not left:
            raise BenchError("the worker had nothing to do any more")
        await stage.query("DELETE FROM outbox WHERE state = 'pending' AND call_id LIKE $1", f"{name}%")
        await stage.quiet()
        failed += sum(not one.ok for one in (*calm, *loaded))
        idle.append(statistics.median(one.answer_ms for one in calm if one.ok))
        busy.append(statistics.median(one.answer_ms for one in loaded if one.ok))
        sent.append((before - left) / seconds)
    return Beside(tuple(idle), tuple(busy), failed, tuple(sent))


def _list(figures: tuple[float, ...] | list[float]) -> str:
    return ", ".join(f"{figure:.2f}" for figure in figures)
