"""`make faults`: the house under load, one fault after another, and whether anything is missing. See docs/faults.md.

    python -m tests.faults [--only daemon-sigkill …] [--seconds 20] [--rate 20]

Exits with 1 if a talk was dropped, or a CDR, a message or a mail is missing, double or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from tests.faults import report
from tests.faults.faults import FAULTS, Fault
from tests.faults.rounds import Round, play
from tests.faults.stage import Stage
from tests.faults.traffic import RATE
from tests.sipp.sipp import SippError
from vorzimmer.sandbox.sandbox import SandboxError

ROOT = Path(__file__).parents[2]
FINDINGS = "findings"
_SECONDS = 20.0


def say(text: str = "") -> None:
    """Print at once: whoever waits sees that something happens."""
    print(text, flush=True)  # noqa: T201 - it talks to the person at the terminal


async def run(faults: Sequence[Fault], seconds: float, rate: float, folder: Path) -> list[Round]:
    """Play a round for each fault, in one house."""
    began = time.monotonic()
    me = asyncio.current_task()
    assert me
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    say("starting a private Asterisk, PostgreSQL and mail server, and the services by their unit files …")
    rounds: list[Round] = []
    async with Stage(folder) as stage:
        for number, fault in enumerate(faults, 1):
            say(f"{time.monotonic() - began:6.0f} s  {rate:g} calls/s, and {fault.about} …")
            rounds.append(await play(stage, fault, number, seconds, rate))
            await report.write_findings(stage, rounds[-1], folder / FINDINGS)
            for line in report.summary(rounds[-1]):
                say(f"          {line}")
    say(f"took {time.monotonic() - began:.0f} s")
    return rounds


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n", 1)[0])
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these faults; docs stay as they are")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="least load of a round")
    parser.add_argument("--rate", type=float, default=RATE, help="calls a second; with others docs stay as they are")
    parser.add_argument("--folder", type=Path, default=ROOT / ".sandbox" / "faults", help="for logs and findings")
    return parser.parse_args()


def main() -> int:
    """Run what is asked for; exit code 1 if anything is wrong or it cannot run."""
    chosen = options()
    shutil.rmtree(chosen.folder, ignore_errors=True)
    (chosen.folder / FINDINGS).mkdir(parents=True)
    faults = [fault for fault in FAULTS if fault.name in chosen.only]
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rounds = runner.run(run(faults, chosen.seconds, chosen.rate, chosen.folder.resolve()))
    except (SandboxError, SippError, TimeoutError) as error:
        say(f"it cannot go on: {str(error)[:500]}")
        return 1
    except asyncio.CancelledError:
        say("it was told to end")
        return 1
    say()
    say(report.table(rounds))
    say(f"every finding: {chosen.folder / FINDINGS}; logs beside it")
    if len(rounds) == len(FAULTS) and chosen.rate == RATE:
        report.write_docs(rounds, chosen.seconds)
    return 0 if all(one.passed for one in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
