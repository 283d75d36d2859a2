"""A client's calls, for its own people: found, read, heard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from vorzimmer.core import number
from vorzimmer.core.answer import Kind
from vorzimmer.core.cdr import Disposition
from vorzimmer.core.client import Client
from vorzimmer.core.day import bounds
from vorzimmer.core.ledger import Phase
from vorzimmer.store import answers, portal_calls
from vorzimmer.store.answers import Answer, by_call
from vorzimmer.store.portal_calls import Call, Stay, Wanted
from vorzimmer.web import sounds
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.call_words import MET, ONE_OF_US, Language, language_of
from vorzimmer.web.client_access import ClientSeat, TheirClient
from vorzimmer.web.client_saving import wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.routes.answers import CallAnswer, shown
from vorzimmer.web.routes.calls import CallId
from vorzimmer.web.routes.past_calls import Day, NotedLine

log = structlog.get_logger()
router = APIRouter(prefix="/api/clients/{client}/calls", tags=["portal"])

PAGE = 50
"""Calls of one page."""

EARLIEST = date(2000, 1, 1)

Kinds = Annotated[list[Disposition], Query(description="how they ended; none named: all")]
Words = Annotated[str, Query(max_length=80, description="in the caller's number or name, or in a note")]


class CallHead(BaseModel):
    """Who called, when, and how it ended. `talked`: seconds; `urgent`: an agent says so; `done`: the client does.

    `caller` is E.164, `caller_shown` as it is written; null where it was withheld, not given or `erased`.
    """

    id: str
    at: datetime
    direction: Literal["in", "out"]
    kind: Disposition
    caller: str | None
    caller_shown: str | None
    caller_name: str | None
    withheld: bool
    erased: bool
    talked: float
    urgent: bool
    done: bool


class CallLine(CallHead):
    """A call in a list. `note`: what was noted, in a line; `sounds` to hear, `replies` of the client: how many."""

    note: str
    sounds: int
    replies: int


class CallPage(BaseModel):
    """Calls, newest first. `next`: what to ask for as `before` to get the older ones; null: there are none."""

    calls: list[CallLine]
    next: str | None


class CallSound(BaseModel):
    """Something to hear, at `audio/{n}`. `gone`: it is deleted by now."""

    n: int
    kind: Literal["message", "recording"]
    seconds: float
    gone: bool


class CallNote(BaseModel):
    """A note as the client was told it."""

    title: str
    urgent: bool
    fields: list[NotedLine]
    author: str
    at: datetime


class CallPhase(BaseModel):
    """What the caller met, in the reader's language, for so many seconds."""

    kind: str
    text: str
    at: datetime
    seconds: float


class CallTold(CallHead):
    """All that the client may know of a call. `agents`: who talked. Seconds. `reason`: why it was handled so."""

    did: str
    did_shown: str
    waited: float
    forwarded: float
    lasted: float
    agents: list[str]
    reason: str
    phases: list[CallPhase]
    sounds: list[CallSound]
    notes: list[CallNote]
    answers: list[CallAnswer]


@router.get("", responses=told(401, 403, 404, 422, 503))
async def calls(
    seat: TheirClient,
    parts: TheParts,
    since: Annotated[Day | None, Query(description="the first day, by the client's clock")] = None,
    until: Annotated[Day | None, Query(description="the last day")] = None,
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    q: Words = "",
    before: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._:-]{1,80}$", description="`next` of a page")] = None,
) -> CallPage:
    """Find calls, newest first."""
    wanted = wanted_of(seat.client, since, until, kind, q)
    async with parts.database.connection() as conn:
        after = None
        if before is not None:
            last = await portal_calls.one(conn, seat.client.id, before)
            if last is None:
                raise unknown()
            after = (last.at, last.call_id)
        found = await portal_calls.find(conn, seat.client.id, wanted, PAGE + 1, after)
        page = found[:PAGE]
        answered = by_call(await answers.of_calls(conn, [call.call_id for call in page], seat.client.id))
    lines = [_line(call, answered.get(call.call_id, []), parts) for call in page]
    return CallPage(calls=lines, next=page[-1].call_id if len(found) > PAGE else None)


@router.get("/{call}", responses=told(401, 403, 404, 422, 503))
async def call_told(call: CallId, seat: TheirClient, parts: TheParts) -> CallTold:
    """One call: what the caller met, what was noted, what can be heard."""
    async with parts.database.connection() as conn:
        found = await portal_calls.one(conn, seat.client.id, call)
        if found is None:
            raise unknown()
        stays = await portal_calls.stays(conn, call)
        answered = await answers.of_calls(conn, (call,), seat.client.id)
    opened = await asyncio.to_thread(lambda: [_opened(parts, files) for _, files, _ in _sounds(found)])
    return CallTold(
        **_head(found, answered, parts),
        did=found.did,
        did_shown=number.show(found.did, parts.region),
        waited=float(found.waited),
        forwarded=float(found.forwarded),
        lasted=(found.ended_at - found.at).total_seconds(),
        agents=names_of(found.agents, parts, language_of(seat.who.language)),
        reason=found.reason.split("; client found ")[0],
        phases=_phases(found, stays, parts, language_of(seat.who.language)),
        sounds=[
            CallSound(n=n, kind=kind, seconds=float(seconds), gone=sound is None)
            for n, ((kind, _, seconds), sound) in enumerate(zip(_sounds(found), opened, strict=True))
        ],
        notes=[
            CallNote.model_validate({**note.words, "author": note.author, "urgent": note.urgent, "at": note.at})
            for note in found.notes
        ],
        answers=shown(answered).answers,
    )


