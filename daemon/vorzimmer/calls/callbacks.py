"""All who wait to be called back: in the same line as the callers on the telephone, with the place they had there.

What is known of them is in a file that outlives the daemon. Between the key press and the file it stands in the ledger
of the call in which it was asked for; between the caller's answer and the file, in the ledger of ours. So whenever the
daemon dies, each is called and none is called twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog
from pydantic import TypeAdapter

from vorzimmer.calls import calling_back
from vorzimmer.calls.exchange import Exchange, close_ledger
from vorzimmer.calls.outgoing import OutgoingCall
from vorzimmer.calls.supervisor import Supervisor, decide_for
from vorzimmer.core import callbacks
from vorzimmer.core.callbacks import Callback, Standing
from vorzimmer.core.cdr import Cdr
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.line import Offer, Waiting
from vorzimmer.core.plan import Plan
from vorzimmer.core.ports import Trouble
from vorzimmer.core.presence import Presence
from vorzimmer.core.serving import needs_of
from vorzimmer.store.memory import Memory

log = structlog.get_logger()

LOOK = 20.0
"""Seconds after which the hours are looked at again, and whatever else may have changed."""

AFTER_MISTAKE = 60.0
"""Seconds until one that we could not handle is tried again."""


class BeingCalled(ValueError):
    """It is too late for that: the caller's telephone rings, or the caller talks."""


