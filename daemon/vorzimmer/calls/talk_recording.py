"""The recording of one talk: begun once everybody has consented, stopped and gone as soon as somebody takes it back.

Asterisk records on the caller's channel, so it goes on while the agent changes and while no daemon lives; what the
caller says and what the caller hears are two files. Nothing is on disk before the consent: both files begin empty then.
What was begun stands in the ledger before it is asked for, so the next process can finish, keep or delete it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from vorzimmer.asterisk.ami import AmiError
from vorzimmer.asterisk.mixmonitor import MixMonitor, NotRecording
from vorzimmer.calls.exchange import Exchange
from vorzimmer.calls.talk_files import TalkFiles
from vorzimmer.core.agent import Agent
from vorzimmer.core.client import Client
from vorzimmer.core.consent import (
    Consent,
    Refusal,
    Tape,
    agents_part,
    keep_until,
    may_record,
    proof,
    takes_part,
    tape_of,
)
from vorzimmer.core.ledger import CallEvent, Kind

log = structlog.get_logger()

OTHER = "other"
"""Why a recording pauses by itself: the caller is on hold, or talks with somebody whose consent is not on file."""

LOOKS = 250
BETWEEN_LOOKS = 0.02
"""Seconds; so long Asterisk may take to finish the files once the channel has gone."""

RECORDER_SECONDS = 5.0
"""How long the recorder's connection is waited for before a withdrawn recording is left to its deleted files."""

_FAILED = (AmiError, TimeoutError)


