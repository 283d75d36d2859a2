"""A supervisor in an agent's talk: listens, whispers to the agent, takes part; leaving leaves the talk as it was.

The supervisor's telephone and a channel that overhears the agent's leg are bridged with each other, apart from the
talk; Asterisk, not we, sees to it that who listens is heard by nobody. Only who takes part is in the talk's own room.
All of it belongs to this process: the next one takes it down, and the talk goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from vorzimmer.asterisk import events
from vorzimmer.asterisk.errors import AriError, Conflict, Gone
from vorzimmer.asterisk.objects import Channel
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.session import Session
from vorzimmer.core.agent import Agent
from vorzimmer.core.ledger import Kind
from vorzimmer.core.supervision import KEYS, LEFT, Refusal, Stage, may_enter, may_hear, may_supervise

log = structlog.get_logger()

RING_SECONDS = 30
"""How long a supervisor's telephone rings."""

START_SECONDS = 5.0
"""How long Asterisk may take to let the overhearing channel in."""

NO = "sound:beeperr"
"""What a supervisor hears when something cannot be done."""

NO_SECONDS = 3.0
"""After which the line of a refused supervisor is ended even if the sound has not."""


class NotSupervised(Exception):
    """A supervisor does not get in. `code`: a word; the text says it to a person."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.code = refusal.value


class Supervision:
    """One supervisor in one talk, from the first word overheard until somebody leaves.

    Args:
        call: the talk's.
        talking: the agent's leg.
        agent: who talks there.
        supervisor: who listens.
        phone: the supervisor's telephone, answered.
    """

    def __init__(self, call: Session, talking: Leg, agent: Agent, supervisor: Agent, phone: Leg) -> None:
        self._call = call
        self.talking = talking
        self._agent = agent
        self._supervisor = supervisor
        self._phone = phone
        self._bridge = call.exchange.ari.bridges(f"{phone.id}-s")
        self._bridged = False
        self._overhearing: Channel | None = None
        self.stage: Stage | None = None

    async def run(self, stage: Stage) -> None:
        """Begin at this stage; keys lead to others (`core.supervision.KEYS`)."""
        try:
            await self.enter(stage)
            while (key := await self._key()) is not None:
                if key in KEYS:
                    await self._go_to(KEYS[key])
        except (AriError, TimeoutError) as error:
            log.warning("supervision.failed", call_id=self._call.id, error=str(error))
        finally:
            if self.stage is not None:
                self._tell(LEFT)
            await self._take_down()

    async def _key(self) -> str | None:
        """The next key that the supervisor presses; None: somebody has left."""
        key = asyncio.ensure_future(self._phone.digits.get())
        gone = asyncio.ensure_future(self._call.gone.wait())
        ends: set[asyncio.Future[Any]] = {gone, self._phone.ended, self.talking.ended}
        try:
            await asyncio.wait({key, *ends}, return_when=asyncio.FIRST_COMPLETED)
            return None if any(end.done() for end in ends) else key.result()
        finally:
            key.cancel()
            gone.cancel()

    def ask(self, stage: Stage) -> None:
        """Go to this stage soon, as if its key was pressed.

        Raises:
            NotSupervised: as `enter`.
        """
        self._require(stage)
        self._phone.digits.put_nowait(next(key for key, entered in KEYS.items() if entered is stage))

    async def _go_to(self, stage: Stage) -> None:
        try:
            await self.enter(stage)
        except NotSupervised:
            await self._phone.channel.play(f"{self._phone.id}-no-{secrets.token_hex(4)}", NO, self._call.language)

    async def enter(self, stage: Stage) -> None:
        """Go to a stage. At no moment is the supervisor heard by more than at the one before or at this one.

        Raises:
            NotSupervised: the talk is recorded and the supervisor's consent is not on file.
            AriError, TimeoutError: somebody has left, or Asterisk refuses.
        """
        if stage is self.stage:
            return
        self._require(stage)
        fresh = None
        if stage is not Stage.BARGE:
            fresh = await self._overhear(whisper=stage is Stage.WHISPER)
        elif not await self._call.room.admit(self._phone.id, keys_apart=True):
            raise Gone(404, "the talk is over")
        # Before the two overhearing channels could meet, and the agent hear from the one what the other overhears.
        before, self._overhearing = self._overhearing, fresh
        if before is not None:
            await _end(before)
        if fresh is not None:
            await self._meet(fresh)
        self.stage = stage
        self._tell(stage.value)

    def _require(self, stage: Stage) -> None:
        on = self._call.now().astimezone(ZoneInfo(self._supervisor.timezone)).date()
        refusal = may_enter(stage, self._supervisor, on, recorded=self._call.talk_recording.runs)
        if refusal is not None:
            raise NotSupervised(refusal)

    async def _overhear(self, *, whisper: bool) -> Channel:
        """A channel that hears both sides of the agent's leg, and is heard by the agent if it is to whisper."""
        channel = self._call.exchange.ari.channels(f"{self._phone.id}-o{secrets.token_hex(4)}")
        started = asyncio.Event()
        channel.on_event(lambda event: started.set() if isinstance(event, events.StasisStart) else None)
        try:
            # Called a leg, so that the next process takes it for one that is left over.
            args = f"leg,{self._call.id}"
            await self.talking.channel.snoop(channel.id, app=self._call.exchange.app, args=args, whisper=whisper)
            async with asyncio.timeout(START_SECONDS):
                await started.wait()
        except BaseException:
            await _end(channel)
            raise
        return channel

    async def _meet(self, overhearing: Channel) -> None:
        if not self._bridged:
            self._bridged = True
            with contextlib.suppress(Conflict):  # it is there: the answer to a first request was lost
                await self._bridge.create()
        await self._bridge.add(overhearing.id, self._phone.id)

    def _tell(self, how: str) -> None:
        self._call.record(Kind.SUPERVISED, supervisor=self._supervisor.id, agent=self._agent.id, how=how)

    async def _take_down(self) -> None:
        if self._overhearing is not None:
            await _end(self._overhearing)
        await _quietly(self._phone.hang_up())
        if self._bridged:
            await _quietly(self._bridge.destroy())


