"""Rings a client's own number and sees where it comes back: the call of the forwarding watchdog.

One check at a time in the house, so that whatever comes back belongs to it. The call goes out through the gate, from a
number of ours, with a mark; one that comes in meanwhile from that number, or with the mark, is the same call: it is
seen before routing, hung up unanswered, and is nobody's call. No ledger tells of either. Asterisk's own record of what
came back is made one of no call, as those of telephones among themselves are, so that no comparison misses a CDR.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import structlog

from vorzimmer.asterisk.errors import AriError
from vorzimmer.asterisk.events import ChannelData
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange, note_file
from vorzimmer.calls.leg import Leg
from vorzimmer.core.client import Client
from vorzimmer.core.forwarding_watch import Finding, Return, Seen, Verdict, judge
from vorzimmer.core.own_number import OwnNumber

log = structlog.get_logger()

CHECK = "check"
"""What our leg is given on entering our application, as others are given "in" or "leg"; and how its id begins."""

TURN_SECONDS = 20.0
"""How long a check waits for the one under way."""

SETTLE = 3.0
"""Seconds after a call came back in which it may come back again, if our leg lives so long."""

GRACE = 1.5
"""Seconds after our leg ended in which a call may still come back."""

SLACK = 3.0
"""Seconds after which a leg is given up that Asterisk should have ended."""

BUSY = 17
"""Q.850: what is said to the call that came back. Whoever forwards it passes that on to our own leg."""

WAITED = 10.0
"""Seconds for which a call that came back may have waited in the dialplan for a daemon that was away."""

REMEMBERED = 200
"""Calls that came back whose ids are kept, in case their hanging up failed."""


class CannotCheck(Exception):
    """No check is made now; the text says why. `code` is for programs."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class _Check:
    """A check under way: the number from which is rung, and our leg's id, which is its mark too.

    `until`: where another process began it, the loop's time until which its call may still come back.
    """

    def __init__(self, caller: str, mark: str, until: float | None = None) -> None:
        self.caller = caller
        self.mark = mark
        self.until = until
        self.returns: list[Return] = []
        self.first = asyncio.Event()

    def came(self, back: Return) -> None:
        """It is here."""
        self.returns.append(back)
        self.first.set()


