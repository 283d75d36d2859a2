"""The load of a round: so many calls of each kind a second, until it is told to end, and what all of them saw."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self, TypeVar, cast

from tests.faults import house
from tests.faults.ears import Ears
from tests.faults.evidence import Kind, Leg, Offered
from tests.faults.recorder import leave_message
from tests.sipp import sip
from tests.sipp.phone import Phone
from tests.sipp.scenario import AGENTS, CALLERS
from tests.sipp.sipp import Sipp, SippError, free_port
from tests.sipp.trace import TracedCall
from tests.sipp.wire import Address

Seen = TypeVar("Seen", Offered, Leg)

_LOOPBACK = "127.0.0.1"
_MOST_SECONDS = 400
"""Seconds of load for which there are callers' numbers."""

_EARS = 200
"""Of each kind of caller: more than there are calls of it at a time."""

_RING_MS = 200
_RING_PATIENCE_MS = 45_000
"""Until a caller gives up whom nobody answers; counted anew when Asterisk says again that it rings, each minute."""

_LAST_CALL = 90.0
"""Seconds that the last calls may take to end by themselves: waiting for an answer included."""


@dataclass(frozen=True)
class Stream:
    """So many calls of a kind a second; `stay_ms` is from the answer until the caller hangs up."""

    rate: int
    stay_ms: int


STREAMS = {
    Kind.TALK: Stream(14, 6_000),
    Kind.HOLD: Stream(2, 10_000),
    Kind.GIVE_UP: Stream(1, 7_000),
    Kind.PROBE: Stream(2, 2_000),
}
"""What SIPp plays; beside it one caller a second leaves a message."""

MESSAGES = 1
RATE = sum(stream.rate for stream in STREAMS.values()) + MESSAGES


