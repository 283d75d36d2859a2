"""A supervisor listens to an agent, whispers, or takes part: at the supervisor's own telephone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from vorzimmer.control import commands
from vorzimmer.core.model import Slug
from vorzimmer.core.supervision import Stage
from vorzimmer.web.access import Role, Who, only
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told

router = APIRouter(prefix="/api", tags=["wall"])

_COMMANDS: dict[Stage, type[commands.Listen | commands.Whisper | commands.Barge]] = {
    Stage.LISTEN: commands.Listen,
    Stage.WHISPER: commands.Whisper,
    Stage.BARGE: commands.Barge,
}


class Supervise(BaseModel):
    """Whom, and how far."""

    model_config = ConfigDict(extra="forbid")

    agent: Slug
    stage: Stage


class Supervising(BaseModel):
    """The telephone of the supervisor's that rings now, or is in the talk already."""

    agent: str
    stage: Stage
    phone: str


@router.post("/supervise", responses=told(401, 403, 404, 409, 422, 429, 503))
async def supervise(
    person: Annotated[Who, Depends(only(Role.SUPERVISOR, Role.ADMIN))],
    here: Annotated[Parts, Depends(parts)],
    wanted: Supervise,
) -> Supervising:
    """Ring the supervisor's telephone and let it into the agent's talk; in it already, go to another stage."""
    phone = _phone(person, here)
    command = _COMMANDS[wanted.stage](actor=f"page:{person.user}", supervisor=phone, agent=wanted.agent)
    await here.live.ask(command)
    return Supervising(agent=wanted.agent, stage=wanted.stage, phone=phone)


def _phone(person: Who, here: Parts) -> str:
    """Where the supervisor is logged in, else the first telephone.

    Raises:
        Problem: 409, this user is no agent and has none.
    """
    agent = here.directory().agents.get(person.agent or "")
    if agent is None:
        raise Problem(409, "no_phone", "your user has no telephone: it must be an agent of the book")
    seen = here.live.agent(agent.id)
    return seen.phone if seen is not None and seen.phone in agent.endpoints else agent.endpoints[0]
