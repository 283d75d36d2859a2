"""One round: so many calls a second through one way, and what they cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.bench import ways
from tests.bench.probe import Timed
from tests.bench.stage import Stage
from tests.bench.ways import Way
from tests.sipp.harness import run_load

PROBES_A_SECOND = 10
TALK_MS = 1000

_LEDGER = """
WITH instant AS (
    SELECT call_id,
           min(at) FILTER (WHERE kind = 'call.arrived') AS arrived,
           min(at) FILTER (WHERE kind = 'leg.ringing') AS ringing,
           min(at) FILTER (WHERE kind = 'leg.answered') AS answered,
           min(at) FILTER (WHERE kind = 'phase.talk') AS bridged
    FROM call_event GROUP BY call_id
)
SELECT (1000 * extract(epoch FROM ringing - arrived))::float8 AS ring_ms,
       (1000 * extract(epoch FROM bridged - answered))::float8 AS bridge_ms
FROM instant WHERE arrived >= $1 AND bridged IS NOT NULL
"""


@dataclass(frozen=True)
class Round:
    """What was measured. `cpu`: milliseconds a call, by the keys of `Stage.cpu`; `ledger`: the daemon's own times.

    `late`: seconds by which the last call ended after it should have.
    """

    way: Way
    rate: int
    done: int
    failed: int
    late: float
    cpu: Mapping[str, float]
    probes: tuple[Timed, ...]
    ledger: tuple[tuple[float, float], ...]

    @property
    def sustained(self) -> bool:
        """No call failed, and none had to wait for its turn."""
        return not self.failed and self.late < 1


async def play(stage: Stage, way: Way, rate: int, seconds: float) -> Round:
    """Offer `rate` calls a second, the probe's among them, and wait until their last trace is gone."""
    target = ("127.0.0.1", stage.sandbox.sip_port)
    callers = [(number, f"+4930{n:07}") for n, number in enumerate(ways.numbers(way, 1, ways.LOADED), 1)]
    probed = ways.numbers(way, ways.LOADED + 1, ways.LOADED + ways.PROBES)
    load_rate = rate - PROBES_A_SECOND
    count = round(load_rate * seconds)
    began, before = datetime.now(UTC), stage.cpu()
    load, probes = await asyncio.gather(
        run_load(target, callers, count=count, rate=load_rate, after_ms=TALK_MS),
        stage.probe.run(target, probed, PROBES_A_SECOND, round(PROBES_A_SECOND * seconds)),
    )
    if way is Way.DAEMON:
        stage.placed += count + len(probes)
    await stage.quiet()
    after = stage.cpu()
    answered = sum(timed.ok for timed in probes)
    calls = count + len(probes)
    return Round(
        way=way,
        rate=rate,
        done=load.succeeded + answered,
        failed=load.failed + len(probes) - answered,
        late=load.seconds - seconds - TALK_MS / 1000,
        cpu={part: 1000 * (after[part] - before[part]) / calls for part in after},
        probes=tuple(timed for timed in probes if timed.ok),
        ledger=await _ledger(stage, began) if way is Way.DAEMON else (),
    )


async def _ledger(stage: Stage, began: datetime) -> tuple[tuple[float, float], ...]:
    return tuple((row["ring_ms"] or 0.0, row["bridge_ms"]) for row in await stage.query(_LEDGER, began))


async def sustain(stage: Stage, way: Way, rates: tuple[int, ...], seconds: float) -> int:
    """The highest of the ascending rates that the way carries without a failure; 0 if none."""
    best = 0
    for rate in rates:
        if not (await play(stage, way, rate, seconds)).sustained:
            break
        best = rate
    return best
