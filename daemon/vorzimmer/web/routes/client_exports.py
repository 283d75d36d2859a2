"""A client's calls as a file for a spreadsheet: CSV as it is read, or a workbook."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import IO, Annotated
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from vorzimmer.store import portal_calls
from vorzimmer.store.portal_calls import Call, Wanted
from vorzimmer.web import call_sheet
from vorzimmer.web.access import TheParts
from vorzimmer.web.call_sheet import Sheet
from vorzimmer.web.call_words import language_of
from vorzimmer.web.client_access import ClientSeat, TheirClient
from vorzimmer.web.client_saving import wrong
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told
from vorzimmer.web.routes.client_calls import Kinds, Words, wanted_of
from vorzimmer.web.routes.past_calls import Day

log = structlog.get_logger()
router = APIRouter(prefix="/api/clients/{client}", tags=["portal"])

MOST_DAYS = 366
"""Days of one file."""

PAGE = 1000
"""Calls that are read at once."""

AT_ONCE = 256 * 1024
"""Bytes of a finished workbook that are sent in one go."""

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class File:
    """Which calls a file holds, and of which days."""

    since: date
    until: date
    calls: Wanted


async def asked_for(
    seat: TheirClient,
    since: Annotated[Day, Query(description="the first day, by the client's clock")],
    until: Annotated[Day, Query(description="the last day")],
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    q: Words = "",
) -> File:
    """A dependency; 422 where there are too many days."""
    if (until - since).days >= MOST_DAYS:
        raise wrong({"until": f"a file holds {MOST_DAYS} days at most"})
    return File(since, until, wanted_of(seat.client, since, until, kind, q))


Asked = Annotated[File, Depends(asked_for)]


@router.get(
    "/calls.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}, **told(401, 403, 404, 422, 503)},
)
async def as_csv(
    seat: TheirClient,
    parts: TheParts,
    asked: Asked,
) -> StreamingResponse:
    """The calls of up to a year, the newest first, a line each: UTF-8, semicolons, no cell that is a formula."""
    sheet, pages = _sheet(seat, parts), _pages(seat, parts, asked.calls)
    first = await anext(pages)  # while it can still be said that the database is away

    async def lines() -> AsyncIterator[str]:
        yield sheet.head() + sheet.lines(first)
        async for page in pages:
            yield sheet.lines(page)

    return StreamingResponse(lines(), media_type="text/csv", headers=_file(seat, asked, "csv"))


@router.get(
    "/calls.xlsx",
    response_class=StreamingResponse,
    responses={200: {"content": {WORKBOOK: {}}}, **told(401, 403, 404, 422, 503)},
)
async def as_workbook(
    seat: TheirClient,
    parts: TheParts,
    asked: Asked,
) -> StreamingResponse:
    """The same as a workbook, in which every text is a text, whatever it begins with."""
    sheet, pages = _sheet(seat, parts), _pages(seat, parts, asked.calls)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    try:
        book = call_sheet.Workbook(sheet, file)
        async for page in pages:
            await asyncio.to_thread(book.add, page)  # a thousand rows would hold up what rings meanwhile
        await asyncio.to_thread(book.close)
    except BaseException:
        file.close()
        raise
    return StreamingResponse(_sent(file), media_type=WORKBOOK, headers=_file(seat, asked, "xlsx"))


def _sheet(seat: ClientSeat, parts: Parts) -> Sheet:
    agents = parts.directory().agents
    return Sheet(
        ZoneInfo(seat.client.timezone),
        language_of(seat.who.language),
        parts.region,
        {name: agent.name for name, agent in agents.items()},
    )


async def _pages(seat: ClientSeat, parts: Parts, wanted: Wanted) -> AsyncIterator[list[Call]]:
    """The calls, as many at once as fit. Whoever reads slowly holds no connection."""
    after, client = None, seat.client.id
    while True:
        async with parts.database.connection() as conn:
            page = await portal_calls.find(conn, client, wanted, PAGE, after)
        yield page
        if len(page) < PAGE:
            return
        after = (page[-1].at, page[-1].call_id)


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while part := await asyncio.to_thread(file.read, AT_ONCE):
            yield part


def _file(seat: ClientSeat, asked: File, ending: str) -> dict[str, str]:
    """How the file is called; that it was taken stands in the log."""
    log.info("calls.exported", client=seat.client.id, by=seat.actor.name, acting_as=seat.actor.acting_as, kind=ending)
    name = f"calls-{seat.client.id}-{asked.since.isoformat()}-{asked.until.isoformat()}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