class Callbacks:
    """The callbacks of this process.

    Args:
        exchange: asked when it is needed, for it knows this too.
        supervisor: runs the calls.
        file: where they are kept.
        trouble: told when that cannot be done.
    """

    def __init__(self, exchange: Callable[[], Exchange], supervisor: Supervisor, file: Path, trouble: Trouble) -> None:
        self._exchange_of = exchange
        self._supervisor = supervisor
        self._waiting: dict[str, Callback] = {}
        self._memory = Memory(
            file,
            TypeAdapter(tuple[Callback, ...]),
            lambda: tuple(self._waiting.values()),
            trouble,
            what="callbacks",
            effect="nobody is called back",
        )
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._calls: dict[str, OutgoingCall] = {}
        self._news = asyncio.Event()
        self._begun = asyncio.Event()

    @property
    def _exchange(self) -> Exchange:
        return self._exchange_of()

    # From start to end of the process

    async def start(self, lost: Mapping[str, Sequence[CallEvent]]) -> None:
        """Know again who waits. `lost`: the ledgers of calls that a daemon which died had in hand."""
        for callback in await asyncio.to_thread(self._memory.read) or ():
            self._waiting[callback.id] = callback
        for events in lost.values():
            for callback in callbacks.asked_in(events):
                self._waiting.setdefault(callback.id, callback)
        self._memory.change()

    def begin(self) -> None:
        """Calls and agents are in hand: whoever waits may be called."""
        self._exchange.floor.follow(self)
        self._begun.set()

    async def run(self) -> None:
        """Call whoever is to be called, until cancelled."""
        keeping = asyncio.create_task(self._memory.keep())
        try:
            await self._begun.wait()
            while True:
                news = self._news
                for name in self._waiting.keys() - self._serving.keys():
                    self._serving[name] = asyncio.create_task(self._serve(name))
                await news.wait()
        finally:
            tasks = {keeping, *self._serving.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # What happens to them

    def ask(self, callback: Callback) -> None:
        """Somebody else waits; whoever had asked before already keeps the better place."""
        for other in self.waiting():
            if (other.client, other.number) == (callback.client, callback.number) and other.id != callback.id:
                callback = replace(callback, since=min(callback.since, other.since))
                self._forget(other.id)
        self._waiting[callback.id] = callback
        self._changed()

    async def kept(self) -> None:
        """Wait until the disk has what is so now."""
        await self._memory.kept()

    def reached(self, call_id: str) -> None:
        """The caller has answered this call of ours."""
        for callback in self.waiting():
            if callback.call_id == call_id:
                del self._waiting[callback.id]  # its task waits for the end of the call
                self._changed()

    def unreached(self, call_id: str) -> bool:
        """This call of ours has not reached its caller; whether it was the last attempt."""
        for callback in self.waiting():
            if callback.call_id == call_id:
                following = callbacks.unreached(callback, self._exchange.clock())
                if following is None:
                    del self._waiting[callback.id]
                else:
                    self._waiting[callback.id] = following
                self._changed()
                return following is None
        return False

    def call_ended(self, cdr: Cdr) -> None:
        """A call has ended: whoever was served in it need not be called any more."""
        for callback in self.waiting():
            if callbacks.is_served_by(callback, cdr):
                log.info("callback.served", callback=callback.id, call_id=cdr.call_id)
                self._forget(callback.id)
        self._tell()

    def cancel(self, name: str, by: str) -> None:
        """Call nobody. Raises KeyError if there is no such callback, `BeingCalled` if it is too late."""
        callback = self._waiting[name]
        call = self._supervisor.calls.get(callback.call_id)
        if call is not None and call.is_written:
            raise BeingCalled("the caller is being called at this moment")
        self._forget(name)
        self._close(callback, f"cancelled by {by}")

    def waiting(self) -> list[Callback]:
        """All of them, by when they asked."""
        return sorted(self._waiting.values(), key=lambda callback: callback.asked_at)

    def _forget(self, name: str) -> None:
        """It is over; if agents are being rung for it they are let be."""
        del self._waiting[name]
        call = self._calls.get(name)
        if call is not None:
            call.gone.set()
        elif name in self._serving:
            self._serving[name].cancel()
        self._changed()

    # What may change what is to be done

    def changed(self, presence: Presence) -> None:  # noqa: ARG002 - a follower of the floor
        """An agent does something else."""
        self._tell()

    def renewed(self) -> None:
        """The agents are others."""
        self._tell()

    def _changed(self) -> None:
        self._memory.change()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _something_happens(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    # One of them

    async def _serve(self, name: str) -> None:
        """From waiting to its end."""
        try:
            tried: frozenset[str] = frozenset()
            while (callback := self._waiting.get(name)) is not None:
                try:
                    tried |= await self._one_turn(callback, tried)
                except Exception:
                    log.exception("callback.failed", callback=name)
                    await asyncio.sleep(AFTER_MISTAKE)
        finally:
            del self._serving[name]

    async def _one_turn(self, callback: Callback, tried: frozenset[str]) -> frozenset[str]:
        """Wait, or have it done; returns the agents who were rung."""
        exchange = self._exchange
        now = exchange.clock()
        standing = callbacks.standing(callback, exchange.directory(), now)
        if self._is_with_us(callback):
            standing = Standing.LATER
        if standing is Standing.EXPIRED:
            self._waiting.pop(callback.id)
            self._close(callback, "expired")
            return frozenset()
        plan = decide_for(exchange, callback.incoming, now)
        if plan.client is None or standing is Standing.LATER:
            await self._something_happens(self._until(callback))
            return frozenset()
        needs = needs_of(plan.client, callback.team)
        if not exchange.line.logged_in(needs, now) or self._supervisor.is_turning_away:
            await self._something_happens(LOOK)
            return frozenset()
        waiting = Waiting(
            callback.call_id,
            needs,
            callback.priority,
            callback.since,
            callback.at_once,
            exchange.line.last_agent(callback.client, callback.number) or callback.last_agent,
            tried,
        )
        offer = await self._offered(callback, waiting)
        if offer is None:
            return frozenset()
        await self._call(callback, plan, offer)
        return frozenset(offer.agents)

    def _until(self, callback: Callback) -> float:
        if callback.not_before is None:
            return LOOK
        left = callback.not_before - self._exchange.clock()
        return min(left, timedelta(seconds=LOOK)).total_seconds() if left > timedelta() else LOOK

    def _is_with_us(self, callback: Callback) -> bool:
        """Whether the caller is on the line already: hears that it will be called, calls again, or is being called."""
        return callback.call_id in self._supervisor.calls or any(
            call.incoming.caller == callback.number and (call.client is None or call.client.id == callback.client)
            for call in self._supervisor.calls.values()
        )

    async def _offered(self, callback: Callback, waiting: Waiting) -> Offer | None:
        """Wait in the line for agents; None: look at everything again."""
        with self._exchange.line.place_for(waiting) as place:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await place.decided.wait()
            return None if self._is_with_us(callback) else place.take()

    async def _call(self, callback: Callback, plan: Plan, offer: Offer) -> None:
        """From here on the call is the supervisor's, whatever becomes of us; it answers for the agents."""
        call = OutgoingCall.begin(self._exchange, callback, plan)
        call.record(Kind.OFFERED, agents=list(offer.agents), reason=offer.reason)
        self._calls[callback.id] = call
        task = self._supervisor.run(call, lambda: calling_back.run(call, plan, offer.agents, callback.seconds))
        try:
            await asyncio.wait({task})
        finally:
            del self._calls[callback.id]

    def _close(self, callback: Callback, why: str) -> None:
        """It ends without another call: that is told as a call which did not come about, so that nothing is silent."""
        exchange = self._exchange
        self._changed()
        log.info("callback.closed", callback=callback.id, why=why)
        plan = decide_for(exchange, callback.incoming, exchange.clock())
        events = callbacks.unmade(callback, plan, why, exchange.clock())
        for event in events:
            exchange.journal.append(event)
        close_ledger(exchange, events, exchange.directory().clients.get(callback.client))
