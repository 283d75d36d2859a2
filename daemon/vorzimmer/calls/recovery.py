"""Calls that live in Asterisk are found again: after the death of a daemon, and after a gap in the events.

What the ledger knows of a call is laid beside what Asterisk shows of it. Who talks goes on talking, untouched; a
message goes on being recorded; who waits or rings is decided again at the place where he was; what has ended is closed
with the end that Asterisk wrote down. What belongs to nobody is taken down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from vorzimmer.asterisk import events, gap
from vorzimmer.asterisk.errors import AriError, Gone
from vorzimmer.calls import agent_leg, calling_back
from vorzimmer.calls.arrival import read_arrival
from vorzimmer.calls.exchange import Exchange, note_file
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.outgoing import BACK, OutgoingCall, resumed
from vorzimmer.calls.resuming import View, find_ended, find_living, go_on
from vorzimmer.calls.session import Session
from vorzimmer.calls.supervisor import Supervisor, decide_for
from vorzimmer.core import resume
from vorzimmer.core.ledger import CallEvent

log = structlog.get_logger()

SETTLED = 1.0
"""Seconds after a reconnect in which requests that were under way have had their effect."""

NEVER = datetime.max.replace(tzinfo=UTC)
"""The arrival of a channel that does not tell: after all others."""

OpenCalls = Mapping[str, Sequence[CallEvent]]


class Recovery:
    """Run `connected` after each connect with Asterisk; `done` is set once the daemon has everything in hand.

    Args:
        lost: the calls that the journal knows as begun and not as ended.
    """

    def __init__(self, exchange: Callable[[], Exchange], supervisor: Supervisor, lost: OpenCalls) -> None:
        self._exchange_of = exchange
        self._supervisor = supervisor
        self._lost = dict(sorted(lost.items(), key=lambda call: call[1][0].at))
        self._sessions: dict[str, Session] = {}
        self.done = asyncio.Event()
        self.clean_up: Callable[[Iterable[events.ChannelData]], None] = lambda _: None
        """Takes down what is left of something that is no call."""
        self.look_through: Callable[[Iterable[events.ChannelData]], None] = lambda _: None
        """Sees every channel there is, also those in the dialplan."""

    @property
    def _exchange(self) -> Exchange:
        return self._exchange_of()

    def prepare(self) -> None:
        """Before the first event: listen to all lost calls, and hold the phones that they may be ringing or talking on.

        What ends before Asterisk is asked is not missed then, and no new call rings a phone that is taken.
        """
        for call_id, known in self._lost.items():
            self._sessions[call_id] = resumed(self._exchange, known)
            for leg in self._sessions[call_id].legs:
                self._exchange.phones.reserve(leg.target, call_id)

    async def connected(self) -> None:
        """Take up what is there.

        Raises:
            AriError: Asterisk cannot say how things are; to be run again after the next connect.
        """
        try:
            if self._lost:
                await self._resume_lost()
            if self._exchange.ari.connects > 1:
                await self._catch_up()
            await self._sweep()
        except AriError:
            raise
        except Exception:
            # A mistake of ours. Taking calls is worth more than what it was about.
            log.exception("recovery.failed")
        self.done.set()

    async def _look(self) -> View:
        ari = self._exchange.ari
        channels, bridges = await asyncio.gather(ari.channels.list(), ari.bridges.list())
        return View({one.id: one for one in channels}, {one.id: one for one in bridges})

    async def _look_closely(self) -> View:
        """A look that tells legs that were dialled and do not ring from those that were not."""
        view = await self._look()
        silent = [one for one in view.channels.values() if one.state == "Down" and one.app_args[:1] == ("leg",)]
        dialled = await asyncio.gather(*(self._was_dialled(one.id) for one in silent))
        return replace(view, dialled={one.id for one, was in zip(silent, dialled, strict=True) if was})

    async def _was_dialled(self, leg: str) -> bool:
        try:
            return await self._exchange.ari.channels(leg).heard_of()
        except Gone:  # its end is told as every leg's is
            return True

    async def _ends(self, call_ids: Collection[str], since: datetime) -> Mapping[str, datetime]:
        return await asyncio.to_thread(self._exchange.witness, call_ids, since) if call_ids else {}

    # After the death of a daemon

    async def _resume_lost(self) -> None:
        view = await self._look_closely()
        gone = [call_id for call_id in self._lost if call_id not in view.channels]
        ends = await self._ends(gone, next(iter(self._lost.values()))[0].at)
        # Who has phones first, for the others must find them taken; then in the order of arrival, so that who waited
        # first is first again.
        for call in sorted(self._sessions.values(), key=lambda call: (call.begun.talk is None, not call.legs)):
            try:
                self._resume(call, view, ends.get(call.id))
            except Exception:
                # One ledger that cannot be read must not keep the others waiting; the sweep takes its caller anew.
                log.exception("recovery.call_failed", call_id=call.id)
                call.forget()
        log.info("recovery.resumed", calls=len(self._lost), ended=len(gone))
        self._lost.clear()
        self._sessions.clear()

    def _resume(self, call: Session, view: View, ended_at: datetime | None) -> None:
        """Give a call of the ledger a task again, or leave it to the dialplan and its note."""
        caller = view.channels.get(call.id)
        note = note_file(self._exchange, call.id)
        if caller is not None and caller.app == self._exchange.app:
            note.unlink(missing_ok=True)
            plan = find_living(call, view)
            _let_agents_go(call, _left(call))
            on = partial(calling_back.go_on, call) if isinstance(call, OutgoingCall) else partial(go_on, call)
            self._supervisor.run(call, lambda: on(plan))
        elif caller is not None or note.exists():
            self._exchange.left[call.id] = call.events
            self._exchange.phones.keep_only(call.id)
            call.forget()
        else:
            find_ended(call, view, ended_at)
            _let_agents_go(call, call.legs)
            self._supervisor.run(call, _nothing)

    # After a gap in the events

    async def _catch_up(self) -> None:
        """Tell every listener that was there before the gap what it cannot have heard (see `gap`)."""
        ari = self._exchange.ari
        ids = ari.listened
        ari.tell(await gap.still_there(ari, ids))
        # Callers that were sent on in the dialplan meanwhile are ours no more.
        calls = frozenset(self._supervisor.calls)  # of before the look: who comes meanwhile is not in it
        view = await self._look()
        away = [one for one in view.channels.values() if one.id in calls and one.app != self._exchange.app]
        ari.tell(events.StasisEnd(channel.id) for channel in away)
        # What is not there may be about to come: the request for it may just be under way.
        await asyncio.sleep(SETTLED)
        missed = await gap.gone(ari, ids & ari.listened)
        last_heard = self._last_heard()
        gone = {event.of for event in missed} & self._supervisor.calls.keys()
        ends = await self._ends(gone, last_heard - timedelta(seconds=SETTLED))
        for call_id in gone:
            call = self._supervisor.calls.get(call_id)
            if call is not None:
                ended_at = call.in_its_time(ends.get(call_id, last_heard), self._exchange.clock())
                call.ended_at = max(ended_at, call.last_of_caller)
        ari.tell(missed)

    def _last_heard(self) -> datetime:
        """Until when nothing can have been missed."""
        silent = asyncio.get_running_loop().time() - self._exchange.ari.silent_since
        return self._exchange.clock() - timedelta(seconds=silent)

    # What belongs to nobody

    async def _sweep(self) -> None:
        """Take calls whose start was missed, and take down legs and bridges of calls that are not there."""
        exchange = self._exchange
        view = await self._look()
        ours = [channel for channel in view.channels.values() if channel.app == exchange.app]
        self.clean_up(ours)
        self.look_through(view.channels.values())
        callers = [channel for channel in ours if _is_caller(channel, view) and not self._knows(channel.id)]
        # Who talks first, for the others must find that phone taken; then in the order of arrival.
        for channel in sorted(callers, key=lambda one: (view.partner(one.id) is None, one.created_at or NEVER)):
            if not self._supervisor.claim(channel, channel.app_args):
                await self._take_unknown(channel, view)
        for channel in ours:
            if channel.app_args[:1] in (("leg",), ("supervise",), (BACK,)) and channel.id not in exchange.ari.listened:
                log.warning("recovery.orphan", channel=channel.id)
                self._quietly(exchange.ari.channels(channel.id).hang_up())
        for bridge in view.bridges:
            call_id, _, rest = bridge.rpartition("-")
            of_no_call = rest == "b" and call_id not in self._supervisor.calls and call_id not in view.channels
            of_no_supervisor = rest == "s" and call_id not in exchange.ari.listened
            if of_no_call or of_no_supervisor:
                self._quietly(exchange.ari.bridges(bridge).destroy())

    def _knows(self, call_id: str) -> bool:
        return self._supervisor.knows(call_id) or call_id in self._exchange.left

    async def _take_unknown(self, channel: events.ChannelData, view: View) -> None:
        """A caller of whom no ledger tells: its start was missed, or its records are lost."""
        partner, bridge = view.partner(channel.id), view.bridges.get(f"{channel.id}-b")
        if partner is None or bridge is None:
            self._supervisor.begin(channel, channel.app_args, missed=True, bridged=bridge is not None)
            return
        exchange = self._exchange
        arrived = channel.created_at or exchange.clock()
        talk = resume.Talk(partner.id, partner.variables.get("VZ_TARGET", ""), bridge.created_at or arrived)
        numbers = exchange.directory().own_numbers
        incoming = read_arrival(channel.app_args[1:], channel.caller_name, exchange.region, numbers)
        plan = decide_for(exchange, incoming, arrived)
        outgoing = channel.app_args[:1] == (BACK,)
        known = resume.rebuilt(channel.id, incoming, plan, arrived, talk, outgoing=outgoing)
        for event in known:
            exchange.journal.append(event)
        log.warning("recovery.rebuilt", call_id=channel.id, why="no record of this call is left")
        call = resumed(exchange, known)
        # Asked again, for whoever left since the list was made was not listened to.
        self._resume(call, await self._look(), None)

    def _quietly(self, request: Coroutine[Any, Any, None]) -> None:
        async def attempt() -> None:
            with contextlib.suppress(AriError):
                await request

        self._supervisor.spawn(attempt())


def _is_caller(channel: events.ChannelData, view: View) -> bool:
    """Whether it is a caller's channel; one whom we have called counts once somebody talks with it."""
    kind = channel.app_args[:1]
    return kind == ("in",) or (kind == (BACK,) and view.partner(channel.id) is not None)


def _left(call: Session) -> list[Leg]:
    """The legs that have ended; not one from which the talk has moved to another telephone of the same agent."""
    talking = {leg.agent for leg in call.legs if leg.id == call.begun.talk and leg.is_living}
    return [leg for leg in call.legs if not leg.is_living and leg.agent not in talking]


def _let_agents_go(call: Session, legs: Iterable[Leg]) -> None:
    """The states of these agents follow their telephones, which have left the call or are about to."""
    for leg in legs:
        if leg.agent:
            agent_leg.follow(call, leg)


async def _nothing() -> None:
    """The call has ended: only its end is left to be done."""
