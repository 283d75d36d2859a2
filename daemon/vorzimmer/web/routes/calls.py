"""What an agent does with the call that is at the own telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from vorzimmer.control import commands
from vorzimmer.control.commands import Command, Text
from vorzimmer.core.call_view import CallView
from vorzimmer.core.model import Endpoint, Slug
from vorzimmer.web.access import AgentWho, Who
from vorzimmer.web.live import ASK_SECONDS
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import told, unknown
from vorzimmer.web.routes.agent import actor, agent_of

router = APIRouter(prefix="/api/calls", tags=["call"])

Here = Annotated[Parts, Depends(parts)]
CallId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,80}$", description="of the call")]

CONSENT_SECONDS = 80.0
"""How long a caller may take who is asked for consent: the question, at most a minute, and the answer."""

REFUSALS = told(401, 403, 404, 409, 422, 429, 503)

Simple = Literal["hold", "resume", "complete", "back", "join", "hangup"]


class Done(BaseModel):
    """It has been done."""

    call: str


class Transfer(BaseModel):
    """Whom to: a contact's id or place, `rota`, a colleague, a contact's number. Attended: the agent asks first."""

    model_config = ConfigDict(extra="forbid")

    to: Text
    attended: bool = True


class Move(BaseModel):
    """At which of the own telephones the talk goes on, or the call rings."""

    model_config = ConfigDict(extra="forbid")

    phone: Endpoint


class Result(BaseModel):
    """What the call was."""

    model_config = ConfigDict(extra="forbid")

    result: Slug


class Consent(BaseModel):
    """How the caller allowed it: the agent has heard the yes, or the caller is asked to press a key."""

    model_config = ConfigDict(extra="forbid")

    consent: Literal["agent", "key"]


_SIMPLE: dict[str, Callable[..., Command]] = {
    "hold": commands.Hold,
    "resume": commands.Resume,
    "complete": commands.Complete,
    "back": commands.Back,
    "join": commands.Join,
    "hangup": commands.HangUp,
}

_RECORDING: dict[str, Callable[..., Command]] = {
    "pause": commands.RecordingPause,
    "resume": commands.RecordingResume,
    "withdraw": commands.RecordingWithdraw,
}


def own_call(person: Who, here: Parts, call_id: str) -> CallView:
    """The call, if it is at this agent's telephone, or was until now.

    Raises:
        Problem: there is none, or it is somebody else's.
    """
    agent = agent_of(person, here).id
    view = here.live.call(call_id)
    seen = here.live.agent(agent)
    if view is None or (agent not in view.agents and view.talking != agent and (seen is None or seen.call != call_id)):
        raise unknown()
    return view


@router.post("/{call}/transfer", responses=REFUSALS)
async def transfer(call: CallId, person: AgentWho, here: Here, wish: Transfer) -> Done:
    """Put the caller through."""
    command = commands.Transfer(actor=actor(person), call=call, agent=person.agent, to=wish.to, attended=wish.attended)
    return await _do(call, person, here, command)


@router.post("/{call}/move", responses=REFUSALS)
async def move(call: CallId, person: AgentWho, here: Here, wish: Move) -> Done:
    """Talk on at another of the own telephones, or at the same one after a page was loaded again; or let it ring."""
    command = commands.Move(actor=actor(person), call=call, agent=person.agent, phone=wish.phone)
    return await _do(call, person, here, command)


@router.post("/{call}/result", responses=REFUSALS)
async def result(call: CallId, person: AgentWho, here: Here, what: Result) -> Done:
    """Say what the call was."""
    return await _do(call, person, here, commands.CallResult(actor=actor(person), call=call, result=what.result))


@router.post("/{call}/recording/start", responses=REFUSALS)
async def start_recording(call: CallId, person: AgentWho, here: Here, how: Consent) -> Done:
    """Record the talk, with the caller's consent (§ 201 StGB)."""
    command = commands.RecordingStart(actor=actor(person), call=call, agent=person.agent, consent=how.consent)
    return await _do(call, person, here, command, CONSENT_SECONDS)


@router.post("/{call}/recording/{what}", responses=REFUSALS)
async def change_recording(
    call: CallId, what: Literal["pause", "resume", "withdraw"], person: AgentWho, here: Here
) -> Done:
    """Leave out what is said from now on, go on, or stop and delete."""
    return await _do(call, person, here, _RECORDING[what](actor=actor(person), call=call, agent=person.agent))


@router.post("/{call}/{wish}", responses=REFUSALS)
async def ask(call: CallId, wish: Simple, person: AgentWho, here: Here) -> Done:
    """Hold, take back, complete or give up a transfer, let all three talk, hang up."""
    return await _do(call, person, here, _SIMPLE[wish](actor=actor(person), call=call, agent=person.agent))


async def _do(call: str, person: Who, here: Parts, command: Command, seconds: float = ASK_SECONDS) -> Done:
    own_call(person, here, call)
    await here.live.ask(command, seconds)
    return Done(call=call)