class Traffic:
    """A round's callers and agents: `async with Traffic(...) as traffic`, calls begin at once.

    Args:
        number: of the round; stands in the callers' numbers.
        target: Asterisk.
        ports: where agents answer, and where they let it ring.
        rate: calls a second in all, the kinds in their usual shares.
    """

    def __init__(self, number: int, target: Address, ports: tuple[int, int], rate: float = RATE) -> None:
        self._number, self._target, self._ports = number, target, ports
        self._share = rate / RATE
        self._callers: dict[Kind, Sipp] = {}
        self._agents: list[Sipp] = []
        self._ears: dict[Kind, Ears] = {}
        self._messages: set[asyncio.Task[Offered]] = set()
        self._read: dict[tuple[bool, str], Offered | Leg] = {}

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            for kind in STREAMS:
                self._ears[kind] = await stack.enter_async_context(Ears(_EARS))
            for behaviour, port in zip(("answer", "silent"), self._ports, strict=True):
                scenario = AGENTS[behaviour].render(_RING_MS if behaviour == "answer" else None)
                sipp = Sipp(scenario, [(free_port(),)], _LOOPBACK, port)
                self._agents.append(await stack.enter_async_context(sipp))
            self._phone = await stack.enter_async_context(await Phone.open())
            for kind, stream in STREAMS.items():
                self._callers[kind] = await stack.enter_async_context(self._sipp(kind, stream))
            self._speaking = asyncio.create_task(self._leave_messages())
            stack.push_async_callback(self._hush)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _hush(self) -> None:
        self._speaking.cancel()
        for task in self._messages:
            task.cancel()
        await asyncio.wait({self._speaking, *self._messages})

    def _sipp(self, kind: Kind, stream: Stream) -> Sipp:
        port = free_port()
        rows = [
            (dialled, sip.party(caller, _LOOPBACK, port), ear)
            for dialled, caller, ear in itertools.islice(
                zip(itertools.cycle(house.DIALLED[kind]), self._numbers(kind), self._ears[kind].ports(), strict=False),
                stream.rate * _MOST_SECONDS,
            )
        ]
        rate = str(round(stream.rate * self._share * 10))
        options = ("-r", rate, "-rp", "10000", "-l", "5000", "-recv_timeout", str(_RING_PATIENCE_MS))
        target = f"{self._target[0]}:{self._target[1]}"
        return Sipp(CALLERS["talks"].render(stream.stay_ms), rows, _LOOPBACK, port, target, *options)

    def _numbers(self, kind: Kind) -> Iterator[str]:
        return (f"{self.prefix}{list(Kind).index(kind)}{n:04}" for n in itertools.count(1))

    @property
    def prefix(self) -> str:
        """What all callers' numbers of this round begin with."""
        return f"+4930{self._number:02}"

    async def _leave_messages(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        (number,) = house.DIALLED[Kind.MESSAGE]
        for n, caller in enumerate(self._numbers(Kind.MESSAGE)):
            await asyncio.sleep(began + n / (MESSAGES * self._share) - loop.time())
            self._messages.add(loop.create_task(leave_message(self._phone, self._target, number, caller)))

    async def end(self) -> None:
        """Place no more calls, and wait until the last one has ended by itself.

        Raises:
            SippError: the agents were not there.
        """
        self._speaking.cancel()
        for sipp in self._callers.values():
            sipp.place_no_more()
        ends = [asyncio.ensure_future(sipp.finished(_LAST_CALL)) for sipp in self._callers.values()]
        await asyncio.wait({*ends, *self._messages}, timeout=_LAST_CALL)
        # A call that goes on is found in the evidence, where it has no end.
        await asyncio.gather(*ends, return_exceptions=True)
        for sipp in self._agents:
            if sipp.exit_code is not None:
                raise SippError(f"the agents have gone: {sipp.errors}")

    def offered(self, *kinds: Kind) -> list[Offered]:
        """Every call placed so far, of these kinds or of all; messages only once their call is over."""
        traced = {kind: sipp.calls for kind, sipp in self._callers.items() if not kinds or kind in kinds}
        found = [self._once(call, partial(self._offered, kind)) for kind, calls in traced.items() for call in calls]
        if not kinds or Kind.MESSAGE in kinds:
            found += [task.result() for task in self._messages if task.done() and not task.cancelled()]
        return found

    def _offered(self, kind: Kind, call: TracedCall) -> Offered:
        heard = None
        media = sip.media_address(call.invite.body)
        if kind in (Kind.HOLD, Kind.GIVE_UP) and media and call.answered_at and call.ended_at:
            heard = self._ears[kind].heard(media[1], call.answered_at, call.ended_at)
        byes = [t.message.status for t in call.trace if t.message.method == "BYE" and t.message.status and not t.sent]
        return Offered(
            caller=sip.user(call.invite["From"]),
            kind=kind,
            invited=call.trace[0].at,
            answered=call.answered_at,
            ended=call.ended_at,
            by=call.ended_by,
            status=call.status,
            bye=byes[0] if byes else 0,
            heard=heard,
            ladder=call.ladder(),
        )

    def legs(self) -> list[Leg]:
        """Every call at an agent's telephone so far. One that was answered counts once the answer was confirmed."""
        return [self._once(call, _leg) for sipp in self._agents for call in sipp.calls]

    def _once(self, call: TracedCall, read: Callable[[TracedCall], Seen]) -> Seen:
        """Read a call's messages, once only if it is over: they are many, and asked for while the load runs."""
        place = (call.caller, call.id)
        if place in self._read:
            return cast(Seen, self._read[place])
        seen = read(call)
        if call.over:
            self._read[place] = seen
        return seen


def _leg(call: TracedCall) -> Leg:
    confirmed = call.status == 200 and bool(call.requests("ACK"))
    return Leg(
        caller=sip.user(call.invite["From"]),
        agent=call.dialled,
        invited=call.trace[0].at,
        answered=call.answered_at if confirmed else None,
        ended=call.ended_at,
    )