class NotRecorded(Exception):
    """What was asked of a recording was not done. `code`: a word; the text says it to a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Recorded(Protocol):
    """What is needed of the call."""

    id: str
    exchange: Exchange
    client: Client | None
    events: list[CallEvent]
    destroyed: asyncio.Event

    def now(self) -> datetime:
        """This instant."""

    def record(self, kind: Kind, *, at: datetime | None = None, **data: Any) -> None:
        """Write to the ledger."""


class TalkRecording:
    """The recording of a call's talk, whether this process began it or another one."""

    def __init__(self, call: Recorded) -> None:
        self._call = call
        exchange = call.exchange
        self._files = TalkFiles(call.id, exchange.spool, exchange.recordings)
        self._recorder = exchange.recorder
        self._monitor = MixMonitor(exchange.recorder, call.id) if exchange.recorder is not None else None
        self._turn = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._settled: asyncio.Task[None] | None = None

    @property
    def tape(self) -> Tape:
        """What the ledger tells of it."""
        return tape_of(self._call.events)

    @property
    def runs(self) -> bool:
        """Whether the talk is being recorded, or would be if it were not paused."""
        tape = self.tape
        return tape.begun and not (tape.withdrawn or tape.kept)

    # Recording

    async def start(self, agent: Agent, consent: Consent | None) -> None:
        """Record from now on. Asked for again, it changes nothing.

        Raises:
            NotRecorded: somebody has not consented (the code of a `Refusal`), or Asterisk does not record.
        """
        call = self._call
        async with self._turn:
            tape = self.tape
            refusal = Refusal.WITHDRAWN if tape.withdrawn else self._refusal(agent, consent)
            if refusal is not None:
                raise NotRecorded(refusal.value, refusal.text)
            if tape.begun:
                return
            monitor = self._required()
            assert call.client is not None  # noqa: S101 - else it was refused
            assert consent is not None  # noqa: S101 - the same
            if tape.proof is not None:  # begun before, perhaps: nobody heard the answer
                with contextlib.suppress(*_FAILED):
                    await monitor.stop()
            call.record(Kind.CONSENTED, **proof(call.client, agent, consent))
            with self._telling():
                await monitor.start(*self._files.begun)
            call.record(Kind.TALK_RECORDING, agent=agent.id)

    def _refusal(self, agent: Agent, consent: Consent | None) -> Refusal | None:
        return may_record(self._call.client, agent, consent, self._today(agent))

    def _today(self, agent: Agent) -> date:
        return self._call.now().astimezone(ZoneInfo(agent.timezone)).date()

    async def pause(self, why: str = "") -> None:
        """Record nothing until `resume`: in the files there is silence.

        Raises:
            NotRecorded: no recording runs, or Asterisk goes on recording.
        """
        async with self._turn:
            monitor = self._running()
            if not self.tape.paused:
                with self._telling():
                    await monitor.mute()
                self._call.record(Kind.RECORDING_PAUSED, why=why)

    async def resume(self, agent: Agent) -> None:
        """Go on after a pause; `agent` is the one who talks now.

        Raises:
            NotRecorded: no recording runs, the agent has not consented, or Asterisk does not go on.
        """
        async with self._turn:
            monitor = self._running()
            if not takes_part(agent, self._today(agent)):
                raise NotRecorded(Refusal.AGENT.value, Refusal.AGENT.text)
            if self.tape.paused:
                with self._telling():
                    await monitor.unmute()
                self._call.record(Kind.RECORDING_RESUMED, agent=agents_part(agent))

    async def talks_with(self, *others: str) -> None:
        """The caller is about to talk with these: ids of agents, "" for somebody who is none; nobody: on hold.

        Unless everybody's consent is on file, the recording pauses; if Asterisk cannot be told so, it is given up. It
        goes on by itself with those who have consented.
        """
        if not self.runs:
            return
        agents = [self._call.exchange.directory().agents.get(other) for other in others]
        consenting = [agent for agent in agents if agent is not None and takes_part(agent, self._today(agent))]
        try:
            if not others or len(consenting) < len(others):
                await self.pause(OTHER)
            elif self.tape.why_paused == OTHER:
                await self.resume(consenting[0])
        except NotRecorded as error:
            log.warning("talk_recording.given_up", call_id=self._call.id, error=str(error))
            await self.withdraw("system", "it could not be paused")

    def _running(self) -> MixMonitor:
        if not self.runs:
            raise NotRecorded("state", "the talk is not being recorded")
        return self._required()

    def _required(self) -> MixMonitor:
        if self._monitor is None:
            raise NotRecorded("recorder", "this house records no talks: there is no password in [recorder]")
        return self._monitor

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What Asterisk does not do stands in the ledger, and is said to whoever asked."""
        try:
            yield
        except (*_FAILED, ValueError) as error:
            self._call.record(Kind.PROBLEM, what="recording of the talk", error=str(error))
            raise NotRecorded("recorder", f"Asterisk does not do it: {error}") from None

    # Withdrawal

    async def withdraw(self, by: str, through: str) -> None:
        """Stop and delete at once, for good; done to its end even if whoever asked is cancelled.

        Args:
            by: "caller", "agent:ID" or "system".
            through: how it was told: "code", "api" or why.
        """
        if not self.tape.withdrawn:
            self._call.record(Kind.WITHDRAWN, by=by, through=through)
        await asyncio.shield(self._begin(self._discard()))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def _discard(self) -> None:
        """First the files: whatever Asterisk still writes into them has no name any more."""
        await self._delete()
        if self._monitor is not None and self._recorder is not None and not self._call.destroyed.is_set():
            try:
                async with asyncio.timeout(RECORDER_SECONDS):
                    await self._recorder.ready()
                    await self._monitor.stop()
            except NotRecording:
                pass  # it had ended
            except _FAILED as error:
                log.warning("talk_recording.not_stopped", call_id=self._call.id, error=str(error))
        await self._delete()

    async def _delete(self) -> None:
        try:
            await asyncio.to_thread(self._files.delete)
        except OSError as error:
            log.exception("talk_recording.not_deleted", call_id=self._call.id)
            self._call.record(Kind.PROBLEM, what="recording not deleted", error=str(error))

    # After the death of a daemon, and at the end

    def found(self) -> None:
        """Another process had the call: finish what it had begun. A recording that nothing proves is deleted."""
        if not self._files.exist:
            return
        tape = self.tape
        if tape.withdrawn:
            self._begin(self._discard())
        elif tape.proof is None:
            self._call.record(Kind.WITHDRAWN, by="system", through="no proof of consent is left")
            self._begin(self._discard())
        elif not tape.begun:
            self._call.record(Kind.TALK_RECORDING, agent=tape.proof["agent"]["id"])

    async def settle(self) -> None:
        """At the end of the call: keep the files, or see that none is left. Runs once, and to its end."""
        if self._settled is None:
            self._settled = asyncio.create_task(self._settle())
        await asyncio.shield(self._settled)

    async def _settle(self) -> None:
        if self._work:
            await asyncio.wait(self._work)
        tape = self.tape
        if tape.withdrawn:
            await self._delete()
        if tape.proof is None or tape.withdrawn or tape.kept:
            return
        await self._finished()
        call = self._call
        seconds = await asyncio.to_thread(self._files.seconds)
        if not seconds:
            if tape.begun:
                call.record(Kind.PROBLEM, what="nothing of the talk was recorded")
            await self._delete()
            return
        try:
            await asyncio.to_thread(self._files.keep)
        except OSError as error:  # our folder is full: they count all the same, and stay there until `keep_left`
            log.warning("talk_recording.not_kept", call_id=call.id, error=str(error))
            call.record(Kind.PROBLEM, what="recording not kept", error=str(error))
        files: dict[str, Any] = {"caller_file": self._files.caller, "agent_file": self._files.agent}
        ended = call.now()
        until = keep_until(ended, tape.proof).isoformat()
        call.record(Kind.TALK_RECORDED, at=ended, **files, seconds=str(seconds), consent=tape.proof, keep_until=until)

    async def _finished(self) -> None:
        """Wait until Asterisk has written the files to their ends, which it does on its own with the channel's."""
        for _ in range(LOOKS):
            if await asyncio.to_thread(lambda: self._files.are_whole):
                return
            await asyncio.sleep(BETWEEN_LOOKS)
