"""What clients answer to what they were told: said in the portal, read by agents, who are told of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vorzimmer.core import number
from vorzimmer.core.answer import LONGEST, Kind, Via, cleaned
from vorzimmer.store import answers, audit
from vorzimmer.store.answers import Answer, New, NotTaken, Said
from vorzimmer.web.access import AgentWho, Role, TheParts, Who, only
from vorzimmer.web.client_access import ClientToChange
from vorzimmer.web.noting import call_of, may_hear_of
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.agent import agent_of
from vorzimmer.web.routes.calls import CallId

router = APIRouter(prefix="/api", tags=["answers"])

Reader = Annotated[Who, Depends(only(Role.AGENT, Role.SUPERVISOR, Role.ADMIN))]
AnswerId = Annotated[int, Path(alias="answer", ge=1, le=2**63 - 1, description="of the answer")]


class CallAnswer(BaseModel):
    """One answer. `by`: a mail's sender, a user's name, or `link`; `attachments`: came along and were not kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Kind
    text: str
    attachments: int
    by: str
    via: Via
    at: datetime


class CallAnswers(BaseModel):
    """The answers to a call in the order in which they came. `done`: the client says that it is."""

    done: bool
    answers: list[CallAnswer]


class NewAnswer(BaseModel):
    """What is said: a mark, or a reply with its words."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    text: Annotated[str, Field(max_length=LONGEST)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.kind is Kind.REPLY) != bool(cleaned(self.text)):
            raise ValueError("a reply has words, a mark has none")
        return self


class AgentAnswer(CallAnswer):
    """An answer that is new to an agent. `mine`: about a call that this agent was in, and may open."""

    call: str
    client: str
    client_name: str
    call_at: datetime | None
    caller_shown: str | None
    caller_name: str | None
    mine: bool


@router.post(
    "/clients/{client}/calls/{call}/answers", status_code=201, responses=told(401, 403, 404, 409, 413, 422, 503)
)
async def answer(call: CallId, seat: ClientToChange, parts: TheParts, new: NewAnswer) -> CallAnswers:
    """Mark a call as done, or not, or write to whoever took it. 409 `not_done`, `too_many`."""
    actor = seat.actor
    said = Said(new.kind, new.text, actor.acting_as or actor.name, Via.PORTAL)
    async with parts.database.connection() as conn, conn.transaction():
        try:
            kept = await answers.add(conn, call, seat.client.id, said, parts.clock())
        except NotTaken as refused:
            raise unknown() if refused.code == "unknown" else Problem(409, refused.code, str(refused)) from None
        after = {"kind": kept.kind.value, "answer": kept.id}
        await audit.note(conn, actor, "call.answer", client=seat.client.id, about=call, after=after)
        return shown(await answers.of_calls(conn, (call,), seat.client.id))


@router.get("/calls/{call}/answers", responses=told(401, 403, 404, 422, 503))
async def of_call(call: CallId, person: Reader, parts: TheParts) -> CallAnswers:
    """What the client answers to one of the agent's own calls."""
    async with parts.database.connection() as conn:
        await call_of(person, parts, conn, call)
        found = await answers.of_calls(conn, (call,))
    return shown([one for one in found if may_hear_of(person, parts, one.client, call)])


@router.get("/agent/answers", responses=told(401, 403))
async def new_ones(person: AgentWho, parts: TheParts) -> list[AgentAnswer]:
    """What clients answered and nobody has seen: to the agent's own notes, and to those of who is not there."""
    agent = agent_of(person, parts)
    clients = parts.directory().clients
    found = parts.answers.of(agent, parts.live, clients, parts.today().date())
    return [_to_agent(one, agent.id, clients[one.answer.client].name, parts) for one in found]


@router.post("/agent/answers/{answer}/seen", responses=told(401, 403, 404, 422, 503))
async def seen(answer_id: AnswerId, person: AgentWho, parts: TheParts) -> list[AgentAnswer]:
    """The agent has taken note of it: it is new to nobody any more."""
    agent = agent_of(person, parts)
    mine = parts.answers.of(agent, parts.live, parts.directory().clients, parts.today().date())
    if answer_id not in [one.answer.id for one in mine]:
        raise unknown()
    async with parts.database.connection() as conn:
        await answers.see(conn, answer_id, person.user)
        await parts.answers.read(conn, parts.clock)
    parts.live.tell_all()
    return await new_ones(person, parts)


def shown(found: Sequence[Answer]) -> CallAnswers:
    """The answers to one call."""
    return CallAnswers(done=answers.is_done(found), answers=[CallAnswer.model_validate(one) for one in found])


def _to_agent(new: New, agent: str, client_name: str, parts: Parts) -> AgentAnswer:
    return AgentAnswer(
        **CallAnswer.model_validate(new.answer).model_dump(),
        call=new.answer.call_id,
        client=new.answer.client,
        client_name=client_name,
        call_at=new.call_at,
        caller_shown=number.show(new.caller, parts.region) if new.caller else None,
        caller_name=new.caller_name,
        mine=agent in new.talked,
    )
