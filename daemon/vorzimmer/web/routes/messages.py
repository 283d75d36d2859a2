"""What a client was sent and what became of it, for its own people."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from vorzimmer.core.notify_rule import Channel
from vorzimmer.store import sent_messages
from vorzimmer.store.outbox import Copy
from vorzimmer.store.sent_messages import Wanted
from vorzimmer.web import sent_copies
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import TheirClient
from vorzimmer.web.message_views import Before, MessageId, MessagePage, MessageTold, State, page_of, told_of
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import told, unknown

router = APIRouter(prefix="/api/clients/{client}/messages", tags=["portal"])

CallId = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._:-]{1,80}$", description="about this call")]


@router.get("", responses=told(401, 403, 404, 422, 503))
async def messages(
    seat: TheirClient,
    parts: TheParts,
    before: Before = None,
    state: State | None = None,
    channel: Channel | None = None,
    call: CallId = None,
) -> MessagePage:
    """What this client was sent, or will be, newest first."""
    wanted = Wanted(client=seat.client.id, state=state, channel=channel, call=call, theirs=True)
    return await page_of(parts, wanted, before)


@router.get("/{message}", responses=told(401, 403, 404, 422, 503))
async def message_told(message: MessageId, seat: TheirClient, parts: TheParts) -> MessageTold:
    """One of them: every attempt, and what was sent."""
    return await told_of(parts, message, seat.client.id)


@router.get(
    "/{message}/pages/{n}",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **told(401, 403, 404, 422, 503)},
)
async def fax_page(
    message: MessageId, n: Annotated[int, Path(ge=0, le=999)], seat: TheirClient, parts: TheParts
) -> Response:
    """A page of a fax as it was sent."""
    copy = await _copy(parts, message, seat.client.id)
    found = await asyncio.to_thread(sent_copies.page, copy, n) if copy.media_type.startswith("image/tiff") else None
    if found is None:
        raise unknown()
    return Response(found, media_type="image/png")


@router.get(
    "/{message}/copy",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **told(401, 403, 404, 422, 503)},
)
async def copy_file(message: MessageId, seat: TheirClient, parts: TheParts) -> Response:
    """What was sent, to the byte, as a file."""
    copy = await _copy(parts, message, seat.client.id)
    name = f"message-{message}{_ENDINGS.get(copy.media_type.partition(';')[0], '.bin')}"
    # Never shown by the browser: what was written into it may be anybody's.
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(copy.content, media_type="application/octet-stream", headers=headers)


_ENDINGS = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/json": ".json",
    "image/tiff": ".tiff",
    "application/pdf": ".pdf",
}


async def _copy(parts: Parts, message: int, client: str) -> Copy:
    """What was sent.

    Raises:
        Problem: 404, there is no such message of this client's, or its copy is not kept (any more).
    """
    async with parts.database.connection() as conn:
        found = await sent_messages.one(conn, message, client)
        copy = await sent_messages.copy(conn, message) if found is not None else None
    if copy is None:
        raise unknown()
    return copy
