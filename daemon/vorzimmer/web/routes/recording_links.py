"""Links to the messages that callers left: they stand in mails and texts, and are opened without a login."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from vorzimmer.core.login import neighbourhood
from vorzimmer.store import portal_calls
from vorzimmer.store.signed_links import BadLink, open_signer
from vorzimmer.web import sounds
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem
from vorzimmer.web.routes.session import require_no_wait

log = structlog.get_logger()
router = APIRouter(prefix="/r", include_in_schema=False)

HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}

WORDS = {
    "de": ("Nachricht nicht mehr da", "Die Zeit dieses Links ist vorbei, oder die Nachricht wurde gelöscht."),
    "en": ("Message gone", "The time of this link is over, or the message was deleted."),
    "zh": ("留言已不存在", "此链接已过期或留言已被删除。"),
}

_PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | {house}</title><link rel="stylesheet" href="/m/look.css"></head>
<body><main><p class="house">{house}</p><h1>{title}</h1><p>{text}</p></main></body>
</html>
"""


@router.get("/{token}")
async def hear(token: str, request: Request, parts: TheParts) -> Response:
    """The message as wav, by parts if asked. 404: the link is not ours; 410, a page: it or the message is over."""
    try:
        about = await _opened(token, request, parts)
    except BadLink as bad:
        if not bad.over:
            raise Problem(404, "forged", str(bad)) from None
        return _gone(parts, "de")
    client = parts.directory().clients.get(str(about["client"]))
    if client is None:
        return _gone(parts, "de")
    async with parts.database.connection() as conn:
        call = await portal_calls.one(conn, client.id, str(about["call"]))
    if call is None or call.recording is None:
        return _gone(parts, client.language.value)
    sound = await asyncio.to_thread(sounds.opened, parts.recordings, (call.recording,))
    if sound is None:
        return _gone(parts, client.language.value)
    log.info("recording.heard", client=client.id, call=call.call_id, by="link", address=address_of(request))
    name = f"{call.at.astimezone(ZoneInfo(client.timezone)):%Y-%m-%d-%H%M}-message.wav"
    answer = sounds.answer(sound, request.headers.get("range"), name, download=False)
    answer.headers.update(HEADERS)
    return answer


async def _opened(token: str, request: Request, parts: Parts) -> Mapping[str, Any]:
    """What the token is about. Whoever makes tokens up has to wait; who has a real one is never held up.

    Raises:
        BadLink: it opens nothing.
        Problem: 429 `too_often`; 503, the database is away.
    """
    address = address_of(request)
    attempt = parts.throttle.begin(f"link {neighbourhood(address)}", address)
    require_no_wait(attempt, address)
    try:
        async with parts.database.connection() as conn:
            about = (await open_signer(conn)).read("recording", token, parts.clock())
    except BadLink as bad:
        if bad.over:
            parts.throttle.take_back(attempt)
        raise
    except Problem:
        parts.throttle.take_back(attempt)
        raise
    parts.throttle.take_back(attempt)
    return about


def _gone(parts: Parts, language: str) -> Response:
    title, text = WORDS[language]
    page = _PAGE.format(language=language, title=title, text=text, house=html.escape(parts.house))
    return HTMLResponse(page, 410, HEADERS)
