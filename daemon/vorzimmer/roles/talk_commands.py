"""Commands about the recording of talks, and about supervisors in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from vorzimmer.calls.consenting import NotAsked, ask
from vorzimmer.calls.session import CallerLeft, Session
from vorzimmer.calls.supervision import NotSupervised
from vorzimmer.calls.talk_recording import NotRecorded
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.core.agent import Agent
from vorzimmer.core.consent import spoken
from vorzimmer.core.supervision import Stage
from vorzimmer.roles.house import House
from vorzimmer.store import retention

Connected = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]

Work = Callable[[Session, Any], Awaitable[None]]


def handlers(house: House, connected: Connected) -> Handlers:
    """What is asked of recordings and by supervisors. `connected`: with the database, for calls that are over."""
    return {
        commands.RecordingStart: _recording(house, lambda call, command: _start(house, call, command)),
        commands.RecordingPause: _recording(house, lambda call, command: call.talk_recording.pause(command.actor)),
        commands.RecordingResume: _recording(house, lambda call, _: call.talk_recording.resume(_agent(house, call))),
        commands.RecordingWithdraw: _withdraw(house, connected),
        commands.Listen: _supervise(house, Stage.LISTEN),
        commands.Whisper: _supervise(house, Stage.WHISPER),
        commands.Barge: _supervise(house, Stage.BARGE),
    }


def _recording(house: House, work: Work) -> Callable[[Any], Awaitable[dict[str, Any]]]:
    async def do(command: commands.CallCommand) -> dict[str, Any]:
        call = house.supervisor.calls.get(command.call)
        if call is None:
            raise commands.Refused("unknown_call", "there is no such call now")
        try:
            await work(call, command)
        except NotRecorded as error:
            raise commands.Refused(error.code, str(error)) from None
        except NotAsked as error:
            raise commands.Refused("question", str(error)) from None
        except CallerLeft:
            raise commands.Refused("state", "the caller has left") from None
        return {"call": command.call}

    return do


async def _start(house: House, call: Session, command: commands.RecordingStart) -> None:
    agent = _agent(house, call)
    consent = await ask(call) if command.consent == "key" else spoken(agent.id, "api", call.now())
    await call.talk_recording.start(agent, consent)


def _agent(house: House, call: Session) -> Agent:
    """Who talks on this call."""
    talking = house.exchange.talks.get(call.id)
    agent = house.exchange.floor.agents.get(talking.agent) if talking is not None else None
    if agent is None:
        raise commands.Refused("no_talk", "no agent is in a talk on this call")
    return agent


def _withdraw(house: House, connected: Connected) -> Callable[[commands.RecordingWithdraw], Awaitable[dict[str, Any]]]:
    async def withdraw(command: commands.RecordingWithdraw) -> dict[str, Any]:
        call = house.supervisor.calls.get(command.call)
        if call is not None:
            await call.talk_recording.withdraw("caller", f"api: {command.actor}")
            return {"call": command.call}
        async with connected() as conn:
            why = f"withdrawn: {command.actor}"
            exchange = house.exchange
            if not await retention.withdraw(conn, exchange.recordings, command.call, exchange.clock(), why):
                raise commands.Refused("state", "there is no recording of this call")
        return {"call": command.call}

    return withdraw


def _supervise(house: House, stage: Stage) -> Callable[[commands.Supervision], Awaitable[dict[str, Any]]]:
    async def supervise(command: commands.Supervision) -> dict[str, Any]:
        try:
            await house.supervisor.supervisions.ring(command.supervisor, command.agent, stage)
        except NotSupervised as error:
            raise commands.Refused(error.code, str(error)) from None
        return {"agent": command.agent, "supervisor": command.supervisor}

    return supervise
