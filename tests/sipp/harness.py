"""SIPp's callers and called sides for tests and testers: one call with its sound, many calls as load, a called side.

The sound of a call is not SIPp's: a `Line` owns the port that SIPp offers, hears what comes and speaks.
"""

from __future__ import annotations

import asyncio
import csv
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.sipp import sip
from tests.sipp.rtp import KEY_MS, Line
from tests.sipp.scenario import CALLERS
from tests.sipp.sipp import Sipp, SippError, free_port
from tests.sipp.sound import RATE, SILENCE, Samples
from tests.sipp.trace import Traced, TracedCall
from tests.sipp.wire import Address

_LOOPBACK = "127.0.0.1"
_TALK_MS = 1000
_PAUSE_MS = 300
"""Milliseconds that a caller stays on the line, without a speech and after it."""


@dataclass(frozen=True)
class CallResult:
    """How a call went, as its caller saw and heard it.

    `call` holds the messages, statuses and instants; `ok` says that the scenario was played to its end;
    `early` is what was heard before the answer, `heard` everything.
    """

    call: TracedCall
    ok: bool
    heard: Samples = field(repr=False)
    early: Samples = field(repr=False)

    @property
    def status(self) -> int:
        """The final SIP status, 0 if there was none."""
        return self.call.status


async def run_caller(  # noqa: PLR0913  # options of one call, by keyword
    target: Address,
    to: str,
    from_: str,
    *,
    scenario: str = "talks",
    after_ms: int | None = None,
    headers: Sequence[str] = (),
    speak: Samples = SILENCE,
    press: str = "",
    host: str = _LOOPBACK,
    patience: float = 30.0,
) -> CallResult:
    """Make one call and tell how it went; a refused call is a result too.

    Args:
        target: the PBX.
        to: the number dialled, written as the carrier would.
        from_: the caller's number, or a whole From value (no semicolons).
        scenario: a name out of `CALLERS`.
        after_ms: the scenario's own delay: how long it talks or rings.
        headers: further header lines, see `sip.diverted_from` and its neighbours.
        speak: said as soon as the call is answered; talking lasts at least as long.
        press: keys pressed after that.
        host: own address.
        patience: seconds.

    Raises:
        SippError: SIPp could not play the scenario.
        TimeoutError: the call went on for longer.
    """
    port = free_port(host)
    async with await Line.open(host) as line:
        said: list[str] = []

        def follow(traced: Traced, call: TracedCall) -> None:
            address = sip.media_address(traced.message.body)
            if address and not traced.sent:
                line.connect(address)
            if call.answered_at and not said:
                said.append(call.id)
                line.speak(speak)
                line.press(press)

        if scenario == "talks":
            speech_ms = len(speak) * 1000 // RATE + len(press) * KEY_MS
            after_ms = max(_TALK_MS if after_ms is None else after_ms, speech_ms + _PAUSE_MS if speech_ms else 0)
        text = CALLERS[scenario].render(after_ms, headers)
        row = (to, sip.party(from_, host, port), line.port)
        options = (f"{target[0]}:{target[1]}", "-m", "1")
        async with Sipp(text, [row], host, port, *options, on_message=follow) as sipp:
            code = await sipp.finished(patience)
            if not sipp.calls:
                raise SippError(f"no call was made: {sipp.errors}")
        call = sipp.calls[0]
        # SIPp stamps by the wall clock, the line by the loop's.
        shift = asyncio.get_running_loop().time() - time.time()
        early = line.heard(end=call.answered_at + shift) if call.answered_at else line.heard()
        return CallResult(call, code == 0, line.heard(), early)


COUNTED = ("-trace_stat", "-stf", "stat.csv", "-fd", "1")
"""Options that let SIPp write down what `read_load` reads."""


@dataclass(frozen=True)
class LoadResult:
    """How many calls went as the scenario says, how many did not, and how fast.

    `seconds` is from the first to the last; `answer_ms` are the times from INVITE to 200 in ascending order, in
    SIPp's steps of some milliseconds.
    """

    succeeded: int
    failed: int
    seconds: float
    answer_ms: Sequence[float]

    def percentile(self, percent: int) -> float:
        """Give the time to answer, in ms, that this share of the calls kept; 0 if nothing was answered."""
        if len(self.answer_ms) < 2:
            return self.answer_ms[0] if self.answer_ms else 0.0
        return statistics.quantiles(self.answer_ms, n=100, method="inclusive")[percent - 1]


async def run_load(  # noqa: PLR0913  # options of one load, by keyword
    target: Address,
    numbers: Sequence[tuple[str, str]],
    *,
    count: int,
    rate: float,
    scenario: str = "talks",
    after_ms: int | None = None,
    headers: Sequence[str] = (),
    host: str = _LOOPBACK,
    patience: float = 900.0,
) -> LoadResult:
    """Make many calls with one SIPp. They neither hear nor speak, and no message is traced: that would cost more.

    Args:
        target: the PBX.
        numbers: pairs of the number dialled and the caller's number, used in turn.
        count: calls in all.
        rate: calls started per second.
        scenario: a name out of `CALLERS`.
        after_ms: the scenario's own delay.
        headers: further header lines of every call.
        host: own address.
        patience: seconds.

    Raises:
        SippError: SIPp could not play the scenario.
        TimeoutError: it took longer.
    """
    port = free_port(host)
    # Sound goes to a socket that nobody reads: an unbound port would answer every packet with an ICMP error.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((host, 0))
        rows = [(to, sip.party(from_, host, port), ear.getsockname()[1]) for to, from_ in numbers]
        text = CALLERS[scenario].render(after_ms, headers)
        options = (
            f"{target[0]}:{target[1]}", "-m", str(count), "-r", str(max(round(rate * 10), 1)), "-rp", "10000",
            *COUNTED, "-trace_rtt", "-rtt_freq", "1",
        )  # fmt: skip
        async with Sipp(text, rows, host, port, *options, trace=False) as sipp:
            await sipp.finished(patience)
            return read_load(sipp.folder)


def read_load(folder: Path) -> LoadResult:
    """Read SIPp's own counts from its folder: the last row of its statistics, and every response time it noted."""
    with (folder / "stat.csv").open(newline="") as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    times = [
        float(row.split(";")[1]) for log in folder.glob("*_rtt.csv") for row in log.read_text().splitlines()[1:] if row
    ]
    hours, minutes, seconds = last["ElapsedTime(C)"].split(":")[:3]
    elapsed = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return LoadResult(int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), elapsed, sorted(times))
