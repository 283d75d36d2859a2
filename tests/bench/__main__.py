"""`make bench`: Dial, app_queue and the daemon on one Asterisk, in one run. See docs/bench.md for the columns.

    python -m tests.bench [--quick] [--queue | --survival | --pages | --sound | --after | --closing]

Nothing is asserted: the figures are one machine's on one day, so each stands beside its ratio to Dial's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import closing, mailing, popping, queueing, rating, report, sounding, survival, ways
from tests.bench.choosing import choosing
from tests.bench.rounds import Round, play, sustain
from tests.bench.routing import decide_us
from tests.bench.stage import BenchError, Stage
from tests.bench.ways import Way
from tests.bench.weight import weight
from tests.sipp.sipp import SippError
from vorzimmer.sandbox.sandbox import SandboxError


@dataclass(frozen=True)
class Size:
    """How much is measured. Rates in calls/s, in ascending order."""

    rates: tuple[int, ...]
    seconds: float
    repeats: int
    steps: tuple[int, ...]
    step_seconds: float
    line_seconds: float


FULL = Size(rates=(20, 50, 80), seconds=5, repeats=2, steps=(100, 125, 150), step_seconds=4, line_seconds=30)
QUICK = Size(rates=(20, 50), seconds=2, repeats=1, steps=(100,), step_seconds=2, line_seconds=10)


def say(text: str = "") -> None:
    """Print at once: whoever waits sees that something happens."""
    print(text, flush=True)  # noqa: T201 - the bench talks


async def bench(size: Size, folder: Path) -> None:
    """Measure and print everything."""
    began = time.monotonic()
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    say(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load before: {load}")
    say(f"starting a private Asterisk, PostgreSQL and mail server, importing {ways.CLIENTS} clients …")
    async with Stage(folder) as stage:
        say((await stage.sandbox.cli("core show version")).strip())
        rounds: list[Round] = []
        for _ in range(size.repeats):
            rounds += await _all_ways(stage, size)
        carried = {way: await _carried(stage, way, size, rounds) for way in Way}
        say()
        say("Processor time in ms a call; from INVITE to the agent's telephone and to the answer in ms")
        say(report.cost(rounds))
        say()
        say("The daemon's ledger, every call, ms")
        say(report.ledger(rounds))
        say()
        say("Calls/s carried without a failure, of " + ", ".join(map(str, (*size.rates, *size.steps))))
        say("  ".join(f"{way}: {rate}" for way, rate in carried.items()))
        say()
        say(f"Deciding a route with {ways.CLIENTS} clients: {await decide_us(stage.sandbox.dsn):.0f} µs (p50)")
        later = f", later {statistics.median(stage.starts[1:]):.1f} s" if stage.starts[1:] else ""
        say(f"Start with {ways.CLIENTS} clients: first {stage.starts[0]:.1f} s{later}")
        say()
        await _survival(stage, folder)
    say(f"took {time.monotonic() - began:.0f} s")


async def survive(folder: Path) -> None:
    """Measure and print that part alone."""
    async with Stage(folder) as stage:
        await _survival(stage, folder)


async def queue(folder: Path, size: Size) -> None:
    """Measure and print a full waiting line alone, and how long its decisions take."""
    say(str(choosing()))
    say(f"{queueing.AGENTS} agents, {queueing.WAITING} waiting")
    async for one in queueing.compare(folder, size.line_seconds, size.repeats):
        say(str(one))


async def pages(folder: Path, size: Size) -> None:
    """Measure and print how soon a ringing telephone's client is on the screen, and what the page weighs."""
    say(weight())
    say(str(await popping.measure(folder, size.line_seconds)))


async def sound(folder: Path, size: Size) -> None:
    """Measure and print what announcements cost: converted, waiting beside calls, played."""
    say(str(sounding.convert_minute(folder, 5)))
    setup, dearer = await sounding.measure(folder, size.step_seconds * 2.5, 3)
    say(str(setup))
    say(f"Playing a wav file costs Asterisk {dearer:.2f} times what the A-law file costs")


async def after(folder: Path, size: Size) -> None:
    """Measure and print how soon mails go, after a call and after an outage, and what a busy worker costs calls."""
    async for one in mailing.measure(folder, size.step_seconds * 2.5, 3):
        say(str(one))


async def _survival(stage: Stage, folder: Path) -> None:
    """What a death and an outage cost."""
    death = await survival.restart(stage)
    say(
        f"SIGKILL at {survival.RATE} calls/s with {death.living} living calls: start to control {death.seconds:.1f} s, "
        f"{death.resumed} calls resumed, {death.failed} calls of the load failed"
    )
    median, tail = await survival.append_ms(folder)
    say(f"Journal, writing one event: {median:.3f} ms p50, {tail:.3f} ms p99")
    say(f"Catching up {survival.STORED} calls: {await survival.catch_up(stage, folder):.1f} s")


async def _all_ways(stage: Stage, size: Size) -> list[Round]:
    """Every way at every rate. The daemon runs in its own rounds only, for all channels' events cost Asterisk time."""
    rounds = []
    for way in Way:
        if way is Way.DAEMON:
            await stage.start_daemon()
        for rate in size.rates:
            rounds.append(await play(stage, way, rate, size.seconds))
            say(report.line(rounds[-1]))
    await stage.stop_daemon()
    return rounds


async def _carried(stage: Stage, way: Way, size: Size, rounds: list[Round]) -> int:
    """The highest rate without a failure: of those measured, or of the steps above them; 0 if there is none."""
    failed = {one.rate for one in rounds if one.way is way and not one.sustained}
    good = [rate for rate in size.rates if not any(lower <= rate for lower in failed)]
    best = max(good, default=0)
    if best == size.rates[-1]:
        if way is Way.DAEMON:
            await stage.start_daemon()
        best = await sustain(stage, way, size.steps, size.step_seconds) or best
        await stage.stop_daemon()
    say(f"{way} carries {best} calls/s")
    return best


def main() -> int:
    """Run the bench; exit code 1 if it cannot."""
    options = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n", 1)[0])
    options.add_argument("--quick", action="store_true", help="one round instead of two, less exact")
    options.add_argument("--queue", action="store_true", help="only a full waiting line")
    options.add_argument("--pages", action="store_true", help="only the agents' pages")
    options.add_argument("--sound", action="store_true", help="only announcements")
    options.add_argument("--after", action="store_true", help="only what clients are told after the call")
    options.add_argument("--closing", action="store_true", help="only a month's end: statements and invoices")
    options.add_argument("--rating", action="store_true", help="only a million calls rated")
    options.add_argument("--survival", action="store_true", help="only what a death and an outage cost")
    chosen = options.parse_args()
    size = QUICK if chosen.quick else FULL
    with tempfile.TemporaryDirectory(prefix="vorzimmer-bench-") as folder:
        try:
            if chosen.survival:
                asyncio.run(survive(Path(folder)))
            elif chosen.pages:
                asyncio.run(pages(Path(folder), size))
            elif chosen.sound:
                asyncio.run(sound(Path(folder), size))
            elif chosen.rating:
                say(str(rating.measure(Path(folder))))
            elif chosen.after:
                asyncio.run(after(Path(folder), size))
            elif chosen.closing:
                clients = closing.CLIENTS // 10 if chosen.quick else closing.CLIENTS
                say(str(closing.measure(Path(folder), clients)))
            elif chosen.queue:
                asyncio.run(queue(Path(folder), size))
            else:
                asyncio.run(bench(size, Path(folder)))
        except (BenchError, SandboxError, SippError) as error:
            say(f"the bench cannot go on: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