class ForwardingChecks:
    """All checks of this process.

    Args:
        exchange: the surroundings of all calls.
        spawn: lets something run that ends with this process.
        caller: the number of ours (E.164) from which is rung; None: the house makes no checks.
        seconds: for how long.
    """

    def __init__(
        self,
        exchange: Callable[[], Exchange],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        caller: str | None,
        seconds: int,
    ) -> None:
        self._exchange = exchange
        self._spawn = spawn
        self._caller = caller
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._asked: set[str] = set()
        self._checks: list[_Check] = []
        self._leg: Leg | None = None
        self._claimed: deque[str] = deque(maxlen=REMEMBERED)
        self._given_up = False

    async def check(self, client: Client, own: OwnNumber) -> tuple[Finding, Seen]:
        """Ring the number, and say where it came back.

        Raises:
            CannotCheck: it was not dialled.
        """
        if self._caller is None:
            raise CannotCheck("not_available", "no number is rung: set watchdog.caller to a number of yours")
        if own.number in self._asked:
            raise CannotCheck("not_now", f"{own.number} is being checked at this moment")
        self._asked.add(own.number)
        try:
            async with contextlib.AsyncExitStack() as stack:
                try:
                    async with asyncio.timeout(TURN_SECONDS):
                        await stack.enter_async_context(self._turn)
                except TimeoutError:
                    raise CannotCheck("not_now", "other numbers are being checked; try again in a minute") from None
                return await self._permitted(client, own, self._caller)
        finally:
            self._asked.discard(own.number)

    async def _permitted(self, client: Client, own: OwnNumber, caller: str) -> tuple[Finding, Seen]:
        exchange = self._exchange()
        if self._given_up or not exchange.ari.up:
            raise CannotCheck("not_now", "no call can be made at this moment")
        refusal = exchange.gate.enter(own.number, client, returns=True)
        if refusal is not None:
            return Finding(Verdict.NOT_CHECKED, refusal.reason), Seen()
        try:
            seen = await self._ring(own.number, caller)
        except AriError as error:
            return Finding(Verdict.NOT_CHECKED, f"Asterisk could not make the call: {error}"), Seen()
        finally:
            exchange.gate.leave(own.number, client, returns=True)
        finding = judge(own.did, seen)
        log.info("forwarding.checked", client=client.id, verdict=finding.verdict.value, reason=finding.reason)
        return finding, seen

    async def _ring(self, number: str, caller: str) -> Seen:
        exchange = self._exchange()
        leg = Leg(exchange.ari.channels(f"{CHECK}-{secrets.token_hex(8)}"), number, _unrecorded)
        check = _Check(caller, leg.id)
        self._checks.append(check)
        self._leg = leg
        began = asyncio.get_running_loop().time()
        try:
            await leg.dial(
                f"PJSIP/{number}@{exchange.trunk.endpoint}",
                self._seconds,
                app=exchange.app,
                args=f"{CHECK},{caller}",
                originator=None,
                variables={
                    "CONNECTEDLINE(num-pres,i)": "allowed",
                    "CONNECTEDLINE(all,i)": f"<{caller}>",
                    "PJSIP_HEADER(add,X-Vorzimmer-Call)": leg.id,
                    # Whatever becomes of us, nobody's telephone rings for ever.
                    "TIMEOUT(absolute)": str(int(self._seconds + SLACK + SETTLE)),
                },
                reported={"VZ_TARGET": number},
            )
            await _first((check.first.wait(), leg.answered.wait(), _end(leg)), self._seconds + SLACK)
            seconds = asyncio.get_running_loop().time() - began
            answered, ended = leg.answered.is_set(), not leg.is_living
            if check.returns:
                await _first((leg.answered.wait(), _end(leg)), SETTLE)
            elif not answered:
                await _first((check.first.wait(),), GRACE)
            cause = leg.ended.result() if ended else None
            return Seen(tuple(check.returns), answered=answered, cause=cause, seconds=seconds)
        finally:
            await self._hang_up(leg)
            self._checks.remove(check)
            self._leg = None

    async def _hang_up(self, leg: Leg) -> None:
        """Take our leg down. One that cannot be is ended by Asterisk, or after the next connect (`clean_up`)."""
        with contextlib.suppress(AriError):
            await leg.hang_up()
            await _first((_end(leg),), SLACK)
        leg.channel.forget()

    # What comes back

    def claim(self, channel: ChannelData, args: tuple[str, ...]) -> bool:
        """Whether a call that came in is ours coming back; it is hung up then. No waiting: every call passes here."""
        if channel.id in self._claimed:
            self._spawn(self._refuse(channel.id))
            return True
        if not self._checks:
            return False
        now, exchange = asyncio.get_running_loop().time(), self._exchange()
        self._checks = [check for check in self._checks if check.until is None or check.until > now]
        incoming = read_arrival(args[1:], channel.caller_name, exchange.region, exchange.directory().own_numbers)
        for check in self._checks:
            marked = args[5:6] == (check.mark,)
            if marked or incoming.caller == check.caller:
                check.came(Return(incoming.dialled, marked=marked, diverted=incoming.diverted_from is not None))
                self._claimed.append(channel.id)
                self._spawn(self._refuse(channel.id))
                return True
        return False

    async def _refuse(self, channel_id: str) -> None:
        exchange = self._exchange()
        channel = exchange.ari.channels(channel_id)
        with contextlib.suppress(AriError):
            await channel.set("CDR(userfield)", "")
        with contextlib.suppress(AriError):
            await channel.hang_up(cause=BUSY)
        # The dialplan had begun to note a call that had to wait for us.
        note_file(exchange, channel_id).unlink(missing_ok=True)

    # The end

    def clean_up(self, channels: Iterable[ChannelData]) -> None:
        """After a connect: take down what another process had dialled. What of it comes back is claimed as ours is."""
        ari = self._exchange().ari
        for leg in channels:
            if leg.app_args[:1] == (CHECK,) and leg.id not in ari.listened:
                log.warning("forwarding.cut_off", channel=leg.id)
                until = asyncio.get_running_loop().time() + WAITED
                self._checks.append(_Check("".join(leg.app_args[1:2]), leg.id, until))
                self._spawn(_quietly(ari.channels(leg.id).hang_up()))

    async def give_up(self) -> None:
        """This process ends: nothing of a check shall ring on."""
        self._given_up = True
        if self._leg is not None:
            with contextlib.suppress(AriError):
                await self._leg.hang_up()


async def _end(leg: Leg) -> None:
    await asyncio.wait({leg.ended})


async def _first(waits: Iterable[Coroutine[Any, Any, object]], seconds: float) -> None:
    """Return when one of them does, or after so many seconds."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _quietly(request: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(AriError):
        await request


def _unrecorded(*_: object, **__: object) -> None:
    """A check is nobody's call: no ledger tells of its leg."""
