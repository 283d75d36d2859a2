"""A call that we make: agents are rung first, and the caller's channel is dialled when one of them has answered.

The call's id is that of the channel which the caller will have, so that everything else (the talk, the end, taking it
up again) is as in a call that came in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Self

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import LONGEST_LEG, Session
from vorzimmer.core import resume, way
from vorzimmer.core.callbacks import Callback
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming, Plan, Queue
from vorzimmer.core.way import Place

NORMAL = 16
"""Q.850: normal clearing."""

BACK = "back"
"""What the caller's channel is given on entering our application, as others are given "in" or "leg"."""


class OutgoingCall(Session):
    """`callee`: the caller's channel as long as we dial it and after; None before."""

    outgoing = True

    def __init__(self, exchange: Exchange, call_id: str, incoming: Incoming, **more: Any) -> None:
        super().__init__(exchange, call_id, incoming, **more)
        self.callee: Leg | None = None
        # Not listened to before it is there: after a gap in the events it would be taken for one that has ended.
        self.channel.forget()

    @classmethod
    def begin(cls, exchange: Exchange, callback: Callback, plan: Plan) -> Self:
        """A call to somebody who asked for it. Nothing is written down before an agent has answered.

        `plan`: of a call that the caller would make now; this call is as one that stands in its queue.
        """
        call = cls(exchange, callback.call_id, callback.incoming)
        call.hold_back()
        call.client = plan.client
        # What a daemon that died had rung for it may still be there under the first numbers.
        call._dialled = int(call.arrived.timestamp() * 1000)
        asked = {"asked_in": callback.asked_in, "attempt": callback.attempts + 1}
        call.record(Kind.ARRIVED, at=call.arrived, direction="out", **asked, **resume.arrival(call.incoming))
        call.record(Kind.ROUTED, **{**resume.routed(plan), "reason": "the caller had asked to be called back"})
        reason = "an agent is free, at the place that was kept"
        call.record(Kind.STEP, **way.told(place_of_queue(plan) or Place(0)), step="CallingBack", reason=reason)
        return call

    @classmethod
    def resumed(cls, exchange: Exchange, known: Sequence[CallEvent]) -> Self:
        """As `Session.resumed`."""
        call = super().resumed(exchange, known)
        own = next((leg for leg in call.legs if leg.id == call.id), None)
        if own is not None:
            call.legs.remove(own)
            call.listen_to(own)
        return call

    # The caller's channel

    @property
    def originator(self) -> str | None:
        """The caller's channel, once there is one that was answered."""
        return self.id if self.answered else None

    def leg_id(self, n: int) -> str:
        """Of the nth leg's channel: Asterisk makes no channel with whose id another one's begins."""
        return f"l{n}-{self.id}"

    async def dial_caller(self, number: str, endpoint: str, seconds: int, shown: str, **variables: str) -> Leg:
        """Dial the caller; it rings for `seconds` at most."""
        leg = Leg(self.channel, number, self.record)
        self.listen_to(leg)
        self.record(Kind.LEG_DIALLED, leg=leg.id, target=number, endpoint=endpoint)
        did = self.incoming.dialled
        # Asterisk's own record is found by the call's id, as that of a call which came in (extensions.conf).
        witness = {"CDR(userfield)": self.id, "CDR(did)": did}
        line = {"CONNECTEDLINE(num-pres,i)": "allowed", "CONNECTEDLINE(all,i)": shown}
        await leg.dial(
            endpoint,
            seconds,
            app=self.exchange.app,
            args=f"{BACK},{did},{number}",
            originator=None,
            variables={**line, **witness, "TIMEOUT(absolute)": str(LONGEST_LEG), **variables},
            reported={"VZ_TARGET": number},
        )
        return leg

    def listen_to(self, leg: Leg) -> None:
        """The caller's channel is this leg; from the answer on it is the caller's, too."""
        self.callee = leg
        self.channel.on_event(self._on_event)

    def _on_event(self, event: events.Event) -> None:
        leg = self.callee
        if leg is None:
            return
        leg.hear(event)
        if self.answered:
            super()._on_event(event)
        elif leg.answered.is_set():
            self.found_answered()
        elif not leg.is_living:
            self.destroyed.set()

    def found_answered(self) -> None:
        """The caller is there, and does not wait to be called any more."""
        super().found_answered()
        if self.callee is not None:
            self.callee.answer()
        self.exchange.callbacks.reached(self.id)

    # The end

    def vanish(self, cause: int = 0) -> None:
        """As `Session.vanish`."""
        if self.callee is not None:
            self.callee.end(cause or NORMAL)
        super().vanish(cause)

    async def close(self) -> None:
        """As `Session.close`; whoever was not reached is called again another time."""
        if self.callee is None:
            self.destroyed.set()
        elif not self.answered:
            with contextlib.suppress(AriError):  # what is not known to have gone is asked for again below
                await self.callee.hang_up()
        await super().close()
        if self.is_written:
            self._settle()
            await self.exchange.callbacks.kept()  # before the ledger ends: what it says must not be done again

    def _settle(self) -> None:
        if self.answered:
            self.exchange.callbacks.reached(self.id)
        elif self.exchange.callbacks.unreached(self.id):
            self.record(Kind.CALLBACK_ENDED, why="not reached")


def place_of_queue(plan: Plan) -> Place | None:
    """Where callers wait for an agent, in a plan; None: nowhere."""
    return next((place for place, deed in way.places(plan) if isinstance(deed, Queue)), None)


def resumed(exchange: Exchange, known: Sequence[CallEvent]) -> Session:
    """The session of a call that another process had begun, whoever made it."""
    kind = OutgoingCall if resume.is_outgoing(known[0]) else Session
    return kind.resumed(exchange, known)
