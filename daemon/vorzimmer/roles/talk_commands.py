"""Commands about the recording of talks, about supervisors in them, and at which telephone an agent is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from vorzimmer.calls.consenting import NotAsked, ask
from vorzimmer.calls.exchange import Exchange, Talking
from vorzimmer.calls.moving import ring_instead
from vorzimmer.calls.session import CallerLeft, Session
from vorzimmer.calls.supervision import NotSupervised
from vorzimmer.calls.talk_recording import NotRecorded
from vorzimmer.control import commands
from vorzimmer.control.answering import Handlers
from vorzimmer.core import talk
from vorzimmer.core.agent import Agent
from vorzimmer.core.consent import spoken
from vorzimmer.core.supervision import Stage
from vorzimmer.core.talk import NotPossible
from vorzimmer.roles.house import House
from vorzimmer.store import retention

Connected = Callable[[], AbstractAsyncContextManager[asyncpg.Connection]]

Work = Callable[[Session, Any], Awaitable[None]]


def handlers(house: House, connected: Connected) -> Handlers:
    """What is asked of recordings and by supervisors. `connected`: with the database, for calls that are over."""
    return {
        commands.RecordingStart: _recording(house, lambda call, command: _start(house, call, command)),
        commands.RecordingPause: _recording(house, lambda call, command: _pause(house, call, command)),
        commands.RecordingResume: _recording(
            house, lambda call, command: call.talk_recording.resume(_agent(house, command))
        ),
        commands.RecordingWithdraw: _withdraw(house, connected),
        commands.Move: _move(house),
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
    agent = _agent(house, command)
    consent = await ask(call) if command.consent == "key" else spoken(agent.id, "api", call.now())
    await call.talk_recording.start(agent, consent)


async def _pause(house: House, call: Session, command: commands.RecordingPause) -> None:
    if command.agent is not None:
        talk_of(house.exchange, command)
    await call.talk_recording.pause(command.actor)


def talk_of(exchange: Exchange, command: commands.CallCommand) -> Talking:
    """The talk on this call, which is this agent's if one is named.

    Raises:
        Refused: there is none, or somebody else has it: perhaps a colleague, to whom the caller was put through.
    """
    talking = exchange.talks.get(command.call)
    if talking is None:
        raise commands.Refused("no_talk", "no agent is in a talk on this call")
    if command.agent is not None and talking.agent != command.agent:
        raise commands.Refused("no_talk", "this agent has no talk on this call")
    return talking


def _agent(house: House, command: commands.CallCommand) -> Agent:
    """Who talks on this call."""
    agent = house.exchange.floor.agents.get(talk_of(house.exchange, command).agent)
    if agent is None:
        raise commands.Refused("no_talk", "no agent is in a talk on this call")
    return agent


def _withdraw(house: House, connected: Connected) -> Callable[[commands.RecordingWithdraw], Awaitable[dict[str, Any]]]:
    async def withdraw(command: commands.RecordingWithdraw) -> dict[str, Any]:
        call = house.supervisor.calls.get(command.call)
        if call is not None:
            if command.agent is not None and command.call in house.exchange.talks:
                talk_of(house.exchange, command)
            await call.talk_recording.withdraw("caller", f"api: {command.actor}")
            return {"call": command.call}
        async with connected() as conn:
            why = f"withdrawn: {command.actor}"
            exchange = house.exchange
            if not await retention.withdraw(conn, exchange.recordings, command.call, exchange.clock(), why):
                raise commands.Refused("state", "there is no recording of this call")
        return {"call": command.call}

    return withdraw


def _move(house: House) -> Callable[[commands.Move], Awaitable[dict[str, Any]]]:
    async def move(command: commands.Move) -> dict[str, Any]:
        call = house.supervisor.calls.get(command.call)
        try:
            if call is None or command.agent is None or command.call in house.exchange.talks:
                await talk_of(house.exchange, command).ask(talk.Move(command.phone))
            else:
                await ring_instead(call, command.agent, command.phone)
        except NotPossible as error:
            raise commands.Refused("not_possible", str(error)) from None
        return {"call": command.call}

    return move


def _supervise(house: House, stage: Stage) -> Callable[[commands.Supervision], Awaitable[dict[str, Any]]]:
    async def supervise(command: commands.Supervision) -> dict[str, Any]:
        try:
            await house.supervisor.supervisions.ring(command.supervisor, command.agent, stage)
        except NotSupervised as error:
            raise commands.Refused(error.code, str(error)) from None
        return {"agent": command.agent, "supervisor": command.supervisor}

    return supervise
