"""A called side played by SIPp: an agent's telephone, a mobile or a partner behind the trunk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

from tests.sipp import sip
from tests.sipp.rtp import Line
from tests.sipp.scenario import AGENTS
from tests.sipp.sipp import Sipp, free_port
from tests.sipp.sound import SILENCE, Samples
from tests.sipp.trace import Traced, TracedCall
from tests.sipp.waiting import PATIENCE


class Agent:
    """A called side on a port: `async with Agent("answer", after_ms=500) as agent`, gone when the block is left.

    Args:
        behaviour: a name out of `AGENTS`.
        after_ms: the behaviour's own delay: how long it rings, or talks before it hangs up.
        port: to listen on, a free one by default.
        host: address to listen on.
        press: keys pressed once the call is answered (a mobile that accepts presses 1; a voicemail nothing).
        press_after_ms: how long after the answer.
        speak: said once the call is answered.
        at_once: calls whose sound can be told apart at the same time.

    Raises:
        OSError: somebody has the port.
    """

    def __init__(
        self,
        behaviour: str,
        *,
        after_ms: int | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        press: str = "",
        press_after_ms: int = 300,
        speak: Samples = SILENCE,
        at_once: int = 1,
    ) -> None:
        self._scenario = AGENTS[behaviour].render(after_ms)
        self.host, self.port = host, free_port(host, port)
        self._press, self._press_after, self._speak, self._at_once = press, press_after_ms / 1000, speak, at_once
        self._taken = 0
        self._lines: dict[int, Line] = {}
        self._greeted: set[str] = set()

    def __repr__(self) -> str:
        return f"<Agent {self.port} {self.calls}>"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for _ in range(self._at_once):
                line = await stack.enter_async_context(await Line.open(self.host))
                self._lines[line.port] = line
            rows = [(port,) for port in self._lines]
            self._sipp = Sipp(self._scenario, rows, self.host, self.port, on_message=self._follow)
            await stack.enter_async_context(self._sipp)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def calls(self) -> list[TracedCall]:
        """Every call that came, in order."""
        return self._sipp.calls

    @property
    def answered(self) -> int:
        """How many calls were answered."""
        return sum(call.answered_at is not None for call in self.calls)

    @property
    def ended(self) -> int:
        """How many calls are over."""
        return sum(call.over for call in self.calls)

    async def until(self, what: str, true: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until something is true of the calls; asked after every message.

        Raises:
            TimeoutError: it did not become true.
        """
        await self._sipp.until(what, true, patience)

    async def invited(self, patience: float = PATIENCE) -> TracedCall:
        """Wait for the next call; each is given out once.

        Raises:
            TimeoutError: nobody called.
        """
        await self.until("a call", lambda: len(self.calls) > self._taken, patience)
        self._taken += 1
        return self.calls[self._taken - 1]

    def line(self, call: TracedCall) -> Line:
        """Give the sound of an answered call."""
        answer = next(traced.message for traced in call.trace if traced.sent and traced.message.body)
        address = sip.media_address(answer.body)
        assert address
        return self._lines[address[1]]

    def _follow(self, traced: Traced, call: TracedCall) -> None:
        if call.answered_at is None or traced.message.method != "ACK" or call.id in self._greeted:
            return
        self._greeted.add(call.id)
        line = self.line(call)
        address = sip.media_address(call.invite.body)
        if address:
            line.connect(address)
        line.speak(self._speak)
        asyncio.get_running_loop().call_later(self._press_after, line.press, self._press)
