"""The main job, shown on real calls: `make demo`.

Sandbox up, clients and agents imported, telephones registered, calls placed, then what is left of them read back from
PostgreSQL and from the mail server. Exits with 1 if any call, CDR or mail is missing, double or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

import asyncpg

from tests.demo import acts, after_acts, client_acts, month, page_acts, queue_acts
from tests.demo.act import Act
from tests.demo.judge import judge, show_cdrs, show_mails
from tests.demo.stage import AT, ROOT, DemoError, Stage
from tests.sipp.baresip import BaresipError
from tests.sipp.call import CallEndedError
from tests.sipp.registration import RegistrationError
from tests.sipp.rtp import LineClosedError
from vorzimmer.control.client import Unreachable
from vorzimmer.sandbox.sandbox import SandboxError

SCENES = (
    *((act,) for act in page_acts.ACTS),
    *acts.SCENES,
    *((act,) for act in queue_acts.ACTS),
    *((act,) for act in client_acts.ACTS),
    *((act,) for act in after_acts.ACTS),
)
ACTS = [act for scene in SCENES for act in scene]
CALLS = [call for act in ACTS for call in act.calls]

FAILURES = (
    AssertionError,
    BaresipError,
    CallEndedError,
    DemoError,
    LineClosedError,
    RegistrationError,
    SandboxError,
    TimeoutError,
    Unreachable,
)
"""Something did not happen as it should."""


async def main(folder: Path, *, keep: bool) -> int:
    """Play all acts and judge."""
    stage = Stage(folder)
    try:
        await stage.build()
        for scene in SCENES:
            for act in scene:
                who = (
                    f"{' and '.join(act.callers)} {'call' if len(act.callers) > 1 else 'calls'}: " if act.calls else ""
                )
                stage.say(f"{who}{act.title}")
            async with asyncio.TaskGroup() as playing:
                for act in scene:
                    playing.create_task(act.play(stage, *act.callers))
        cdrs, mails = await stage.cdrs(len(CALLS)), await stage.mails(sum(call.mail is not None for call in CALLS))
        stage.say(f"{len(cdrs)} CDRs in PostgreSQL, with the seconds that each caller spent:")
        show_cdrs(cdrs)
        stage.say(f"{len(mails)} mails at the mail server:")
        show_mails(mails)
        await look_back(stage, cdrs)
        wrong = judge(ACTS, cdrs, mails)
        stage.say(f"{sum(count for _, count in month.CALLS.values())} made-up calls of October, billed:")
        await month.closed(stage)
    except* FAILURES as failed:
        wrong = [f"{type(error).__name__}: {error}" for error in failed.exceptions]
    finally:
        await stage.clear(keep=keep)
    for sentence in wrong:
        stage.say(f"WRONG: {sentence}")
    stage.say("something is wrong" if wrong else "everything is as it should be")
    if keep and not wrong:
        tell_how_to_call(stage, await stage.leave_running())
    return 1 if wrong else 0


def who_calls(act: Act) -> str:
    """The callers of an act, if it has any."""
    return f"{' and '.join(act.callers)} {'call' if len(act.callers) > 1 else 'calls'}: " if act.calls else ""


async def look_back(stage: Stage, cdrs: list[asyncpg.Record]) -> None:
    """One call from its first event to its mail, and the whole day."""
    for cdr in cdrs:
        if cdr["caller"] == queue_acts.ASKED_FIRST:
            await stage.show("call", cdr["call_id"])
    await stage.show("stats", "--day", AT[:10])


def tell_how_to_call(stage: Stage, daemon: int) -> None:
    """For a person with a softphone."""
    sandbox, vorzimmer = stage.sandbox, f".venv/bin/vorzimmer --config {stage.sandbox.settings_toml}"
    stage.say("The sandbox is still up, the daemon too, now with today's clock.")
    print(
        f"  call by softphone:  sip:+4989100001@127.0.0.1:{sandbox.sip_port}, from this machine, without an account\n"
        f"  be agent1:          a softphone that listens on 127.0.0.1:{sandbox.agent_port(1)}\n"
        f"  be Anna:            {vorzimmer} phone password anna-home; {vorzimmer} phone apply;\n"
        f"                      a softphone that registers as anna-home at 127.0.0.1:{sandbox.sip_port};\n"
        f"                      dial *10, and then call +4989100005 from another\n"
        f"  the wall:           {vorzimmer} wall\n"
        f"  call without one:   .venv/bin/vorzimmer sandbox call +4989100004 --folder {stage.folder}\n"
        f"  what became of it:  {vorzimmer} calls\n"
        f"  the mails:          {sandbox.mail / 'new'}\n"
        f"  the daemon's log:   {stage.folder / 'daemon.log'}\n"
        f"  end it:             kill {daemon}; .venv/bin/vorzimmer sandbox down --folder {stage.folder}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the sandbox running")
    parser.add_argument("--folder", type=Path, default=ROOT / ".sandbox" / "demo")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    sys.exit(asyncio.run(main(options.folder.resolve(), keep=options.keep)))
