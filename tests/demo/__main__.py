"""The main job, shown on real calls: `make demo`.

Sandbox up, clients imported, calls placed one after another, then what is left of them read back from PostgreSQL and
from the mail server. Exits with 1 if any call, CDR or mail is missing, double or wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from email.message import EmailMessage
from pathlib import Path

import asyncpg

from tests.demo.acts import ACTS
from tests.demo.stage import ROOT, DemoError, Stage


async def main(folder: Path, *, keep: bool) -> int:
    """Play all acts and judge."""
    stage = Stage(folder)
    try:
        await stage.build()
        for act in ACTS:
            stage.say(f"{act.caller} calls: {act.title}")
            await act.play(stage, act.caller)
        cdrs, mails = await stage.cdrs(len(ACTS)), await stage.mails(sum(act.mail is not None for act in ACTS))
        show_cdrs(stage, cdrs)
        show_mails(stage, mails)
        wrong = [*judge_cdrs(cdrs), *judge_mails(mails)]
    except (DemoError, TimeoutError, AssertionError) as error:
        wrong = [f"{type(error).__name__}: {error}"]
    finally:
        await stage.clear(keep=keep)
    for sentence in wrong:
        stage.say(f"WRONG: {sentence}")
    stage.say("everything is as it should be" if not wrong else f"{len(wrong)} things are wrong")
    if keep and not wrong:
        tell_how_to_call(stage, await stage.leave_running())
    return 1 if wrong else 0


def show_cdrs(stage: Stage, cdrs: list[asyncpg.Record]) -> None:
    """The CDR table as PostgreSQL has it."""
    stage.say(f"{len(cdrs)} CDRs in PostgreSQL:")
    columns = ("ring", "announcement", "queue", "talk", "forwarded", "machine")
    head = f"{'caller':<14}{'client':<11}{'disposition':<12}{'by':<8}" + "".join(f"{name[:8]:>9}" for name in columns)
    print(head)
    for cdr in cdrs:
        texts = (cdr["caller"], cdr["client"] or "-", cdr["disposition"], cdr["answered_by"] or "-")
        seconds = "".join(f"{cdr[name]:>9.1f}" for name in columns)
        print(f"{texts[0]:<14}{texts[1]:<11}{texts[2]:<12}{texts[3]:<8}{seconds}")


def show_mails(stage: Stage, mails: list[EmailMessage]) -> None:
    """The mails as the mail server has them."""
    stage.say(f"{len(mails)} mails at the mail server:")
    for mail in mails:
        attached = [part.get_filename() for part in mail.iter_attachments()]
        print(f"  {mail['To']:<28}{mail['Subject']} {attached or ''}")


def judge_cdrs(cdrs: list[asyncpg.Record]) -> list[str]:
    """What is missing, double or wrong among the CDRs."""
    wrong = [] if len(cdrs) == len(ACTS) else [f"{len(cdrs)} CDRs, {len(ACTS)} calls"]
    for act in ACTS:
        found = [cdr for cdr in cdrs if cdr["caller"] == act.caller]
        if len(found) != 1:
            wrong.append(f"{len(found)} CDRs of {act.caller} ({act.title})")
            continue
        seen = (found[0]["client"], found[0]["disposition"], found[0]["answered_by"])
        if seen != (act.client, act.disposition, act.answered_by):
            wrong.append(f"{act.title}: CDR says {seen}")
        if found[0]["talk"] < act.talk:
            wrong.append(f"{act.title}: CDR says {found[0]['talk']} s of talk")
    return wrong


def judge_mails(mails: list[EmailMessage]) -> list[str]:
    """What is missing, double or wrong among the mails."""
    wrong = []
    if len({mail["Message-ID"] for mail in mails}) != len(mails):
        wrong.append("a mail came twice")
    for address in {act.mail for act in ACTS if act.mail}:
        due, came = sum(act.mail == address for act in ACTS), sum(mail["To"] == address for mail in mails)
        if due != came:
            wrong.append(f"{came} mails to {address}, {due} are due")
    messages = sum(act.disposition == "message" for act in ACTS)
    attached = sum(part.get_content_type() == "audio/mpeg" for mail in mails for part in mail.iter_attachments())
    if attached != messages:
        wrong.append(f"{attached} recordings attached, {messages} were left")
    return wrong


def tell_how_to_call(stage: Stage, daemon: int) -> None:
    """For a person with a softphone."""
    sandbox, vorzimmer = stage.sandbox, f".venv/bin/vorzimmer --config {stage.sandbox.settings_toml}"
    stage.say("The sandbox is still up, the daemon too, now with today's clock.")
    print(
        f"  call by softphone:  sip:+4989100001@127.0.0.1:{sandbox.sip_port}, from this machine, without an account\n"
        f"  be the agent:       a softphone that listens on 127.0.0.1:{sandbox.agent_port(1)}\n"
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