class Supervisions:
    """How supervisors come in: by a code on their telephone, or because we ring it.

    Args:
        exchange: the surroundings.
        calls: those that live here.
        spawn: lets something run that ends with this process.
    """

    def __init__(
        self,
        exchange: Callable[[], Exchange],
        calls: Callable[[], Iterable[Session]],
        spawn: Callable[[Any], object],
    ) -> None:
        self._exchange_of = exchange
        self._calls = calls
        self._spawn = spawn
        self._in_talks: dict[str, Supervision] = {}

    async def ring(self, endpoint: str, agent: str, stage: Stage) -> None:
        """Ring a supervisor's telephone, and let it into the talk of this agent (id) once it is answered.

        One that is in that talk already goes to this stage.

        Raises:
            NotSupervised: not now, or not at all; nothing has rung.
        """
        exchange = self._exchange_of()
        agents = exchange.directory().agents
        supervisor = next((one for one in agents.values() if endpoint in one.endpoints), None)
        call, talking, listened = self._allowed(supervisor, agents.get(agent))
        before = self._in_talks.get(endpoint)
        if before is not None and before.talking is talking:
            before.ask(stage)
            return
        if endpoint in exchange.phones.pool().busy:
            raise NotSupervised(Refusal.BUSY)
        assert supervisor is not None  # noqa: S101 - else it was refused
        phone = Leg(exchange.ari.channels(f"{call.id}-s{secrets.token_hex(4)}"), endpoint, _unrecorded)
        self._spawn(self._rung(Supervision(call, talking, listened, supervisor, phone), phone, call, stage))

    def came(self, channel: events.ChannelData, extension: str) -> None:
        """A supervisor's telephone has dialled the code with an agent's extension."""
        exchange = self._exchange_of()
        agents = exchange.directory().agents.values()
        endpoint = channel.name.removeprefix("PJSIP/").rpartition("-")[0]
        supervisor = next((one for one in agents if endpoint in one.endpoints), None)
        agent = next((one for one in agents if one.extension == extension), None)
        phone = Leg(exchange.ari.channels(channel.id), endpoint, _unrecorded, dialled=True)
        try:
            call, talking, listened = self._allowed(supervisor, agent)
        except NotSupervised as refused:
            log.info("supervision.refused", phone=endpoint, extension=extension, why=str(refused))
            self._spawn(_refuse(phone))
            return
        assert supervisor is not None  # noqa: S101 - else it was refused
        self._spawn(self._in_use(Supervision(call, talking, listened, supervisor, phone), phone, Stage.LISTEN))

    def _allowed(self, supervisor: Agent | None, agent: Agent | None) -> tuple[Session, Leg, Agent]:
        now = self._exchange_of().clock()
        today = now.astimezone(ZoneInfo(agent.timezone)).date() if agent is not None else now.date()
        refusal = may_supervise(supervisor, agent, today)
        if refusal is not None:
            raise NotSupervised(refusal)
        assert supervisor is not None and agent is not None  # noqa: S101, PT018 - else it was refused
        for call in self._calls():
            for leg in call.legs:
                hers = leg.agent == agent.id or leg.target in agent.endpoints
                if hers and leg.answered.is_set() and leg.is_living and call.has_talked:
                    if (refusal := may_hear(supervisor, call.client, today)) is not None:
                        raise NotSupervised(refusal)
                    return call, leg, agent
        raise NotSupervised(Refusal.NO_TALK)

    async def _rung(self, supervision: Supervision, phone: Leg, call: Session, stage: Stage) -> None:
        exchange = call.exchange
        exchange.phones.reserve(phone.target, phone.id)
        try:
            shown = {"CONNECTEDLINE(num-pres,i)": "allowed", "CONNECTEDLINE(all,i)": f'"{stage.value}" <>'}
            await phone.dial(
                f"PJSIP/{phone.target}",
                RING_SECONDS,
                app=exchange.app,
                args=f"leg,{call.id}",
                originator=call.id,
                variables=shown,
                reported={},
            )
            if await phone.outcome():
                await self._in_use(supervision, phone, stage)
        except AriError as error:
            log.warning("supervision.not_rung", call_id=call.id, phone=phone.target, error=str(error))
        finally:
            exchange.phones.free(phone.target, phone.id)

    async def _in_use(self, supervision: Supervision, phone: Leg, stage: Stage) -> None:
        phones = self._exchange_of().phones
        phones.talk(phone.target, phone.id)
        try:
            await _quietly(phone.channel.answer())
            self._in_talks[phone.target] = supervision
            await supervision.run(stage)
        except NotSupervised:
            await _refuse(phone)
        finally:
            self._in_talks.pop(phone.target, None)
            phones.free(phone.target, phone.id)


async def _refuse(phone: Leg) -> None:
    """Say no, and hang up."""
    with contextlib.suppress(AriError):
        await phone.channel.answer()
        await phone.channel.play(f"{phone.id}-no", NO, "en")
        await asyncio.wait({phone.ended}, timeout=NO_SECONDS)
    await _quietly(phone.hang_up())


def _unrecorded(*_: Any, **__: Any) -> None:
    """What a supervisor's telephone does is no part of the call's ledger."""


async def _end(channel: Channel) -> None:
    await _quietly(channel.hang_up())
    channel.forget()


async def _quietly(request: Awaitable[None]) -> None:
    with contextlib.suppress(AriError):
        await request
