"""The tables that the bench prints."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from tests.bench.rounds import Round
from tests.bench.ways import Way

_HEAD = (
    "calls/s", "way", "done", "failed", "Asterisk", "(rounds)", "/ Dial", "calls", "worker", "postgres",
    "ring p50", "/ Dial", "p99", "/ Dial", "answer p50", "/ Dial", "p99", "/ Dial",
)  # fmt: skip


def line(one: Round) -> str:
    """One round, told as it ends."""
    return (
        f"{one.rate:4} calls/s  {one.way:9}  {one.done:4} done  {one.failed} failed  "
        f"Asterisk {one.cpu['asterisk']:.1f} ms, calls {one.cpu['calls']:.1f} ms, "
        f"worker {one.cpu['worker']:.1f} ms, postgres {one.cpu['postgres']:.1f} ms a call"
    )


def cost(rounds: Sequence[Round]) -> str:
    """Processor time and waiting by rate and way, each beside its ratio to Dial's."""
    rows: list[Sequence[str]] = [_HEAD]
    for rate in sorted({one.rate for one in rounds}):
        of_dial: Mapping[str, float] = {}
        for way in Way:
            these = [one for one in rounds if (one.rate, one.way) == (rate, way)]
            figures = _figures(these)
            of_dial = of_dial or figures
            rows.append(_row(rate, way, these, figures, of_dial))
    return _table(rows)


def _figures(rounds: Sequence[Round]) -> dict[str, float]:
    ring = [timed.ring_ms for one in rounds for timed in one.probes]
    answer = [timed.answer_ms for one in rounds for timed in one.probes]
    return {
        **{part: statistics.fmean(one.cpu[part] for one in rounds) for part in rounds[0].cpu},
        "ring50": percentile(ring, 50),
        "ring99": percentile(ring, 99),
        "answer50": percentile(answer, 50),
        "answer99": percentile(answer, 99),
    }


def _row(
    rate: int, way: Way, rounds: Sequence[Round], figures: Mapping[str, float], of_dial: Mapping[str, float]
) -> tuple[str, ...]:
    asterisk = sorted(one.cpu["asterisk"] for one in rounds)
    timed = [
        text
        for key in ("ring50", "ring99", "answer50", "answer99")
        for text in (f"{figures[key]:.1f}", _ratio(figures[key], of_dial[key]))
    ]
    return (
        str(rate),
        way,
        str(sum(one.done for one in rounds)),
        str(sum(one.failed for one in rounds)),
        f"{figures['asterisk']:.1f}",
        f"{asterisk[0]:.1f}-{asterisk[-1]:.1f}",
        _ratio(figures["asterisk"], of_dial["asterisk"]),
        *(f"{figures[part]:.1f}" if way is Way.DAEMON else "" for part in ("calls", "worker", "postgres")),
        *timed,
    )


def ledger(rounds: Iterable[Round]) -> str:
    """The daemon's own times, of every call."""
    rows: list[Sequence[str]] = [
        ("calls/s", "calls", "arrived to ringing p50", "p99", "agent answered to bridged p50", "p99")
    ]
    of_daemon = [one for one in rounds if one.way is Way.DAEMON]
    for rate in sorted({one.rate for one in of_daemon}):
        times = [pair for one in of_daemon if one.rate == rate for pair in one.ledger]
        ring, bridge = [pair[0] for pair in times], [pair[1] for pair in times]
        figures = [percentile(values, share) for values in (ring, bridge) for share in (50, 99)]
        rows.append((str(rate), str(len(times)), *(f"{figure:.1f}" for figure in figures)))
    return _table(rows)


def percentile(values: Sequence[float], share: int) -> float:
    """The value that this share (in percent) of the values keeps; 0 if there are fewer than two."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1] if len(values) > 1 else 0.0


def _ratio(value: float, of: float) -> str:
    return f"{value / of:.2f}" if of else ""


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
