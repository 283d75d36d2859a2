"""One round: load, a fault in its middle, the end of all calls, and the evidence."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from tests.faults.evidence import Evidence, Kind, Leg
from tests.faults.faults import Fault, prepare
from tests.faults.judge import Verdict, by_caller, judge, probes
from tests.faults.stage import Stage
from tests.faults.traffic import Traffic

_CALM = 5
"""So many probes in a row that are answered as usual make the load end."""

_LONGEST = 180.0
"""Seconds of load after which it ends in any case."""

_QUIET_PATIENCE = 30.0
"""Seconds that the last channels may take to leave Asterisk."""

_SHIP_PATIENCE = 45.0
"""Seconds that the last CDRs may take to the database."""

_MAIL_PATIENCE = 240.0
"""Seconds that the last mails may take: longer than the lease of a worker that was killed."""


@dataclass(frozen=True)
class Round:
    """What a round showed. `trouble`: what never came to its end.

    `spent`: seconds of load, then until the last call was over, then until the last CDR and mail were there.
    """

    fault: Fault
    evidence: Evidence
    verdict: Verdict
    spent: tuple[float, float, float]
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is missing, double, wrong or dropped, and all is as before."""
        found = self.verdict
        lost = found.cdrs_missing + found.cdrs_double + found.cdrs_wrong + found.mails_missing + found.left
        if not self.fault.ends_calls:
            lost += found.dropped + found.messages_missing
        return not lost and not self.trouble and found.normal_after is not None


async def play(stage: Stage, fault: Fault, number: int, seconds: float, rate: float) -> Round:
    """Play one round with at least so many seconds of so many calls a second, and judge it."""
    trouble = ""
    await prepare(fault, stage)
    async with Traffic(number, ("127.0.0.1", stage.sandbox.sip_port), stage.ports, rate) as traffic:
        since = time.monotonic()
        await asyncio.sleep(seconds / 3)
        fault_at = time.time()
        try:
            await fault.happen(stage)
        except TimeoutError as error:
            trouble = str(error)
        await _until_normal(traffic, fault_at, since + seconds, since + _LONGEST)
        loaded = time.monotonic()
        await traffic.end()
        left = await _leave_nothing(stage)
        ended = time.monotonic()
        evidence = await _collect(stage, traffic, fault_at, left)
    if fault.ends_calls:
        evidence = replace(evidence, legs=[_ended_by(leg, fault_at) for leg in evidence.legs])
    spent = (loaded - since, ended - loaded, time.monotonic() - ended)
    return Round(fault, evidence, judge(evidence), spent, trouble)


async def _until_normal(traffic: Traffic, fault_at: float, least: float, most: float) -> None:
    """Let the load go on until calls are answered as usual, at least and at most until two instants."""
    while time.monotonic() < most:
        await asyncio.sleep(0.5)
        if time.monotonic() < least:
            continue
        seen = probes(traffic.offered(Kind.PROBE), by_caller(traffic.legs()))
        # The newest may still be ringing.
        last = [usual for at, usual in seen if fault_at < at < time.time() - 1.5][-_CALM:]
        if len(last) == _CALM and all(last):
            return


async def _leave_nothing(stage: Stage) -> int:
    """Wait until Asterisk is empty; returns how many channels had to be ended because nobody did."""

    async def empty() -> bool:
        return not await stage.channels()

    if await stage.until(empty, _QUIET_PATIENCE):
        return 0
    left = len(await stage.channels())
    await stage.sandbox.cli("channel request hangup all")
    await stage.until(empty, _QUIET_PATIENCE)
    return left


async def _collect(stage: Stage, traffic: Traffic, fault_at: float, left: int) -> Evidence:
    """Wait for the CDRs and mails that are due, as long as that is any use, and put everything together."""
    over_at = time.time()
    offered, prefix = traffic.offered(), traffic.prefix
    witnessed = await asyncio.to_thread(stage.witnessed, prefix)
    due = {call.caller for call in offered if call.answered} | {row.caller for row in witnessed}

    async def all_stored() -> bool:
        return due <= {row.caller for row in await stage.stored(prefix)}

    async def all_sent() -> bool:
        waiting = "SELECT count(*) = 0 FROM outbox WHERE state IN ('pending', 'leased')"
        return bool((await stage.query(waiting))[0][0])

    await stage.until(all_stored, _SHIP_PATIENCE)
    await stage.until(all_sent, _MAIL_PATIENCE)
    mails = await asyncio.to_thread(stage.mails)
    return Evidence(fault_at, over_at, offered, traffic.legs(), witnessed, await stage.stored(prefix), mails, left)


def _ended_by(leg: Leg, at: float) -> Leg:
    """A leg that was there at an instant ended then at the latest, although nobody told its telephone."""
    return replace(leg, ended=min(leg.ended or at, at)) if leg.invited < at else leg
