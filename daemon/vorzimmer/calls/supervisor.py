"""From `StasisStart` to the end-of-call record: one task per call, and the registry of those that live.

However a call ends (served, caller gone, a fault of ours), its end runs exactly once: all channels taken down, the CDR
built from the ledger, the end record in the journal. Only when this process lets go does a call not end with its task:
it lives on in Asterisk, and the next process resumes it (`recovery`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange, close_ledger, note_file
from vorzimmer.calls.flow import follow
from vorzimmer.calls.session import CallerLeft, Session
from vorzimmer.calls.supervision import Supervisions
from vorzimmer.core import resume
from vorzimmer.core.cdr import Cdr
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Incoming, Plan
from vorzimmer.core.routing import decide

log = structlog.get_logger()

REMEMBERED = 10_000
"""Ended calls whose ids are kept, so that an old list of channels does not begin one of them again."""

PACE = 0.025
"""Seconds between two calls that have waited to be taken: somewhat less than the machine carries (docs/bench.md)."""

HOLD_SECONDS = 0.3
"""How long the requests that keep callers from silence may take when this process lets go."""

RESCUED = ("vorzimmer", "rescued", "begin")
"""Where in the dialplan (extensions.conf) a call goes on alone, whatever state it was in."""

Work = Callable[[], Coroutine[Any, Any, None]]


class Supervisor:
    """All calls of this process. `on_end` is told of each CDR."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._exchange = exchange
        self.on_end: Callable[[Cdr], None] = lambda _: None
        self.calls: dict[str, Session] = {}
        self.supervisions = Supervisions(exchange, self.calls.values, self.spawn)
        self.claim: Callable[[events.ChannelData, tuple[str, ...]], bool] = lambda *_: False
        """Whether a call that came in is no caller's, and somebody else sees to it."""
        self._turns = asyncio.Lock()
        self._ended: deque[str] = deque(maxlen=REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turning_away = False
        self._letting_go = False

    def on_start(self, event: events.Event) -> None:
        """A channel that nobody listens to entered the application."""
        if not isinstance(event, events.StasisStart):
            return
        exchange = self._exchange()
        if event.args[:1] == ("supervise",) and not self._turning_away:
            self.supervisions.came(event.channel, "".join(event.args[1:2]))
        elif event.args[:1] != ("in",):
            # A leg whose call is over, or a stranger: nobody will ever talk there.
            log.warning("call.orphan", channel=event.of, args=event.args)
            self.spawn(_quietly(exchange.ari.channels(event.of).hang_up()))
        elif self.claim(event.channel, event.args):
            pass
        elif self._turning_away:
            self.spawn(_quietly(exchange.ari.channels(event.of).move_to_dialplan("vorzimmer", "arrive", "away")))
        elif not self.knows(event.of):
            self.begin(event.channel, event.args)

    def knows(self, call_id: str) -> bool:
        """Whether the call lives here, or has ended here a while ago."""
        return call_id in self.calls or call_id in self._ended

    def begin(
        self, channel: events.ChannelData, args: tuple[str, ...], *, missed: bool = False, bridged: bool = False
    ) -> None:
        """Take a call. `missed`: its start was told while nobody listened; `bridged`: its bridge is there already.

        Such a call, and one that had waited for us in the dialplan, arrived when its channel did.
        """
        exchange = self._exchange()
        incoming = read_arrival(args[1:], channel.caller_name, exchange.region, exchange.directory().own_numbers)
        if exchange.gate.is_dialled(incoming.diverted_from):
            incoming = replace(incoming, looped=True)
        late = args[6:] not in ((), ("0",))
        call = Session(exchange, channel.id, incoming, arrived=channel.created_at if late or missed else None)
        # Here and not in the task, so that nothing that is told meanwhile stands in the ledger before it.
        call.record(Kind.ARRIVED, at=call.arrived, **resume.arrival(incoming))
        if missed:
            call.found_unknown()
        if bridged:
            call.room.found()

        async def work() -> None:
            if late:
                # The dialplan had begun to note the call for later; now that it is in the ledger it is ours.
                note_file(exchange, call.id).unlink(missing_ok=True)
            if missed and channel.state == "Up":
                call.found_answered()
            await self._turn(waited=late or missed)
            await follow(call, plan_call(call, channel.sip_call_id))

        self.run(call, work)

    async def _turn(self, *, waited: bool) -> None:
        """Let calls that have waited for us go on one after another: all at once, each would be slow."""
        if waited or self._turns.locked():
            await self._turns.acquire()  # whoever leaves meanwhile holds up nobody
            asyncio.get_running_loop().call_later(PACE, self._turns.release)

    def run(self, call: Session, work: Work) -> asyncio.Task[None]:
        """Give the call a task that does the work and ends the call, whatever happens."""
        self.calls[call.id] = call
        return self.spawn(self._run(call, work))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something run that ends with this process."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, call: Session, work: Work) -> None:
        structlog.contextvars.bind_contextvars(call_id=call.id, did=call.incoming.dialled)
        try:
            await _until_gone(call, work())
        except CallerLeft:
            pass
        except AriError as error:
            call.record(Kind.PROBLEM, error=str(error))
        except Exception as error:
            log.exception("call.failed")
            call.record(Kind.PROBLEM, error=f"{type(error).__name__}: {error}")
            if await self._left_to_dialplan(call):
                return
        finally:
            if not self._letting_go and call.id in self.calls:
                await self._unbroken(self._end(call))

    async def _left_to_dialplan(self, call: Session) -> bool:
        """After a mistake of ours the dialplan answers alone; its note ends the call. False: that is not possible."""
        if call.gone.is_set() or call.is_ending or call.has_talked or call.outgoing:
            return False
        try:
            await call.step_aside()
            await call.channel.move_to_dialplan(*RESCUED)
        except AriError as error:
            call.step_back()
            call.record(Kind.PROBLEM, error=str(error))
            return False
        self._leave(call)
        return True

    def _leave(self, call: Session) -> None:
        """The call goes on in the dialplan, whose note ends it."""
        call.exchange.left[call.id] = call.events
        call.exchange.phones.keep_only(call.id)
        call.forget()
        self.calls.pop(call.id, None)

    async def _end(self, call: Session) -> None:
        await call.close()
        if not call.is_written:
            self.forget(call)
            return
        if call.outlived or note_file(call.exchange, call.id).exists():
            # Somebody sent the caller on: the rescue, after we had been silent for long.
            self._leave(call)
            return
        self.on_end(finish(call))
        self.forget(call)

    def forget(self, call: Session) -> None:
        """The call has ended."""
        call.exchange.phones.keep_only(call.id)
        self._ended.append(call.id)
        self.calls.pop(call.id, None)

    async def _unbroken(self, work: Coroutine[Any, Any, None]) -> None:
        """Run to the end even if cancelled meanwhile, unless this process lets go."""
        task = self.spawn(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    def turn_away(self) -> None:
        """Take no new call: the dialplan rings on, and asks again until the next process answers."""
        self._turning_away = True

    @property
    def is_turning_away(self) -> bool:
        """Whether no call is to begin any more."""
        return self._turning_away

    async def let_go(self) -> None:
        """End every task and no call: they live on in Asterisk, and nobody hears silence."""
        self.turn_away()
        held = [self.spawn(call.hearing.hold_the_line()) for call in self.calls.values()]
        if held:
            await asyncio.wait(held, timeout=HOLD_SECONDS)
        self._letting_go = True
        self._exchange().ari.sever()
        for call in self.calls.values():
            call.let_go()
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.wait(self._tasks)


def plan_call(call: Session, sip_call_id: str = "") -> Plan:
    """Decide, and write it down. `sip_call_id` links the log with a trace of the line."""
    plan = decide_for(call.exchange, call.incoming, call.arrived)
    call.client = plan.client
    call.record(Kind.ROUTED, **resume.routed(plan))
    client = plan.client.id if plan.client else None
    log.info("call.routed", client=client, reason=plan.reason, sip_call_id=sip_call_id)
    return plan


def decide_for(exchange: Exchange, incoming: Incoming, arrived: datetime) -> Plan:
    """The plan, by the hour of the arrival and the phones of this moment."""
    return decide(incoming, exchange.directory(), exchange.gate.house, exchange.phones.pool(), arrived)


async def _until_gone(call: Session, flow: Coroutine[Any, Any, None]) -> None:
    """Run the flow until its end or the caller's."""
    running = asyncio.create_task(flow)
    gone = asyncio.create_task(call.gone.wait())
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not running.done():
            running.cancel()
        # The flow's own clean-up is part of the call: its `finally` blocks run before the end does.
        await asyncio.wait({running})
    if not running.cancelled():
        running.result()


def finish(call: Session) -> Cdr:
    """Close the ledger: the CDR and what follows from it go to the journal as one record."""
    if not resume.is_routed(call.events):  # who left before it was decided is a client's caller too
        plan_call(call)
    call.record(Kind.ENDED, at=call.ended_at)
    cdr = close_ledger(call.exchange, call.events, call.client)
    log.info(
        "call.ended",
        client=cdr.client,
        disposition=cdr.disposition.value,
        seconds=str(cdr.duration),
        cause=cdr.cause,
    )
    return cdr


async def _quietly(request: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(AriError):
        await request