@router.get(
    "/{call}/audio/{n}",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"audio/wav": {}}},
        206: {"content": {"audio/wav": {}}},
        **told(401, 403, 404, 416, 422, 503),
    },
)
async def audio(
    call: CallId,
    n: Annotated[int, Path(ge=0, le=9)],
    seat: TheirClient,
    request: Request,
    parts: TheParts,
    download: Annotated[bool, Query(description="as a file to keep")] = False,  # noqa: FBT002 - a query
) -> StreamingResponse:
    """The caller's message, or the recorded talk (the caller left, the other side right), as wav; by parts if asked."""
    async with parts.database.connection() as conn:
        found = await portal_calls.one(conn, seat.client.id, call)
    heard = _sounds(found) if found is not None else []
    if found is None or n >= len(heard):
        raise unknown()
    sound = await asyncio.to_thread(_opened, parts, heard[n][1])
    if sound is None:
        raise Problem(404, "gone", "the recording is deleted, or has not arrived yet")
    _note_hearing(seat, call, n, request)
    name = f"{found.at.astimezone(ZoneInfo(seat.client.timezone)):%Y-%m-%d-%H%M}-{heard[n][0]}.wav"
    return sounds.answer(sound, request.headers.get("range"), name, download=download)


def wanted_of(
    client: Client, since: date | None, until: date | None, kinds: Sequence[Disposition], text: str
) -> Wanted:
    """Which calls are asked for; days are by the client's clock.

    Raises:
        Problem: 422, the last day is before the first.
    """
    zone = ZoneInfo(client.timezone)
    first, last = since or EARLIEST, until or date(2999, 12, 31)
    if last < first:
        raise wrong({"until": "is before the first day"})
    return Wanted(bounds(first, zone)[0], bounds(last, zone)[1], tuple(kinds), "" if "\0" in text else text)


def names_of(agents: Sequence[str], parts: Parts, language: Language) -> list[str]:
    """The agents' names; of one who is not in the book any more, that it was one."""
    known = parts.directory().agents
    return [known[agent].name if agent in known else ONE_OF_US[language] for agent in agents]


def _line(call: Call, answered: Sequence[Answer], parts: Parts) -> CallLine:
    replies = sum(one.kind is Kind.REPLY for one in answered)
    return CallLine(**_head(call, answered, parts), note=gist(call), sounds=len(_sounds(call)), replies=replies)


def _head(call: Call, answered: Sequence[Answer], parts: Parts) -> dict[str, Any]:
    return {
        "id": call.call_id,
        "at": call.at,
        "direction": call.direction,
        "kind": call.kind,
        "caller": call.caller,
        "caller_shown": number.show(call.caller, parts.region) if call.caller else None,
        "caller_name": call.caller_name,
        "withheld": call.withheld,
        "erased": call.erased,
        "talked": float(call.talk),
        "urgent": any(note.urgent for note in call.notes),
        "done": answers.is_done(answered),
    }


def gist(call: Call) -> str:
    """What the notes of a call say, in one line: of the longest text of each."""
    texts = [
        max(
            (str(field["value"]) for field in note.words["fields"] if field["type"] == "long_text"), key=len, default=""
        )
        or str(note.words["title"])
        for note in call.notes
    ]
    return " ".join(" · ".join(texts).split())[:200]


def _sounds(call: Call) -> list[tuple[Literal["message", "recording"], tuple[str, ...], Decimal]]:
    """What there was to hear: its kind, its files (none: they are deleted), its seconds."""
    found: list[tuple[Literal["message", "recording"], tuple[str, ...], Decimal]] = []
    if call.recording is not None:
        found.append(("message", (call.recording,), call.recording_seconds or Decimal(0)))
    if call.recorded is not None:
        found.append(("recording", call.recorded.files or (), call.recorded.seconds))
    return found


def _opened(parts: Parts, files: tuple[str, ...]) -> sounds.Sound | None:
    return sounds.opened(parts.recordings, files)


def _phases(call: Call, stays: Sequence[Stay], parts: Parts, language: Language) -> list[CallPhase]:
    """Plain ringing first: the rest of the time before what is told of the caller."""
    words, told_phases = MET[language], []
    began = stays[0].began if stays else call.ended_at
    if began - call.at >= timedelta(milliseconds=100):
        told_phases.append((Phase.RING.value, words[Phase.RING], call.at, began - call.at))
    for stay in stays:
        who = names_of((stay.agent,), parts, language)[0] if stay.agent else ONE_OF_US[language]
        told_phases.append((stay.kind.value, words[stay.kind].format(who=who), stay.began, stay.ended - stay.began))
    return [
        CallPhase(kind=kind, text=text, at=at, seconds=length.total_seconds()) for kind, text, at, length in told_phases
    ]


def _note_hearing(seat: ClientSeat, call: str, n: int, request: Request) -> None:
    """Whoever hears a caller stands in the log."""
    actor = seat.actor
    log.info(
        "recording.heard",
        client=seat.client.id,
        call=call,
        n=n,
        by=actor.name,
        acting_as=actor.acting_as,
        address=address_of(request),
    )
