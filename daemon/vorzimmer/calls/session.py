"""One call on Asterisk: what the steps do with the caller's channel; what happens is written down (`chronicle`).

When the caller leaves, `gone` is set and the supervisor cancels the flow; operations on a caller who has left raise
`CallerLeft`, for the request can be faster than the event.

A call that another process had begun is a session too (`Session.resumed`): its verbs take over what had been begun.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import Conflict, Gone
from vorzimmer.calls.chronicle import Chronicle
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.hearing import CallerLeft, Hearing
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.recording import Recording
from vorzimmer.calls.room import Room
from vorzimmer.calls.takedown import EVENT_LAG, quietly, take_down
from vorzimmer.calls.talk_recording import TalkRecording
from vorzimmer.core.client import Client
from vorzimmer.core.ledger import CallEvent, Kind
from vorzimmer.core.plan import Incoming
from vorzimmer.core.resume import NOTHING, Begun, begun, incoming_of, legs_of

__all__ = ["CallerLeft", "Session"]

log = structlog.get_logger()

BEYOND = 1000
"""More legs or announcements than a call has."""

LONGEST_LEG = 14400
"""Seconds after which Asterisk ends a leg on its own, like the caller's channel (extensions.conf)."""


class Session(Chronicle):
    """One call from its arrival to the end of its last channel. `arrived`: if that was before this instant.

    `outgoing`: it is we who call (`calls.outgoing`).
    """

    outgoing = False

    def __init__(
        self, exchange: Exchange, call_id: str, incoming: Incoming, *, arrived: datetime | None = None
    ) -> None:
        super().__init__(call_id, exchange.clock(), exchange.journal)
        self.exchange = exchange
        self.incoming = incoming
        self.channel = exchange.ari.channels(call_id)
        self.client: Client | None = None
        self.legs: list[Leg] = []
        self.gone = asyncio.Event()
        self.destroyed = asyncio.Event()
        self.answered = False
        self.digits: asyncio.Queue[str] = asyncio.Queue(maxsize=16)
        """The keys that the caller presses, while somebody reads them."""
        self.recording: Recording | None = None
        self.talk_recording = TalkRecording(self)
        self.begun: Begun = NOTHING
        """What the step being done had begun before, where the call is resumed in it."""
        self.outlived = False
        """Whether the caller's channel lives on, out of our hands."""
        self.arrived = arrived or self.now()
        self.room = Room(exchange.ari.bridges(f"{call_id}-b"))
        self.hung_up = False
        """Whether we have hung up on the caller."""
        self._dialled = 0
        self.hearing = Hearing(self)
        self.channel.on_event(self._on_event)

    @classmethod
    def resumed(cls, exchange: Exchange, known: Sequence[CallEvent]) -> Self:
        """The session of a call that another process had begun, from its ledger; `known` holds the arrival."""
        call = cls(exchange, known[0].call_id, incoming_of(known[0]), arrived=known[0].at)
        kinds = [event.kind for event in known]
        call.go_on(known)
        call.answered = Kind.ANSWERED in kinds
        call.begun = begun(known)
        call.hearing = Hearing(call, call.begun.announced, kinds.count(Kind.ANNOUNCING))
        call.hearing.music_may_play()
        call._dialled = kinds.count(Kind.LEG_DIALLED)
        for leg in legs_of(known):
            if not leg.ended:
                channel = exchange.ari.channels(leg.leg)
                call.legs.append(Leg(channel, leg.target, call.record, agent=leg.agent, dialled=True))
                if leg.answered:
                    call.legs[-1].answered.set()
        return call

    @property
    def waited(self) -> float:
        """Seconds that the step being resumed had lasted already; 0 for one that is done for the first time."""
        if self.begun.since is None:
            return 0.0
        return max((self.now() - self.begun.since).total_seconds(), 0.0)

    # The caller's channel

    def forget_keys(self) -> None:
        """What was pressed before there was anything to press."""
        while not self.digits.empty():
            self.digits.get_nowait()

    def _on_event(self, event: events.Event) -> None:
        match event:
            case events.HangupRequest(cause=cause):
                self._left(cause)
            case events.Dtmf(digit=digit) if not self.digits.full():
                self.digits.put_nowait(digit)
            case events.StasisEnd():
                # Hung up, and that is told next; or sent on in the dialplan.
                self.gone.set()
            case events.ChannelDestroyed(cause=cause):
                self.vanish(cause)

    def _left(self, cause: int) -> None:
        # Normal clearing is what a BYE without a reason means (RFC 3398).
        self.record_hangup("caller", cause or 16)
        self.gone.set()

    def vanish(self, cause: int = 0) -> None:
        """The caller's channel is not there any more."""
        self._left(cause)
        self.destroyed.set()
        self.channel.forget()

    async def on_caller(self, request: Awaitable[None]) -> None:
        """Do something with the caller's channel, which may be leaving at this very moment."""
        try:
            await request
        except Gone:
            self._left(0)
            raise CallerLeft from None
        except Conflict:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVENT_LAG):
                    await self.gone.wait()
                raise CallerLeft from None
            raise

    async def answer(self) -> None:
        """Answer, if not done yet."""
        if self.answered:
            return
        await self.on_caller(self.channel.answer())
        self.answered = True
        self.hearing.forget()
        self.record(Kind.ANSWERED)

    @property
    def language(self) -> str:
        """Of Asterisk's own sounds."""
        return self.client.language.value if self.client else "en"

    async def hang_up(self, cause: int, by: str) -> None:
        """End the caller's channel with a Q.850 cause."""
        self.record_hangup(by, cause)
        with contextlib.suppress(Gone, Conflict):
            await self.channel.hang_up(cause=cause)
        self.hung_up = True

    # Legs

    @property
    def originator(self) -> str | None:
        """The channel for which legs are made."""
        return self.id

    def leg_id(self, n: int) -> str:
        """Of the nth leg's channel."""
        return f"{self.id}-l{n}"

    async def dial(
        self, target: str, endpoint: str, seconds: int, caller_id: str, *, agent: str = "", **variables: str
    ) -> Leg:
        """Dial a leg; it rings for `seconds` at most. What becomes of it is told by the leg.

        `agent`: whose telephone it is.
        """
        self._dialled += 1
        channel = self.exchange.ari.channels(self.leg_id(self._dialled))
        leg = Leg(channel, target, self.record, agent=agent)
        self.legs.append(leg)
        whose: dict[str, Any] = {"agent": agent} if agent else {}
        self.record(Kind.LEG_DIALLED, leg=leg.id, target=target, endpoint=endpoint, **whose)
        shown = {"CONNECTEDLINE(num-pres,i)": "allowed", "CONNECTEDLINE(all,i)": caller_id}
        await leg.dial(
            endpoint,
            seconds,
            app=self.exchange.app,
            args=f"leg,{self.id}",
            originator=self.originator,
            variables={**shown, "TIMEOUT(absolute)": str(LONGEST_LEG), **variables},
            reported={"VZ_TARGET": target},
        )
        return leg

    def take_over(self, targets: Collection[str]) -> list[Leg]:
        """The living legs to these endpoints or numbers that the step being resumed had dialled."""
        begun_here = {dialled.leg for dialled in self.begun.legs}
        return [leg for leg in self.legs if leg.id in begun_here and leg.target in targets and not leg.ended.done()]

    def take_over_agents(self) -> list[Leg]:
        """The living telephones of agents that the step being resumed had rung."""
        begun_here = {dialled.leg for dialled in self.begun.legs}
        return [leg for leg in self.legs if leg.id in begun_here and leg.agent and leg.is_living]

    async def connect(self, leg: Leg, kind: Kind, **data: Any) -> bool:
        """Bridge caller and leg until the leg ends. False: the leg had gone before they could talk."""
        if not await self.join(leg, kind, **data):
            return False
        declining = asyncio.create_task(leg.decline_transfers())
        try:
            # Not awaited directly: a cancelled `await` would cancel the leg's own future with it.
            await asyncio.wait({leg.ended})
        finally:
            declining.cancel()
        return True

    async def join(self, leg: Leg, kind: Kind, **data: Any) -> bool:
        """Bridge caller and leg. False: the leg had gone before they could talk.

        Keys that an agent presses are codes or are passed on (`calls.talk`); those of others go to the other side.
        """
        await self.hearing.hush()
        await asyncio.gather(self.answer(), self.room.build())
        if leg.agent:
            joined = await self.room.admit(leg.id, keys_apart=True) and await self.room.admit(self.id)
        else:
            joined = await self.room.admit(self.id, leg.id)
        if self.gone.is_set():
            raise CallerLeft
        if joined:
            self.record(kind, leg=leg.id, **data)
        return joined

    def found_in_talk(self, leg: str, kind: Kind, since: datetime, **data: Any) -> None:
        """Asterisk shows a talk that had begun right before the daemon died."""
        self.record(kind, at=max(since, self.events[-1].at), leg=leg, **data)
        self.begun = replace(self.begun, talk=leg)

    def found_answered(self) -> None:
        """Asterisk shows that the caller was answered already."""
        if not self.answered:
            self.answered = True
            self.record(Kind.ANSWERED)

    def found_undialled(self, leg: Leg) -> None:
        """A leg was made and never dialled: the step dials its target anew."""
        kept = tuple(dialled for dialled in self.begun.legs if dialled.leg != leg.id)
        self.begun = replace(self.begun, legs=kept)

    def found_unknown(self) -> None:
        """Perhaps another process had the call, and no ledger tells: its legs and sounds are not taken for ours."""
        self._dialled = BEYOND
        self.hearing = Hearing(self, playbacks=BEYOND)
        self.hearing.music_may_play()

    async def clear_legs(self) -> None:
        """Once Asterisk can be reached again, hang up every leg that may have been left behind."""
        await self.exchange.ari.ready()
        await asyncio.gather(*(quietly(leg.hang_up) for leg in self.legs))

    # The end

    def forget(self) -> None:
        """The call is somebody else's: write nothing, listen to nothing."""
        self.let_go()
        self.channel.forget()
        for leg in self.legs:
            leg.channel.forget()
            leg.ended.cancel()  # whoever counts it or keeps its telephone lets go

    async def step_aside(self) -> None:
        """Leave the caller alone on the line, for the dialplan: no legs, no bridge, and nothing more is written.

        Raises:
            AriError: something could not be taken down.
        """
        for leg in self.legs:
            await leg.hang_up()
        await self.room.close()
        self.let_go()

    async def close(self) -> None:
        """Take everything down and wait until the last channel is gone. What cannot be reached is waited for."""
        if not self.gone.is_set():
            self.record_hangup("system", 16)
        await take_down(self)
        if not self.outlived:
            self.record_hangup("caller", 16)
        if self.recording is not None:
            await self.recording.settle()
        await self.talk_recording.settle()
