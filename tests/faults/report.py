"""What the rounds showed: the table for people and for docs/faults.md, and a file for whoever looks for a cause."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.faults.judge import Finding, Outcome
from tests.faults.rounds import Round
from tests.faults.stage import Stage
from tests.faults.traffic import RATE

DOCS = Path(__file__).parents[2] / "docs" / "faults.md"
BEGIN, END = "<!-- table: written by make faults -->", "<!-- end of table -->"

HEAD = (
    "fault", "offered", "answered", "machine", "fallback", "left", "lost", "dropped",
    "CDRs missing", "CDRs double", "CDRs wrong", "messages missing", "mails missing", "mails double",
    "silence s", "agent alone s", "rung while talking", "stuck", "normal after s",
)  # fmt: skip

_EXAMPLES = 3
"""Findings of a kind that are printed; all are in the file."""


def row(one: Round) -> tuple[str, ...]:
    """The figures of a round as text, in the order of `HEAD`."""
    found = one.verdict
    outcomes = (Outcome.ANSWERED, Outcome.MACHINE, Outcome.FALLBACK, Outcome.LEFT, Outcome.LOST)
    counts = (
        found.offered, *(found.outcomes[outcome] for outcome in outcomes), found.dropped,
        found.cdrs_missing, found.cdrs_double, found.cdrs_wrong, found.messages_missing,
        found.mails_missing, found.mails_double,
    )  # fmt: skip
    return (
        one.fault.name,
        *map(str, counts),
        f"{found.silence:.1f}",
        f"{found.alone:.1f}",
        str(found.rung_while_talking),
        str(found.left),
        "never" if found.normal_after is None else f"{found.normal_after:.1f}",
    )


def table(rounds: Sequence[Round]) -> str:
    """All rounds for a terminal: one line each under a head whose words stand one above the other."""
    words = [name.rsplit(" ", 1) if " " in name else ["", name] for name in HEAD]
    rows = [[upper for upper, _ in words], [lower for _, lower in words], *(row(one) for one in rounds)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in rows
    )


def summary(one: Round) -> list[str]:
    """A round as it ends: how it went, and the first findings of each kind."""
    load, calls, rest = one.spent
    took = f"{load:.0f} s of load, {calls:.0f} s to the last call's end, {rest:.0f} s to the last mail"
    lines = [f"{one.fault.name}: {'passed' if one.passed else 'NOT passed'}; {took}"]
    if one.trouble:
        lines.append(f"   {one.trouble[:500]}")
    kinds: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in one.verdict.findings:
        kinds[finding.what].append(finding)
    for what, findings in kinds.items():
        shown = "; ".join(f"{finding.caller} {finding.detail}" for finding in findings[:_EXAMPLES])
        lines.append(f"   {what} ({len(findings)}): {shown}")
    return lines


async def write_findings(stage: Stage, one: Round, folder: Path) -> None:
    """Write every finding of a round with all that is known of its call."""
    calls = {call.caller: call for call in one.evidence.offered}
    lines = [f"fault at {one.evidence.fault_at:.3f}", *summary(one), ""]
    for finding in one.verdict.findings:
        call = calls[finding.caller]
        lines += [f"== {finding.what}: {finding.caller} {finding.detail}", repr(call), call.ladder]
        for name in ("legs", "witnessed", "stored"):
            lines += [repr(piece) for piece in getattr(one.evidence, name) if piece.caller == finding.caller]
        for cdr in (cdr for cdr in one.evidence.stored if cdr.caller == finding.caller):
            for event in await stage.ledger(cdr.call_id):
                lines.append(f"  {event['at']:%H:%M:%S.%f} {event['kind']} {event['data']}")
        lines.append("")
    file = folder / f"{one.fault.name}.txt"
    await asyncio.to_thread(file.write_text, "\n".join(lines))


def write_docs(rounds: Sequence[Round], seconds: float) -> None:
    """Put the table of a whole run into docs/faults.md."""
    head, rest = DOCS.read_text().split(BEGIN)
    lines = [
        f"{os.cpu_count()} cores, {RATE} calls/s, at least {seconds:g} s of load in each round.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "| --- |" + " ---: |" * (len(HEAD) - 1),
        *("| " + " | ".join(row(one)) + " |" for one in rounds),
    ]
    DOCS.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.split(END)[1]}")
