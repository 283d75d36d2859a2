"""Calls that are over: an agent's own of today, and what is known of a caller from earlier ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from vorzimmer.core import number
from vorzimmer.core.answer import Kind
from vorzimmer.core.client import Client
from vorzimmer.core.day import bounds
from vorzimmer.core.notes import words
from vorzimmer.store import answers, history, notes
from vorzimmer.store.answers import by_call
from vorzimmer.store.notes import Note
from vorzimmer.web.access import AgentWho
from vorzimmer.web.noting import may_hear_of
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import told, unknown
from vorzimmer.web.routes.agent import agent_of
from vorzimmer.web.routes.answers import CallAnswer, shown
from vorzimmer.web.routes.calls import CallId, own_call

router = APIRouter(prefix="/api", tags=["call"])

Here = Annotated[Parts, Depends(parts)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class NotedLine(BaseModel):
    """A field of a note that was filled in."""

    label: str
    type: str
    value: str | bool


class EarlierNote(BaseModel):
    """What was noted of an earlier call."""

    title: str
    urgent: bool
    fields: tuple[NotedLine, ...]
    author: str
    at: datetime


class EarlierCall(BaseModel):
    """An earlier call of the same number to the same client. `talked`: seconds; `done`: the client says so."""

    call: str
    at: datetime
    disposition: str
    talked: float
    answered_by: str | None
    result: str | None
    notes: tuple[EarlierNote, ...]
    done: bool
    answers: tuple[CallAnswer, ...]


class CallerHistory(BaseModel):
    """What is known of the caller, newest first."""

    calls: tuple[EarlierCall, ...]


class OwnCall(BaseModel):
    """A call in which the agent talked. `talked`: seconds; `notes`, `drafts` and `replies` of the client: how many.

    `done`: the client says so.
    """

    call: str
    client: str | None
    client_name: str | None
    at: datetime
    direction: str
    disposition: str
    talked: float
    caller_shown: str | None
    caller_name: str | None
    withheld: bool
    result: str | None
    notes: int
    drafts: int
    replies: int
    done: bool


class OwnCalls(BaseModel):
    """The agent's calls of a day (the house's time zone), newest first."""

    day: date
    calls: tuple[OwnCall, ...]


@router.get("/calls/{call}/history", responses=told(401, 403, 404, 422, 503))
async def caller_history(call: CallId, person: AgentWho, here: Here) -> CallerHistory:
    """Earlier calls of this caller to this client, with their notes; never to another client."""
    view = own_call(person, here, call)
    if not may_hear_of(person, here, view.client, call):
        raise unknown()
    if view.client is None or view.caller is None:
        return CallerHistory(calls=())
    async with here.database.connection() as conn:
        found = await history.earlier_calls(conn, view.client, view.caller, call)
        ids = [one["call"] for one in found]
        noted = await notes.of_calls(conn, ids, view.client)
        answered = by_call(await answers.of_calls(conn, ids, view.client))
    client = here.directory().clients.get(view.client)
    calls = []
    for one in found:
        said = shown(answered.get(one["call"], []))
        known = tuple(_shown(note, client) for note in noted if note.call_id == one["call"])
        calls.append(EarlierCall(**one, notes=known, done=said.done, answers=tuple(said.answers)))
    return CallerHistory(calls=tuple(calls))


def _shown(note: Note, client: Client | None) -> EarlierNote:
    told_client = words(note.form, note.values, urgent=note.urgent, author=note.author_name, client=client)
    return EarlierNote.model_validate({**told_client, "at": note.created_at})


@router.get("/agent/calls", responses=told(401, 403, 422, 503))
async def own_calls(person: AgentWho, here: Here, day: Day | None = None) -> OwnCalls:
    """The calls in which this agent talked; today's, unless another day is asked for."""
    agent = agent_of(person, here)
    wanted = day or here.today().date()
    since, until = bounds(wanted, ZoneInfo(here.timezone))
    async with here.database.connection() as conn:
        found = await history.calls_of_agent(conn, agent.id, since, until)
        found = [one for one in found if may_hear_of(person, here, one["client"], one["call"])]
        ids = [one["call"] for one in found]
        counted = await notes.counts(conn, ids)
        answered = by_call(await answers.of_calls(conn, ids))
    clients = here.directory().clients
    calls = []
    for one in found:
        count, client, caller = counted.get(one["call"]), clients.get(one["client"] or ""), one.pop("caller")
        calls.append(
            OwnCall(
                **one,
                client_name=client.name if client is not None else None,
                caller_shown=number.show(caller, here.region) if caller else None,
                notes=count.done if count else 0,
                drafts=count.drafts if count else 0,
                replies=sum(said.kind is Kind.REPLY for said in answered.get(one["call"], ())),
                done=answers.is_done(answered.get(one["call"], ())),
            )
        )
    return OwnCalls(day=wanted, calls=tuple(calls))
