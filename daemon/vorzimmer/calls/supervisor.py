"""From `StasisStart` to the end-of-call record: one task per call, and the registry of those that live.

However a call ends (served, caller gone, a fault of ours, the process going down), its end runs exactly once: all
channels taken down, the CDR built from the ledger, the end record in the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.flow import follow
from vorzimmer.calls.session import CallerLeft, Session
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.ledger import Kind
from vorzimmer.core.messages import end_record, messages_for
from vorzimmer.core.plan import Plan
from vorzimmer.core.routing import decide

log = structlog.get_logger()


class Supervisor:
    """All calls of this process."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._exchange = exchange
        self.calls: dict[str, Session] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    def on_start(self, event: events.Event) -> None:
        """A channel that nobody listens to entered the application."""
        if not isinstance(event, events.StasisStart):
            return
        exchange = self._exchange()
        if event.args[:1] != ("in",):
            # A leg whose call is over, or a stranger: nobody will ever talk there.
            log.warning("call.orphan", channel=event.of, args=event.args)
            self._spawn(_quietly(exchange.ari.channels(event.of).hang_up()))
        elif self._draining:
            self._spawn(_quietly(exchange.ari.channels(event.of).move_to_dialplan("vorzimmer", "arrive", "away")))
        elif event.of not in self.calls:
            self._begin(exchange, event)

    def _begin(self, exchange: Exchange, event: events.StasisStart) -> None:
        incoming = read_arrival(
            event.args[1:], event.channel.caller_name, exchange.region, exchange.directory().own_numbers
        )
        if exchange.gate.is_dialled(incoming.diverted_from):
            incoming = replace(incoming, looped=True)
        if event.args[6:] not in ((), ("0",)):
            # The dialplan had waited for us and begun to note the call for later; now it is ours.
            (exchange.notes / f"{event.of}.call").unlink(missing_ok=True)
        call = Session(exchange, event.of, incoming)
        self.calls[call.id] = call
        self._spawn(self._run(call))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, call: Session) -> None:
        structlog.contextvars.bind_contextvars(call_id=call.id, did=call.incoming.dialled)
        try:
            plan = plan_call(call)
            await _until_gone(call, follow(call, plan.steps))
        except CallerLeft:
            pass
        except AriError as error:
            call.record(Kind.PROBLEM, error=str(error))
        except Exception as error:
            log.exception("call.failed")
            call.record(Kind.PROBLEM, error=f"{type(error).__name__}: {error}")
        finally:
            await _unbroken(self._end(call))

    async def _end(self, call: Session) -> None:
        await call.close()
        finish(call)
        self.calls.pop(call.id, None)

    async def drain(self, seconds: float) -> None:
        """Take no new call (the dialplan rings on and asks again), wait for the living ones, then end them."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


def plan_call(call: Session) -> Plan:
    """Write the arrival down and decide."""
    incoming, exchange = call.incoming, call.exchange
    call.record(
        Kind.ARRIVED,
        dialled=incoming.dialled,
        caller=incoming.caller,
        caller_name=incoming.caller_name,
        withheld=incoming.withheld,
        diverted_from=incoming.diverted_from,
    )
    plan = decide(incoming, exchange.directory(), exchange.gate.house, exchange.phones.pool(), exchange.clock())
    call.client = plan.client
    call.record(
        Kind.ROUTED,
        client=plan.client.id if plan.client else None,
        state=plan.state.value if plan.state else None,
        reason=plan.reason,
        steps=[type(step).__name__ for step in plan.steps],
        skipped=[f"{skip.what}: {skip.reason}" for skip in plan.skipped],
    )
    log.info("call.routed", client=plan.client.id if plan.client else None, reason=plan.reason)
    return plan


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
    call.record(Kind.ENDED)
    cdr = build_cdr(call.events)
    call.exchange.journal.append_end(end_record(cdr, messages_for(cdr, call.client)))
    log.info(
        "call.ended",
        client=cdr.client,
        disposition=cdr.disposition.value,
        seconds=str(cdr.duration),
        cause=cdr.cause,
    )
    return cdr


async def _unbroken(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end even if cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def _quietly(request: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(AriError):
        await request
