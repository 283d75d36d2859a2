"""What is left of the calls, shown and judged: CDRs in PostgreSQL, mails at the mail server."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage

import asyncpg

from tests.demo.act import Act, Call

_PHASES = ("ring", "announcement", "queue", "talk", "hold", "put_through", "forwarded", "machine")
"""The columns of the CDR that hold a phase's seconds."""


def show_cdrs(cdrs: Sequence[asyncpg.Record]) -> None:
    """The CDR table as PostgreSQL has it."""
    heads = {phase: f"  {phase.replace('_', ' '):>5}" for phase in _PHASES}
    print(f"{'caller':<14}{'client':<12}{'disposition':<13}{'by':<8}{''.join(heads.values())}")
    for cdr in cdrs:
        texts = (cdr["caller"], cdr["client"] or "-", cdr["disposition"], cdr["answered_by"] or "-")
        seconds = "".join(f"{cdr[phase]:>{len(head)}.1f}" for phase, head in heads.items())
        print(f"{texts[0]:<14}{texts[1]:<12}{texts[2]:<13}{texts[3]:<8}{seconds}")


def show_mails(mails: Sequence[EmailMessage]) -> None:
    """The mails as the mail server has them."""
    for mail in mails:
        attached = [part.get_filename() for part in mail.iter_attachments()]
        print(f"  {mail['To']:<28}{mail['Subject']} {attached or ''}")


def judge(acts: Sequence[Act], cdrs: Sequence[asyncpg.Record], mails: Sequence[EmailMessage]) -> list[str]:
    """What is missing, double or wrong; a sentence each. `cdrs`: a caller's in the order of the calls."""
    calls = [call for act in acts for call in act.calls]
    wrong = [] if len(cdrs) == len(calls) else [f"{len(cdrs)} CDRs, {len(calls)} calls"]
    for act in acts:
        for caller in act.callers:
            wrong += _judge_caller(act, caller, [cdr for cdr in cdrs if cdr["caller"] == caller])
    return wrong + _judge_mails(calls, mails)


def _judge_caller(act: Act, caller: str, cdrs: Sequence[asyncpg.Record]) -> list[str]:
    due = [call for call in act.calls if call.caller == caller]
    if len(cdrs) != len(due):
        return [f"{len(cdrs)} CDRs of {caller} ({act.title}), {len(due)} are due"]
    wrong = []
    for call, cdr in zip(due, cdrs, strict=True):
        seen = (cdr["client"], cdr["disposition"], cdr["answered_by"])
        if seen != (call.client, call.disposition, call.answered_by):
            wrong.append(f"{act.title}: CDR says {seen}")
        wrong += [
            f"{act.title}: CDR says {cdr[phase]} s of {phase}"
            for phase, seconds in call.lasted.items()
            if cdr[phase] < seconds
        ]
    return wrong


def _judge_mails(calls: Sequence[Call], mails: Sequence[EmailMessage]) -> list[str]:
    wrong = []
    if len({mail["Message-ID"] for mail in mails}) != len(mails):
        wrong.append("a mail came twice")
    for address in sorted({call.mail for call in calls if call.mail}):
        due, came = sum(call.mail == address for call in calls), sum(mail["To"] == address for mail in mails)
        if due != came:
            wrong.append(f"{came} mails to {address}, {due} are due")
    for call in (call for call in calls if call.noted):
        told = [mail for mail in mails if mail["To"] == call.mail and call.noted in _text(mail)]
        if len(told) != 1:
            wrong.append(f"the note of {call.caller}'s call stands in {len(told)} mails")
    messages = sum(call.disposition == "message" for call in calls)
    attached = sum(part.get_content_type() == "audio/mpeg" for mail in mails for part in mail.iter_attachments())
    if attached != messages:
        wrong.append(f"{attached} messages attached, {messages} were left")
    return wrong


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
